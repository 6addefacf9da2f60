//! What is known of a model once it is loaded.

use serde::Deserialize;

use super::{Budget, LatentRgb, Memory, Seamless};
use crate::error::{bail, Result};
use crate::runtime::DeviceInfo;
use crate::scheduler::{Sampler, SchedulerConfig};

/// The largest guidance scale that makes any sense.
pub(crate) const MAX_GUIDANCE_SCALE: f32 = 1000.0;

/// Which kind of Stable Diffusion a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Stable Diffusion 1.
    Sd1,
    /// Stable Diffusion 2, with OpenCLIP's text encoder.
    Sd2,
    /// Stable Diffusion XL.
    Sdxl,
}

impl Family {
    /// Its name in the C API.
    pub fn name(self) -> &'static str {
        match self {
            Family::Sd1 => "sd1",
            Family::Sd2 => "sd2",
            Family::Sdxl => "sdxl",
        }
    }
}

/// What a model can do besides text-to-image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// It has a VAE encoder: it starts from pictures, and repaints parts of them.
    pub images: bool,
    /// Its UNet was trained to repaint: it needs a picture and a mask.
    pub inpainting: bool,
    /// The most layers of its text encoders that a prompt can leave out; 0 where they give no hidden states.
    pub clip_skip: usize,
    /// How many ControlNets are loaded.
    pub controlnets: usize,
    /// Its UNet takes the guidance scale as an input: a consistency model. One evaluation a step is
    /// enough, and negative texts do not count.
    pub embeds_guidance: bool,
    /// It has a tiny decoder, for previews.
    pub tiny_decoder: bool,
}

/// Sizes, limits and defaults of a model, all read from its files.
#[derive(Clone, Debug)]
pub struct ModelInfo {
    /// The name of the model's directory.
    pub name: String,
    /// Its kind.
    pub family: Family,
    /// What it can do.
    pub features: Features,
    /// The size in pixels that the model was trained at.
    pub width: usize,
    #[allow(missing_docs)]
    pub height: usize,
    /// Sizes that the export fixes.
    pub fixed_width: Option<usize>,
    #[allow(missing_docs)]
    pub fixed_height: Option<usize>,
    /// Pixels per latent, along each side.
    pub vae_factor: usize,
    /// What the sides of a picture have to be multiples of: for the UNet, which halves latents at each of its levels.
    pub size_multiple: usize,
    /// Channels of the latents.
    pub latent_channels: usize,
    /// The longest sequence of tokens, begin and end counted.
    pub token_limit: usize,
    /// The noise schedule.
    pub scheduler: SchedulerConfig,
    /// What to use where the caller does not say.
    pub defaults: Defaults,
    /// Whether it takes whole numbers as timesteps, so that the fractions of some samplers are cut off.
    pub cuts_timesteps: bool,
    /// How linear previews are coloured; fitted from the autoencoder where it is neither given nor known.
    pub latent_rgb: Option<LatentRgb>,
    /// Along which axes its pictures tile.
    pub seamless: Seamless,
    /// What keeps it within the memory that it may take; none: no limit.
    pub budget: Option<Budget>,
    /// What it holds of memory at present.
    pub memory: Memory,
    /// What it runs on.
    pub device: DeviceInfo,
}

/// What is used where the caller does not say.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// Steps of a picture.
    pub steps: usize,
    /// Guidance scale.
    pub guidance_scale: f32,
    /// Sampler, as [`crate::scheduler::Sampler::parse`] reads it; the class of
    /// `scheduler_config.json` when absent.
    pub scheduler: Option<String>,
}

/// `scumble.json`: what a model directory may tell Scumble beyond what diffusers writes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Steps of a picture.
    pub steps: Option<usize>,
    /// Guidance scale.
    pub guidance_scale: Option<f32>,
    /// Sampler.
    pub scheduler: Option<String>,
    /// Rows: channels of the latents, and one more for the offset. Columns: red, green, blue,
    /// each -1 to 1.
    pub latent_rgb: Option<Vec<[f32; 3]>>,
}

impl Settings {
    /// Refuses what no generation could be made with.
    pub fn check(&self, scheduler: &SchedulerConfig) -> Result<()> {
        let train = scheduler.train_timesteps();
        if let Some(steps) = self.steps.filter(|steps| !(1..=train).contains(steps)) {
            bail!(ModelInvalid, "steps is {steps}; expected 1 to {train}");
        }
        if let Some(scale) = self.guidance_scale.filter(|scale| !(0.0..=MAX_GUIDANCE_SCALE).contains(scale)) {
            bail!(ModelInvalid, "guidance_scale is {scale}; expected 0 to {MAX_GUIDANCE_SCALE}");
        }
        match self.scheduler.as_deref().map(Sampler::parse) {
            Some(Err(error)) => bail!(ModelInvalid, "{error}"),
            _ => Ok(()),
        }
    }
}

impl Defaults {
    /// What the model's authors use, or else diffusers' pipeline of its kind. `names` are those that the model's files
    /// and its directory give it.
    pub fn new(
        settings: &Settings,
        family: Family,
        features: Features,
        scheduler: &SchedulerConfig,
        names: &[&str],
    ) -> Result<Self> {
        let consistency = matches!(Sampler::of(scheduler)?, Sampler::Lcm | Sampler::Tcd);
        let (steps, guidance_scale) = match (family, distilled_to(names)) {
            _ if features.embeds_guidance => (4, 8.5),
            // These samplers visit what a model was distilled on.
            (_, steps) if consistency => (steps.unwrap_or(4), 1.0),
            (_, Some(steps)) => (steps, 0.0),
            (Family::Sdxl, None) => (30, 5.0),
            (Family::Sd1 | Family::Sd2, None) => (20, 7.5),
        };
        Ok(Self {
            steps: settings.steps.unwrap_or(steps.min(scheduler.train_timesteps())),
            guidance_scale: settings.guidance_scale.unwrap_or(guidance_scale),
            scheduler: settings.scheduler.clone(),
        })
    }
}

/// What models that were distilled to a few steps, without guidance, are called. Nothing else in their files tells: their
/// schedulers are those that others use with many steps.
const DISTILLED: [&str; 8] = ["dmd", "dmd2", "hyper", "lcm", "nitro", "pcm", "sdxs", "tcd"];
const DISTILLED_WITHIN_A_WORD: [&str; 2] = ["lightning", "turbo"];

/// To how many steps these names say that a model was distilled: "8step" in them, or else 4.
fn distilled_to(names: &[&str]) -> Option<usize> {
    let text = names.join("/").to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let distilled = words.iter().any(|word| DISTILLED.contains(word))
        || DISTILLED_WITHIN_A_WORD.iter().any(|name| text.contains(name));
    let steps_of = |word: &&str| word.strip_suffix("steps").or(word.strip_suffix("step"))?.parse().ok();
    distilled.then(|| words.iter().find_map(steps_of).filter(|steps| (1..=32).contains(steps)).unwrap_or(4))
}
