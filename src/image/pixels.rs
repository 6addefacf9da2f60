//! The caller's pixels, as the model reads them.

use ndarray::{s, Array2, Array3};

use super::{resize, Format};
use crate::error::{bail, Error, Result, Status};

/// A picture that the caller gave. Alpha does not count.
#[derive(Clone, Debug)]
pub struct Pixels {
    /// `[3, height, width]`, 0 to 1.
    planes: Array3<f32>,
}

impl Pixels {
    /// Copies the rows out of the caller's memory, `row_pitch` bytes apart. The memory holds all
    /// rows: the caller has checked it. `name`: what errors call it.
    pub fn read(
        bytes: &[u8],
        format: Format,
        (width, height): (usize, usize),
        row_pitch: usize,
        bottom_up: bool,
        name: &str,
    ) -> Result<Self> {
        let mut numbers = Vec::new();
        numbers
            .try_reserve_exact(3 * width * height)
            .map_err(|_| Error::new(Status::OutOfMemory, format!("no memory for {name} of {width} x {height}")))?;
        numbers.resize(3 * width * height, 0.0);
        let mut planes = Array3::from_shape_vec((3, height, width), numbers).expect("as many numbers as it has");
        for y in 0..height {
            let row = if bottom_up { height - 1 - y } else { y };
            let pixels = bytes[row * row_pitch..][..width * format.pixel_size()].chunks_exact(format.pixel_size());
            for (x, pixel) in pixels.enumerate() {
                for (channel, value) in rgb(pixel, format).into_iter().enumerate() {
                    planes[(channel, y, x)] = value;
                }
            }
        }
        if let Some(((_, y, x), value)) = planes.indexed_iter().find(|(_, value)| !(0.0..=1.0).contains(*value)) {
            bail!(InvalidArgument, "{name} has the value {value} at x {x}, y {y}; expected 0 to 1");
        }
        Ok(Self { planes })
    }

    /// Pixels along a row.
    pub fn width(&self) -> usize {
        self.planes.dim().2
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.planes.dim().1
    }

    /// The picture in another size and shape, `[3, height, width]`, 0 to 1: scaled evenly until it
    /// covers the size, then cut off on both sides alike.
    pub fn fit(&self, width: usize, height: usize) -> Array3<f32> {
        if (self.width(), self.height()) == (width, height) {
            return self.planes.clone();
        }
        // As much of the source as has the target's shape, so that no pixel is scaled in vain.
        let wide = self.width() * height > self.height() * width;
        let (from_width, from_height) = match wide {
            true => ((self.height() * width).div_ceil(height), self.height()),
            false => (self.width(), (self.width() * height).div_ceil(width)),
        };
        let (left, top) = ((self.width() - from_width) / 2, (self.height() - from_height) / 2);
        let part = self.planes.slice(s![.., top..top + from_height, left..left + from_width]);
        resize(part, width, height)
    }

    /// Likewise as a mask `[height, width]`: 1 where it is at least as bright as mid grey, else 0.
    pub fn fit_mask(&self, width: usize, height: usize) -> Array2<f32> {
        let planes = self.fit(width, height);
        Array2::from_shape_fn((height, width), |(y, x)| {
            // Brightness of ITU-R BT.601, as Pillow's conversion to "L".
            let brightness = 0.299 * planes[(0, y, x)] + 0.587 * planes[(1, y, x)] + 0.114 * planes[(2, y, x)];
            f32::from(u8::from(brightness >= 0.5))
        })
    }
}

fn rgb(pixel: &[u8], format: Format) -> [f32; 3] {
    let byte = |i: usize| f32::from(pixel[i]) / 255.0;
    let float = |i: usize| f32::from_ne_bytes([pixel[4 * i], pixel[4 * i + 1], pixel[4 * i + 2], pixel[4 * i + 3]]);
    match format {
        Format::Rgba8 | Format::Rgb8 => [byte(0), byte(1), byte(2)],
        Format::Bgra8 => [byte(2), byte(1), byte(0)],
        Format::Rgba32f => [float(0), float(1), float(2)],
    }
}
