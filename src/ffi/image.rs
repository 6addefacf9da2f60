//! Pixels that the caller owns.

use std::ffi::c_void;

use super::desc::{self, c_struct};
use crate::error::{bail, Result};
use crate::image::{Format, Picture};

/// A flag of `scumble_image`: the bottom row comes first, as Unity's textures have it.
pub const SCUMBLE_IMAGE_BOTTOM_UP: u32 = 1;

/// Pixels in the caller's memory. Set every field.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_image {
    /// `sizeof(scumble_image)`.
    pub struct_size: u32,
    /// A `scumble_format`.
    pub format: i32,
    /// Pixels along a row: what `scumble_generation_get_info` tells.
    pub width: i32,
    /// Rows: likewise.
    pub height: i32,
    /// Bytes from the beginning of a row to that of the next; 0 for rows without a gap.
    pub row_pitch: u32,
    /// 0 or `SCUMBLE_IMAGE_BOTTOM_UP`.
    pub flags: u32,
    /// Bytes at `pixels`: at least `row_pitch * (height - 1)` and a row.
    pub pixels_size: u64,
    /// The caller's memory.
    pub pixels: *mut c_void,
}
c_struct!(scumble_image, 40);

/// A `scumble_image` that was checked as far as is possible without a picture.
pub struct Target {
    image: scumble_image,
    format: Format,
    row_pitch: usize,
}

impl Target {
    /// # Safety
    /// `image` is NULL or points to `struct_size` bytes.
    pub unsafe fn read(image: *const scumble_image) -> Result<Self> {
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
        let image = unsafe { desc::read(image, "image", empty) }?;
        let Some(format) = Format::from_number(image.format) else {
            bail!(InvalidArgument, "format of the image is {}; expected a scumble_format (0 to 3)", image.format)
        };
        if image.flags & !SCUMBLE_IMAGE_BOTTOM_UP != 0 {
            bail!(
                InvalidArgument,
                "flags of the image is {:#x}; expected 0 or SCUMBLE_IMAGE_BOTTOM_UP (1)",
                image.flags
            );
        }
        super::boundary::not_null(image.pixels, "pixels of the image")?;
        let row_size = usize::try_from(image.width).unwrap_or(0) * format.pixel_size();
        let row_pitch = if image.row_pitch == 0 { row_size } else { image.row_pitch as usize };
        if row_pitch < row_size {
            bail!(InvalidArgument, "row_pitch of the image is {row_pitch}; a row has {row_size} bytes");
        }
        Ok(Self { image, format, row_pitch })
    }

    /// Copies a picture of the same size.
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
        let needed = (self.row_pitch as u64) * (height as u64 - 1) + (width * self.format.pixel_size()) as u64;
        if self.image.pixels_size < needed {
            bail!(BufferTooSmall, "pixels_size of the image is {}; expected at least {needed}", self.image.pixels_size);
        }
        // SAFETY: the caller's promise, and no more than that is taken.
        let pixels = unsafe { std::slice::from_raw_parts_mut(self.image.pixels.cast::<u8>(), needed as usize) };
        let bottom_up = self.image.flags & SCUMBLE_IMAGE_BOTTOM_UP != 0;
        picture.copy_to(pixels, self.format, self.row_pitch, bottom_up);
        Ok(())
    }
}
