//! Windows: a thread's priority within its process's class. The system's background mode would slow down reading
//! and paging as well, and only a thread itself can enter it. There is no safe way.
#![allow(unsafe_code)]

use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::System::Threading::{
    GetCurrentThreadId, GetThreadPriority, OpenThread, SetThreadPriority, THREAD_PRIORITY_ABOVE_NORMAL,
    THREAD_PRIORITY_LOWEST, THREAD_PRIORITY_NORMAL, THREAD_QUERY_LIMITED_INFORMATION, THREAD_SET_INFORMATION,
};

use super::Priority;

/// A thread of this process, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread(u32);

impl Thread {
    /// The calling thread.
    pub fn current() -> Self {
        // SAFETY: takes nothing and cannot fail.
        Self(unsafe { GetCurrentThreadId() })
    }

    /// Gives it a priority, if the system allows. Answers the one in force.
    pub fn set(&self, priority: Priority) -> Priority {
        let wanted = match priority {
            Priority::Background => THREAD_PRIORITY_LOWEST,
            Priority::Normal => THREAD_PRIORITY_NORMAL,
            Priority::High => THREAD_PRIORITY_ABOVE_NORMAL,
        };
        // SAFETY: the handle is closed once, after its last use; calls with one that could not be opened
        // fail. The id is of a thread that has not ended: the group's lock sees to that.
        let in_force = unsafe {
            // The limited right to set would do for Windows, but not for Wine.
            let access = THREAD_SET_INFORMATION | THREAD_QUERY_LIMITED_INFORMATION;
            let thread = OpenThread(access, 0, self.0);
            if thread.is_null() {
                return Priority::Normal;
            }
            SetThreadPriority(thread, wanted);
            let in_force = GetThreadPriority(thread);
            CloseHandle(thread);
            in_force
        };
        match in_force {
            i32::MIN..=-1 => Priority::Background,
            0 => Priority::Normal,
            _ => Priority::High,
        }
    }
}
