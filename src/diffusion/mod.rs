//! The state machine of one picture: noise, denoised step by step, decoded. It knows nothing of
//! threads, handles or files.

mod inputs;
mod mask;
mod plan;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use ndarray::{concatenate, s, Array2, Array3, Array4, Axis};

use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::image::{self, Picture};
use crate::log::{self, LogLevel};
use crate::model::{Conditioning, Denoise, Family, Model, ModelInfo};
use crate::random::Random;
use crate::scheduler::{self, Course, Latents, Pipeline, Scheduler};
use inputs::{At, ControlImage, Inputs};
use mask::{Keep, Paste};

pub use plan::{ControlRequest, Plan, Request};

/// One picture in progress.
pub struct Diffusion {
    /// None when all evaluations are done, or when it has ended.
    denoising: Option<Denoising>,
    /// None until the first evaluation: noise takes a while to draw, and a picture to be encoded.
    latents: Option<Arc<Latents>>,
    /// Puts the pixels that a mask keeps back.
    paste: Option<Paste>,
    /// The evaluation of the scheduler that comes first; how many come in all, and how many were done.
    begin: usize,
    evaluations: usize,
    evaluation: usize,
    steps: usize,
    keep_floats: bool,
}

/// What is needed until all evaluations are done.
struct Denoising {
    guidance_scale: f32,
    guidance_rescale: f32,
    /// Whether each evaluation is done for the negative prompt too.
    guided: bool,
    scheduler: Box<dyn Scheduler>,
    random: Random,
    /// None from the first evaluation on.
    inputs: Option<Inputs>,
    shape: (usize, usize, usize, usize),
    keep: Option<Keep>,
    masked: Option<Array4<f32>>,
    controls: Vec<ControlImage>,
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
fn noise(shape: (usize, usize, usize, usize), random: &mut Random) -> Result<Latents> {
    let numbers = random.normal(shape.0 * shape.1 * shape.2 * shape.3);
    Ok(Latents::from_shape_vec(shape, numbers).expect("as many numbers as the shape has"))
}

/// The pipeline of diffusers that fulfils this request.
fn pipeline(request: &Request, info: &ModelInfo) -> Pipeline {
    match info.family {
        Family::Sdxl => Pipeline::Unchanged,
        _ if info.features.embeds_guidance || !request.controls.is_empty() => Pipeline::Unchanged,
        _ if request.has_mask() => Pipeline::StableDiffusionInpaint,
        _ => Pipeline::StableDiffusion,
    }
}

impl Diffusion {
    /// Lays out the timesteps. All else is left to the first evaluation.
    pub fn new(request: &Request, plan: &Plan, info: &ModelInfo) -> Result<Self> {
        let course = Course {
            steps: plan.steps,
            reach: plan.reach,
            sdxl: info.family == Family::Sdxl,
            eta: plan.eta,
            custom: plan.custom.clone(),
        };
        let config = info.scheduler.for_pipeline(pipeline(request, info))?;
        let mut scheduler = scheduler::build(plan.sampler, plan.sigmas, course, &config)?;
        let begin = plan.skipped * scheduler.order();
        if begin >= scheduler.timesteps().len() {
            bail!(
                InvalidArgument,
                "strength leaves none of the {} timesteps that the scheduler visits; use more of it",
                scheduler.timesteps().len()
            );
        }
        if begin > 0 {
            scheduler.begin_at(begin);
        }
        if let Some(timestep) = scheduler.timesteps().iter().find(|t| info.cuts_timesteps && t.fract() != 0.0) {
            let (model, sampler) = (&info.name, plan.sampler.name());
            let text =
                "the UNet takes whole timesteps, so their fractions are cut off; export it with a timestep of float32";
            log::push(LogLevel::Warning, format!("model {model:?}, scheduler {sampler}, timestep {timestep}: {text}"));
        }
        let [channels, height, width] = plan.latents;
        Ok(Self {
            begin,
            evaluations: scheduler.timesteps().len() - begin,
            denoising: Some(Denoising {
                guidance_scale: plan.guidance_scale,
                guidance_rescale: plan.guidance_rescale,
                guided: plan.guidance_scale > 1.0 && !info.features.embeds_guidance,
                scheduler,
                random: Random::new(plan.seed),
                inputs: Some(Inputs::new(request, plan)),
                shape: (1, channels, height, width),
                keep: None,
                masked: None,
                controls: Vec::new(),
                batch: None,
                conditioning: None,
            }),
            latents: None,
            paste: None,
            evaluation: 0,
            steps: plan.steps - plan.skipped,
            keep_floats: request.keep_floats,
        })
    }

    /// Says what to paint; before the first step.
    pub fn condition(&mut self, conditioning: Arc<Conditioning>) {
        if let Some(denoising) = &mut self.denoising {
            denoising.conditioning = Some(conditioning);
        }
    }

    /// How many steps are done in all: fewer than asked for where a picture is there to start from.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// How often the UNet is evaluated in all.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// How often it was evaluated up to now.
    pub fn evaluation(&self) -> usize {
        self.evaluation
    }

    /// Latents as they are now, the finished ones when all evaluations are done; none before the first.
    pub fn latents(&self) -> Option<&Arc<Latents>> {
        self.latents.as_ref()
    }

    /// Gives up all that it holds, to be freed: it has ended.
    pub fn end(&mut self) -> impl Sized {
        (self.denoising.take(), self.latents.take(), self.paste.take())
    }

    /// Bytes that it holds besides its latents.
    pub fn bytes(&self) -> usize {
        let denoising = self.denoising.as_ref().map_or(0, Denoising::bytes);
        denoising + self.paste.as_ref().map_or(0, Paste::bytes)
    }

    /// Evaluates the UNet once and lets the scheduler step. The first draws the noise, or encodes the picture
    /// to start from. Gives the prediction of the finished latents, for a preview.
    pub fn step(&mut self, model: &mut dyn Model, cancel: &Cancel) -> Result<Latents> {
        let Some(denoising) = &mut self.denoising else {
            bail!(WrongState, "all {} evaluations are done; decode the picture", self.evaluation)
        };
        if denoising.batch.is_none() {
            denoising.batch = Some(denoising.make_batch()?);
        }
        let latents = match (&self.latents, denoising.inputs.take()) {
            (Some(latents), _) => Arc::clone(latents),
            (None, Some(inputs)) => {
                let Denoising { scheduler, random, shape, .. } = denoising;
                let at = At { scheduler: &**scheduler, begin: self.begin, shape: *shape, random };
                let start = inputs.begin(model, at, cancel)?;
                self.paste = start.paste;
                (denoising.keep, denoising.masked, denoising.controls) = (start.keep, start.masked, start.controls);
                Arc::new(start.latents)
            }
            (None, None) => bail!(WrongState, "there is nothing to denoise"),
        };
        let (next, clean) = denoising.step(self.begin, self.evaluation, self.evaluations, &latents, model, cancel)?;
        self.latents = Some(Arc::new(next));
        self.evaluation += 1;
        if self.evaluation == self.evaluations {
            self.denoising = None;
        }
        Ok(clean)
    }

    /// The picture of the finished latents.
    pub fn decode(&self, model: &mut dyn Model, cancel: &Cancel) -> Result<Picture> {
        match &self.latents {
            Some(latents) if self.evaluation == self.evaluations => {
                let mut planes = model.decode(latents.view(), cancel)?;
                image::to_unit(&mut planes)?;
                if let Some(paste) = &self.paste {
                    paste.over(&mut planes);
                }
                Picture::of_unit(planes, self.keep_floats)
            }
            _ => bail!(WrongState, "{} of {} evaluations are done; step on", self.evaluation, self.evaluations),
        }
    }
}

impl Denoising {
    /// Evaluation `done` of `all`. Gives the next latents, and the prediction of the finished ones.
    fn step(
        &mut self,
        begin: usize,
        done: usize,
        all: usize,
        latents: &Latents,
        model: &mut dyn Model,
        cancel: &Cancel,
    ) -> Result<(Latents, Latents)> {
        let i = begin + done;
        let Some(batch) = &self.batch else { bail!(WrongState, "there is nothing to denoise") };
        let input = self.scheduler.scale_model_input(i, latents);
        let input = if self.guided { concatenate![Axis(0), input, input] } else { input };
        let denoise = Denoise {
            latents: input.view(),
            masked: self.masked.as_ref().map(|masked| masked.view()),
            timestep: self.scheduler.timesteps()[i],
            embeddings: batch.embeddings.view(),
            pooled: batch.pooled.as_ref().map(|pooled| pooled.view()),
            guidance_scale: self.guidance_scale,
            controls: &self.controls.iter().filter_map(|control| control.at(done, all)).collect::<Vec<_>>(),
            conditions: batch.number,
        };
        let output = model.denoise(&denoise, cancel)?;
        let output = if self.guided { self.guide(&output) } else { output };

        let scheduler::Step { mut next, clean } = self.scheduler.step(i, &output, latents, &mut self.random);
        if let Some(keep) = &self.keep {
            let is_last = done + 1 == all;
            keep.restore(&mut next, &*self.scheduler, (!is_last).then_some(i + 1), done + 1, all);
        }
        if next.iter().any(|x| !x.is_finite()) {
            bail!(NotFinite, "the latents are not finite after evaluation {} of {all}", done + 1);
        }
        Ok((next, clean))
    }

    /// Bytes that it holds, but for what is as small as latents.
    fn bytes(&self) -> usize {
        let inputs = self.inputs.as_ref().map_or(0, Inputs::bytes);
        let controls: usize = self.controls.iter().map(ControlImage::bytes).sum();
        inputs + controls + self.keep.as_ref().map_or(0, Keep::bytes)
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
