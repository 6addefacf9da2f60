//! Whether a library is ONNX Runtime, before `ort` is told of it: `ort` panics where it lacks something, and keeps it
//! for the life of the process.
//!
//! Its functions are called by what they are known to be, for which there is no safe way.
#![allow(unsafe_code)]

use std::error::Error as _;
use std::ffi::{c_char, c_void, CStr};
use std::path::Path;
use std::ptr;

use libloading::Library;

use super::search;
use crate::error::{bail, Error, Result, Status};
use crate::memory;

/// `OrtApiBase`, either function of which may be missing.
#[repr(C)]
struct Base {
    api: Option<unsafe extern "C" fn(version: u32) -> *const Option<ApiFunction>>,
    version: Option<unsafe extern "C" fn() -> *const c_char>,
}

/// An entry of `OrtApi`, a structure of nothing but functions.
type ApiFunction = unsafe extern "C" fn() -> *const c_void;

const FUNCTIONS: usize = size_of::<ort::sys::OrtApi>() / size_of::<ApiFunction>();

/// Opens a library and sees to it that it is ONNX Runtime and new enough. It stays loaded at least as long as the
/// answer lives.
pub fn open(path: &Path) -> Result<Library> {
    let library = load(path)?;
    let version = version(&library).map_err(|lack| {
        let text = format!("\"{}\" is a library, but not ONNX Runtime: {lack}", path.display());
        Error::new(Status::RuntimeInvalid, text)
    })?;
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
    let mut parts = version.split('.');
    let Some((major, minor)) = number(parts.next()).zip(number(parts.next())) else {
        bail!(
            RuntimeInvalid,
            "\"{}\" is a library, but not ONNX Runtime: its version is \"{version}\"; expected 1.{} or newer",
            path.display(),
            ort::MINOR_VERSION
        )
    };
    if (major, minor) < (1, ort::MINOR_VERSION) {
        bail!(
            RuntimeTooOld,
            "ONNX Runtime at \"{}\" is version {version}; expected 1.{} or newer: \
             replace it, or name another with scumble_runtime_load or {}",
            path.display(),
            ort::MINOR_VERSION,
            search::VARIABLE
        );
    }
    check_api(&library).map_err(|lack| {
        let text = format!("ONNX Runtime {version} at \"{}\" cannot be used: {lack}", path.display());
        Error::new(Status::RuntimeInvalid, text)
    })?;
    Ok(library)
}

/// What ONNX Runtime allocates as it is loaded, before any of it is called, is a hundredth of this (0.15 MB).
const STATIC_OBJECTS: usize = 16 << 20;

/// Loads it with all that it needs, of which nothing may be missing when it is called later.
fn load(path: &Path) -> Result<Library> {
    // Where its static objects find no memory, the process ends. (A bare name has no length: the linker searches for it.)
    let length = path.metadata().map_or(0, |found| found.len() as usize);
    memory::pages(length.saturating_add(STATIC_OBJECTS))?;
    #[cfg(unix)]
    let library = {
        use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
        // SAFETY: it runs what the library does when it is loaded, as whoever chose the path wants.
        unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map(Into::into)
    };
    #[cfg(not(unix))]
    // SAFETY: as above.
    let library = unsafe { Library::new(path) };
    library.map_err(|error| {
        let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        // Windows says the same when the file itself is missing, which was looked at before.
        let what = match cfg!(windows) && reason.ends_with("(os error 126)") {
            true => ": a DLL that it needs is missing; official ones need Microsoft's Visual C++ runtime",
            false => "",
        };
        let text = format!("\"{}\" cannot be loaded as a library: {reason}{what}", path.display());
        // The library is as good as it was: whoever has memory may load it.
        let no_memory = ["Cannot allocate memory", "cannot allocate", "(os error 8)", "(os error 1455)"];
        let is_out_of_memory = no_memory.iter().any(|sign| reason.contains(sign));
        Error::new(if is_out_of_memory { Status::OutOfMemory } else { Status::RuntimeInvalid }, text)
    })
}

fn base(library: &Library) -> Option<&Base> {
    // SAFETY: what goes by this name is this function.
    let base = unsafe { library.get::<unsafe extern "C" fn() -> *const Base>(b"OrtGetApiBase") }.ok()?;
    // SAFETY: it takes nothing, and gives a structure that lives as long as the library, or NULL.
    unsafe { base().as_ref() }
}

/// Its version, or what it lacks.
fn version(library: &Library) -> std::result::Result<&str, &'static str> {
    let base = base(library).ok_or("it does not export OrtGetApiBase as that does")?;
    let version = base.version.ok_or("it has no GetVersionString")?;
    // SAFETY: it takes nothing, and gives a C string that lives as long as the library, or NULL.
    let version = unsafe {
        match version() {
            version if version.is_null() => return Err("its GetVersionString gives NULL"),
            version => CStr::from_ptr(version),
        }
    };
    version.to_str().map_err(|_| "its version is not UTF-8")
}

/// Looks at each function of the API that `ort` may call; what is lacking.
fn check_api(library: &Library) -> std::result::Result<(), String> {
    let version = ort::MINOR_VERSION;
    let get = base(library).and_then(|base| base.api).ok_or("it has no GetApi")?;
    // SAFETY: it takes a number, and gives a structure that lives as long as the library, or NULL.
    let functions = unsafe { get(version) };
    if functions.is_null() {
        return Err(format!("its GetApi({version}) gives NULL"));
    }
    // Up to the first that is missing: a structure that is too short may end there.
    // SAFETY: the API of this version has so many functions.
    match (0..FUNCTIONS).find(|i| unsafe { ptr::read(functions.add(*i)) }.is_none()) {
        Some(i) => Err(format!("function {i} of its API of version {version} is NULL")),
        None => Ok(()),
    }
}
