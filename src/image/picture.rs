//! What the decoder paints, as the caller's pixels.

use ndarray::Array3;

use super::Format;
use crate::error::{bail, Error, Result, Status};

/// A finished picture or a preview.
#[derive(Clone, Debug)]
pub struct Picture {
    /// `[3, height, width]`, 0 to 1.
    planes: Array3<f32>,
    /// The same as bytes, so that reading it is a copy.
    rgba: Vec<u8>,
}

impl Picture {
    /// From the decoder's values around -1 to 1; what lies beyond is clamped, as diffusers does.
    pub fn from_tensor(mut planes: Array3<f32>) -> Result<Self> {
        if planes.iter().any(|x| !x.is_finite()) {
            bail!(NotFinite, "the picture has values that are not finite");
        }
        planes.mapv_inplace(|x| (x / 2.0 + 0.5).clamp(0.0, 1.0));
        let (_, height, width) = planes.dim();
        let mut rgba = Vec::new();
        rgba.try_reserve_exact(width * height * 4)
            .map_err(|_| Error::new(Status::OutOfMemory, format!("no memory for a picture of {width} x {height}")))?;
        rgba.resize(width * height * 4, 255);
        for (channel, plane) in planes.outer_iter().enumerate() {
            for (pixel, value) in rgba.chunks_exact_mut(4).zip(plane.iter()) {
                pixel[channel] = (value * 255.0).round_ties_even() as u8; // numpy's round
            }
        }
        Ok(Self { planes, rgba })
    }

    /// Pixels along a row.
    pub fn width(&self) -> usize {
        self.planes.dim().2
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.planes.dim().1
    }

    /// Red, green, blue and alpha of each pixel, top row first.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }

    /// Copies the rows into the caller's memory, `row_pitch` bytes apart. The memory holds all
    /// rows: the caller has checked it.
    pub fn copy_to(&self, pixels: &mut [u8], format: Format, row_pitch: usize, bottom_up: bool) {
        let (width, height) = (self.width(), self.height());
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
                    for (x, to) in target.chunks_exact_mut(16).enumerate() {
                        let channel = |c| self.planes[(c, y, x)];
                        for (bytes, value) in to.chunks_exact_mut(4).zip([channel(0), channel(1), channel(2), 1.0]) {
                            bytes.copy_from_slice(&value.to_ne_bytes());
                        }
                    }
                }
            }
        }
    }
}
