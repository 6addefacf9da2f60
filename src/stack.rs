//! How much stack a thread has left, and a thread with enough of it.
//!
//! ONNX Runtime's operators need more stack than the fibers and job systems of games have. So what computes on the
//! caller's thread runs there only where enough is left; else a thread of its own computes it, and the caller waits.
//!
//! The system is asked where a stack lies, for which there is no safe way.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ops::Range;
use std::thread;

use crate::error::{Error, Result, Status};
use crate::fp_state::DefaultMode;
use crate::panics;

/// The stack of every thread that Scumble starts, ONNX Runtime's included: as much as Rust gives, whatever the
/// environment says.
pub(crate) const SIZE: usize = 2 << 20;

/// What has to be left for a call to compute where it is. About 100 KB were measured (`tests/c/stack.c`), on the CPU.
const NEEDED: usize = 512 << 10;

/// Runs this where there is enough stack.
pub fn with_room<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if left().is_some_and(|left| left >= NEEDED) {
        return work();
    }
    let run = || {
        let _inside = panics::Inside::enter();
        let _mode = DefaultMode::enter();
        work()
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("scumble".into()).stack_size(SIZE).spawn_scoped(scope, run);
        let thread = thread.map_err(|error| {
            Error::new(Status::OutOfMemory, format!("the stack is small, and no thread can be started: {error}"))
        })?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Bytes of this thread's stack that are left. None on a fiber, whose stack the system does not know.
fn left() -> Option<usize> {
    thread_local! {
        /// Where it lies; on Linux it takes a while to find out for the first thread of a process.
        static STACK: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
    }
    let local = std::hint::black_box(0u8);
    let here = (&raw const local).addr();
    let cached = STACK.try_with(Cell::get).ok().flatten().map(|(start, end)| start..end);
    let stack = match cached.filter(|stack| stack.contains(&here)) {
        Some(stack) => stack,
        None => {
            let found = bounds()?;
            let _ = STACK.try_with(|stack| stack.set(Some((found.start, found.end))));
            found
        }
    };
    stack.contains(&here).then(|| here - stack.start)
}

/// Where this thread's stack lies. Windows moves the answer with each switch to another fiber.
#[cfg(windows)]
fn bounds() -> Option<Range<usize>> {
    let (mut start, mut end) = (0, 0);
    // SAFETY: both are memory for an answer.
    unsafe { windows_sys::Win32::System::Threading::GetCurrentThreadStackLimits(&mut start, &mut end) };
    Some(start..end)
}

/// Where this thread's stack lies.
#[cfg(target_vendor = "apple")]
fn bounds() -> Option<Range<usize>> {
    // SAFETY: the calling thread can always be asked about.
    let (end, size) = unsafe {
        let thread = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(thread).addr(), libc::pthread_get_stacksize_np(thread))
    };
    Some(end - size..end)
}

/// Where this thread's stack lies.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn bounds() -> Option<Range<usize>> {
    let mut attributes = std::mem::MaybeUninit::uninit();
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are filled in before they are read, and destroyed after.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let found = libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (found == 0).then(|| start.addr()..start.addr() + size)
    }
}

/// Nobody tells.
#[cfg(not(any(windows, target_vendor = "apple", target_os = "linux", target_os = "android")))]
fn bounds() -> Option<Range<usize>> {
    None
}
