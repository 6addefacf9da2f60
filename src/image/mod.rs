//! Pictures: from the decoder's tensor to the caller's pixels, and back.

mod picture;
mod pixels;
mod resize;

pub(crate) use picture::to_unit;
pub use picture::Picture;
pub use pixels::{MaskOf, Pixels};
pub use resize::resize;

/// The longest side of a picture, in pixels.
pub const MAX_SIDE: usize = 8192;

/// How pixels lie in memory. Channels are sRGB-encoded, and not multiplied by alpha. Finished images are opaque.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Four bytes a pixel: red, green, blue, alpha.
    Rgba8 = 0,
    /// Four bytes a pixel: blue, green, red, alpha (Unreal's `PF_B8G8R8A8`).
    Bgra8 = 1,
    /// Three bytes a pixel: red, green, blue.
    Rgb8 = 2,
    /// Four 32-bit floats a pixel, 0 to 1: red, green, blue, alpha.
    Rgba32f = 3,
}

impl Format {
    /// The format of this number in the C API.
    pub fn from_number(number: i32) -> Option<Self> {
        [Format::Rgba8, Format::Bgra8, Format::Rgb8, Format::Rgba32f]
            .into_iter()
            .find(|format| *format as i32 == number)
    }

    /// Bytes of a pixel.
    pub fn pixel_size(self) -> usize {
        match self {
            Format::Rgba8 | Format::Bgra8 => 4,
            Format::Rgb8 => 3,
            Format::Rgba32f => 16,
        }
    }
}
