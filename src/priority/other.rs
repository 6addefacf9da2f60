//! Systems whose ways are not known here: no thread changes.

use super::Priority;

/// A thread of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread(std::thread::ThreadId);

impl Thread {
    /// The calling thread.
    pub fn current() -> Self {
        Self(std::thread::current().id())
    }

    /// Answers the priority in force, which no wish changes.
    pub fn set(&self, _wanted: Priority) -> Priority {
        Priority::Normal
    }
}
