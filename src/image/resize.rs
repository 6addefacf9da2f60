//! Images in another size.

use ndarray::{Array3, ArrayView3};

use crate::error::Result;
use crate::memory;

/// Planes `[channels, height, width]` in another size: a triangle filter as wide as a target pixel
/// (Pillow's `BILINEAR`), which is bilinear interpolation where the image grows.
pub fn resize(planes: ArrayView3<f32>, width: usize, height: usize) -> Result<Array3<f32>> {
    let (channels, from_height, from_width) = planes.dim();
    if (from_width, from_height) == (width, height) {
        return memory::copy(planes);
    }
    let rows = taps(from_height, height);
    let columns = taps(from_width, width);
    let mut resized = memory::zeros((channels, height, width))?;
    let mut line = memory::zeros(from_width)?;
    for (plane, mut target) in planes.outer_iter().zip(resized.outer_iter_mut()) {
        for (tap, mut row) in rows.iter().zip(target.rows_mut()) {
            line.fill(0.0);
            for (i, weight) in tap.weights.iter().enumerate() {
                line.scaled_add(*weight, &plane.row(tap.first + i));
            }
            for (tap, value) in columns.iter().zip(&mut row) {
                let seen = line.iter().skip(tap.first);
                *value = tap.weights.iter().zip(seen).map(|(weight, value)| weight * value).sum();
            }
        }
    }
    Ok(resized)
}

/// The part of the source that a target position sees: where it begins, and a weight for each.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    (0..to)
        .map(|i| {
            let centre = (i as f64 + 0.5) * scale;
            let first = (centre - reach + 0.5).max(0.0) as usize;
            let last = ((centre + reach + 0.5) as usize).min(from);
            let weight = |j: usize| (1.0 - ((j as f64 + 0.5 - centre) / reach).abs()).max(0.0);
            let weights: Vec<f64> = (first..last).map(weight).collect();
            let sum: f64 = weights.iter().sum();
            Taps { first, weights: weights.iter().map(|weight| (weight / sum) as f32).collect() }
        })
        .collect()
}
