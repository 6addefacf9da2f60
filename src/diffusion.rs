//! The state machine of one picture: noise, denoised step by step, decoded. It knows nothing of
//! threads, handles or files.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use ndarray::{concatenate, s, Array3, Array4, Axis};

use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::image::{Picture, MAX_SIDE};
use crate::model::{Encoded, Model, ModelInfo, MAX_GUIDANCE_SCALE};
use crate::random::Random;
use crate::scheduler::{self, Latents, Sampler, Scheduler, Sigmas};

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
    /// Seed of the noise; drawn at random where not given.
    pub seed: Option<u64>,
    /// Scheduler and spacing, by name.
    pub scheduler: Option<String>,
    #[allow(missing_docs)]
    pub sigmas: Option<String>,
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
    /// Guidance scale.
    pub guidance_scale: f32,
    /// Seed of the noise.
    pub seed: u64,
    /// Scheduler.
    pub sampler: Sampler,
    /// Spacing, where it is not the model's own.
    pub sigmas: Option<Sigmas>,
}

impl Plan {
    /// Checks a request against a model.
    pub fn new(request: &Request, info: &ModelInfo) -> Result<Self> {
        let width = side("width", request.width, info.width, info.vae_factor)?;
        let height = side("height", request.height, info.height, info.vae_factor)?;
        let steps = match request.steps {
            None => info.defaults.steps,
            Some(steps) => match usize::try_from(steps) {
                Ok(steps) if (1..=info.scheduler.train_timesteps()).contains(&steps) => steps,
                _ => bail!(
                    InvalidArgument,
                    "steps is {steps}; expected 1 to {}, the timesteps that the model was trained on",
                    info.scheduler.train_timesteps()
                ),
            },
        };
        let guidance_scale = request.guidance_scale.unwrap_or(info.defaults.guidance_scale);
        if !(0.0..=MAX_GUIDANCE_SCALE).contains(&guidance_scale) {
            bail!(InvalidArgument, "guidance_scale is {guidance_scale}; expected 0 to {MAX_GUIDANCE_SCALE}");
        }
        let (sampler, implied) = match &request.scheduler {
            Some(name) => Sampler::parse(name)?,
            None => match info.defaults.scheduler.as_deref() {
                Some(name) => Sampler::parse(name)?,
                None => (Sampler::of(&info.scheduler), None),
            },
        };
        let sigmas = match &request.sigmas {
            Some(name) => Some(Sigmas::parse(name)?),
            None => implied,
        };
        let seed = request.seed.unwrap_or_else(random_seed);
        Ok(Self { width, height, steps, guidance_scale, seed, sampler, sigmas })
    }
}

fn side(name: &str, requested: Option<i32>, native: usize, factor: usize) -> Result<usize> {
    let Some(pixels) = requested else { return Ok(native) };
    match usize::try_from(pixels) {
        Ok(pixels) if (1..=MAX_SIDE).contains(&pixels) && pixels % factor == 0 => Ok(pixels),
        _ => bail!(InvalidArgument, "{name} is {pixels}; expected a multiple of {factor} from {factor} to {MAX_SIDE}"),
    }
}

/// A seed that differs from call to call, short enough to be told to somebody.
fn random_seed() -> u64 {
    // The standard library seeds its hash maps from the system's random numbers.
    RandomState::new().hash_one(0) & 0xFFFF_FFFF
}

/// Prompt and negative prompt of a picture.
#[derive(Debug)]
pub struct Conditioning {
    /// What the picture shall show.
    pub positive: Encoded,
    /// What it shall not.
    pub negative: Encoded,
}

/// One picture in progress.
pub struct Diffusion {
    guidance_scale: f32,
    scheduler: Box<dyn Scheduler>,
    random: Random,
    latents: Latents,
    /// The last prediction of the finished latents.
    clean: Option<Latents>,
    evaluation: usize,
    /// `[negative, positive]` or `[positive]`, made at the first evaluation.
    embeddings: Option<Array3<f32>>,
    conditioning: Option<Arc<Conditioning>>,
}

impl Diffusion {
    /// Lays out the timesteps and draws the noise.
    pub fn new(plan: &Plan, info: &ModelInfo) -> Result<Self> {
        let scheduler = scheduler::build(plan.sampler, plan.sigmas, plan.steps, &info.scheduler, false)?;
        let shape = (1, info.latent_channels, plan.height / info.vae_factor, plan.width / info.vae_factor);
        let mut random = Random::new(plan.seed);
        let noise = random.normal(shape.0 * shape.1 * shape.2 * shape.3);
        let noise = Latents::from_shape_vec(shape, noise).expect("as many numbers as the shape has");
        Ok(Self {
            guidance_scale: plan.guidance_scale,
            latents: noise * scheduler.init_noise_sigma(),
            scheduler,
            random,
            clean: None,
            evaluation: 0,
            embeddings: None,
            conditioning: None,
        })
    }

    /// Says what to paint; before the first step.
    pub fn condition(&mut self, conditioning: Arc<Conditioning>) {
        self.conditioning = Some(conditioning);
    }

    /// How often the UNet is evaluated in all.
    pub fn evaluations(&self) -> usize {
        self.scheduler.timesteps().len()
    }

    /// How often it was evaluated up to now.
    pub fn evaluation(&self) -> usize {
        self.evaluation
    }

    /// Latents as they are now; the finished ones when all evaluations are done.
    pub fn latents(&self) -> &Latents {
        &self.latents
    }

    /// The latest prediction of the finished latents, for a preview.
    pub fn clean(&self) -> Option<&Latents> {
        self.clean.as_ref()
    }

    /// Evaluates the UNet once and lets the scheduler step.
    pub fn step(&mut self, model: &mut dyn Model, cancel: &Cancel) -> Result<()> {
        let i = self.evaluation;
        let Some(&timestep) = self.scheduler.timesteps().get(i) else {
            bail!(WrongState, "all {i} evaluations are done; decode the picture")
        };
        let guided = self.guidance_scale > 1.0;
        let embeddings = match self.embeddings.take() {
            Some(embeddings) => embeddings,
            None => self.batch_embeddings(guided)?,
        };
        let input = self.scheduler.scale_model_input(i, &self.latents);
        let input = if guided { concatenate![Axis(0), input, input] } else { input };
        let result = model.denoise(input.view(), timestep, embeddings.view(), cancel);
        self.embeddings = Some(embeddings);
        let output = result?;
        let output = if guided { self.guide(&output) } else { output };

        let step = self.scheduler.step(i, &output, &self.latents, &mut self.random);
        if step.next.iter().any(|x| !x.is_finite()) {
            bail!(NotFinite, "the latents are not finite after evaluation {} of {}", i + 1, self.evaluations());
        }
        self.latents = step.next;
        self.clean = Some(step.clean);
        self.evaluation += 1;
        Ok(())
    }

    /// The picture of the finished latents.
    pub fn decode(&self, model: &mut dyn Model, cancel: &Cancel) -> Result<Picture> {
        if self.evaluation < self.evaluations() {
            bail!(WrongState, "{} of {} evaluations are done; step on", self.evaluation, self.evaluations());
        }
        Picture::from_tensor(model.decode(self.latents.view(), cancel)?)
    }

    fn batch_embeddings(&self, guided: bool) -> Result<Array3<f32>> {
        let Some(conditioning) = &self.conditioning else { bail!(WrongState, "the prompt is not encoded yet") };
        let (positive, negative) = (&conditioning.positive.embeddings, &conditioning.negative.embeddings);
        Ok(if guided { concatenate![Axis(0), *negative, *positive] } else { positive.clone() })
    }

    /// Classifier-free guidance (Ho and Salimans, 2022): away from the negative prompt.
    fn guide(&self, output: &Array4<f32>) -> Array4<f32> {
        let negative = output.slice(s![0..1, .., .., ..]);
        let positive = output.slice(s![1..2, .., .., ..]);
        &negative + (&positive - &negative) * self.guidance_scale
    }
}
