//! Where C ends and Rust begins: every export runs inside [`call`].

use std::cell::RefCell;
use std::ffi::{c_char, CStr, CString};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::Once;
use std::time::Duration;

use super::library;
use crate::error::{bail, Result, Status};
use crate::fp_state::DefaultMode;
use crate::{panics, runtime, testing};

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// Runs the body of the export of this name: no panic leaves it, the caller's floating-point mode
/// does not reach it, and what goes wrong is kept as this thread's last error.
pub fn call(name: &'static str, body: impl FnOnce() -> Result<()>) -> Status {
    static FIRST: Once = Once::new();
    let _inside = panics::Inside::enter();
    let _mode = DefaultMode::enter();
    let result = refuse_fork().and_then(|()| {
        FIRST.call_once(|| {
            panics::install_hook();
            runtime::pin();
        });
        runtime::at_exit(library::end);
        panics::guard(|| {
            testing::point(name);
            body()
        })
    });
    let Err(error) = result else { return Status::Ok };
    let error = error.within(name);
    // A thread that is ending has no place for it any more.
    let _ = LAST_ERROR.try_with(|last| *last.borrow_mut() = c_string(&error.to_string()));
    error.status()
}

/// Refuses calls in the child of a process that made some: it has none of its parent's threads, and whatever lock they
/// held stays locked in it. So this asks before any lock is touched.
pub fn refuse_fork() -> Result<()> {
    static PROCESS: AtomicU32 = AtomicU32::new(0);
    let own = process::id();
    match PROCESS.compare_exchange(0, own, Relaxed, Relaxed) {
        Err(first) if first != own => bail!(
            WrongState,
            "this process was forked from process {first}, which uses Scumble; expected a call there, or after exec"
        ),
        _ => Ok(()),
    }
}

/// The text of this thread's last error.
pub fn last_error() -> *const c_char {
    LAST_ERROR.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{FFFD}")).unwrap_or_default()
}

/// A C string of at most `limit` bytes that may be NULL.
///
/// # Safety
/// `text` is NULL or points to bytes that end with a NUL, or that are more than `limit`.
pub unsafe fn optional_text<'a>(text: *const c_char, name: &str, limit: usize) -> Result<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: reads up to the NUL, or `limit + 1` bytes, which are there.
    let length = unsafe { libc::strnlen(text, limit + 1) };
    if length > limit {
        bail!(LimitExceeded, "{name} is longer than {limit} bytes, which is the most that is taken");
    }
    // SAFETY: these bytes and the NUL were just read.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let at = error.valid_up_to();
            bail!(InvalidUtf8, "{name} is not UTF-8: byte {at} is {:#04x}, which does not fit there", bytes[at])
        }
    }
}

/// A C string that may not be NULL.
///
/// # Safety
/// As for [`optional_text`].
pub unsafe fn text<'a>(text: *const c_char, name: &str, limit: usize) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    match unsafe { optional_text(text, name, limit) }? {
        Some(text) => Ok(text),
        None => bail!(InvalidArgument, "{name} is NULL; expected a text"),
    }
}

/// Writes an answer where the caller wants it.
///
/// # Safety
/// `target` is NULL or points to memory for a `T`.
pub unsafe fn write<T>(target: *mut T, name: &str, value: T) -> Result<()> {
    not_null(target, name)?;
    // SAFETY: the caller's promise; a C struct's member may be packed.
    unsafe { target.write_unaligned(value) };
    Ok(())
}

/// Refuses NULL.
pub fn not_null<T>(pointer: *const T, name: &str) -> Result<()> {
    if pointer.is_null() {
        bail!(InvalidArgument, "{name} is NULL; expected a pointer to memory");
    }
    Ok(())
}

/// Milliseconds of the C API; negative is for ever.
pub fn timeout(milliseconds: i32) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

/// Milliseconds for the C API.
pub fn milliseconds(time: Duration) -> f32 {
    time.as_secs_f32() * 1000.0
}
