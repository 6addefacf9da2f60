//! The state machine of one picture: noise, denoised step by step, decoded. It knows nothing of
//! threads, handles or files.

mod pictures;
mod plan;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use ndarray::{concatenate, s, Array2, Array3, Array4, Axis};

use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::image::Picture;
use crate::model::{Conditioning, Denoise, Family, Model, ModelInfo};
use crate::random::Random;
use crate::scheduler::{self, Course, Latents, Scheduler};
use pictures::{Keep, Pictures};

pub use plan::{ControlRequest, Plan, Request};

/// One picture in progress.
pub struct Diffusion {
    guidance_scale: f32,
    guidance_rescale: f32,
    /// Whether each evaluation is done for the negative prompt too.
    guided: bool,
    scheduler: Box<dyn Scheduler>,
    random: Random,
    pictures: Pictures,
    shape: (usize, usize, usize, usize),
    /// None until the first evaluation: noise takes a while to draw, and a picture to be encoded.
    latents: Option<Latents>,
    keep: Option<Keep>,
    masked: Option<Array4<f32>>,
    /// The last prediction of the finished latents.
    clean: Option<Latents>,
    /// The evaluation of the scheduler that comes first, and how many were done.
    begin: usize,
    evaluation: usize,
    steps: usize,
    batch: Option<Batch>,
    conditioning: Option<Arc<Conditioning>>,
}

/// Negative and positive prompt in one batch, or the positive alone; made at the first evaluation.
struct Batch {
    /// No other batch of this process has it.
    number: u64,
    embeddings: Array3<f32>,
    pooled: Option<Array2<f32>>,
}

static BATCHES: AtomicU64 = AtomicU64::new(0);

/// Normal noise.
fn noise(shape: (usize, usize, usize, usize), random: &mut Random) -> Latents {
    let numbers = random.normal(shape.0 * shape.1 * shape.2 * shape.3);
    Latents::from_shape_vec(shape, numbers).expect("as many numbers as the shape has")
}

impl Diffusion {
    /// Lays out the timesteps.
    pub fn new(request: &Request, plan: &Plan, info: &ModelInfo) -> Result<Self> {
        let course = Course { steps: plan.steps, reach: plan.reach, sdxl: info.family == Family::Sdxl };
        let mut scheduler = scheduler::build(plan.sampler, plan.sigmas, course, &info.scheduler)?;
        let begin = plan.skipped * scheduler.order();
        if begin > 0 {
            scheduler.begin_at(begin);
        }
        let pictures = Pictures::new(request, plan);
        let shape = (1, info.latent_channels, plan.height / info.vae_factor, plan.width / info.vae_factor);
        Ok(Self {
            guidance_scale: plan.guidance_scale,
            guidance_rescale: plan.guidance_rescale,
            guided: plan.guidance_scale > 1.0 && !info.features.embeds_guidance,
            scheduler,
            random: Random::new(plan.seed),
            pictures,
            shape,
            latents: None,
            keep: None,
            masked: None,
            clean: None,
            begin,
            evaluation: 0,
            steps: plan.steps - plan.skipped,
            batch: None,
            conditioning: None,
        })
    }

    /// Says what to paint; before the first step.
    pub fn condition(&mut self, conditioning: Arc<Conditioning>) {
        self.conditioning = Some(conditioning);
    }

    /// How many steps are done in all: fewer than asked for where a picture is there to start from.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// How often the UNet is evaluated in all.
    pub fn evaluations(&self) -> usize {
        self.scheduler.timesteps().len() - self.begin
    }

    /// How often it was evaluated up to now.
    pub fn evaluation(&self) -> usize {
        self.evaluation
    }

    /// Latents as they are now, the finished ones when all evaluations are done; none before the first.
    pub fn latents(&self) -> Option<&Latents> {
        self.latents.as_ref()
    }

    /// The latest prediction of the finished latents, for a preview.
    pub fn clean(&self) -> Option<&Latents> {
        self.clean.as_ref()
    }

    /// Evaluates the UNet once and lets the scheduler step. The first draws the noise, or encodes the picture
    /// to start from.
    pub fn step(&mut self, model: &mut dyn Model, cancel: &Cancel) -> Result<()> {
        let i = self.begin + self.evaluation;
        let Some(&timestep) = self.scheduler.timesteps().get(i) else {
            bail!(WrongState, "all {} evaluations are done; decode the picture", self.evaluation)
        };
        if self.batch.is_none() {
            self.batch = Some(self.make_batch()?);
        }
        if self.latents.is_none() {
            self.begin(model, cancel)?;
        }
        let (Some(batch), Some(latents)) = (&self.batch, &self.latents) else {
            bail!(WrongState, "there is nothing to denoise")
        };

        let input = self.scheduler.scale_model_input(i, latents);
        let input = if self.guided { concatenate![Axis(0), input, input] } else { input };
        let denoise = Denoise {
            latents: input.view(),
            masked: self.masked.as_ref().map(|masked| masked.view()),
            timestep,
            embeddings: batch.embeddings.view(),
            pooled: batch.pooled.as_ref().map(|pooled| pooled.view()),
            guidance_scale: self.guidance_scale,
            controls: &self.pictures.controls(self.evaluation, self.evaluations()),
            conditions: batch.number,
        };
        let output = model.denoise(&denoise, cancel)?;
        let output = if self.guided { self.guide(&output) } else { output };

        let step = self.scheduler.step(i, &output, latents, &mut self.random);
        let is_last = self.evaluation + 1 == self.evaluations();
        let next = match &self.keep {
            Some(keep) => keep.restore(&step.next, &*self.scheduler, (!is_last).then_some(i + 1)),
            None => step.next,
        };
        if next.iter().any(|x| !x.is_finite()) {
            let (done, all) = (self.evaluation + 1, self.evaluations());
            bail!(NotFinite, "the latents are not finite after evaluation {done} of {all}");
        }
        self.latents = Some(next);
        self.clean = Some(step.clean);
        self.evaluation += 1;
        Ok(())
    }

    /// The picture of the finished latents.
    pub fn decode(&self, model: &mut dyn Model, cancel: &Cancel) -> Result<Picture> {
        match &self.latents {
            Some(latents) if self.evaluation == self.evaluations() => {
                Picture::from_tensor(model.decode(latents.view(), cancel)?)
            }
            _ => bail!(WrongState, "{} of {} evaluations are done; step on", self.evaluation, self.evaluations()),
        }
    }

    fn begin(&mut self, model: &mut dyn Model, cancel: &Cancel) -> Result<()> {
        let random = &mut self.random;
        match self.pictures.encode(model, &*self.scheduler, self.begin, self.shape, random, cancel)? {
            Some(encoded) => {
                (self.latents, self.keep, self.masked) = (Some(encoded.latents), encoded.keep, encoded.masked);
            }
            None => self.latents = Some(noise(self.shape, random) * self.scheduler.init_noise_sigma()),
        }
        Ok(())
    }

    fn make_batch(&self) -> Result<Batch> {
        let Some(conditioning) = &self.conditioning else { bail!(WrongState, "the prompt is not encoded yet") };
        let (positive, negative) = (&conditioning.positive, &conditioning.negative);
        let number = BATCHES.fetch_add(1, Ordering::Relaxed);
        if !self.guided {
            return Ok(Batch { number, embeddings: positive.embeddings.clone(), pooled: positive.pooled.clone() });
        }
        let embeddings = concatenate![Axis(0), negative.embeddings, positive.embeddings];
        let pooled = match (&negative.pooled, &positive.pooled) {
            (Some(negative), Some(positive)) => Some(concatenate![Axis(0), *negative, *positive]),
            _ => None,
        };
        Ok(Batch { number, embeddings, pooled })
    }

    /// Classifier-free guidance (Ho and Salimans, 2022): away from the negative prompt.
    fn guide(&self, output: &Array4<f32>) -> Array4<f32> {
        let negative = output.slice(s![0..1, .., .., ..]);
        let positive = output.slice(s![1..2, .., .., ..]);
        let guided = &negative + (&positive - &negative) * self.guidance_scale;
        if self.guidance_rescale == 0.0 {
            return guided;
        }
        // Lin et al. (2023), section 3.4: towards the deviation of the prompt alone.
        let rescaled = &guided * (positive.std(1.0) / guided.std(1.0));
        rescaled * self.guidance_rescale + guided * (1.0 - self.guidance_rescale)
    }
}
