//! What a decoder normalises by: the mean and the variance of each group of channels, at each normalisation.
//! Those of the whole picture are not known where it is decoded in tiles, but come near to by estimates.

use ndarray::{Array1, Array4, ArrayD, ArrayView4, Axis};
use ort::value::TensorElementType;

use crate::model::graph::norms;
use crate::model::session::port::Port;

/// Means and variances of a decoder's normalisations, in turn; NaN for what is not known.
#[derive(Default)]
pub struct Statistics(Vec<[Array1<f32>; 2]>);

impl Statistics {
    /// Nothing is known.
    pub fn open(norms: usize) -> Self {
        Self(vec![[Array1::from_elem(1, f32::NAN), Array1::from_elem(1, f32::NAN)]; norms])
    }

    /// From the outputs of a decoder.
    pub fn read(outputs: impl Iterator<Item = ArrayD<f32>>) -> Self {
        let lists: Vec<Array1<f32>> = outputs.map(|list| list.flatten().into_owned()).collect();
        Self(lists.chunks_exact(2).map(|pair| [pair[0].clone(), pair[1].clone()]).collect())
    }

    /// In the order of a decoder's inputs.
    pub fn lists(&self) -> impl Iterator<Item = &Array1<f32>> {
        self.0.iter().flatten()
    }

    /// The inputs and the outputs of a decoder with so many normalisations.
    pub fn ports(&self) -> (Vec<Port>, Vec<Port>) {
        let port = |name: String| Port::new(name, TensorElementType::Float32, vec![-1]);
        let (inputs, outputs): (Vec<_>, Vec<_>) = (0..self.0.len()).map(norms::ports).unzip();
        (inputs.into_iter().flatten().map(port).collect(), outputs.into_iter().flatten().map(port).collect())
    }
}

/// Statistics of several tiles together.
#[derive(Default)]
pub struct Pool {
    weight: f64,
    /// Sums of values and of their squares.
    sums: Vec<[Array1<f64>; 2]>,
}

impl Pool {
    /// Adds a tile of so large an area.
    pub fn add(&mut self, tile: Statistics, area: usize) {
        let weight = area as f64;
        self.weight += weight;
        let sums = tile.0.into_iter().map(|pair| {
            let [mean, variance] = pair.map(|list| list.mapv(f64::from));
            [&mean * weight, (variance + &mean * &mean) * weight]
        });
        if self.sums.is_empty() {
            self.sums = sums.collect();
        } else {
            self.sums.iter_mut().flatten().zip(sums.flatten()).for_each(|(sum, more)| *sum += &more);
        }
    }

    /// Those of all tiles.
    pub fn statistics(self) -> Statistics {
        let weight = self.weight;
        let statistics = self.sums.into_iter().map(|pair| {
            let [mean, squares] = pair.map(|sum| sum / weight);
            let variance = squares - &mean * &mean;
            [mean.mapv(|x| x as f32), variance.mapv(|x| x.max(0.0) as f32)]
        });
        Statistics(statistics.collect())
    }
}

/// Latents made as small as one tile, with the mean and the deviation that each channel had: what a decoder
/// makes of them tells about the whole.
pub fn shrunk(latents: ArrayView4<f32>, side: usize) -> Array4<f32> {
    let (n, channels, height, width) = latents.dim();
    let (rows, columns) = (height.min(side), width.min(side));
    let mut small = Array4::from_shape_fn((n, channels, rows, columns), |(i, c, y, x)| {
        latents[[i, c, (2 * y + 1) * height / (2 * rows), (2 * x + 1) * width / (2 * columns)]]
    });
    for (mut small, whole) in small.axis_iter_mut(Axis(1)).zip(latents.axis_iter(Axis(1))) {
        let (mean, deviation) = (small.mean().unwrap_or(0.0), small.std(0.0));
        let ratio = if deviation > 0.0 { whole.std(0.0) / deviation } else { 1.0 };
        let whole_mean = whole.mean().unwrap_or(0.0);
        small.mapv_inplace(|value| (value - mean) * ratio + whole_mean);
    }
    small
}
