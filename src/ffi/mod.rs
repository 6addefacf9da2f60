//! The C API: the only place that touches a caller's memory.
//!
//! One file a noun, and `boundary`, `handle` and `desc` for what all of them need. The doc
//! comments here are the header's: they are written for readers who will never see Rust.
#![allow(unsafe_code, non_camel_case_types)]

mod boundary;
mod desc;
mod handle;

// In the order of the header.
mod library;
mod runtime;
mod context;
mod prompt;
mod request;
mod generation;
mod image;

pub use context::*;
pub use desc::SCUMBLE_ABI_VERSION;
pub use generation::*;
#[cfg(feature = "testing")]
pub use handle::insert;
pub use image::*;
pub use library::*;
pub use prompt::*;
pub use request::{
    scumble_control, scumble_generation_desc, SCUMBLE_GENERATION_KEEP_FLOATS, SCUMBLE_GENERATION_KEEP_LATENTS,
    SCUMBLE_GENERATION_MASK_AS_DIFFUSERS, SCUMBLE_GENERATION_MASK_FROM_ALPHA,
};
pub use runtime::*;

/// In a field of a descriptor: let the model decide. It converts to `float` exactly, so that it
/// serves for all number fields.
pub const SCUMBLE_AUTO: i32 = i32::MIN;

/// In `seed` of `scumble_generation_desc`: draw one at random. It is the number that `SCUMBLE_AUTO` becomes in a
/// `uint64_t`, so that either may be assigned, and the only one that is no seed itself.
pub const SCUMBLE_SEED_RANDOM: u64 = 0xFFFF_FFFF_8000_0000;
const _: () = assert!(SCUMBLE_SEED_RANDOM == SCUMBLE_AUTO as u64);

/// A loaded model on one device, with the thread that works for it.
pub struct scumble_context {
    _key: (),
}

/// An encoded text, used by any number of generations.
pub struct scumble_prompt {
    _key: (),
}

/// One picture in progress.
pub struct scumble_generation {
    _key: (),
}

/// A number that the caller may leave to the model.
fn auto(value: i32) -> Option<i32> {
    (value != SCUMBLE_AUTO).then_some(value)
}
