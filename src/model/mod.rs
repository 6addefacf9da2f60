//! A loaded model: text encoder, UNet and autoencoder behind one small trait.

mod component;
mod directory;
mod info;
mod latent_rgb;
pub mod scan;
mod text_encoder;
mod unet;
mod vae;

use ndarray::{Array3, Array4, ArrayView3, ArrayView4};

pub use component::{time_in_sessions, Device};
pub use directory::StableDiffusion;
pub(crate) use info::MAX_GUIDANCE_SCALE;
pub use info::{Defaults, ModelInfo};
pub use latent_rgb::LatentRgb;

use crate::cancel::Cancel;
use crate::error::Result;

/// What the denoising loop needs of a model. Tests script their own.
pub trait Model: Send {
    /// Sizes, limits and defaults.
    fn info(&self) -> &ModelInfo;

    /// The embeddings of a text, `[1, tokens, width]`.
    fn encode(&mut self, text: &str, cancel: &Cancel) -> Result<Encoded>;

    /// The UNet's output for a batch of latents `[n, channels, height, width]` at one timestep,
    /// with embeddings `[n, tokens, width]`. Neither scaled nor guided.
    fn denoise(
        &mut self,
        latents: ArrayView4<f32>,
        timestep: f64,
        embeddings: ArrayView3<f32>,
        cancel: &Cancel,
    ) -> Result<Array4<f32>>;

    /// The picture of finished latents `[1, channels, height, width]`: `[3, height, width]`,
    /// values around -1 to 1.
    fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>>;
}

/// An encoded text.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// `[1, tokens, width]`.
    pub embeddings: Array3<f32>,
    /// How many tokens the text has.
    pub tokens: usize,
    /// Whether it was longer than the model reads, and was cut off.
    pub truncated: bool,
}
