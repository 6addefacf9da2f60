//! The library that this code is part of: where it lies, and that it stays.
//!
//! The system is asked about the address of a function of ours, for which there is no safe way.
#![allow(unsafe_code)]

use std::path::PathBuf;

/// The directory of libscumble; of the program, where Scumble is linked into it.
pub fn directory() -> Option<PathBuf> {
    let path = std::path::absolute(file()?).ok()?;
    path.parent().map(PathBuf::from)
}

/// Keeps the library in memory until the process ends, whatever the host unloads: its threads
/// and ONNX Runtime's must not lose their code. On Unix the linker's `nodelete` does it.
pub fn pin() {
    #[cfg(windows)]
    let _ = file();
}

/// Calls this when the process ends, before what was registered up to now. On Windows all other threads have ended by
/// then, and nothing needs to be done.
pub fn at_exit(handler: extern "C" fn()) {
    #[cfg(unix)]
    // SAFETY: the handler's code stays, as `pin` has it, and it does not unwind.
    unsafe {
        libc::atexit(handler);
    }
    #[cfg(not(unix))]
    let _ = handler;
}

#[cfg(unix)]
fn file() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;

    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the address is a function's, and `info` is memory for the answer.
    let found = unsafe { libc::dladdr(directory as *const libc::c_void, info.as_mut_ptr()) };
    if found == 0 {
        return None;
    }
    // SAFETY: zero is a valid value of each field, and dladdr has filled them in.
    let info = unsafe { info.assume_init() };
    if info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the name is a C string that lives as long as the library is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

#[cfg(windows)]
fn file() -> Option<PathBuf> {
    use std::ffi::OsString;
    use std::os::windows::ffi::OsStringExt;
    use windows_sys::Win32::System::LibraryLoader::{
        GetModuleFileNameW, GetModuleHandleExW, GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN,
    };

    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let mut module = std::ptr::null_mut();
    // SAFETY: the flag makes the name an address, and a function's address lies in our module.
    if unsafe { GetModuleHandleExW(flags, directory as *const u16, &mut module) } == 0 {
        return None;
    }
    let mut name = vec![0u16; 32_768];
    // SAFETY: the buffer has the length that is told.
    let length = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), name.len() as u32) };
    (length > 0).then(|| PathBuf::from(OsString::from_wide(&name[..length as usize])))
}
