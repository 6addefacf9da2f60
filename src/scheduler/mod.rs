//! Schedulers: from noise to a picture in a given number of steps.
//!
//! A scheduler is a value: it is asked for its timesteps, is given what the UNet made of the
//! latents at each of them, and answers with the next latents. It knows nothing of models,
//! threads or prompts. Numbers follow diffusers 0.42 (see `tests/reference`).

mod clip;
mod config;
mod ddim;
mod ddpm;
mod deis;
mod dpm2;
mod dpmpp_2s_ancestral;
mod dpmpp_multistep;
mod dpmpp_sde;
mod dpmpp_singlestep;
mod euler;
mod exponential;
mod heun;
mod ipndm;
mod lcm;
mod levels;
mod lms;
mod names;
mod noise_schedule;
mod options;
mod pndm;
mod sigmas;
mod tcd;
mod timesteps;
mod unipc;

use ndarray::Array4;

pub use config::{
    Algorithm, FinalSigma, Interpolation, Pipeline, Prediction, SchedulerConfig, SolverType, Spacing, TimestepType,
};
pub use levels::Levels;
pub use names::{Sampler, Sigmas};
pub use noise_schedule::NoiseSchedule;
pub use options::{Course, Custom};

use crate::error::{bail, Result};
use crate::random::Random;
use exponential::Integral;
use options::Options;
use sigmas::Curve;

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
    /// The noise levels of the run.
    fn levels(&self) -> &Levels;

    /// The latents after evaluation `i`. Evaluations come in order, each once.
    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step;

    /// Evaluations that one step takes, but for the last.
    fn order(&self) -> usize {
        1
    }

    /// Begins at evaluation `i`, a multiple of the order, instead of at the first: image-to-image leaves
    /// out the noisiest part (diffusers' `set_begin_index`). Most samplers see from their own past where
    /// a run begins.
    fn begin_at(&mut self, _i: usize) {}

    /// The timestep given to the UNet at each evaluation, from noisy to clean.
    fn timesteps(&self) -> &[f64] {
        &self.levels().timesteps
    }

    /// The standard deviation of the noise to start from.
    fn init_noise_sigma(&self) -> f32 {
        self.levels().init_noise_sigma
    }

    /// The latents as the UNet expects them at evaluation `i`.
    fn scale_model_input(&self, i: usize, sample: &Latents) -> Latents {
        self.levels().scale_model_input(i, sample)
    }

    /// A clean picture's latents with this noise, as they are before evaluation `i` (diffusers' `add_noise`).
    fn add_noise(&self, i: usize, clean: &Latents, noise: &Latents) -> Latents {
        self.levels().add_noise(i, clean, noise)
    }
}

/// The sampler of a run over the model's noise schedule.
pub fn build(
    sampler: Sampler,
    sigmas: Option<Sigmas>,
    course: Course,
    config: &SchedulerConfig,
) -> Result<Box<dyn Scheduler>> {
    let steps = course.steps;
    let schedule = NoiseSchedule::new(config, sampler)?;
    let train = schedule.alphas_cumprod.len();
    if steps == 0 || steps > train {
        bail!(InvalidArgument, "steps is {steps}; expected 1 to {train}, the timesteps that the model was trained on");
    }
    refuse_what_is_not_defined(sampler, sigmas, config.prediction())?;
    if sigmas == Some(Sigmas::Ays) && train != 1000 {
        bail!(NotSupported, "sigmas is \"ays\", a table for 1000 timesteps; this model was trained on {train}");
    }
    let curve = match sigmas {
        Some(Sigmas::Karras) => Some(Curve::Karras),
        Some(Sigmas::Exponential) => Some(Curve::Exponential),
        Some(Sigmas::Beta) => Some(Curve::Beta),
        Some(Sigmas::Ays) => Some(Curve::AlignYourSteps),
        Some(_) => None,
        // diffusers' class has none of these keys.
        None if sampler == Sampler::EulerAncestral => None,
        None => config.curve(sampler)?,
    };
    refuse_custom(sampler, sigmas, curve, &course, train)?;
    let ends_are_read = !(curve == Some(Curve::Karras) && matches!(sampler, Sampler::Lms | Sampler::DpmppSde));
    let clipped = match config.lambda_min_clipped {
        Some(lambda) if sampler.follows("lambda_min_clipped") => schedule.noisier_than(lambda),
        _ => 0,
    };
    if clipped >= train {
        bail!(ModelInvalid, "scheduler_config.json: lambda_min_clipped leaves none of the {train} timesteps");
    }
    let options = Options {
        config,
        course: &course,
        sigmas,
        curve,
        curve_ends: if ends_are_read { (config.sigma_min, config.sigma_max) } else { (None, None) },
        reads_spacing: !sampler.is_dpm_singlestep(),
        clipped,
    };
    let multistep = |schedule: NoiseSchedule, order: Result<usize>, integral: Integral| {
        let heun = options.is_heun() || sampler == Sampler::Dpmpp2mSdeHeun;
        dpmpp_multistep::Dpmpp::new(schedule, &options, order?, integral, heun)
    };
    let (order, singlestep) = (options.solver_order(), dpmpp_singlestep::Singlestep::new);
    let scheduler: Box<dyn Scheduler> = match sampler {
        Sampler::Ddim => Box::new(ddim::Ddim::new(schedule, &options)?),
        Sampler::Ddpm => Box::new(ddpm::Ddpm::new(schedule, &options)?),
        Sampler::Pndm => Box::new(pndm::Pndm::new(schedule, &options, config.skip_prk_steps != Some(true))?),
        Sampler::Plms => Box::new(pndm::Pndm::new(schedule, &options, false)?),
        Sampler::Lms => Box::new(lms::Lms::new(schedule, &options)?),
        Sampler::Euler => Box::new(euler::Euler::new(schedule, &options)?),
        Sampler::EulerAncestral => Box::new(euler::Euler::ancestral(schedule, &options)?),
        Sampler::Heun => Box::new(heun::Heun::new(schedule, &options)?),
        Sampler::Dpm2 => Box::new(dpm2::Dpm2::new(schedule, &options, false)?),
        Sampler::Dpm2Ancestral => Box::new(dpm2::Dpm2::new(schedule, &options, true)?),
        Sampler::Dpm2m => Box::new(multistep(schedule, order, Integral::Noise)?),
        Sampler::Dpm2mSde => Box::new(multistep(schedule, order, Integral::NoiseSde)?),
        Sampler::Dpm2s => Box::new(singlestep(schedule, &options, Integral::Noise)?),
        Sampler::Dpmpp2m => Box::new(multistep(schedule, order, Integral::Clean)?),
        Sampler::Dpmpp2mSde => Box::new(multistep(schedule, order, Integral::CleanSde)?),
        Sampler::Dpmpp2mSdeHeun => Box::new(multistep(schedule, Ok(2), Integral::CleanSde)?),
        Sampler::Dpmpp3m => Box::new(multistep(schedule, Ok(3), Integral::Clean)?),
        Sampler::Dpmpp3mSde => Box::new(multistep(schedule, Ok(3), Integral::CleanSde)?),
        Sampler::Dpmpp2s => Box::new(singlestep(schedule, &options, Integral::Clean)?),
        Sampler::Dpmpp2sSde => Box::new(singlestep(schedule, &options, Integral::CleanSde)?),
        Sampler::Dpmpp2sAncestral => Box::new(dpmpp_2s_ancestral::Dpmpp2sAncestral::new(schedule, &options)?),
        Sampler::DpmppSde => Box::new(dpmpp_sde::DpmppSde::new(schedule, &options)?),
        Sampler::UniPc => Box::new(unipc::UniPc::new(schedule, &options)?),
        Sampler::Deis => Box::new(deis::Deis::new(schedule, &options)?),
        Sampler::Ipndm => Box::new(ipndm::Ipndm::new(schedule, &options)?),
        Sampler::Lcm => Box::new(lcm::Lcm::new(schedule, &options)?),
        Sampler::Tcd => Box::new(tcd::Tcd::new(schedule, &options)?),
    };
    if config.prediction() == Prediction::Epsilon && scheduler.levels().has_pure_noise() {
        bail!(
            NotSupported,
            "scheduler \"{}\" would begin at pure noise (rescale_betas_zero_snr), where a model that predicts noise \
             has nothing to predict",
            sampler.name()
        );
    }
    Ok(scheduler)
}

fn refuse_what_is_not_defined(sampler: Sampler, sigmas: Option<Sigmas>, prediction: Prediction) -> Result<()> {
    use Sampler::{Ddim, Ddpm, Dpm2, Dpm2Ancestral, DpmppSde, EulerAncestral, Lcm, Plms, Pndm, Tcd};
    let spacing_works = match (sampler, sigmas) {
        (_, None) => true,
        (Lcm | Tcd, Some(_)) => false, // they visit what they were distilled on
        (Ddim | Ddpm | Plms | Pndm, Some(sigmas)) => matches!(sigmas, Sigmas::Spacing(_)),
        _ => true,
    };
    if let (Some(sigmas), false) = (sigmas, spacing_works) {
        bail!(
            NotSupported,
            "sigmas is \"{}\", which the scheduler \"{}\" does not have",
            sigmas.name(),
            sampler.name()
        );
    }
    let clean_works = !matches!(sampler, Plms | Pndm | EulerAncestral | Dpm2 | Dpm2Ancestral | DpmppSde);
    if prediction == Prediction::Sample && !clean_works {
        bail!(NotSupported, "scheduler \"{}\" cannot sample a model that predicts clean latents", sampler.name());
    }
    Ok(())
}

/// Whether the caller's own noise levels, and the noise in a step, are what the sampler takes.
fn refuse_custom(
    sampler: Sampler,
    sigmas: Option<Sigmas>,
    curve: Option<Curve>,
    course: &Course,
    train: usize,
) -> Result<()> {
    let name = sampler.name();
    if !(0.0..=1.0).contains(&course.eta) {
        bail!(InvalidArgument, "eta is {}; expected 0 to 1", course.eta);
    }
    if course.eta > 0.0 && !sampler.takes_eta() {
        bail!(
            NotSupported,
            "eta is {}, which the scheduler \"{name}\" does not have; expected ddim or tcd",
            course.eta
        );
    }
    let (given, takes) = match &course.custom {
        Custom::None => return Ok(()),
        Custom::Timesteps(_) => ("timesteps", sampler.takes_timesteps()),
        Custom::Sigmas(_) => ("sigma_values", sampler.takes_sigmas()),
    };
    if !takes {
        bail!(NotSupported, "{given} are given, which the scheduler \"{name}\" does not take");
    }
    match sigmas {
        Some(Sigmas::Spacing(_)) => (),
        Some(sigmas) => bail!(InvalidArgument, "{given} are given, and sigmas is \"{}\"; expected one of them", sigmas.name()),
        None if curve.is_some() && given == "timesteps" => bail!(
            NotSupported,
            "timesteps are given, but the model's scheduler_config.json sets a curve of sigmas, which decides them; set \
             sigmas to \"linspace\" to leave it out"
        ),
        None => (),
    }
    course.custom.check(train)
}

/// Normal noise in the shape of these latents.
pub fn normal_like(latents: &Latents, random: &mut Random) -> Latents {
    Latents::from_shape_vec(latents.dim(), random.normal(latents.len())).expect("as many numbers as the shape has")
}
