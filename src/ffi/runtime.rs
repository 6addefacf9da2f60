//! ONNX Runtime and what it can run on.

use std::ffi::c_char;
use std::path::Path;

use super::boundary::{self, call};
use super::desc::{self, c_struct};
use crate::error::{bail, Result, Status};
use crate::runtime;

/// The longest path that is taken, in bytes.
pub(super) const MAX_PATH: usize = 32 * 1024;

/// A device that contexts can be created on.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_device_info {
    /// `sizeof(scumble_device_info)`, set by the caller.
    pub struct_size: u32,
    /// What to give as `device` of a `scumble_context_desc`: "cpu".
    pub device: [c_char; 28],
    /// What the hardware calls itself.
    pub name: [c_char; 128],
}
c_struct!(scumble_device_info, 160);

/// Loads ONNX Runtime. Optional: the first context does it too.
///
/// `path`: the library, UTF-8, at most 32 KiB; a relative one counts from the working directory.
/// NULL looks for it: the environment variable `SCUMBLE_ONNXRUNTIME`; beside libscumble, first as
/// `scumble_onnxruntime.{dll,so,dylib}`, then under its official name. It stays loaded until the
/// process ends, and a process has one: asking for another is `RUNTIME_ALREADY_LOADED`, asking for
/// the same again is OK.
///
/// Errors: `RUNTIME_NOT_FOUND` (the text says where was looked), `RUNTIME_INVALID` (not a library,
/// or not ONNX Runtime), `RUNTIME_TOO_OLD` (before 1.24), `RUNTIME_ALREADY_LOADED`,
/// `RUNTIME_FAILED`, `INVALID_UTF8`, `LIMIT_EXCEEDED`.
///
/// Any thread. This call takes as long as the system needs to load a library.
///
/// # Safety
/// `path` is NULL or a C string.
#[no_mangle]
pub unsafe extern "C" fn scumble_runtime_load(path: *const c_char) -> Status {
    call("scumble_runtime_load", || {
        // SAFETY: the caller's promise.
        let path = unsafe { boundary::optional_text(path, "path", MAX_PATH) }?;
        runtime::load(path.map(Path::new))
    })
}

/// How many devices contexts can be created on.
///
/// `count` (not NULL): written. `SCUMBLE_STATUS_NOT_READY` before ONNX Runtime is loaded. Errors:
/// `INVALID_ARGUMENT`.
///
/// Any thread.
///
/// # Safety
/// `count` is NULL or points to an `int32_t`.
#[no_mangle]
pub unsafe extern "C" fn scumble_device_count(count: *mut i32) -> Status {
    call("scumble_device_count", || {
        boundary::not_null(count, "count")?;
        let devices = devices()?;
        // SAFETY: the caller's promise.
        unsafe { boundary::write(count, "count", devices.len() as i32) }
    })
}

/// Describes a device. They are listed best first.
///
/// `index`: 0 to one less than `scumble_device_count`. `info` (not NULL): filled.
/// `SCUMBLE_STATUS_NOT_READY` before ONNX Runtime is loaded. Errors: `INVALID_ARGUMENT`,
/// `INVALID_STRUCT_SIZE`.
///
/// Any thread.
///
/// # Safety
/// `info` is NULL or points to `struct_size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_device_get_info(index: i32, info: *mut scumble_device_info) -> Status {
    call("scumble_device_get_info", || {
        // SAFETY: the caller's promise.
        unsafe { desc::check_output(info, "info") }?;
        let devices = devices()?;
        let Some(device) = usize::try_from(index).ok().and_then(|index| devices.get(index)) else {
            bail!(InvalidArgument, "index is {index}; expected 0 to {}", devices.len() - 1)
        };
        // SAFETY: as above.
        unsafe {
            desc::write(info, "info", |struct_size| scumble_device_info {
                struct_size,
                device: desc::fixed_text(&device.provider),
                name: desc::fixed_text(&device.name),
            })
        }
    })
}

fn devices() -> Result<Vec<runtime::DeviceInfo>> {
    if runtime::path().is_none() {
        bail!(NotReady, "ONNX Runtime is not loaded: call scumble_runtime_load or create a context first");
    }
    runtime::devices()
}
