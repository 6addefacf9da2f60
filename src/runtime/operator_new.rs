//! ONNX Runtime's `operator new`, where the system has no memory left.
//!
//! Abseil's tables, which ONNX Runtime keeps its graphs in, do not survive an exception while they grow: they free
//! memory that was never theirs, and the process ends (`raw_hash_set.h` sets the new capacity before it allocates). So
//! what the system refuses is served from the reserve, as for Rust's code. The library imports `operator new` and
//! `operator delete`; this puts others in the places where the dynamic linker has written their addresses.
//!
//! Only Linux has such places for them: on Windows and macOS a refusal at such a moment ends the process.
//!
//! There is no safe way to do so.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;

use libloading::os::unix::Library;

use super::imports::{self, Imports};
use crate::reserve;

type New = unsafe extern "C-unwind" fn(usize) -> *mut c_void;
type NewOrNull = unsafe extern "C" fn(usize, *const c_void) -> *mut c_void;
type Delete = unsafe extern "C" fn(*mut c_void, usize);

/// What the dynamic linker had found.
struct Originals {
    new: New,
    /// The same, but for the exception.
    new_or_null: NewOrNull,
    delete: Delete,
}

static ORIGINALS: OnceLock<Originals> = OnceLock::new();

unsafe extern "C-unwind" fn new(size: usize) -> *mut c_void {
    let originals = ORIGINALS.get().expect("set before this could be called");
    // SAFETY: the second parameter only tells functions of this name apart.
    let mut block = unsafe { (originals.new_or_null)(size, ptr::null()) };
    if block.is_null() {
        block = reserve::lend(size).cast();
    }
    if block.is_null() {
        // SAFETY: no frame of Rust has anything to drop when this throws.
        block = unsafe { (originals.new)(size) };
    }
    block
}

unsafe extern "C" fn delete(block: *mut c_void, size: usize) {
    // SAFETY: the caller's promise.
    if !unsafe { reserve::take_back(block.cast()) } {
        let originals = ORIGINALS.get().expect("set before this could be called");
        // SAFETY: likewise.
        unsafe { (originals.delete)(block, size) };
    }
}

/// Has this loaded library call ours. It stays loaded.
pub fn replace(library: &Path) {
    let flags = libc::RTLD_NOLOAD | libc::RTLD_LAZY;
    // SAFETY: the library is loaded already: nothing of it is run.
    let Ok(opened) = (unsafe { Library::open(Some(library), flags) }) else { return };
    // SAFETY: the type is that of this function in the C++ ABI.
    let Ok(new_or_null) = (unsafe { opened.get::<NewOrNull>(b"_ZnwmRKSt9nothrow_t\0") }) else { return };
    let new_or_null = *new_or_null;
    let Some(imports) = Imports::of(library) else { return };
    // SAFETY: the functions are of these types, by the C++ ABI.
    unsafe {
        let (Some(new_slot), Some(delete_slot)) = (imports.slot(c"_Znwm"), imports.slot(c"_ZdlPvm")) else { return };
        let originals = Originals {
            new: std::mem::transmute::<usize, New>(*new_slot),
            new_or_null,
            delete: std::mem::transmute::<usize, Delete>(*delete_slot),
        };
        if ORIGINALS.set(originals).is_err() {
            return;
        }
        // What is lent has to come back, whichever of its names it is deleted by.
        for name in [c"_ZdlPv", c"_ZdlPvm"] {
            if let Some(slot) = imports.slot(name) {
                imports::write(slot, delete as *const () as usize);
            }
        }
        imports::write(new_slot, new as *const () as usize);
    }
}
