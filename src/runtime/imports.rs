//! What a loaded library imports: the places where the dynamic linker has written the addresses of functions, where
//! others can be put.
//!
//! There is no safe way to do so.
#![allow(unsafe_code)]

use std::ffi::{c_char, CStr};
use std::path::Path;
use std::ptr;

use libloading::os::unix::Library;

/// The imports of a library.
pub struct Imports(&'static LinkMap);

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

impl Imports {
    /// The imports of this loaded library, which stays loaded.
    pub fn of(library: &Path) -> Option<Self> {
        let flags = libc::RTLD_NOLOAD | libc::RTLD_LAZY;
        // SAFETY: the library is loaded already: nothing of it is run.
        let handle = unsafe { Library::open(Some(library), flags) }.ok()?.into_raw();
        let mut map: *const LinkMap = ptr::null();
        // SAFETY: the handle is open, and the answer to this question is a pointer.
        if unsafe { libc::dlinfo(handle, libc::RTLD_DI_LINKMAP, (&raw mut map).cast()) } != 0 {
            return None;
        }
        // SAFETY: the answer is valid for as long as the library is loaded.
        unsafe { map.as_ref() }.map(Self)
    }

    /// Where the library has the address of a function that it imports.
    pub fn slot(&self, name: &CStr) -> Option<*mut usize> {
        let map = self.0;
        // SAFETY: the list ends with an entry of tag 0, and the tables are as ELF describes them and have the sizes that
        // it tells.
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
}

/// Writes where the dynamic linker lets nobody write any more.
///
/// # Safety
/// It is a slot, and the address that of a function of its type.
pub unsafe fn write(slot: *mut usize, address: usize) {
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
