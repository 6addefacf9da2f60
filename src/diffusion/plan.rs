//! What a caller asks for, checked against what a model can do.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use crate::error::{bail, Result};
use crate::image::{Pixels, MAX_SIDE};
use crate::limits::{self, MAX_CONTROLNETS, MAX_NAME};
use crate::model::{ModelInfo, MAX_GUIDANCE_SCALE};
use crate::scheduler::{Custom, Sampler, Sigmas};

/// What the caller asks for. `None` leaves it to the model.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Size in pixels: multiples of the autoencoder's factor.
    pub width: Option<i32>,
    #[allow(missing_docs)]
    pub height: Option<i32>,
    /// Steps of the scheduler.
    pub steps: Option<i32>,
    /// How strongly the prompt counts against the negative prompt; up to 1 the negative prompt
    /// does not count at all, and a step costs half.
    pub guidance_scale: Option<f32>,
    /// How much of the contrast that guidance adds is taken back, 0 to 1 (Lin et al., 2023, 3.4).
    pub guidance_rescale: Option<f32>,
    /// Seed of the noise; drawn at random where not given.
    pub seed: Option<u64>,
    /// Scheduler and spacing, by name.
    pub scheduler: Option<String>,
    #[allow(missing_docs)]
    pub sigmas: Option<String>,
    /// Timesteps to visit, from noisy to clean, in place of the spacing.
    pub timesteps: Option<Vec<i32>>,
    /// Likewise σ, one a step and the one that the last step ends at.
    pub sigma_values: Option<Vec<f32>>,
    /// How much of a step of DDIM or TCD is new noise, 0 to 1; none where not given, as in diffusers' pipelines.
    pub eta: Option<f32>,
    /// The picture to start from.
    pub picture: Option<Arc<Pixels>>,
    /// What of it to repaint: where it is bright. Of the picture's size.
    pub mask: Option<Arc<Pixels>>,
    /// How far to depart from the picture, 0 to 1: the share of the steps that is done.
    pub strength: Option<f32>,
    /// Pictures that guide the shape, for ControlNets.
    pub controls: Vec<ControlRequest>,
    /// Noise to start from in place of what the seed gives, `[channels, height, width]` of the latents: diffusers'
    /// `latents`. With a strength and no picture, the latents of an image to start from.
    pub latents: Option<Arc<Vec<f32>>>,
    /// What shows where pictures are transparent, 0xRRGGBB; white where not given.
    pub background: Option<u32>,
    /// Pixels around what the mask selects in which the generated image fades into the picture; 4 where not given.
    pub mask_feather: Option<i32>,
    /// Whether the mask is read from its alpha; where there is none, from the picture's, which is generated anew where it
    /// is transparent.
    pub mask_from_alpha: bool,
    /// Whether the mask counts as in diffusers: cut at half, of each latent one pixel, nothing put back.
    pub mask_as_diffusers: bool,
    /// Whether the finished image is kept as floats too.
    pub keep_floats: bool,
    /// Whether its latents are kept.
    pub keep_latents: bool,
}

impl Request {
    /// Whether only a part is generated anew.
    pub fn has_mask(&self) -> bool {
        self.mask.is_some() || (self.mask_from_alpha && self.picture.is_some())
    }
}

/// A picture for a ControlNet.
#[derive(Clone, Debug)]
pub struct ControlRequest {
    /// Which of the context's ControlNets.
    pub index: i32,
    /// Edges, depth, a pose: what the ControlNet was trained on.
    pub picture: Arc<Pixels>,
    /// How strongly it counts; 1 as it was trained.
    pub scale: f32,
    /// When it counts: shares of the run, 0 to 1.
    pub start: f32,
    #[allow(missing_docs)]
    pub end: f32,
}

/// A request that this model can fulfil, with nothing left open.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Size of the picture in pixels.
    pub width: usize,
    #[allow(missing_docs)]
    pub height: usize,
    /// Steps of the scheduler.
    pub steps: usize,
    /// How many of them are left out at the beginning, since a picture is there already.
    pub skipped: usize,
    /// Likewise for a consistency model, which leaves out no steps: the share of the timesteps that it
    /// was distilled on (diffusers' `LatentConsistencyModelImg2ImgPipeline`).
    pub reach: f64,
    /// Guidance scale.
    pub guidance_scale: f32,
    /// How much of the contrast that guidance adds is taken back.
    pub guidance_rescale: f32,
    /// Seed of the noise.
    pub seed: u64,
    /// Scheduler.
    pub sampler: Sampler,
    /// Spacing, where it is not the model's own.
    pub sigmas: Option<Sigmas>,
    /// Pixels around what the mask selects in which the generated image fades into the picture.
    pub mask_feather: usize,
    /// Channels, height and width of the latents.
    pub latents: [usize; 3],
    /// Noise levels of the caller's choice.
    pub custom: Custom,
    /// How much of a step of DDIM or TCD is new noise.
    pub eta: f64,
}

/// The widest feather, in pixels.
const MAX_FEATHER: i32 = 1024;
/// The feather where none is given.
const FEATHER: usize = 4;

impl Plan {
    /// Checks a request against a model.
    pub fn new(request: &Request, info: &ModelInfo) -> Result<Self> {
        for (name, text) in [("scheduler", &request.scheduler), ("sigmas", &request.sigmas)] {
            limits::length(name, text.as_ref().map_or(0, String::len), MAX_NAME)?;
        }
        limits::count("control_count", request.controls.len(), MAX_CONTROLNETS)?;
        let width = side("width", request.width, info.width, info.fixed_width, info.size_multiple)?;
        let height = side("height", request.height, info.height, info.fixed_height, info.size_multiple)?;
        let train = info.scheduler.train_timesteps();
        let (custom, count) = custom(request, train)?;
        let steps = match request.steps {
            None => count.unwrap_or(info.defaults.steps),
            Some(steps) if count.is_some_and(|count| usize::try_from(steps) != Ok(count)) => {
                bail!(
                    InvalidArgument,
                    "steps is {steps}, but the timesteps or sigma_values are of {} steps",
                    count.unwrap_or(0)
                )
            }
            Some(steps) => match usize::try_from(steps) {
                Ok(steps) if (1..=train).contains(&steps) => steps,
                _ => bail!(
                    InvalidArgument,
                    "steps is {steps}; expected 1 to {train}, the timesteps that the model was trained on"
                ),
            },
        };
        let guidance_scale = request.guidance_scale.unwrap_or(info.defaults.guidance_scale);
        within("guidance_scale", guidance_scale, MAX_GUIDANCE_SCALE)?;
        let guidance_rescale = request.guidance_rescale.unwrap_or(0.0);
        within("guidance_rescale", guidance_rescale, 1.0)?;
        let (sampler, implied) = match &request.scheduler {
            Some(name) => Sampler::parse(name)?,
            None => match info.defaults.scheduler.as_deref() {
                Some(name) => Sampler::parse(name)?,
                None => (Sampler::of(&info.scheduler)?, None),
            },
        };
        let sigmas = match &request.sigmas {
            Some(name) => Sigmas::parse(name)?.or(implied),
            None => implied,
        };
        check_pictures(request, info)?;
        let mask_feather = feather(request)?;
        let latents = [info.latent_channels, height / info.vae_factor, width / info.vae_factor];
        check_latents(request, latents)?;
        if let Some(budget) = &info.budget {
            budget.check(height / info.vae_factor, width / info.vae_factor, request.picture.is_some())?;
        }
        let (skipped, reach) = match strength(request) {
            Some(strength) if info.features.embeds_guidance && sampler == Sampler::Lcm && custom == Custom::None => {
                (0, decimal(strength))
            }
            Some(strength) => (skipped(strength, steps), 1.0),
            None => (0, 1.0),
        };
        let seed = request.seed.unwrap_or_else(random_seed);
        let eta = decimal(request.eta.unwrap_or(0.0));
        Ok(Self {
            width,
            height,
            steps,
            skipped,
            reach,
            guidance_scale,
            guidance_rescale,
            seed,
            sampler,
            sigmas,
            mask_feather,
            latents,
            custom,
            eta,
        })
    }
}

/// The noise levels that the caller chose, and how many steps they make.
fn custom(request: &Request, train: usize) -> Result<(Custom, Option<usize>)> {
    let (custom, count) = match (&request.timesteps, &request.sigma_values) {
        (Some(_), Some(_)) => bail!(InvalidArgument, "timesteps and sigma_values are given; expected one of them"),
        (Some(timesteps), None) => {
            if let Some((i, timestep)) = timesteps.iter().enumerate().find(|(_, timestep)| **timestep < 0) {
                bail!(InvalidArgument, "timesteps[{i}] is {timestep}; expected 0 or more");
            }
            (Custom::Timesteps(timesteps.iter().map(|t| *t as usize).collect()), Some(timesteps.len()))
        }
        (None, Some(sigmas)) => (Custom::Sigmas(sigmas.clone()), Some(sigmas.len().saturating_sub(1))),
        (None, None) => (Custom::None, None),
    };
    custom.check(train)?;
    Ok((custom, count))
}

fn side(name: &str, requested: Option<i32>, native: usize, fixed: Option<usize>, factor: usize) -> Result<usize> {
    let Some(pixels) = requested else { return Ok(fixed.unwrap_or(native)) };
    match (usize::try_from(pixels), fixed) {
        (Ok(pixels), Some(fixed)) if pixels == fixed => Ok(pixels),
        (_, Some(fixed)) => bail!(NotSupported, "{name} is {pixels}; this model was exported for {fixed} alone"),
        (Ok(pixels), None) if (1..=MAX_SIDE).contains(&pixels) && pixels % factor == 0 => Ok(pixels),
        _ => bail!(InvalidArgument, "{name} is {pixels}; expected a multiple of {factor} from {factor} to {MAX_SIDE}"),
    }
}

fn within(name: &str, value: f32, most: f32) -> Result<()> {
    if !(0.0..=most).contains(&value) {
        bail!(InvalidArgument, "{name} is {value}; expected 0 to {most}");
    }
    Ok(())
}

/// Whether the pictures go together, and the model can use them.
fn check_pictures(request: &Request, info: &ModelInfo) -> Result<()> {
    if let Some(strength) = request.strength {
        within("strength", strength, 1.0)?;
    }
    match (&request.picture, &request.mask) {
        (None, Some(_)) => bail!(InvalidArgument, "mask is given without a picture; it says what to repaint of one"),
        (None, None) if info.features.inpainting => {
            bail!(InvalidArgument, "picture is not given; this model was trained to repaint, from a picture and a mask")
        }
        (Some(_), None) if info.features.inpainting && !request.has_mask() => {
            bail!(InvalidArgument, "mask is not given; this model was trained to repaint, from a picture and a mask")
        }
        (None, None) if request.strength.is_some() && request.latents.is_none() => {
            bail!(InvalidArgument, "strength is given without a picture; it is how far to depart from one")
        }
        (Some(_), _) if !info.features.images => {
            bail!(NotSupported, "picture is given, but the model has no vae_encoder, which is needed to start from one")
        }
        (Some(picture), Some(mask)) if (mask.width(), mask.height()) != (picture.width(), picture.height()) => bail!(
            InvalidArgument,
            "mask is {} x {}; expected {} x {}, the picture's size",
            mask.width(),
            mask.height(),
            picture.width(),
            picture.height()
        ),
        _ => {}
    }
    if request.mask_from_alpha {
        let (name, source) = match &request.mask {
            Some(mask) => ("mask", Some(mask)),
            None => ("picture", request.picture.as_ref()),
        };
        if !source.is_some_and(|source| source.has_alpha()) {
            bail!(
                InvalidArgument,
                "the mask is to be read from alpha, but {name} has none; expected pixels with alpha"
            );
        }
    }
    for (i, control) in request.controls.iter().enumerate() {
        if usize::try_from(control.index).map_or(true, |index| index >= info.features.controlnets) {
            let loaded = info.features.controlnets;
            bail!(
                NotSupported,
                "controls[{i}]: controlnet is {}; the context has {loaded} ControlNets, numbered from 0",
                control.index
            );
        }
        if !(0.0..=10.0).contains(&control.scale) {
            bail!(InvalidArgument, "controls[{i}]: scale is {}; expected 0 to 10", control.scale);
        }
        let (start, end) = (control.start, control.end);
        if !(0.0 <= start && start < end && end <= 1.0) {
            bail!(InvalidArgument, "controls[{i}]: start is {start} and end {end}; expected 0 ≤ start < end ≤ 1");
        }
    }
    Ok(())
}

/// How far to depart from the picture to start from: by default as far as diffusers.
fn strength(request: &Request) -> Option<f32> {
    match request.picture {
        Some(_) => Some(request.strength.unwrap_or(if request.has_mask() { 1.0 } else { 0.8 })),
        None => request.strength, // from latents
    }
}

/// How far the generated image fades into what the mask keeps.
fn feather(request: &Request) -> Result<usize> {
    let Some(pixels) = request.mask_feather else { return Ok(FEATHER) };
    if !(0..=MAX_FEATHER).contains(&pixels) {
        bail!(InvalidArgument, "mask_feather is {pixels}; expected 0 to {MAX_FEATHER} pixels");
    }
    if !request.has_mask() {
        bail!(InvalidArgument, "mask_feather is given without a mask; it is how far to fade around one");
    }
    if request.mask_as_diffusers {
        bail!(
            InvalidArgument,
            "mask_feather is {pixels}, but the mask is to count as in diffusers, which puts nothing back"
        );
    }
    Ok(pixels as usize)
}

fn check_latents(request: &Request, [channels, height, width]: [usize; 3]) -> Result<()> {
    match request.latents.as_ref().map(|latents| latents.len()) {
        Some(count) if count != channels * height * width => bail!(
            InvalidArgument,
            "latents_count is {count}; expected {}, {channels} channels of {width} × {height}",
            channels * height * width
        ),
        _ => Ok(()),
    }
}

/// How many steps an init image leaves out (diffusers' `get_timesteps`). One is always done.
fn skipped(strength: f32, steps: usize) -> usize {
    let done = (steps as f64 * decimal(strength)) as usize;
    steps - done.clamp(1, steps)
}

/// The number as its author wrote it: the f32 of 0.7 lies below 0.7, and 10 steps of it would be cut to 6. Python
/// multiplies the f64 of the same digits, which the shortest decimal of the f32 gives.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// A seed that differs from call to call, short enough to be told to somebody.
fn random_seed() -> u64 {
    // The standard library seeds its hash maps from the system's random numbers.
    RandomState::new().hash_one(0) & 0xFFFF_FFFF
}
