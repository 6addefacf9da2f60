//! Apple's systems: a scheduling parameter between the least and the greatest. Quality of service cannot be
//! changed from another thread. There is no safe way.
#![allow(unsafe_code)]

use std::mem;

use libc::{c_int, pthread_t};

use super::Priority;

/// A thread of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread(pthread_t);

impl Thread {
    /// The calling thread.
    pub fn current() -> Self {
        // SAFETY: takes nothing and cannot fail.
        Self(unsafe { libc::pthread_self() })
    }

    /// Gives it a priority, if the system allows. Answers the one in force.
    pub fn set(&self, priority: Priority) -> Priority {
        // SAFETY: take and give numbers.
        let (least, greatest) = unsafe {
            (libc::sched_get_priority_min(libc::SCHED_OTHER), libc::sched_get_priority_max(libc::SCHED_OTHER))
        };
        let ordinary = (least + greatest) / 2;
        let wanted = match priority {
            Priority::Background => least,
            Priority::Normal => ordinary,
            Priority::High => (ordinary + greatest) / 2,
        };
        let mut policy: c_int = libc::SCHED_OTHER;
        // SAFETY: reads and writes these two. The thread has not ended: the group's lock sees to that.
        let in_force = unsafe {
            let mut parameters: libc::sched_param = mem::zeroed();
            parameters.sched_priority = wanted;
            libc::pthread_setschedparam(self.0, policy, &parameters);
            libc::pthread_getschedparam(self.0, &mut policy, &mut parameters);
            parameters.sched_priority
        };
        match in_force {
            value if value < ordinary => Priority::Background,
            value if value > ordinary => Priority::High,
            _ => Priority::Normal,
        }
    }
}
