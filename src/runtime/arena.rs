//! The arena that a session computes in.
//!
//! `ort` has no safe call for it.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::ptr;

use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::Session;
use ort::AsPointer;

use super::Place;

/// Bytes that the arena of a session holds where it runs, used or kept for later: most weights that were copied, and
/// what is computed. 0 where it does not count them, as only those of the CPU and of CUDA do.
pub fn arena(session: &Session, place: Place) -> u64 {
    let (device, index) = match place.provider.is_nvidia() {
        true => (AllocationDevice::CUDA, place.index as i32),
        false => (AllocationDevice::CPU, 0),
    };
    let arena = MemoryInfo::new(device, index, AllocatorType::Arena, MemoryType::Default);
    let allocator = arena.and_then(|arena| Allocator::new(session, arena));
    allocator.ok().and_then(|allocator| statistic(&allocator, c"TotalAllocated")).unwrap_or(0)
}

/// Gives the system back what the C library keeps of freed memory. It keeps some tens of megabytes at the end of
/// its heaps (glibc: twice the largest block that was freed), which a memory budget would not know of.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it may be called at any time, by any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

fn statistic(allocator: &Allocator, key: &CStr) -> Option<u64> {
    let api = ort::api();
    let mut pairs = ptr::null_mut();
    // SAFETY: the allocator lives, and `pairs` receives an object that is ours.
    let failed = unsafe { (api.AllocatorGetStats)(allocator.ptr().cast(), &mut pairs) };
    if !failed.0.is_null() {
        // SAFETY: it is an error object of ours, released once.
        unsafe { (api.ReleaseStatus)(failed.0) };
        return None;
    }
    // SAFETY: `pairs` lives, the key is a C string; the text belongs to `pairs`.
    let text = unsafe { (api.GetKeyValue)(pairs, key.as_ptr()) };
    // SAFETY: as above.
    let number = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().ok()?.parse().ok()).flatten();
    // SAFETY: it is ours, released once, and nothing of it is used after.
    unsafe { (api.ReleaseKeyValuePairs)(pairs) };
    number
}
