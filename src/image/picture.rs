//! What the decoder generates, as the caller's pixels.

use ndarray::Array3;

use super::Format;
use crate::error::{bail, Result};
use crate::memory;

/// A finished image or a preview.
#[derive(Clone, Debug)]
pub struct Picture {
    width: usize,
    height: usize,
    /// Bytes, so that reading it is a copy.
    rgba: Vec<u8>,
    /// `[3, height, width]`, 0 to 1: what the bytes were rounded from, where that is kept.
    planes: Option<Array3<f32>>,
}

impl Picture {
    /// From the decoder's values around -1 to 1; what lies beyond is clamped, as diffusers does.
    pub fn from_tensor(mut planes: Array3<f32>) -> Result<Self> {
        to_unit(&mut planes)?;
        Self::of_unit(planes, false)
    }

    /// From planes `[3, height, width]`, 0 to 1, which it keeps if it is told to.
    pub fn of_unit(planes: Array3<f32>, keep: bool) -> Result<Self> {
        let (_, height, width) = planes.dim();
        let mut rgba = memory::vector(width * height * 4)?;
        rgba.resize(width * height * 4, 255);
        for (channel, plane) in planes.outer_iter().enumerate() {
            for (pixel, value) in rgba.chunks_exact_mut(4).zip(plane.iter()) {
                pixel[channel] = (value * 255.0).round_ties_even() as u8; // numpy's round
            }
        }
        Ok(Self { width, height, rgba, planes: keep.then_some(planes) })
    }

    /// The same in another size, each pixel the one that lies nearest: quick rather than smooth.
    pub fn sampled(&self, width: usize, height: usize) -> Result<Self> {
        let mut rgba = memory::vector(width * height * 4)?;
        for y in 0..height {
            let row = &self.rgba[(y * self.height / height) * self.width * 4..][..self.width * 4];
            (0..width).for_each(|x| rgba.extend_from_slice(&row[(x * self.width / width) * 4..][..4]));
        }
        Ok(Self { width, height, rgba, planes: None })
    }

    /// Pixels along a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.rgba.len() + self.planes.as_ref().map_or(0, |planes| size_of_val(planes.as_slice().unwrap_or_default()))
    }

    /// Red, green, blue and alpha of each pixel, top row first.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }

    /// Copies the rows into the caller's memory, `row_pitch` bytes apart. The memory holds all
    /// rows.
    ///
    /// # Panics
    /// If it does not.
    pub fn copy_to(&self, pixels: &mut [u8], format: Format, row_pitch: usize, bottom_up: bool) {
        let (width, height) = (self.width, self.height);
        let row_size = width * format.pixel_size();
        for y in 0..height {
            let row = if bottom_up { height - 1 - y } else { y };
            let target = &mut pixels[row * row_pitch..row * row_pitch + row_size];
            let source = &self.rgba[y * width * 4..(y + 1) * width * 4];
            match format {
                Format::Rgba8 => target.copy_from_slice(source),
                Format::Bgra8 => {
                    for (to, from) in target.chunks_exact_mut(4).zip(source.chunks_exact(4)) {
                        to.copy_from_slice(&[from[2], from[1], from[0], from[3]]);
                    }
                }
                Format::Rgb8 => {
                    for (to, from) in target.chunks_exact_mut(3).zip(source.chunks_exact(4)) {
                        to.copy_from_slice(&from[..3]);
                    }
                }
                Format::Rgba32f => {
                    for (x, (to, from)) in target.chunks_exact_mut(16).zip(source.chunks_exact(4)).enumerate() {
                        let colour = [0, 1, 2].map(|c| match &self.planes {
                            Some(planes) => planes[(c, y, x)],
                            None => f32::from(from[c]) / 255.0,
                        });
                        for (bytes, value) in to.chunks_exact_mut(4).zip(colour.into_iter().chain([1.0])) {
                            bytes.copy_from_slice(&value.to_ne_bytes());
                        }
                    }
                }
            }
        }
    }
}

/// The decoder's values around -1 to 1 as colours of 0 to 1.
pub fn to_unit(planes: &mut Array3<f32>) -> Result<()> {
    if planes.iter().any(|x| !x.is_finite()) {
        bail!(NotFinite, "the picture has values that are not finite");
    }
    planes.mapv_inplace(|x| (x / 2.0 + 0.5).clamp(0.0, 1.0));
    Ok(())
}
