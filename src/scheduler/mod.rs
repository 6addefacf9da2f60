//! Schedulers: from noise to a picture in a given number of steps.
//!
//! A scheduler is a value: it is asked for its timesteps, is given what the UNet made of the
//! latents at each of them, and answers with the next latents. It knows nothing of models,
//! threads or prompts. Numbers follow diffusers 0.42 (see `tests/reference`).

mod config;
mod ddim;
mod dpmpp_2m;
mod euler;
mod noise_schedule;
mod pndm;
mod timesteps;

use ndarray::Array4;

pub use config::{Prediction, SchedulerConfig, Spacing};
pub use noise_schedule::NoiseSchedule;

use crate::error::{bail, Result};
use crate::random::Random;

/// Latents of one picture: `[1, channels, height, width]`.
pub type Latents = Array4<f32>;

/// One step of a scheduler.
pub struct Step {
    /// The latents to go on with.
    pub next: Latents,
    /// What the picture would be if this output were right: what previews show.
    pub clean: Latents,
}

/// A sampler with its timesteps laid out.
pub trait Scheduler: Send {
    /// The timestep given to the UNet at each evaluation, from noisy to clean.
    fn timesteps(&self) -> &[f64];

    /// Evaluations that one step takes, but for the last.
    fn order(&self) -> usize {
        1
    }

    /// Begins at evaluation `i`, a multiple of the order, instead of at the first: image-to-image leaves
    /// out the noisiest part (diffusers' `set_begin_index`). Most samplers see from their own past where
    /// a run begins.
    fn begin_at(&mut self, _i: usize) {}

    /// A clean picture's latents with this noise, as they are before evaluation `i` (diffusers' `add_noise`).
    fn add_noise(&self, i: usize, clean: &Latents, noise: &Latents) -> Latents;

    /// The standard deviation of the noise to start from.
    fn init_noise_sigma(&self) -> f32 {
        1.0
    }

    /// The latents as the UNet expects them at evaluation `i`.
    fn scale_model_input(&self, _i: usize, sample: &Latents) -> Latents {
        sample.clone()
    }

    /// The latents after evaluation `i`. Evaluations come in order, each once.
    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step;
}

/// Which sampler, by the name that people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampler {
    /// DDIM, η = 0.
    Ddim,
    /// PNDM without Runge-Kutta steps, also called PLMS.
    Pndm,
    /// Euler.
    Euler,
    /// Euler ancestral, which adds noise at each step.
    EulerAncestral,
    /// DPM-Solver++ of second order, multistep.
    Dpmpp2m,
}

/// How sigmas or timesteps are spaced, where the model's own choice is overruled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sigmas {
    /// One of the spacings of timesteps.
    Spacing(Spacing),
    /// Karras et al. (2022).
    Karras,
}

const SAMPLERS: [(&str, Sampler, &[&str]); 5] = [
    ("ddim", Sampler::Ddim, &["ddim", "ddimscheduler"]),
    ("pndm", Sampler::Pndm, &["pndm", "plms", "pndmscheduler"]),
    ("euler", Sampler::Euler, &["euler", "eulerdiscrete", "eulerdiscretescheduler"]),
    (
        "euler_a",
        Sampler::EulerAncestral,
        &["eulera", "eulerancestral", "eulerancestraldiscrete", "eulerancestraldiscretescheduler"],
    ),
    ("dpmpp_2m", Sampler::Dpmpp2m, &["dpmpp2m", "dpmsolverpp", "dpmsolvermultistep", "dpmsolvermultistepscheduler"]),
];

const SIGMAS: [(&str, Sigmas); 4] = [
    ("karras", Sigmas::Karras),
    ("leading", Sigmas::Spacing(Spacing::Leading)),
    ("linspace", Sigmas::Spacing(Spacing::Linspace)),
    ("trailing", Sigmas::Spacing(Spacing::Trailing)),
];

impl Sampler {
    /// The name that `_info` and messages give.
    pub fn name(self) -> &'static str {
        SAMPLERS.iter().find(|(_, sampler, _)| *sampler == self).map_or("", |(name, ..)| name)
    }

    /// The names of all samplers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SAMPLERS.iter().map(|(name, ..)| *name)
    }

    /// Reads a name as people type it: case, spaces, `_`, `-` and `+`/`p` do not matter, and a
    /// spacing may follow (`dpmpp_2m_karras`, "DPM++ 2M Karras").
    pub fn parse(text: &str) -> Result<(Sampler, Option<Sigmas>)> {
        let plain = plain_name(text);
        let find = |name: &str| SAMPLERS.iter().find(|(_, _, names)| names.contains(&name)).map(|found| found.1);
        if let Some(sampler) = find(&plain) {
            return Ok((sampler, None));
        }
        for (suffix, sigmas) in SIGMAS {
            if let Some(sampler) = plain.strip_suffix(suffix).and_then(find) {
                return Ok((sampler, Some(sigmas)));
            }
        }
        let known: Vec<_> = Sampler::names().collect();
        bail!(InvalidArgument, "scheduler is \"{text}\"; expected one of {}", known.join(", "))
    }
}

impl Sigmas {
    /// The names of all spacings.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SIGMAS.iter().map(|(name, _)| *name)
    }

    /// Reads the name of a spacing.
    pub fn parse(text: &str) -> Result<Sigmas> {
        let plain = plain_name(text);
        match SIGMAS.iter().find(|(name, _)| *name == plain) {
            Some((_, sigmas)) => Ok(*sigmas),
            None => {
                let known: Vec<_> = Sigmas::names().collect();
                bail!(InvalidArgument, "sigmas is \"{text}\"; expected one of {}", known.join(", "))
            }
        }
    }
}

fn plain_name(text: &str) -> String {
    text.to_lowercase().replace('+', "p").chars().filter(|c| c.is_ascii_alphanumeric()).collect()
}

/// What a scheduler is built from.
pub struct Options<'a> {
    config: &'a SchedulerConfig,
    steps: usize,
    spacing: Option<Spacing>,
    karras: bool,
}

impl Options<'_> {
    fn spacing_or(&self, class_default: Spacing) -> Spacing {
        self.spacing.or(self.config.timestep_spacing).unwrap_or(class_default)
    }
}

/// The sampler of a run of `steps` steps over the model's noise schedule.
pub fn build(
    sampler: Sampler,
    sigmas: Option<Sigmas>,
    steps: usize,
    config: &SchedulerConfig,
) -> Result<Box<dyn Scheduler>> {
    let schedule = NoiseSchedule::new(config)?;
    let train = schedule.alphas_cumprod.len();
    if steps == 0 || steps > train {
        bail!(InvalidArgument, "steps is {steps}; expected 1 to {train}, the timesteps that the model was trained on");
    }
    let karras_works = matches!(sampler, Sampler::Euler | Sampler::Dpmpp2m);
    if sigmas == Some(Sigmas::Karras) && !karras_works {
        bail!(NotSupported, "sigmas is \"karras\", which the scheduler \"{}\" does not have", sampler.name());
    }
    let clean_works = matches!(sampler, Sampler::Ddim | Sampler::Euler | Sampler::Dpmpp2m);
    if config.prediction() == Prediction::Sample && !clean_works {
        bail!(NotSupported, "scheduler \"{}\" cannot sample a model that predicts clean latents", sampler.name());
    }
    let options = Options {
        config,
        steps,
        spacing: match sigmas {
            Some(Sigmas::Spacing(spacing)) => Some(spacing),
            _ => None,
        },
        karras: match sigmas {
            Some(sigmas) => sigmas == Sigmas::Karras,
            None => config.use_karras_sigmas.unwrap_or(false),
        },
    };
    let scheduler: Box<dyn Scheduler> = match sampler {
        Sampler::Ddim => Box::new(ddim::Ddim::new(schedule, &options)),
        Sampler::Pndm => Box::new(pndm::Pndm::new(schedule, &options)),
        Sampler::Euler => Box::new(euler::Euler::new(schedule, &options, false)),
        Sampler::EulerAncestral => Box::new(euler::Euler::new(schedule, &options, true)),
        Sampler::Dpmpp2m => Box::new(dpmpp_2m::Dpmpp2m::new(schedule, &options)),
    };
    // The leading spacing adds an offset, which overshoots when every timestep is visited.
    if let Some(beyond) = scheduler.timesteps().iter().find(|t| **t > (train - 1) as f64) {
        bail!(
            InvalidArgument,
            "steps is {steps}, which makes {} begin at timestep {beyond}; this model ends at {}: use fewer steps",
            sampler.name(),
            train - 1
        );
    }
    Ok(scheduler)
}

/// Normal noise in the shape of these latents.
pub fn normal_like(latents: &Latents, random: &mut Random) -> Latents {
    Latents::from_shape_vec(latents.dim(), random.normal(latents.len())).expect("as many numbers as the shape has")
}
