//! Which part of an image is generated anew, and how the rest comes back.

use std::f32::consts::SQRT_2;

use ndarray::{Array2, Array3, Array4, Axis, Zip};

use crate::error::{bail, Result};
use crate::memory;
use crate::scheduler::{Latents, Scheduler};

/// What is darker counts as black: JPEG leaves such noise in it.
const BLACK: f32 = 8.0 / 255.0;
/// Opacity that shows in no image.
const NOTHING: f32 = 1e-3;

/// A mask `[height, width]` in the size of the image: 0 where it is kept, up to 1 where it is generated anew.
pub struct Mask {
    pixels: Array2<f32>,
    as_diffusers: bool,
}

/// The original, which comes back after each evaluation where the mask keeps it.
pub struct Keep {
    original: Latents,
    noise: Latents,
    /// `[1, 1, height, width]`.
    mask: Array4<f32>,
}

/// The pixels that are kept, to be put over the finished image.
pub struct Paste {
    /// `[3, height, width]`, 0 to 1.
    original: Array3<f32>,
    /// How much of the generated image shows.
    opacity: Array2<f32>,
}

impl Mask {
    /// `as_diffusers`: cut at half.
    pub fn new(mut pixels: Array2<f32>, as_diffusers: bool) -> Result<Self> {
        pixels.mapv_inplace(|x| match as_diffusers {
            true => f32::from(u8::from(x >= 0.5)),
            false if x < BLACK => 0.0,
            false => x.min(1.0),
        });
        if pixels.iter().all(|x| *x == 0.0) {
            bail!(
                InvalidArgument,
                "mask selects nothing: it is dark or transparent everywhere within the image; expected it to be bright \
                 where the image is to be generated anew (or SCUMBLE_GENERATION_MASK_FROM_ALPHA, where its alpha tells)"
            );
        }
        Ok(Self { pixels, as_diffusers })
    }

    /// The image with all that is generated anew cut out, -1 to 1 and 0 there: what inpainting models see.
    pub fn cut_out(&self, image: &mut Array3<f32>) {
        for plane in image.outer_iter_mut() {
            Zip::from(plane).and(&self.pixels).for_each(|value, mask| *value *= f32::from(u8::from(*mask == 0.0)));
        }
    }

    /// The mask of latents, `[1, 1, height, width]`, of so many pixels along a side: the brightest pixel of each, so that
    /// no stroke is too thin. As diffusers: the first pixel, as torch's `interpolate` takes it.
    pub fn of_latents(&self, factor: usize) -> Result<Array4<f32>> {
        let (height, width) = self.pixels.dim();
        let mut small = memory::zeros((1, 1, height / factor, width / factor))?;
        for ((.., y, x), latent) in small.indexed_iter_mut() {
            let (top, left) = (y * factor, x * factor);
            *latent = match self.as_diffusers {
                true => self.pixels[(top, left)],
                false => {
                    let block = self.pixels.slice(ndarray::s![top..top + factor, left..left + factor]);
                    block.iter().copied().fold(0.0, f32::max)
                }
            };
        }
        Ok(small)
    }

    /// What puts the kept pixels of the original back. Across so many pixels around what the mask selects, the generated
    /// image fades into the original. None as diffusers, which puts nothing back.
    pub fn paste(self, original: Array3<f32>, feather: usize) -> Option<Paste> {
        if self.as_diffusers {
            return None;
        }
        let mut opacity = self.pixels;
        if feather > 0 {
            spread(&mut opacity, feather as f32);
        }
        Some(Paste { original, opacity })
    }
}

/// Lets values fall off to 0 across so many pixels around where they are, instead of at once. Distances are those of
/// two passes over neighbours and diagonals (Borgefors, 1986, "Distance transformations in digital images").
fn spread(values: &mut Array2<f32>, pixels: f32) {
    let (height, width) = values.dim();
    let (beside, across) = (1.0 / pixels, SQRT_2 / pixels);
    let mut visit = |y: usize, x: usize, behind: Option<usize>, before: Option<usize>, after: Option<usize>| {
        let mut most = values[(y, x)];
        let mut see = |at: Option<(usize, usize)>, fall: f32| {
            if let Some(at) = at {
                most = most.max(values[at] - fall);
            }
        };
        see(before.map(|before| (y, before)), beside);
        see(behind.map(|behind| (behind, x)), beside);
        see(behind.zip(before), across);
        see(behind.zip(after), across);
        values[(y, x)] = if most < NOTHING { 0.0 } else { most };
    };
    let right = |x: usize| (x + 1 < width).then_some(x + 1);
    for y in 0..height {
        (0..width).for_each(|x| visit(y, x, y.checked_sub(1), x.checked_sub(1), right(x)));
    }
    for y in (0..height).rev() {
        let below = (y + 1 < height).then_some(y + 1);
        (0..width).rev().for_each(|x| visit(y, x, below, right(x), x.checked_sub(1)));
    }
}

impl Keep {
    /// The original's latents, with this noise.
    pub fn new(original: Latents, noise: Latents, mask: Array4<f32>) -> Self {
        Self { original, noise, mask }
    }

    /// Puts the original back after `done` evaluations of `all`, noisy as latents are before evaluation `next` of the
    /// scheduler, or clean after the last. A grey mask frees latents for as large a share of the evaluations as it is
    /// bright, the last ones (Levin and Fried, 2023, "Differential Diffusion").
    pub fn restore(
        &self,
        latents: &mut Latents,
        scheduler: &dyn Scheduler,
        next: Option<usize>,
        done: usize,
        all: usize,
    ) {
        let noisy = next.map(|next| scheduler.add_noise(next, &self.original, &self.noise));
        let original = noisy.as_ref().unwrap_or(&self.original);
        // Less than an evaluation can be wrong in a product of floats.
        let is_free = |mask: f32| done + (f64::from(mask) * all as f64 - 1e-4).ceil().max(0.0) as usize > all;
        for (mut latents, original) in latents.axis_iter_mut(Axis(1)).zip(original.axis_iter(Axis(1))) {
            let mask = self.mask.index_axis(Axis(1), 0);
            Zip::from(&mut latents).and(original).and(mask).for_each(|latent, original, mask| {
                if !is_free(*mask) {
                    *latent = *original;
                }
            });
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        4 * (self.original.len() + self.noise.len() + self.mask.len())
    }
}

impl Paste {
    /// Puts what is kept over a generated image `[3, height, width]`, 0 to 1.
    pub fn over(&self, image: &mut Array3<f32>) {
        for (plane, original) in image.outer_iter_mut().zip(self.original.outer_iter()) {
            Zip::from(plane).and(original).and(&self.opacity).for_each(|value, original, opacity| {
                *value = *value * opacity + original * (1.0 - opacity);
            });
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        4 * (self.original.len() + self.opacity.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pixel of white fades across three; what is farther stays black to the bit, a stroke stays white.
    #[test]
    fn feathers() {
        let mut values = Array2::zeros((7, 9));
        values[(3, 4)] = 1.0;
        spread(&mut values, 3.0);
        for ((y, x), value) in values.indexed_iter() {
            let distance = ((y as f32 - 3.0).powi(2) + (x as f32 - 4.0).powi(2)).sqrt();
            match distance {
                d if d >= 3.0 => assert_eq!(*value, 0.0, "{y} {x}"),
                d => assert!((value - (1.0 - d / 3.0)).abs() < 0.1, "{y} {x}: {value}"),
            }
        }
        assert_eq!(values[(3, 4)], 1.0);
    }

    /// The brightest pixel counts, however thin the stroke; grey stays grey, and the noise of JPEG is nothing.
    #[test]
    fn masks_of_latents() {
        let mut pixels = Array2::zeros((16, 24));
        pixels[(5, 3)] = 1.0;
        pixels[(9, 23)] = 0.35;
        pixels[(0, 8)] = 0.02;
        let soft = Mask::new(pixels.clone(), false).unwrap();
        let small = soft.of_latents(8).unwrap();
        assert_eq!(small.iter().copied().collect::<Vec<f32>>(), [1.0, 0.0, 0.0, 0.0, 0.0, 0.35]);
        let plain = Mask::new(pixels, true).unwrap();
        assert!(plain.of_latents(8).unwrap().iter().all(|x| *x == 0.0), "diffusers looks at one pixel of each");
        for (value, as_diffusers) in [(0.03, false), (0.49, true)] {
            let error = Mask::new(Array2::from_elem((8, 8), value), as_diffusers).err().unwrap();
            assert!(error.to_string().contains("mask selects nothing"), "{error}");
        }
    }
}
