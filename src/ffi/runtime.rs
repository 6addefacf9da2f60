//! ONNX Runtime and what it can run on.

use std::ffi::c_char;
use std::path::Path;
use std::sync::Arc;

use super::boundary::{self, call};
use super::desc::{self, c_struct};
use crate::error::{bail, Result, Status};
use crate::limits::MAX_PATH;
use crate::runtime::{self, DeviceInfo};
use crate::stack;

/// A provider of the loaded ONNX Runtime, on one adapter of the machine.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_device_info {
    /// `sizeof(scumble_device_info)`, set by the caller.
    pub struct_size: u32,
    /// What to give as `device` of a `scumble_context_desc`: "cpu", or a provider and its adapter. Providers are
    /// "cuda", "tensorrt", "tensorrt-rtx" (NVIDIA), "directml" (Windows), "webgpu" (Vulkan, Direct3D 12, Metal),
    /// "openvino" (Intel), "coreml" (Apple); "cuda:1" is the second adapter as CUDA counts them.
    pub device: [c_char; 28],
    /// What the adapter calls itself, as far as the driver tells.
    pub name: [c_char; 128],
    /// Who made it; empty if nobody tells.
    pub vendor: [c_char; 64],
    /// Bytes of its own memory; 0 if nobody tells.
    pub memory_bytes: u64,
    /// Under Windows the adapter's LUID, so that a game finds the GPU that it draws with; 0 elsewhere.
    pub luid: u64,
    /// 1 if a context can be created on it: a small model was run there. 0 if not: see `reason`.
    pub usable: i32,
    /// 1 if the system knows it as hardware. What is not, such as a Vulkan driver in software, is used only
    /// when it is named.
    pub hardware: i32,
    /// Why it is not usable: a library is missing, the driver is too old or absent, there is no such adapter. Empty
    /// if it is.
    pub reason: [c_char; 512],
}
c_struct!(scumble_device_info, 760);

/// Loads ONNX Runtime and looks for devices. Optional: the first context does it too, as far as it needs.
///
/// `path`: the library, UTF-8, at most 32 KiB; a relative one counts from the working directory.
/// NULL looks for it: the environment variable `SCUMBLE_ONNXRUNTIME`; beside libscumble, first as
/// `scumble_onnxruntime.{dll,so,dylib}`, then under its official name. It stays loaded until the
/// process ends, and a process has one: asking for another is `RUNTIME_ALREADY_LOADED`, asking for
/// the same again is OK.
///
/// Errors: `RUNTIME_NOT_FOUND` (the text says where was looked), `RUNTIME_INVALID` (not a library,
/// or not ONNX Runtime), `RUNTIME_TOO_OLD` (before 1.24), `RUNTIME_ALREADY_LOADED`,
/// `RUNTIME_FAILED`, `OUT_OF_MEMORY`, `INVALID_UTF8`, `LIMIT_EXCEEDED`.
///
/// Any thread. This call takes as long as the system needs to load a library, and drivers to start: a second or more
/// where there are GPUs.
///
/// # Safety
/// `path` is NULL or a C string.
#[no_mangle]
pub unsafe extern "C" fn scumble_runtime_load(path: *const c_char) -> Status {
    call("scumble_runtime_load", || {
        // SAFETY: the caller's promise.
        let path = unsafe { boundary::optional_text(path, "path", MAX_PATH) }?;
        stack::with_room(|| {
            runtime::load(path.map(Path::new))?;
            runtime::look().map(drop)
        })
    })
}

/// Adds a provider to ONNX Runtime from a library of its own, such as those of the packages onnxruntime-ep-webgpu and
/// onnxruntime-ep-openvino, and looks for devices again. It stays loaded until the process ends.
///
/// `path` (not NULL): the library, UTF-8, at most 32 KiB. Errors: `RUNTIME_INVALID` (there is none, it is not a
/// provider's, or what it needs is missing, such as a driver: the text tells), `INVALID_ARGUMENT`, `INVALID_UTF8`,
/// `LIMIT_EXCEEDED`, and those of `scumble_runtime_load`, which it calls.
///
/// Any thread. This call takes as long as `scumble_runtime_load`.
///
/// # Safety
/// `path` is NULL or a C string.
#[no_mangle]
pub unsafe extern "C" fn scumble_runtime_add_provider(path: *const c_char) -> Status {
    call("scumble_runtime_add_provider", || {
        // SAFETY: the caller's promise.
        let path = unsafe { boundary::text(path, "path", MAX_PATH) }?;
        stack::with_room(|| {
            runtime::load(None)?;
            runtime::add_provider(Path::new(path))
        })
    })
}

/// How many devices there are, those that cannot be used counted too.
///
/// `count` (not NULL): written. `SCUMBLE_STATUS_NOT_READY` before anybody has looked: `scumble_runtime_load`, or a
/// context that was not created on "cpu". Errors: `INVALID_ARGUMENT`.
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

/// Describes a device. Those that can be used come first, best first; then those that cannot, with the reason.
///
/// `index`: 0 to one less than `scumble_device_count`. `info` (not NULL): filled.
/// `SCUMBLE_STATUS_NOT_READY` as of `scumble_device_count`. Errors: `INVALID_ARGUMENT`,
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
                device: desc::fixed_text(&device.place.to_string()),
                name: desc::fixed_text(&device.name),
                vendor: desc::fixed_text(&device.vendor),
                memory_bytes: device.memory,
                luid: device.luid,
                usable: i32::from(device.unusable.is_none()),
                hardware: i32::from(device.is_hardware),
                reason: desc::fixed_text(device.unusable.as_deref().unwrap_or_default()),
            })
        }
    })
}

fn devices() -> Result<Arc<[DeviceInfo]>> {
    match runtime::found() {
        Some(devices) => Ok(devices),
        None => bail!(NotReady, "nobody has looked for devices yet: call scumble_runtime_load"),
    }
}
