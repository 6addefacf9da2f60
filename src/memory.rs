//! Memory as large as an image or a file: allocated so that a failure is an error, not the end of the process. (What is
//! small is served from the [`crate::reserve`] then.)

use memmap2::MmapMut;
use ndarray::{Array, ArrayView, Axis, Dimension, RemoveAxis, ShapeBuilder};

use crate::error::{bail, Result};
use crate::reserve;

/// An empty vector with room for so many.
pub fn vector<T>(length: usize) -> Result<Vec<T>> {
    let mut vector = Vec::new();
    make_room(&mut vector, length)?;
    Ok(vector)
}

/// An empty vector with room for so many bytes, which are written at once. Linux gives it large pages where it can: to map
/// small ones takes several times as long as to copy what goes into them.
#[allow(unsafe_code)]
pub fn bytes(length: usize) -> Result<Vec<u8>> {
    const PAGE: usize = 4096;
    const LARGE_PAGE: usize = 2 << 20;
    if !cfg!(target_os = "linux") || length < LARGE_PAGE {
        return vector(length);
    }
    // The system maps at a large page's start what is as large as some of them. The C library puts 16 bytes before it.
    let vector = vector::<u8>(length.saturating_add(PAGE).next_multiple_of(LARGE_PAGE) - PAGE)?;
    #[cfg(target_os = "linux")]
    {
        let start = vector.as_ptr().addr() / PAGE * PAGE;
        let end = (vector.as_ptr().addr() + vector.capacity()) / PAGE * PAGE;
        // SAFETY: the pages are mapped, and the advice changes nothing of what is in them.
        unsafe { libc::madvise(vector.as_ptr().with_addr(start).cast_mut().cast(), end - start, libc::MADV_HUGEPAGE) };
    }
    Ok(vector)
}

/// Sees to it that the calling thread has some memory to allocate small blocks from. Where it first uses a library's
/// thread-local data, the dynamic linker allocates that (6 KB of ONNX Runtime's), and ends the process if it cannot.
pub fn for_thread() -> Result<()> {
    const BYTES: usize = 48 << 10;
    vector::<u8>(BYTES).map(drop) // it stays with the thread's heap
}

/// So many zeros, in pages of their own. The system has them back when they are freed, whereas the C library keeps
/// large blocks for threads that may be gone.
pub fn pages(length: usize) -> Result<MmapMut> {
    match MmapMut::map_anon(length) {
        Ok(pages) => Ok(pages),
        Err(_) => bail!(OutOfMemory, "there is no memory for {length} bytes more"),
    }
}

/// Makes room for so many more.
pub fn make_room<T>(vector: &mut Vec<T>, more: usize) -> Result<()> {
    let before = reserve::refusals();
    match vector.try_reserve(more) {
        // The reserve is not for what can fail.
        Ok(()) if reserve::refusals() == before => Ok(()),
        _ => bail!(OutOfMemory, "there is no memory for {} bytes more", more.saturating_mul(size_of::<T>())),
    }
}

/// Appends a copy of these.
pub fn append<T: Copy>(vector: &mut Vec<T>, more: &[T]) -> Result<()> {
    make_room(vector, more.len())?;
    vector.extend_from_slice(more);
    Ok(())
}

/// An array of one value.
pub fn filled<T: Clone, D: Dimension>(shape: impl ShapeBuilder<Dim = D>, value: T) -> Result<Array<T, D>> {
    let shape = shape.into_shape_with_order();
    let mut numbers = vector(shape.size())?;
    numbers.resize(shape.size(), value);
    Ok(Array::from_shape_vec(shape, numbers).expect("as many numbers as the shape has"))
}

/// An array of zeros.
pub fn zeros<T: Clone + Default, D: Dimension>(shape: impl ShapeBuilder<Dim = D>) -> Result<Array<T, D>> {
    filled(shape, T::default())
}

/// A copy of an array, in standard layout.
pub fn copy<T: Clone, D: Dimension>(from: ArrayView<T, D>) -> Result<Array<T, D>> {
    map(from, T::clone)
}

/// What a function makes of each number of an array, in standard layout.
pub fn map<T, U, D: Dimension>(from: ArrayView<T, D>, change: impl FnMut(&T) -> U) -> Result<Array<U, D>> {
    let mut numbers = vector(from.len())?;
    match from.as_slice() {
        Some(slice) => numbers.extend(slice.iter().map(change)),
        None => numbers.extend(from.iter().map(change)),
    }
    Ok(Array::from_shape_vec(from.raw_dim(), numbers).expect("as many numbers as before"))
}

/// Arrays side by side along an axis. They have to be of one size along all others.
pub fn concatenate<T: Clone + Default, D: RemoveAxis>(axis: Axis, parts: &[ArrayView<T, D>]) -> Result<Array<T, D>> {
    let mut shape = parts[0].raw_dim();
    shape[axis.index()] = parts.iter().map(|part| part.len_of(axis)).sum();
    let mut whole = zeros(shape)?;
    let mut rest = whole.view_mut();
    for part in parts {
        let (mut begin, end) = rest.split_at(axis, part.len_of(axis));
        begin.assign(part);
        rest = end;
    }
    Ok(whole)
}
