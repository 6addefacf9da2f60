//! Previews without the decoder: the colour of each latent as a linear map of its channels.
//!
//! A directory may carry a map of its own. For the autoencoders that most models share it is known;
//! for others it is fitted by least squares to what the decoder makes of random smooth latents.

use ndarray::{arr2, s, Array2, Array3, Array4, ArrayView4};

use super::vae::KnownVae;
use crate::error::{bail, Result};
use crate::memory;
use crate::random::Random;

/// `[channels + 1, 3]`: the last row is the offset.
#[derive(Clone, Debug)]
pub struct LatentRgb(Array2<f32>);

/// Measured by users of InvokeAI on pictures, and written in its `invokeai/app/util/step_callback.py`
/// (Apache-2.0): `SD1_5_LATENT_RGB_FACTORS`, after a discussion in Hugging Face's forum, "Decoding latents to
/// RGB without upscaling".
const SD: [[f32; 3]; 5] = [
    [0.3444, 0.1385, 0.0670],
    [0.1247, 0.4027, 0.1494],
    [-0.3192, 0.2513, 0.2103],
    [-0.1307, -0.1874, -0.7445],
    [0.0, 0.0, 0.0],
];
/// Likewise: `SDXL_LATENT_RGB_FACTORS`.
const SDXL: [[f32; 3]; 5] = [
    [0.3816, 0.4930, 0.5320],
    [-0.3753, 0.1631, 0.1739],
    [0.1770, 0.3588, -0.2048],
    [-0.4350, -0.2644, -0.4289],
    [0.0, 0.0, 0.0],
];

impl LatentRgb {
    /// The map of a known autoencoder.
    pub(super) fn known(vae: KnownVae) -> Self {
        match vae {
            KnownVae::Sd => Self(arr2(&SD)),
            KnownVae::Sdxl => Self(arr2(&SDXL)),
        }
    }

    /// How many channels the latents have.
    pub(super) fn channels(&self) -> usize {
        self.0.nrows() - 1
    }

    /// Rows as a model directory gives them.
    pub fn new(rows: &[[f32; 3]], channels: usize) -> Result<Self> {
        if rows.len() != channels + 1 || rows.iter().flatten().any(|x| !x.is_finite()) {
            bail!(
                ModelInvalid,
                "latent_rgb has {} rows; expected {} of finite numbers, one a channel of the latents and an offset",
                rows.len(),
                channels + 1
            );
        }
        Ok(Self(Array2::from_shape_fn((rows.len(), 3), |(i, j)| rows[i][j])))
    }

    /// Fits the map to a decoder of so many channels, and pixels a latent. Costs one decode of a small
    /// picture.
    pub fn fit(
        channels: usize,
        factor: usize,
        decode: impl FnOnce(ArrayView4<f32>) -> Result<Array3<f32>>,
    ) -> Result<Self> {
        const CELLS: usize = 6;
        const CELL: usize = 4;
        // Cells of one colour each, as large as the decoder's sight: a pixel then depends on its cell.
        let numbers = Random::new(0).normal(channels * CELLS * CELLS);
        let cell = |c: usize, y: usize, x: usize| numbers[(c * CELLS + y) * CELLS + x];
        let side = CELLS * CELL;
        let latents = Array4::from_shape_fn((1, channels, side, side), |(_, c, y, x)| cell(c, y / CELL, x / CELL));
        let picture = decode(latents.view())?;

        // Normal equations: (AᵀA)·M = AᵀB, a row of A a cell's channels and a 1.
        let terms = channels + 1;
        let mut normal = Array2::<f64>::zeros((terms, terms + 3));
        for y in 0..CELLS {
            for x in 0..CELLS {
                let row: Vec<f64> = (0..channels).map(|c| f64::from(cell(c, y, x))).chain([1.0]).collect();
                let pixels = CELL * factor;
                let (top, left) = (y * pixels, x * pixels);
                let block = picture.slice(s![.., top..top + pixels, left..left + pixels]);
                let colour = [0, 1, 2].map(|c| f64::from(block.slice(s![c, .., ..]).mean().unwrap_or(0.0)));
                for i in 0..terms {
                    for j in 0..terms {
                        normal[(i, j)] += row[i] * row[j];
                    }
                    for (j, value) in colour.iter().enumerate() {
                        normal[(i, terms + j)] += row[i] * value;
                    }
                }
            }
        }
        let map = solve(normal);
        if map.iter().any(|x| !x.is_finite()) {
            bail!(NotFinite, "vae_decoder: the picture of random latents is not finite");
        }
        Ok(Self(map))
    }

    /// The picture of clean latents at their own size: `[3, height, width]`, values around -1 to 1.
    pub fn apply(&self, latents: ArrayView4<f32>) -> Result<Array3<f32>> {
        let (_, channels, height, width) = latents.dim();
        let mut picture: Array3<f32> = memory::zeros((3, height, width))?;
        for (colour, mut plane) in picture.outer_iter_mut().enumerate() {
            plane.fill(self.0[(channels, colour)]);
            for channel in 0..channels {
                plane.scaled_add(self.0[(channel, colour)], &latents.slice(s![0, channel, .., ..]));
            }
        }
        Ok(picture)
    }
}

/// Gauss-Jordan elimination with pivots on `[n, n + 3]`.
fn solve(mut system: Array2<f64>) -> Array2<f32> {
    let n = system.nrows();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|a, b| system[(*a, column)].abs().total_cmp(&system[(*b, column)].abs()))
            .unwrap_or(column);
        for j in 0..n + 3 {
            system.swap((column, j), (pivot, j));
        }
        let scale = system[(column, column)];
        system.row_mut(column).mapv_inplace(|x| x / scale);
        for i in (0..n).filter(|i| *i != column) {
            let weight = system[(i, column)];
            let pivot_row = system.row(column).to_owned();
            system.row_mut(i).scaled_add(-weight, &pivot_row);
        }
    }
    system.slice(s![.., n..]).mapv(|x| x as f32)
}
