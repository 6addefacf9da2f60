//! ONNX Runtime's `operator new`, where the system has no memory left.
//!
//! Abseil's tables, which ONNX Runtime keeps its graphs in, do not survive an exception while they grow: they free
//! memory that was never theirs, and the process ends (`raw_hash_set.h` sets the new capacity before it allocates). So
//! what the system refuses is served from the reserve, as for Rust's code. The library imports `operator new` and
//! `operator delete`; this puts others in the places where the dynamic linker has written their addresses.
//!
//! An exception needs memory too: what the C++ library keeps of exceptions for each thread. It allocates that with the
//! thread's first exception, and ends the process where it cannot. So it is had before, as the thread allocates first.
//!
//! Only Linux has such places for them: on Windows and macOS a refusal at such a moment ends the process.
//!
//! There is no safe way to do so.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{c_void, CStr};
use std::path::Path;
use std::sync::OnceLock;
use std::{mem, ptr};

use libloading::os::unix::Library;

use super::imports::{self, Imports};
use crate::reserve;

type New = unsafe extern "C-unwind" fn(usize) -> *mut c_void;
type NewOrNull = unsafe extern "C" fn(usize, *const c_void) -> *mut c_void;
type Delete = unsafe extern "C" fn(*mut c_void);
type DeleteSized = unsafe extern "C" fn(*mut c_void, usize);

/// What the dynamic linker had found.
struct Originals {
    object: Operators,
    array: Operators,
    /// Gives what is kept of exceptions for the calling thread.
    exceptions: extern "C" fn() -> *mut c_void,
}

/// `new` and `delete`, or `new[]` and `delete[]`.
struct Operators {
    new: New,
    /// The same, but for the exception.
    new_or_null: NewOrNull,
    /// Those that the library imports.
    delete: Option<Delete>,
    delete_sized: Option<DeleteSized>,
}

thread_local! {
    /// Whether this thread can throw an exception.
    static THROWS: Cell<bool> = const { Cell::new(false) };
}

static ORIGINALS: OnceLock<Originals> = OnceLock::new();

fn originals() -> &'static Originals {
    ORIGINALS.get().expect("set before any of this could be called")
}

/// A block of the system's memory, or else of the reserve; null where neither has one.
fn block(operators: &Operators, size: usize) -> *mut c_void {
    if THROWS.get() || prepare_to_throw() {
        // SAFETY: the second parameter only tells functions of this name apart.
        let block = unsafe { (operators.new_or_null)(size, ptr::null()) };
        if !block.is_null() {
            return block;
        }
    }
    reserve::lend(size).cast()
}

/// The same, but throws where there is none.
///
/// # Safety
/// No frame of Rust below has anything to drop.
unsafe fn block_or_throw(operators: &Operators, size: usize) -> *mut c_void {
    match block(operators, size) {
        // SAFETY: the caller's promise.
        block if block.is_null() => unsafe { (operators.new)(size) },
        block => block,
    }
}

unsafe extern "C-unwind" fn new(size: usize) -> *mut c_void {
    // SAFETY: there is none but this.
    unsafe { block_or_throw(&originals().object, size) }
}

unsafe extern "C-unwind" fn new_array(size: usize) -> *mut c_void {
    // SAFETY: there is none but this.
    unsafe { block_or_throw(&originals().array, size) }
}

unsafe extern "C" fn new_or_null(size: usize, _: *const c_void) -> *mut c_void {
    block(&originals().object, size)
}

unsafe extern "C" fn new_array_or_null(size: usize, _: *const c_void) -> *mut c_void {
    block(&originals().array, size)
}

/// Gives a block back: to the reserve if it is lent, else as `original` does.
///
/// # Safety
/// As of any `delete`.
unsafe fn give_back<T>(block: *mut c_void, original: Option<T>, delete: impl FnOnce(T)) {
    // SAFETY: the caller's promise.
    if !unsafe { reserve::take_back(block.cast()) } {
        delete(original.expect("a function that is replaced was imported"));
    }
}

unsafe extern "C" fn delete(block: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { give_back(block, originals().object.delete, |delete| delete(block)) }
}

unsafe extern "C" fn delete_sized(block: *mut c_void, size: usize) {
    // SAFETY: the caller's promise.
    unsafe { give_back(block, originals().object.delete_sized, |delete| delete(block, size)) }
}

unsafe extern "C" fn delete_array(block: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { give_back(block, originals().array.delete, |delete| delete(block)) }
}

unsafe extern "C" fn delete_array_sized(block: *mut c_void, size: usize) {
    // SAFETY: the caller's promise.
    unsafe { give_back(block, originals().array.delete_sized, |delete| delete(block, size)) }
}

/// Whether there was memory for what the C++ library keeps for this thread, which it has from now on.
fn prepare_to_throw() -> bool {
    /// More than it keeps (16 bytes), and than the dynamic linker needs to find it.
    const BYTES: usize = 4096;
    // SAFETY: it is given back at once, for the next allocation of this thread to have.
    let block = unsafe { libc::malloc(BYTES) };
    if block.is_null() {
        return false;
    }
    // SAFETY: it came from there.
    unsafe { libc::free(block) };
    (originals().exceptions)();
    THROWS.set(true);
    true
}

/// Has this loaded library call ours. It stays loaded.
pub fn replace(library: &Path) {
    let flags = libc::RTLD_NOLOAD | libc::RTLD_LAZY;
    // SAFETY: the library is loaded already: nothing of it is run.
    let Ok(opened) = (unsafe { Library::open(Some(library), flags) }) else { return };
    let Some(imports) = Imports::of(library) else { return };
    // SAFETY: the functions are of these types, by the C++ ABI.
    unsafe {
        let operators = |new: &CStr, new_or_null: &[u8], delete: &CStr, delete_sized: &CStr| {
            Some(Operators {
                new: mem::transmute::<usize, New>(*imports.slot(new)?),
                new_or_null: *opened.get::<NewOrNull>(new_or_null).ok()?,
                delete: imports.slot(delete).map(|slot| mem::transmute::<usize, Delete>(*slot)),
                delete_sized: imports.slot(delete_sized).map(|slot| mem::transmute::<usize, DeleteSized>(*slot)),
            })
        };
        let object = operators(c"_Znwm", b"_ZnwmRKSt9nothrow_t\0", c"_ZdlPv", c"_ZdlPvm");
        let array = operators(c"_Znam", b"_ZnamRKSt9nothrow_t\0", c"_ZdaPv", c"_ZdaPvm");
        let (Some(object), Some(array)) = (object, array) else { return };
        let Ok(exceptions) = opened.get::<extern "C" fn() -> *mut c_void>(b"__cxa_get_globals\0") else { return };
        if ORIGINALS.set(Originals { object, array, exceptions: *exceptions }).is_err() {
            return;
        }
        // What is lent has to come back, whichever of its names it is deleted by.
        let replacements = [
            (c"_ZdlPv", delete as *const ()),
            (c"_ZdlPvm", delete_sized as *const ()),
            (c"_ZdaPv", delete_array as *const ()),
            (c"_ZdaPvm", delete_array_sized as *const ()),
            (c"_Znwm", new as *const ()),
            (c"_ZnwmRKSt9nothrow_t", new_or_null as *const ()),
            (c"_Znam", new_array as *const ()),
            (c"_ZnamRKSt9nothrow_t", new_array_or_null as *const ()),
        ];
        for (name, address) in replacements {
            if let Some(slot) = imports.slot(name) {
                imports::write(slot, address as usize);
            }
        }
    }
}
