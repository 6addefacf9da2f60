//! What is known of a model once it is loaded.

use serde::Deserialize;

use super::LatentRgb;
use crate::error::{bail, Result};
use crate::scheduler::{Sampler, SchedulerConfig};

/// The largest guidance scale that makes any sense.
pub(crate) const MAX_GUIDANCE_SCALE: f32 = 1000.0;

/// Sizes, limits and defaults of a model, all read from its files.
#[derive(Clone, Debug)]
pub struct ModelInfo {
    /// The name of the model's directory.
    pub name: String,
    /// The size in pixels that the model was trained at.
    pub width: usize,
    #[allow(missing_docs)]
    pub height: usize,
    /// Pixels per latent, along each side.
    pub vae_factor: usize,
    /// Channels of the latents.
    pub latent_channels: usize,
    /// The longest sequence of tokens, begin and end counted.
    pub token_limit: usize,
    /// The noise schedule.
    pub scheduler: SchedulerConfig,
    /// What to use where the caller does not say.
    pub defaults: Defaults,
    /// How previews are coloured; fitted from the autoencoder when the directory does not tell.
    pub latent_rgb: Option<LatentRgb>,
}

/// `scumble.json`: what a model directory may tell Scumble beyond what diffusers writes.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Defaults {
    /// Steps of a picture.
    pub steps: usize,
    /// Guidance scale.
    pub guidance_scale: f32,
    /// Sampler, as [`crate::scheduler::Sampler::parse`] reads it; the class of
    /// `scheduler_config.json` when absent.
    pub scheduler: Option<String>,
    /// Rows: channels of the latents, and one more for the offset. Columns: red, green, blue,
    /// each -1 to 1.
    pub latent_rgb: Option<Vec<[f32; 3]>>,
}

impl Defaults {
    /// Refuses what no generation could be made with.
    pub fn check(&self, scheduler: &SchedulerConfig) -> Result<()> {
        let train = scheduler.train_timesteps();
        if !(1..=train).contains(&self.steps) {
            bail!(ModelInvalid, "steps is {}; expected 1 to {train}", self.steps);
        }
        if !(0.0..=MAX_GUIDANCE_SCALE).contains(&self.guidance_scale) {
            bail!(ModelInvalid, "guidance_scale is {}; expected 0 to {MAX_GUIDANCE_SCALE}", self.guidance_scale);
        }
        match self.scheduler.as_deref().map(Sampler::parse) {
            Some(Err(error)) => bail!(ModelInvalid, "{error}"),
            _ => Ok(()),
        }
    }
}

impl Default for Defaults {
    /// What people use with Stable Diffusion 1.5.
    fn default() -> Self {
        Self { steps: 20, guidance_scale: 7.5, scheduler: None, latent_rgb: None }
    }
}
