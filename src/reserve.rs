//! What happens when an allocation fails.
//!
//! Most of Rust's collections end the process then. So what is as large as an image or a file is allocated by
//! [`crate::memory`], which answers an error; and all the rest, in Scumble and in the crates that it uses, is served
//! from a reserve: this file is the allocator of the library, which asks the system first. Work that may have needed
//! the reserve runs within [`spared`], which then drops the result and answers `OUT_OF_MEMORY`.
//!
//! The reserve is static memory: a block in it stays valid for as long as somebody keeps it, and can be used again when
//! it is freed. Pages of it that were never needed take no memory. It serves only threads that are inside Scumble.
//!
//! An allocator has no safe interface.
#![allow(unsafe_code)]
#![cfg_attr(feature = "host-allocator", allow(dead_code))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

use spinning_top::RawSpinlock;
use talc::source::Claim;
use talc::TalcLock;

use crate::error::{bail, Result, Status};
use crate::panics;

/// What reading a tokenizer takes, the largest work without a look at [`refusals`], and as much again.
const SIZE: usize = 32 << 20;

static mut REGION: [u8; SIZE] = [0; SIZE];

/// A spin lock: one that parks a thread allocates.
static RESERVE: TalcLock<RawSpinlock, Claim> =
    // SAFETY: nothing else uses this memory.
    TalcLock::new(unsafe { Claim::new((&raw mut REGION).cast(), SIZE) });

thread_local! {
    /// How many requests of this thread the system has refused.
    static REFUSALS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, and behind it the reserve.
struct Allocator;

#[cfg(not(feature = "host-allocator"))]
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Whether the reserve has this block.
fn is_reserved(block: *mut u8) -> bool {
    let start = (&raw const REGION).addr();
    (start..start + SIZE).contains(&block.addr())
}

/// A block of the reserve for a request that the system refused.
#[cold]
fn from_reserve(layout: Layout) -> *mut u8 {
    if !panics::is_inside() {
        return ptr::null_mut();
    }
    let _ = REFUSALS.try_with(|refusals| refusals.set(refusals.get() + 1));
    // SAFETY: the layout is the caller's, whose size is not zero.
    unsafe { RESERVE.alloc(layout) }
}

// SAFETY: each block is given back to the allocator that it came from, which its address tells.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let block = unsafe { System.alloc(layout) };
        if block.is_null() {
            return from_reserve(layout);
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            return block;
        }
        let block = from_reserve(layout);
        if !block.is_null() {
            // SAFETY: the block has this size.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, and the allocator is the one that the block came from.
        unsafe {
            match is_reserved(block) {
                true => RESERVE.dealloc(block, layout),
                false => System.dealloc(block, layout),
            }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise, of the new layout too.
        unsafe {
            if !is_reserved(block) {
                let grown = System.realloc(block, layout, size);
                if !grown.is_null() {
                    return grown;
                }
            }
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

/// The size of a lent block goes before it, so that C++ can free it without naming the size.
const HEADER: usize = 16;

/// A block of the reserve for C++ code that the system has refused one; null where there is none.
pub fn lend(size: usize) -> *mut u8 {
    let Some(layout) = size.checked_add(HEADER).and_then(|size| Layout::from_size_align(size, HEADER).ok()) else {
        return ptr::null_mut();
    };
    let block = from_reserve(layout);
    if block.is_null() {
        return block;
    }
    // SAFETY: the block begins with the header, which it is aligned for.
    unsafe {
        block.cast::<usize>().write(layout.size());
        block.add(HEADER)
    }
}

/// Takes a lent block back. Answers whether it is one.
///
/// # Safety
/// Nobody uses the block any more.
pub unsafe fn take_back(block: *mut u8) -> bool {
    if !is_reserved(block) {
        return false;
    }
    // SAFETY: it was lent, so its header is there.
    unsafe {
        let start = block.sub(HEADER);
        let size = start.cast::<usize>().read();
        RESERVE.dealloc(start, Layout::from_size_align_unchecked(size, HEADER));
    }
    true
}

/// How many requests of this thread the system has refused up to now.
pub fn refusals() -> u64 {
    REFUSALS.try_with(Cell::get).unwrap_or(0)
}

/// Does work whose allocations the reserve may serve. If it had to, the work has failed.
pub fn spared<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let _inside = panics::Inside::enter();
    let before = refusals();
    let result = work();
    match result {
        result if refusals() == before => result,
        Err(error) if error.status() == Status::Cancelled => Err(error),
        result => {
            drop(result);
            bail!(OutOfMemory, "memory ran out")
        }
    }
}
