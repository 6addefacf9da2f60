//! The library as a whole.

use std::ffi::c_char;
use std::sync::mpsc;
use std::time::Duration;

use super::boundary::{self, call};
use super::desc::{self, c_struct};
use super::handle::{self, Closed, Object};
use crate::error::{bail, Status};
use crate::priority::ThreadGroup;
use crate::{log, runtime, threads};

/// A line of the log.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_log_entry {
    /// `sizeof(scumble_log_entry)`, set by the caller.
    pub struct_size: u32,
    /// A `scumble_log_level`.
    pub level: i32,
    /// How many lines before this one were dropped, since only the newest 256 are kept.
    pub dropped: u32,
    /// What happened: UTF-8, ended by a NUL, without a line break at its end.
    pub text: [c_char; 1028],
}
c_struct!(scumble_log_entry, 1040);

/// The version of the library: a static text such as "0.1.0". Never NULL.
///
/// Any thread, any time.
#[no_mangle]
pub extern "C" fn scumble_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The ABI version that the library speaks. It is to be `SCUMBLE_ABI_VERSION` of the header that
/// the caller was built with; the `_init` functions check it too.
///
/// Any thread, any time.
#[no_mangle]
pub extern "C" fn scumble_abi_version() -> u32 {
    desc::SCUMBLE_ABI_VERSION
}

/// The name of a status: a static text such as "SCUMBLE_STATUS_BUSY", or
/// "SCUMBLE_STATUS_UNKNOWN". Never NULL.
///
/// Any thread, any time.
#[no_mangle]
pub extern "C" fn scumble_status_name(status: i32) -> *const c_char {
    // The names are C strings in one static text, so that a pointer into it can be given.
    static NAMES: std::sync::LazyLock<Vec<(i32, std::ffi::CString)>> = std::sync::LazyLock::new(|| {
        Status::ALL.iter().map(|s| (*s as i32, std::ffi::CString::new(s.name()).unwrap_or_default())).collect()
    });
    NAMES.iter().find(|(number, _)| *number == status).map_or(c"SCUMBLE_STATUS_UNKNOWN".as_ptr(), |(_, n)| n.as_ptr())
}

/// What went wrong in the last call on this thread that did not answer `SCUMBLE_STATUS_OK`: UTF-8
/// text that names the parameter, its value and what was expected. Empty before the first. Never
/// NULL; valid until the next call of Scumble on this thread.
///
/// Any thread, any time; each has a text of its own.
#[no_mangle]
pub extern "C" fn scumble_last_error() -> *const c_char {
    boundary::last_error()
}

/// Takes the oldest line of the log, into which go warnings of ONNX Runtime, defects and what was
/// loaded. Scumble itself writes nothing to stdout or stderr. ONNX Runtime writes to stderr in two cases, as it is
/// loaded: "Error in cpuinfo" where `/sys/devices/system/cpu` or `/proc/cpuinfo` cannot be read or memory runs out, and "Schema
/// error" where memory runs out.
///
/// `entry` (not NULL): filled. `SCUMBLE_STATUS_EMPTY` when there is no line, and then nothing is
/// written. Errors: `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`.
///
/// Any thread, any time.
///
/// # Safety
/// `entry` is NULL or points to `struct_size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_log_next(entry: *mut scumble_log_entry) -> Status {
    call("scumble_log_next", || {
        // SAFETY: the caller's promise.
        unsafe { desc::check_output(entry, "entry") }?;
        let Some(line) = log::next() else { bail!(Empty, "the log is empty") };
        // SAFETY: as above.
        unsafe {
            desc::write(entry, "entry", |struct_size| scumble_log_entry {
                struct_size,
                level: line.level as i32,
                dropped: u32::try_from(line.dropped).unwrap_or(u32::MAX),
                text: desc::fixed_text(&line.text),
            })
        }
    })
}

/// Cancels all work, destroys every object and waits until every thread of the library and of its
/// ONNX Runtime sessions has ended. All handles are invalid afterwards; new contexts may be
/// created. Call it before a domain reload, before the plugin is unloaded and at the program's end.
///
/// No object survives it: while it is in progress, `scumble_context_create`, `scumble_prompt_create`,
/// `scumble_prompt_blend` and `scumble_generation_create` on other threads answer `SCUMBLE_STATUS_CANCELLED` or
/// `SCUMBLE_STATUS_INVALID_HANDLE`. Every wait returns. What it waits for is what computes at this moment, which stops
/// between two operators of the model. Threads of `SCUMBLE_PRIORITY_BACKGROUND` are raised to ordinary priority for
/// that. On Linux only a process with the right to raise priorities can do so; in another one, where all cores are busy,
/// their last operator takes longer.
///
/// `timeout_ms`: how long to wait; negative for ever. `SCUMBLE_STATUS_TIMEOUT` when threads are
/// still ending (a model call that does not stop between two operators): call again to wait on.
/// `SCUMBLE_STATUS_THREAD_LEFT` when all has ended but for a thread that was left behind: ONNX Runtime did not stop
/// loading a model (some damaged graphs keep it busy for ever) within a second of a cancel. That thread uses nothing
/// of the library's objects, and `exit` and a return from main end the process all the same; the log names its file. To
/// wait longer does not help.
///
/// A process may also end without this call: by `_exit` or a signal at any moment; by `exit` on any thread, or by a
/// return from main, which cancel all work and wait for that up to 1.5 seconds. (On Windows the
/// system ends all other threads before the library hears of `exit`, so nothing is waited for; while a context
/// is loading, ONNX Runtime may then never end: call this before, or `TerminateProcess`.) A child
/// that was forked from a process that had called Scumble may end or exec, but not use it: every call
/// answers `WRONG_STATE` there.
///
/// Any thread, any time. This call blocks.
#[no_mangle]
pub extern "C" fn scumble_shutdown(timeout_ms: i32) -> Status {
    call("scumble_shutdown", || {
        let closed = handle::close();
        cancel_all(&closed);
        if !threads::join_all(boundary::timeout(timeout_ms).unwrap_or(Duration::MAX)) {
            bail!(Timeout, "threads are still ending after {timeout_ms} ms");
        }
        runtime::give_back();
        match threads::left() {
            0 => Ok(()),
            left => bail!(
                ThreadLeft,
                "all has ended, but {left} thread(s) were left behind: ONNX Runtime does not stop loading a model; \
                 the log names its file"
            ),
        }
    })
}

fn cancel_all(closed: &Closed) {
    for object in &closed.remove_all() {
        match object {
            Object::Context(context) => context.cancel(),
            Object::Prompt(prompt) => prompt.destroy(),
            Object::Generation(generation) => generation.cancel(),
        }
    }
}

/// Shuts down when the process ends by itself. On a thread of its own: whoever called `exit` may hold any lock, and the
/// end of a process is never to wait for long.
pub(super) extern "C" fn end() {
    const LIMIT: Duration = Duration::from_millis(1500);
    // A process ends with its last thread, too, where it must not start another. Nothing is left to do then.
    if boundary::refuse_fork().is_err() || threads::is_ours() || threads::are_none() {
        return;
    }
    let (done, is_done) = mpsc::channel();
    let shut_down = move || {
        let ended = call("scumble_shutdown", || {
            let closed = handle::close();
            cancel_all(&closed);
            closed.for_good();
            threads::join_all(LIMIT);
            Ok(())
        });
        let _ = done.send(ended);
    };
    // Where no thread can be started any more, the sender is dropped and nobody waits.
    let _ = threads::spawn(ThreadGroup::default(), shut_down);
    let _ = is_done.recv_timeout(LIMIT);
}
