//! A loaded model: text encoders, UNet, ControlNets and autoencoder behind one small trait.

mod conditioner;
mod decoding;
mod directory;
mod fit;
mod graph;
mod index;
mod info;
mod latent_rgb;
mod layout;
mod memory;
mod options;
pub mod scan;
mod session;
mod unet;
mod vae;

use ndarray::{Array3, Array4, ArrayView2, ArrayView3, ArrayView4};

pub use conditioner::{Conditioning, Encoded, Syntax, Texts};
pub use directory::{Places, StableDiffusion};
pub use graph::seamless::Seamless;
pub use graph::{channels, seamless, widen};
pub(crate) use info::MAX_GUIDANCE_SCALE;
pub use info::{Defaults, Family, Features, ModelInfo, Settings};
pub use latent_rgb::LatentRgb;
pub use memory::budget::Budget;
pub use memory::{Held, Images, Memory, Share};
pub use options::{Device, Options, Weights};
pub use session::loaded::{bytes_copied, time_in_sessions};

pub use crate::files::Roots;

use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::random::Random;

/// What the denoising loop needs of a model. Tests script their own.
pub trait Model: Send {
    /// Sizes, limits and defaults.
    fn info(&self) -> &ModelInfo;

    /// What the texts of a prompt mean to the UNet.
    fn encode(&mut self, texts: &Texts, cancel: &Cancel) -> Result<Conditioning>;

    /// The UNet's output for a batch of latents. Neither scaled nor guided.
    fn denoise(&mut self, input: &Denoise, cancel: &Cancel) -> Result<Array4<f32>>;

    /// The picture of finished latents `[1, channels, height, width]`: `[3, height, width]`,
    /// values around -1 to 1.
    fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>>;

    /// Likewise, by a small decoder that comes near to it; for models that have one. It may give fewer pixels,
    /// down to the `(height, width)` that are wanted.
    fn decode_tiny(&mut self, _: ArrayView4<f32>, _: (usize, usize), _: &Cancel) -> Result<Array3<f32>> {
        bail!(NotSupported, "the model has no tiny decoder")
    }

    /// The latents `[1, channels, height, width]` of a picture `[3, height, width]`, -1 to 1. The
    /// autoencoder gives a distribution, of which `random` draws.
    fn encode_picture(&mut self, picture: ArrayView3<f32>, random: &mut Random, cancel: &Cancel)
        -> Result<Array4<f32>>;

    /// Gives back all memory that can be had again. The next of the calls above takes it again.
    fn trim(&mut self) {}
}

/// One evaluation of the UNet; everything but ControlNets with the batch first.
pub struct Denoise<'a> {
    /// `[n, channels, height, width]`, scaled as the scheduler says.
    pub latents: ArrayView4<'a, f32>,
    /// For models that were trained to repaint: the mask and the latents of the masked picture,
    /// `[1, 1 + channels, height, width]`.
    pub masked: Option<ArrayView4<'a, f32>>,
    #[allow(missing_docs)]
    pub timestep: f64,
    /// `[n, tokens, width]`.
    pub embeddings: ArrayView3<'a, f32>,
    /// `[n, width]`, for the models that want it.
    pub pooled: Option<ArrayView2<'a, f32>>,
    /// For the models that take it as an input.
    pub guidance_scale: f32,
    /// ControlNets that take part in this evaluation.
    pub controls: &'a [Control<'a>],
    /// A number that stands for embeddings, pooled text, guidance scale and size: as long as it stays, they do, and
    /// a device need not be given them again.
    pub conditions: u64,
}

/// A ControlNet at one evaluation.
pub struct Control<'a> {
    /// Which of those that are loaded.
    pub index: usize,
    /// How strongly it counts.
    pub scale: f32,
    /// `[3, height, width]` of the picture's size, 0 to 1.
    pub picture: ArrayView3<'a, f32>,
}
