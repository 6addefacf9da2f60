//! ONNX Runtime's static objects stay when the process ends: a thread may use them until the last moment, such as one
//! that was left behind, or one of the host's that computes by itself. The library imports the function that registers
//! destructors; this puts another in its place, which registers none.
//!
//! What it has registered while it was loaded, before this, runs: none of that is used by a thread that computes.
//!
//! Only Linux has such places, for which there is no safe way.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::path::Path;

use super::imports::{self, Imports};

type Destructor = extern "C" fn(*mut c_void);

/// Takes the place of `__cxa_atexit`, and answers success.
extern "C" fn register(_: Destructor, _object: *mut c_void, _library: *mut c_void) -> c_int {
    0
}

/// Has this loaded library register no further destructors.
pub fn keep(library: &Path) {
    if let Some(slot) = Imports::of(library).and_then(|imports| imports.slot(c"__cxa_atexit")) {
        // SAFETY: the function is of the type that the C++ ABI gives it.
        unsafe { imports::write(slot, register as *const () as usize) };
    }
}
