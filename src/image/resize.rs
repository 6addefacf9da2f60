//! Pictures in another size.

use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis};

/// Planes `[channels, height, width]` in another size: a triangle filter as wide as a target pixel
/// (Pillow's `BILINEAR`), which is bilinear interpolation where the picture grows.
pub fn resize(planes: ArrayView3<f32>, width: usize, height: usize) -> Array3<f32> {
    let (channels, from_height, from_width) = planes.dim();
    if (from_width, from_height) == (width, height) {
        return planes.to_owned();
    }
    let rows = taps(from_height, height);
    let columns = taps(from_width, width);
    let mut resized = Array3::zeros((channels, height, width));
    for (plane, mut target) in planes.outer_iter().zip(resized.outer_iter_mut()) {
        let narrow = weigh(plane.t(), &columns);
        // Its rows in a row: each is read for every row of the target that sees it.
        target.assign(&weigh(narrow.t().as_standard_layout().view(), &rows));
    }
    resized
}

/// The part of the source that a target position sees: where it begins, and a weight for each.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// Sums rows by their weights: as many rows as there are taps.
fn weigh(rows: ArrayView2<f32>, taps: &[Taps]) -> Array2<f32> {
    let mut sums = Array2::zeros((taps.len(), rows.dim().1));
    for (tap, mut sum) in taps.iter().zip(sums.rows_mut()) {
        for (i, weight) in tap.weights.iter().enumerate() {
            sum.scaled_add(*weight, &rows.index_axis(Axis(0), tap.first + i));
        }
    }
    sums
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
