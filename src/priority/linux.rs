//! Linux: `SCHED_IDLE` in the background, else a nice value. No other thread waits for one of `SCHED_IDLE`: it is
//! preempted at once, and its core counts as free when the system looks for one. Either acts on a thread by
//! its id, for which there is no safe way.
#![allow(unsafe_code)]

use libc::{c_int, id_t, pid_t};

use super::Priority;

/// How much lower the nice value is at high priority.
const HIGH: c_int = 5;

/// A thread of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    id: pid_t,
    /// The nice value of ordinary priority: what the host gave it, but nothing urgent.
    nice: c_int,
}

impl Thread {
    /// The calling thread, as the host made it.
    pub fn current() -> Self {
        // SAFETY: takes nothing and cannot fail.
        let id = unsafe { libc::gettid() };
        Self { id, nice: nice(id).max(0) }
    }

    /// Gives it a priority, if the system allows. Answers the one in force.
    pub fn set(&self, priority: Priority) -> Priority {
        let policy = if priority == Priority::Background { libc::SCHED_IDLE } else { libc::SCHED_OTHER };
        let nice = if priority == Priority::High { self.nice - HIGH } else { self.nice };
        // SAFETY: reads the parameters, which are all zero as both policies want them. The id is of a
        // thread that has not ended: the group's lock sees to that.
        unsafe {
            libc::sched_setscheduler(self.id, policy, &std::mem::zeroed());
            libc::setpriority(libc::PRIO_PROCESS, self.id as id_t, nice);
        }
        self.in_force()
    }

    fn in_force(&self) -> Priority {
        // SAFETY: takes and gives a number.
        match unsafe { libc::sched_getscheduler(self.id) } {
            libc::SCHED_IDLE => Priority::Background,
            _ if nice(self.id) < self.nice => Priority::High,
            _ => Priority::Normal,
        }
    }
}

fn nice(id: pid_t) -> c_int {
    // SAFETY: takes and gives numbers.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, id as id_t) }
}
