//! The caller's pixels, as the model reads them.

use std::fmt;

use ndarray::{s, Array2, Array3, Axis};

use super::{resize, Format, MAX_SIDE};
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::memory;

/// How far outside of 0 to 1 a float may lie to be clamped: what filters leave beside an edge. What lies farther is of
/// another scale, such as 0 to 255.
const OVERSHOOT: f32 = 0.25;

/// An image that the caller gave. Its bytes are copied as they are; what they say is read when an image is generated.
#[derive(Clone)]
pub struct Pixels {
    /// What errors call it.
    name: String,
    format: Format,
    width: usize,
    height: usize,
    opaque: bool,
    /// Rows without gaps, the top one first.
    bytes: Vec<u8>,
}

/// Which part of an image is what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskOf {
    /// Brightness; transparent pixels are dark.
    Brightness,
    /// How opaque a pixel is.
    Alpha,
    /// How transparent a pixel is.
    Transparency,
}

impl Pixels {
    /// Copies the rows out of the caller's memory, `row_pitch` bytes apart. `name`: what errors call it. Values of floats
    /// are checked when an image is generated.
    pub fn read(
        bytes: &[u8],
        format: Format,
        (width, height): (usize, usize),
        row_pitch: usize,
        bottom_up: bool,
        name: &str,
    ) -> Result<Self> {
        for (axis, side) in [("width", width), ("height", height)] {
            if !(1..=MAX_SIDE).contains(&side) {
                bail!(InvalidArgument, "{axis} of the {name} is {side}; expected 1 to {MAX_SIDE}");
            }
        }
        let row_size = width * format.pixel_size();
        if row_pitch < row_size {
            bail!(InvalidArgument, "row_pitch of the {name} is {row_pitch}; a row has {row_size} bytes");
        }
        let needed = row_pitch.saturating_mul(height - 1).saturating_add(row_size);
        if bytes.len() < needed {
            bail!(BufferTooSmall, "the {name} has {} bytes; expected at least {needed}", bytes.len());
        }
        let no_memory = |error: crate::error::Error| error.within(name);
        let mut rows = memory::bytes(row_size * height).map_err(no_memory)?;
        if row_pitch == row_size && !bottom_up {
            rows.extend_from_slice(&bytes[..needed]);
        } else {
            for y in 0..height {
                let row = if bottom_up { height - 1 - y } else { y };
                rows.extend_from_slice(&bytes[row * row_pitch..][..row_size]);
            }
        }
        Ok(Self { name: name.to_owned(), format, width, height, opaque: false, bytes: rows })
    }

    /// The same with every pixel opaque, whatever its alpha.
    pub fn opaque(self) -> Self {
        Self { opaque: true, ..self }
    }

    /// Pixels along a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Whether pixels may be transparent.
    pub fn has_alpha(&self) -> bool {
        !self.opaque && self.format != Format::Rgb8
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The image in another size and shape, `[3, height, width]`, 0 to 1: scaled evenly until it covers the size, then cut
    /// off on both sides alike. Where it is transparent the background shows.
    pub fn fit(&self, width: usize, height: usize, background: [f32; 3], cancel: &Cancel) -> Result<Array3<f32>> {
        self.fitted(width, height, cancel, |[colour @ .., alpha]| {
            let mut over = colour;
            over.iter_mut()
                .zip(background)
                .for_each(|(colour, behind)| *colour = *colour * alpha + behind * (1.0 - alpha));
            over
        })
    }

    /// Likewise as a mask `[height, width]`, 0 to 1.
    pub fn fit_mask(&self, width: usize, height: usize, of: MaskOf, cancel: &Cancel) -> Result<Array2<f32>> {
        let mask = self.fitted(width, height, cancel, |[red, green, blue, alpha]| match of {
            // Brightness of ITU-R BT.601, as Pillow's conversion to "L".
            MaskOf::Brightness => [(0.299 * red + 0.587 * green + 0.114 * blue) * alpha],
            MaskOf::Alpha => [alpha],
            MaskOf::Transparency => [1.0 - alpha],
        })?;
        Ok(mask.index_axis_move(Axis(0), 0))
    }

    /// What `read` makes of the pixels, `[N, height, width]`.
    fn fitted<const N: usize>(
        &self,
        width: usize,
        height: usize,
        cancel: &Cancel,
        read: impl Fn([f32; 4]) -> [f32; N],
    ) -> Result<Array3<f32>> {
        self.check(cancel)?;
        // As much of the source as has the target's shape, so that no pixel is scaled in vain.
        let wide = self.width * height > self.height * width;
        let (from_width, from_height) = match wide {
            true => ((self.height * width).div_ceil(height), self.height),
            false => (self.width, (self.width * height).div_ceil(width)),
        };
        let (left, top) = ((self.width - from_width) / 2, (self.height - from_height) / 2);
        let size = self.format.pixel_size();
        let mut planes = memory::zeros((N, from_height, from_width))?;
        for (y, mut row) in planes.axis_iter_mut(Axis(1)).enumerate() {
            cancel.check()?;
            let pixels = &self.bytes[((top + y) * self.width + left) * size..][..from_width * size];
            for (mut to, pixel) in row.axis_iter_mut(Axis(1)).zip(pixels.chunks_exact(size)) {
                to.iter_mut().zip(read(self.rgba(pixel))).for_each(|(to, value)| *to = value);
            }
        }
        if (from_width, from_height) == (width, height) {
            return Ok(planes);
        }
        cancel.check()?;
        resize(planes.slice(s![.., .., ..]), width, height)
    }

    /// Refuses floats that are no colours.
    fn check(&self, cancel: &Cancel) -> Result<()> {
        if self.format != Format::Rgba32f {
            return Ok(());
        }
        let channels = if self.opaque { 3 } else { 4 };
        for (y, row) in self.bytes.chunks_exact(self.width * 16).enumerate() {
            cancel.check()?;
            for (x, pixel) in row.chunks_exact(16).enumerate() {
                let values = floats(pixel);
                let is_good = |value: &&f32| (-OVERSHOOT..=1.0 + OVERSHOOT).contains(*value);
                if let Some(value) = values[..channels].iter().find(|value| !is_good(value)) {
                    let name = &self.name;
                    bail!(InvalidArgument, "{name} has the value {value} at x {x}, y {y}; expected 0 to 1");
                }
            }
        }
        Ok(())
    }

    /// Red, green, blue and alpha of a pixel, 0 to 1.
    fn rgba(&self, pixel: &[u8]) -> [f32; 4] {
        let byte = |i: usize| f32::from(pixel[i]) / 255.0;
        let [red, green, blue, alpha] = match self.format {
            Format::Rgba8 => [byte(0), byte(1), byte(2), byte(3)],
            Format::Rgb8 => [byte(0), byte(1), byte(2), 1.0],
            Format::Bgra8 => [byte(2), byte(1), byte(0), byte(3)],
            Format::Rgba32f => floats(pixel).map(|value| value.clamp(0.0, 1.0)),
        };
        [red, green, blue, if self.opaque { 1.0 } else { alpha }]
    }
}

/// The four floats of a pixel.
fn floats(pixel: &[u8]) -> [f32; 4] {
    [0, 4, 8, 12].map(|i| f32::from_ne_bytes([pixel[i], pixel[i + 1], pixel[i + 2], pixel[i + 3]]))
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} × {}, {:?}", self.name, self.width, self.height, self.format)
    }
}
