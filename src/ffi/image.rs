//! Pixels that the caller owns.

use std::ffi::c_void;

use super::desc::{self, c_struct};
use crate::error::{bail, Result};
use crate::image::{Format, Picture, Pixels, MAX_SIDE};

/// A flag of `scumble_image`: the bottom row comes first, as Unity's textures have it.
pub const SCUMBLE_IMAGE_BOTTOM_UP: u32 = 1;

/// A flag of `scumble_image`: alpha is not read, every pixel is opaque. For render targets whose alpha means something
/// else, or nothing.
pub const SCUMBLE_IMAGE_OPAQUE: u32 = 2;

/// Pixels in the caller's memory: to be filled by `scumble_generation_read_image`, or to be read as a
/// picture to start from, a mask or a ControlNet's picture. Alpha is straight: colours are not multiplied by it. Set every
/// field.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_image {
    /// `sizeof(scumble_image)`.
    pub struct_size: u32,
    /// A `scumble_format`.
    pub format: i32,
    /// Pixels along a row: what `scumble_generation_get_info` tells when it is to be filled, 1 to 8192
    /// when it is to be read.
    pub width: i32,
    /// Rows: likewise.
    pub height: i32,
    /// Bytes from the beginning of a row to that of the next; 0 for rows without a gap.
    pub row_pitch: u32,
    /// 0, or `SCUMBLE_IMAGE_BOTTOM_UP` and `SCUMBLE_IMAGE_OPAQUE`; finished images and previews are opaque anyway.
    pub flags: u32,
    /// Bytes at `pixels`: at least `row_pitch * (height - 1)` and a row.
    pub pixels_size: u64,
    /// The caller's memory.
    pub pixels: *mut c_void,
}
c_struct!(scumble_image, 40);

/// A `scumble_image` that was checked as far as is possible without a picture.
pub struct Checked<'a> {
    image: scumble_image,
    /// What errors call it.
    name: &'a str,
    format: Format,
    row_pitch: usize,
}

impl<'a> Checked<'a> {
    /// # Safety
    /// `image` is NULL or points to `struct_size` bytes.
    pub unsafe fn read(image: *const scumble_image, name: &'a str) -> Result<Self> {
        let empty = scumble_image {
            struct_size: 0,
            format: 0,
            width: 0,
            height: 0,
            row_pitch: 0,
            flags: 0,
            pixels_size: 0,
            pixels: std::ptr::null_mut(),
        };
        // SAFETY: the caller's promise.
        let image = unsafe { desc::read(image, name, empty) }?;
        let Some(format) = Format::from_number(image.format) else {
            bail!(InvalidArgument, "format of the {name} is {}; expected a scumble_format (0 to 3)", image.format)
        };
        if image.flags & !(SCUMBLE_IMAGE_BOTTOM_UP | SCUMBLE_IMAGE_OPAQUE) != 0 {
            bail!(
                InvalidArgument,
                "flags of the {name} is {:#x}; expected 0, SCUMBLE_IMAGE_BOTTOM_UP (1), SCUMBLE_IMAGE_OPAQUE (2) or both",
                image.flags
            );
        }
        // Empty arrays of other languages have no address: their size tells more.
        if image.pixels.is_null() && image.pixels_size > 0 {
            bail!(InvalidArgument, "pixels of the {name} is NULL; expected a pointer to memory");
        }
        let row_size = usize::try_from(image.width).unwrap_or(0) * format.pixel_size();
        let row_pitch = if image.row_pitch == 0 { row_size } else { image.row_pitch as usize };
        if row_pitch < row_size {
            bail!(InvalidArgument, "row_pitch of the {name} is {row_pitch}; a row has {row_size} bytes");
        }
        Ok(Self { image, name, format, row_pitch })
    }

    /// Copies a picture of the same size into the caller's memory.
    ///
    /// # Safety
    /// `pixels` points to `pixels_size` bytes.
    pub unsafe fn fill(&self, picture: &Picture) -> Result<()> {
        let (width, height) = (picture.width(), picture.height());
        if (self.image.width, self.image.height) != (width as i32, height as i32) {
            bail!(
                InvalidArgument,
                "the image is {} x {} pixels; expected {width} x {height}, the picture's size",
                self.image.width,
                self.image.height
            );
        }
        let needed = self.needed(width, height)?;
        // SAFETY: the caller's promise, and no more than that is taken.
        let pixels = unsafe { std::slice::from_raw_parts_mut(self.image.pixels.cast::<u8>(), needed) };
        picture.copy_to(pixels, self.format, self.row_pitch, self.bottom_up());
        Ok(())
    }

    /// Copies the caller's pixels.
    ///
    /// # Safety
    /// `pixels` points to `pixels_size` bytes.
    pub unsafe fn pixels(&self) -> Result<Pixels> {
        let side = |axis: &str, pixels: i32| match usize::try_from(pixels) {
            Ok(pixels) if (1..=MAX_SIDE).contains(&pixels) => Ok(pixels),
            _ => bail!(InvalidArgument, "{axis} of the {} is {pixels}; expected 1 to {MAX_SIDE}", self.name),
        };
        let (width, height) = (side("width", self.image.width)?, side("height", self.image.height)?);
        let needed = self.needed(width, height)?;
        // SAFETY: the caller's promise, and no more than that is taken.
        let bytes = unsafe { std::slice::from_raw_parts(self.image.pixels.cast::<u8>(), needed) };
        let pixels = Pixels::read(bytes, self.format, (width, height), self.row_pitch, self.bottom_up(), self.name)?;
        Ok(if self.image.flags & SCUMBLE_IMAGE_OPAQUE != 0 { pixels.opaque() } else { pixels })
    }

    fn bottom_up(&self) -> bool {
        self.image.flags & SCUMBLE_IMAGE_BOTTOM_UP != 0
    }

    /// How many bytes a picture takes, which the caller must have.
    fn needed(&self, width: usize, height: usize) -> Result<usize> {
        let needed = (self.row_pitch as u64) * (height as u64 - 1) + (width * self.format.pixel_size()) as u64;
        if self.image.pixels_size < needed {
            bail!(
                BufferTooSmall,
                "pixels_size of the {} is {}; expected at least {needed}",
                self.name,
                self.image.pixels_size
            );
        }
        Ok(needed as usize)
    }
}
