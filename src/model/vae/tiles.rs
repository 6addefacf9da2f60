//! Decoding latents in tiles, which takes the memory of one tile. Tiles overlap, and one fades into the other:
//! the decoder sees less around a tile than around the same place in the whole.

use std::ops::Range;

use ndarray::{azip, s, Array2, Array3, Array4, ArrayView4, Axis};

use crate::error::Result;
use crate::memory;

/// The picture of latents `[1, channels, height, width]`, decoded in tiles of at most `side` latents along
/// each side. `factor`: pixels per latent.
pub fn decode(
    latents: ArrayView4<f32>,
    side: usize,
    factor: usize,
    mut decode: impl FnMut(ArrayView4<f32>) -> Result<Array3<f32>>,
) -> Result<Array3<f32>> {
    let (_, _, height, width) = latents.dim();
    let mut sum: Array3<f32> = memory::zeros((3, height * factor, width * factor))?;
    let mut weights: Array2<f32> = memory::zeros((height * factor, width * factor))?;
    for rows in spans(height, side) {
        for columns in spans(width, side) {
            let tile = decode(latents.slice(s![.., .., rows.start..rows.end, columns.start..columns.end]))?;
            let (down, across) = (rows.weights(factor), columns.weights(factor));
            let mut weight: Array2<f32> = memory::zeros((down.len(), across.len()))?;
            weight.indexed_iter_mut().for_each(|((y, x), weight)| *weight = down[y] * across[x]);
            let area = s![rows.start * factor..rows.end * factor, columns.start * factor..columns.end * factor];
            for (mut sum, tile) in sum.axis_iter_mut(Axis(0)).zip(tile.axis_iter(Axis(0))) {
                let mut sum = sum.slice_mut(area);
                azip!((sum in &mut sum, tile in &tile, weight in &weight) *sum += tile * weight);
            }
            let mut weights = weights.slice_mut(area);
            weights += &weight;
        }
    }
    Ok(sum / weights)
}

/// Latents with so many rows and columns of the opposite edge on each side.
pub fn wrapped(latents: ArrayView4<f32>, [rows, columns]: [usize; 2]) -> Result<Array4<f32>> {
    let (n, channels, height, width) = latents.dim();
    let at = |i: usize, margin: usize, length: usize| (i + length - margin % length) % length;
    let mut wide: Array4<f32> = memory::zeros((n, channels, height + 2 * rows, width + 2 * columns))?;
    for ((i, c, y, x), value) in wide.indexed_iter_mut() {
        *value = latents[[i, c, at(y, rows, height), at(x, columns, width)]];
    }
    Ok(wide)
}

/// Goes through tiles of at most `side` latents along each side that cover each latent once.
pub fn visit(
    latents: ArrayView4<f32>,
    side: usize,
    mut visit: impl FnMut(ArrayView4<f32>) -> Result<()>,
) -> Result<()> {
    let (_, _, height, width) = latents.dim();
    for rows in parts(height, side) {
        for columns in parts(width, side) {
            visit(latents.slice(s![.., .., rows.clone(), columns]))?;
        }
    }
    Ok(())
}

/// Parts of a side of `length` latents, as equal as can be.
fn parts(length: usize, side: usize) -> impl Iterator<Item = Range<usize>> {
    let count = length.div_ceil(side);
    (0..count).map(move |i| i * length / count..(i + 1) * length / count)
}

/// Where a tile lies along one side, and how far it overlaps its neighbours; 0 where it has none.
struct Span {
    start: usize,
    end: usize,
    before: usize,
    after: usize,
}

/// Tiles along a side of `length` latents: half of each lies in the next, and the last ends with the side.
fn spans(length: usize, side: usize) -> Vec<Span> {
    let last = length.saturating_sub(side);
    let starts: Vec<usize> = (0..last).step_by((side / 2).max(1)).chain([last]).collect();
    let end = |i: usize| (starts[i] + side).min(length);
    let before = |i: usize| if i == 0 { 0 } else { end(i - 1) - starts[i] };
    let after = |i: usize| if i + 1 == starts.len() { 0 } else { end(i) - starts[i + 1] };
    (0..starts.len()).map(|i| Span { start: starts[i], end: end(i), before: before(i), after: after(i) }).collect()
}

impl Span {
    /// How much each pixel along the tile counts: next to nothing where the tile ends within the picture, all
    /// where no other tile is.
    fn weights(&self, factor: usize) -> Vec<f32> {
        let (length, before, after) =
            ((self.end - self.start) * factor, (self.before * factor) as f32, (self.after * factor) as f32);
        let ramp = |distance: usize, overlap: f32| if overlap == 0.0 { 1.0 } else { fade(distance, overlap) };
        (0..length).map(|i| ramp(i, before) * ramp(length - 1 - i, after)).collect()
    }
}

/// From a tile's end, where its pixels are worst, through the middle of the overlap.
fn fade(distance: usize, overlap: f32) -> f32 {
    const LEAST: f32 = 1e-4; // what is divided by is never 0
    let t = ((distance as f32 + 0.5) / overlap - 0.25) * 2.0;
    let t = t.clamp(0.0, 1.0);
    (t * t * (3.0 - 2.0 * t)).max(LEAST)
}
