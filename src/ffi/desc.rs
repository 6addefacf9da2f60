//! Structures that grow: the first field of each tells how much of it the caller knows.

use crate::error::{bail, Result};

/// The version of the ABI that the header speaks.
pub const SCUMBLE_ABI_VERSION: u32 = 1;

/// No structure will ever be larger: a greater size is memory that nobody initialised.
const MAX_STRUCT: usize = 4096;

/// A structure of the C API.
///
/// # Safety
/// `repr(C)`, begins with `u32 struct_size`, has no padding, and any bits are a valid value.
pub unsafe trait Struct: Copy {
    /// How the C type is called.
    const NAME: &'static str;
    /// Its size in version 1 of the ABI.
    const FIRST_SIZE: usize;
}

/// Implements [`Struct`], with the size that the structure had first.
macro_rules! c_struct {
    ($name:ident, $first_size:literal) => {
        // SAFETY: repr(C), and the sum of the fields' sizes is asserted by the tests.
        unsafe impl $crate::ffi::desc::Struct for $name {
            const NAME: &'static str = stringify!($name);
            const FIRST_SIZE: usize = $first_size;
        }
        const _: () = assert!(size_of::<$name>() >= $first_size);
    };
}
pub(crate) use c_struct;

/// Fills a descriptor with defaults, and what the caller's is longer with zeros.
///
/// # Safety
/// `target` is NULL or points to `size` bytes.
pub unsafe fn init<T: Struct>(
    target: *mut T,
    size: usize,
    abi_version: u32,
    defaults: impl FnOnce(u32) -> T,
) -> Result<()> {
    if abi_version != SCUMBLE_ABI_VERSION {
        bail!(
            AbiMismatch,
            "abi_version is {abi_version}; this library speaks {SCUMBLE_ABI_VERSION}: build with its own header"
        );
    }
    super::boundary::not_null(target, "desc")?;
    check_size::<T>("size", size)?;
    let value = defaults(size as u32);
    // SAFETY: the caller's promise, and at most `size` bytes are written.
    unsafe {
        target.cast::<u8>().write_bytes(0, size);
        copy(&value, target, size);
    }
    Ok(())
}

/// Reads a descriptor. What the caller knows and this library does not must be zero.
///
/// # Safety
/// `source` is NULL or points to as many bytes as its first field says.
pub unsafe fn read<T: Struct>(source: *const T, name: &str, defaults: T) -> Result<T> {
    super::boundary::not_null(source, name)?;
    // SAFETY: every structure begins with its size.
    let size = unsafe { source.cast::<u32>().read_unaligned() } as usize;
    check_size::<T>("struct_size", size)?;
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts(source.cast::<u8>(), size) };
    if let Some(position) = bytes.iter().skip(size_of::<T>()).position(|byte| *byte != 0) {
        bail!(
            UnsupportedField,
            "{} sets a field at byte {} that this library does not know: it is older than the header",
            T::NAME,
            size_of::<T>() + position
        );
    }
    let mut value = defaults;
    // SAFETY: both are at least this long, and any bits are a valid `T`.
    unsafe {
        let known = size.min(size_of::<T>());
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), std::ptr::from_mut(&mut value).cast(), known);
    }
    Ok(value)
}

/// Whether the caller's structure can take an answer. Asked before work is done for it.
///
/// # Safety
/// `target` is NULL or points to a structure whose first field is set.
pub unsafe fn check_output<T: Struct>(target: *const T, name: &str) -> Result<usize> {
    super::boundary::not_null(target, name)?;
    // SAFETY: every structure begins with its size.
    let size = unsafe { target.cast::<u32>().read_unaligned() } as usize;
    check_size::<T>("struct_size", size)?;
    Ok(size)
}

/// Fills an output structure as far as the caller knows it; what it is longer becomes zero.
///
/// # Safety
/// `target` is NULL or points to as many bytes as its first field says.
pub unsafe fn write<T: Struct>(target: *mut T, name: &str, value: impl FnOnce(u32) -> T) -> Result<()> {
    // SAFETY: the caller's promise.
    let size = unsafe { check_output(target, name) }?;
    let value = value(size as u32);
    // SAFETY: the caller's promise, and at most `size` bytes are written.
    unsafe {
        target.cast::<u8>().write_bytes(0, size);
        copy(&value, target, size);
    }
    Ok(())
}

/// # Safety
/// `target` has `size` bytes.
unsafe fn copy<T: Struct>(value: &T, target: *mut T, size: usize) {
    let known = size.min(size_of::<T>());
    // SAFETY: the caller's promise; a local value does not overlap it.
    unsafe { std::ptr::copy_nonoverlapping(std::ptr::from_ref(value).cast::<u8>(), target.cast::<u8>(), known) };
}

fn check_size<T: Struct>(parameter: &str, size: usize) -> Result<()> {
    if !(T::FIRST_SIZE..=MAX_STRUCT).contains(&size) {
        bail!(
            InvalidStructSize,
            "{parameter} of {name} is {size}; expected {} to {MAX_STRUCT}: set it to sizeof({name}) before the call",
            T::FIRST_SIZE,
            name = T::NAME
        );
    }
    Ok(())
}

/// A text in a fixed field: cut off at a character, always ended by a NUL.
pub fn fixed_text<const N: usize>(text: &str) -> [std::ffi::c_char; N] {
    let end = (0..=text.len().min(N - 1)).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let mut field = [0; N];
    for (to, from) in field.iter_mut().zip(&text.as_bytes()[..end]) {
        *to = *from as std::ffi::c_char;
    }
    field
}
