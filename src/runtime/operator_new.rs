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

use std::ffi::{c_char, c_void, CStr};
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;

use libloading::os::unix::Library;

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

/// What of the dynamic linker's `struct link_map` is public (`link.h`).
#[repr(C)]
struct LinkMap {
    base: usize,
    name: *const c_char,
    dynamic: *const Entry,
}

/// `Elf64_Dyn`.
#[repr(C)]
struct Entry {
    tag: i64,
    value: usize,
}

/// `Elf64_Rela`.
#[repr(C)]
struct Relocation {
    offset: usize,
    info: u64,
    addend: i64,
}

/// `Elf64_Sym`.
#[repr(C)]
struct Symbol {
    name: u32,
    _kind: [u8; 4],
    _value: [u64; 2],
}

const STRINGS: i64 = 5; // DT_STRTAB, and so on: elf.h
const SYMBOLS: i64 = 6;
const CALLS: i64 = 23;
const CALLS_SIZE: i64 = 2;

/// Has this loaded library call ours. It stays loaded.
pub fn replace(library: &Path) {
    let flags = libc::RTLD_NOLOAD | libc::RTLD_LAZY;
    // SAFETY: the library is loaded already: nothing of it is run.
    let Ok(library) = (unsafe { Library::open(Some(library), flags) }) else { return };
    // SAFETY: the type is that of this function in the C++ ABI.
    let Ok(new_or_null) = (unsafe { library.get::<NewOrNull>(b"_ZnwmRKSt9nothrow_t\0") }) else { return };
    let new_or_null = *new_or_null;
    let handle = library.into_raw();
    let mut map: *const LinkMap = ptr::null();
    // SAFETY: the handle is open, and the answer to this question is a pointer.
    if unsafe { libc::dlinfo(handle, libc::RTLD_DI_LINKMAP, (&raw mut map).cast()) } != 0 {
        return;
    }
    // SAFETY: the dynamic linker's lists are as ELF and `link.h` describe them, for as long as the library is loaded.
    unsafe {
        let slot = |name: &CStr| slot(&*map, name);
        let (Some(new_slot), Some(delete_slot)) = (slot(c"_Znwm"), slot(c"_ZdlPvm")) else { return };
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
            if let Some(slot) = slot(name) {
                write(slot, delete as *const () as usize);
            }
        }
        write(new_slot, new as *const () as usize);
    }
}

/// Where a library has the address of a function that it imports.
///
/// # Safety
/// The map is the dynamic linker's.
unsafe fn slot(map: &LinkMap, name: &CStr) -> Option<*mut usize> {
    // SAFETY: the list ends with an entry of tag 0, and the tables have the sizes that it tells.
    unsafe {
        let entries = (0..).map(|i| &*map.dynamic.add(i)).take_while(|entry| entry.tag != 0);
        let [mut strings, mut symbols, mut calls, mut size] = [0; 4];
        for entry in entries {
            match entry.tag {
                STRINGS => strings = entry.value,
                SYMBOLS => symbols = entry.value,
                CALLS => calls = entry.value,
                CALLS_SIZE => size = entry.value,
                _ => (),
            }
        }
        let relocations = (0..size / size_of::<Relocation>()).map(|i| &*(calls as *const Relocation).add(i));
        let mut named = relocations.filter(|relocation| {
            let symbol = &*(symbols as *const Symbol).add((relocation.info >> 32) as usize);
            CStr::from_ptr((strings + symbol.name as usize) as *const c_char) == name
        });
        named.next().map(|relocation| (map.base + relocation.offset) as *mut usize)
    }
}

/// Writes where the dynamic linker lets nobody write any more.
///
/// # Safety
/// It is a slot, and the address that of a function of its type.
unsafe fn write(slot: *mut usize, address: usize) {
    // SAFETY: the page is one of a loaded library's data, which was writable until it was loaded.
    unsafe {
        let size = libc::sysconf(libc::_SC_PAGESIZE) as usize;
        let page = slot.map_addr(|slot| slot / size * size).cast();
        if libc::mprotect(page, size, libc::PROT_READ | libc::PROT_WRITE) == 0 {
            slot.write(address);
            libc::mprotect(page, size, libc::PROT_READ);
        }
    }
}
