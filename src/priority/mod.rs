//! How urgent the threads of a context are, beside those of the host.

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "apple.rs")]
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows)), path = "other.rs")]
mod system;

use std::sync::Arc;

use parking_lot::Mutex;

/// How urgent threads are to the operating system.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    /// They compute with what others leave: `SCHED_IDLE` on Linux, `THREAD_PRIORITY_LOWEST` on Windows.
    Background = -1,
    /// As urgent as ordinary threads. On Linux a thread keeps the nice value of the one that created the
    /// context, if that is above 0.
    #[default]
    Normal = 0,
    /// More urgent than ordinary threads: a nice value lower by 5 on Linux, `THREAD_PRIORITY_ABOVE_NORMAL`
    /// on Windows.
    High = 1,
}

/// Threads that have one priority. Clones are the same group.
#[derive(Clone, Debug, Default)]
pub struct ThreadGroup(Arc<Mutex<Group>>);

#[derive(Debug, Default)]
struct Group {
    wanted: Priority,
    in_force: Priority,
    members: Vec<system::Thread>,
}

/// A thread of a group, until dropped. The system gives the ids of ended threads to others, maybe of the
/// host, so no thread ends as a member.
pub struct Member<'a> {
    group: &'a ThreadGroup,
    thread: system::Thread,
}

impl ThreadGroup {
    /// A group of this priority.
    pub fn new(priority: Priority) -> Self {
        Self(Arc::new(Mutex::new(Group { wanted: priority, ..Group::default() })))
    }

    /// Makes the calling thread a member.
    pub fn enter(&self) -> Member<'_> {
        let thread = system::Thread::current();
        let mut group = self.0.lock();
        group.members.push(thread);
        group.in_force = thread.set(group.wanted);
        Member { group: self, thread }
    }

    /// The priority in force, which the system may have kept from being the one that is wanted.
    pub fn priority(&self) -> Priority {
        self.0.lock().in_force
    }

    /// Changes the priority of all members and of those to come, as far as the system allows.
    pub fn set_priority(&self, priority: Priority) {
        let Group { wanted, in_force, members } = &mut *self.0.lock();
        *wanted = priority;
        for thread in members {
            *in_force = thread.set(priority); // what is allowed for one of them is for all
        }
    }

    /// Raises the group to ordinary priority if it is in the background, as far as the system allows.
    pub fn leave_background(&self) {
        if self.0.lock().wanted == Priority::Background {
            self.set_priority(Priority::Normal);
        }
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        self.group.0.lock().members.retain(|member| *member != self.thread);
    }
}
