//! Whole runs of every scheduler against diffusers', with a formula in place of the UNet; names,
//! and what is refused.

mod common;

use common::golden::{self, Tensors};
use scumble::random::Random;
use scumble::scheduler::{build, Latents, Prediction, Sampler, Scheduler, SchedulerConfig, Sigmas, Spacing};
use scumble::Status;
use serde::Deserialize;

#[derive(Deserialize)]
struct Run {
    name: String,
    scheduler: String,
    config: SchedulerConfig,
    sigmas: Option<String>,
    steps: usize,
    /// Whole, or f32 in diffusers too.
    timesteps: Vec<f32>,
    init_noise_sigma: f32,
}

impl Run {
    fn sampler(&self) -> Sampler {
        Sampler::parse(&self.scheduler).unwrap().0
    }

    fn sigmas(&self) -> Option<Sigmas> {
        self.sigmas.as_deref().map(|name| Sigmas::parse(name).unwrap())
    }
}

/// `schedulers.py` draws the noise of Euler a from a generator of its own.
const NOISE_SEED: u64 = 1234;

#[test]
fn runs_end_where_diffusers_ends() {
    let tensors = Tensors::open("schedulers");
    for run in golden::entries::<Run>("schedulers") {
        let name = &run.name;
        let mut scheduler = build(run.sampler(), run.sigmas(), run.steps, &run.config).unwrap();

        // Where fractions are kept, Karras' timesteps are interpolated on logarithms of f32, whose
        // last bit differs between libraries and processors.
        let tolerance = if run.scheduler == "euler" && run.sigmas.is_some() { 1e-6 } else { 0.0 };
        assert_eq!(scheduler.timesteps().len(), run.timesteps.len(), "{name}");
        for (i, (ours, golden)) in scheduler.timesteps().iter().zip(&run.timesteps).enumerate() {
            let golden = f64::from(*golden);
            assert!((ours - golden).abs() <= tolerance * golden, "{name}: timestep {i} is {ours}, not {golden}");
        }
        let (sigma, golden) = (scheduler.init_noise_sigma(), run.init_noise_sigma);
        assert!((sigma - golden).abs() <= 1e-6 * golden, "{name}: init_noise_sigma is {sigma}, not {golden}");

        let start = Latents::from_shape_vec((1, 4, 4, 4), tensors.floats(&format!("{name}.start"))).unwrap();
        let end = paint(&mut *scheduler, start);
        let error = golden::error(end.iter(), &tensors.floats(&format!("{name}.end")));
        assert!(error <= 1e-4, "{name}: the end is off by {error}");
    }
}

/// `run` in `schedulers.py`.
fn paint(scheduler: &mut dyn Scheduler, start: Latents) -> Latents {
    let mut random = Random::new(NOISE_SEED);
    let mut sample = start * scheduler.init_noise_sigma();
    for (i, t) in scheduler.timesteps().to_vec().into_iter().enumerate() {
        let output = model(&scheduler.scale_model_input(i, &sample), t as f32);
        sample = scheduler.step(i, &output, &sample, &mut random).next;
    }
    sample
}

/// `model` in `schedulers.py`.
fn model(x: &Latents, t: f32) -> Latents {
    x.mapv(|x| 0.4 * x + 0.3 * (t / 150.0).sin() + 0.05 * (3.0 * x).cos())
}

/// To a model that knows the noise, a run may begin anywhere: it ends at the clean latents.
#[test]
fn what_was_added_is_taken_away() {
    let config = SchedulerConfig { set_alpha_to_one: Some(true), ..SchedulerConfig::stable_diffusion() };
    let mut random = Random::new(NOISE_SEED);
    let mut draw = || Latents::from_shape_vec((1, 4, 4, 4), random.normal(64)).unwrap();
    let (clean, noise) = (draw(), draw());
    for sampler in [Sampler::Ddim, Sampler::Pndm, Sampler::Euler, Sampler::Dpmpp2m] {
        for begin in [0, 2, 7, 9] {
            // Begun late, PNDM's doubled first evaluation leaves a step out, as diffusers' does.
            if sampler == Sampler::Pndm && begin > 0 {
                continue;
            }
            let mut scheduler = build(sampler, None, 10, &config).unwrap();
            scheduler.begin_at(begin);
            let mut sample = scheduler.add_noise(begin, &clean, &noise);
            for i in begin..scheduler.timesteps().len() {
                sample = scheduler.step(i, &noise, &sample, &mut random).next;
            }
            let error = golden::error(sample.iter(), clean.as_slice().unwrap());
            assert!(error <= 1e-4, "{} from {begin}: the end is off by {error}", sampler.name());
        }
    }
}

/// The cosine schedule ends in noise levels a thousand times those of Stable Diffusion.
#[test]
fn steep_noise_stays_finite() {
    let config = SchedulerConfig { beta_schedule: Some("squaredcos_cap_v2".into()), ..SchedulerConfig::default() };
    for sampler in Sampler::names().map(|name| Sampler::parse(name).unwrap().0) {
        for sigmas in ["leading", "linspace", "trailing"].map(|name| Sigmas::parse(name).unwrap()) {
            for steps in 1..=20 {
                let mut scheduler = build(sampler, Some(sigmas), steps, &config).unwrap();
                let end = paint(&mut *scheduler, Latents::from_elem((1, 1, 2, 2), 0.7));
                assert!(end.iter().all(|x| x.is_finite()), "{} {sigmas:?}, {steps} steps", sampler.name());
            }
        }
    }
}

/// The caller's spacing does what the same spacing in the model's files does.
#[test]
fn a_spacing_can_be_named_or_configured() {
    let spacings = [("leading", Spacing::Leading), ("linspace", Spacing::Linspace), ("trailing", Spacing::Trailing)];
    for sampler in Sampler::names().map(|name| Sampler::parse(name).unwrap().0) {
        for (name, spacing) in spacings {
            // Karras of the files, where the sampler has it, gives way to the caller's spacing.
            let plain = SchedulerConfig { use_karras_sigmas: Some(true), ..SchedulerConfig::stable_diffusion() };
            let configured = SchedulerConfig { timestep_spacing: Some(spacing), ..SchedulerConfig::stable_diffusion() };
            let named = build(sampler, Some(Sigmas::parse(name).unwrap()), 10, &plain).unwrap();
            let configured = build(sampler, None, 10, &configured).unwrap();
            assert_eq!(named.timesteps(), configured.timesteps(), "{} {name}", sampler.name());
        }
    }
    let karras = SchedulerConfig { use_karras_sigmas: Some(true), ..SchedulerConfig::stable_diffusion() };
    for sampler in [Sampler::Euler, Sampler::Dpmpp2m] {
        let configured = build(sampler, None, 10, &karras).unwrap();
        let named = build(sampler, Some(Sigmas::Karras), 10, &SchedulerConfig::stable_diffusion()).unwrap();
        assert_eq!(named.timesteps(), configured.timesteps(), "{}", sampler.name());
    }
}

#[test]
fn names_are_read_as_people_type_them() {
    let karras = Some(Sigmas::Karras);
    let trailing = Some(Sigmas::Spacing(Spacing::Trailing));
    for (name, expected) in [
        ("ddim", (Sampler::Ddim, None)),
        ("DDIM", (Sampler::Ddim, None)),
        ("DDIM trailing", (Sampler::Ddim, trailing)),
        ("DDIMScheduler", (Sampler::Ddim, None)),
        ("pndm", (Sampler::Pndm, None)),
        ("PLMS", (Sampler::Pndm, None)),
        ("PNDMScheduler", (Sampler::Pndm, None)),
        ("euler", (Sampler::Euler, None)),
        ("Euler Karras", (Sampler::Euler, karras)),
        ("EulerDiscreteScheduler", (Sampler::Euler, None)),
        ("euler_a", (Sampler::EulerAncestral, None)),
        ("Euler a", (Sampler::EulerAncestral, None)),
        ("euler-ancestral", (Sampler::EulerAncestral, None)),
        ("EulerAncestralDiscreteScheduler", (Sampler::EulerAncestral, None)),
        ("dpmpp_2m", (Sampler::Dpmpp2m, None)),
        ("dpmpp_2m_karras", (Sampler::Dpmpp2m, karras)),
        ("DPM++ 2M", (Sampler::Dpmpp2m, None)),
        ("DPM++ 2M Karras", (Sampler::Dpmpp2m, karras)),
        ("dpm++_2m", (Sampler::Dpmpp2m, None)),
        ("DPMSolverMultistepScheduler", (Sampler::Dpmpp2m, None)),
    ] {
        assert_eq!(Sampler::parse(name), Ok(expected), "{name}");
    }
    for name in Sampler::names() {
        assert_eq!(Sampler::parse(name).unwrap().0.name(), name);
    }
    assert_eq!(Sigmas::parse("Karras"), Ok(Sigmas::Karras));
}

#[test]
fn unknown_names_are_answered_with_the_known() {
    for name in ["", "karras", "dpmpp_3m", "euler b", "オイラー"] {
        let error = Sampler::parse(name).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument, "{name}");
        let text = error.to_string();
        assert!(text.contains(&format!("\"{name}\"")) && Sampler::names().all(|known| text.contains(known)), "{text}");
    }
    for name in ["", "euler", "exponential"] {
        let error = Sigmas::parse(name).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument, "{name}");
        let text = error.to_string();
        assert!(text.contains(&format!("\"{name}\"")) && Sigmas::names().all(|known| text.contains(known)), "{text}");
    }
}

#[test]
fn what_cannot_work_is_refused() {
    use Sampler::{Ddim, Dpmpp2m, Euler, EulerAncestral, Pndm};
    let usual = SchedulerConfig::stable_diffusion();
    let sample = SchedulerConfig { prediction_type: Some(Prediction::Sample), ..usual.clone() };
    let betas = |betas: &[f32]| SchedulerConfig { trained_betas: Some(betas.into()), ..SchedulerConfig::default() };
    let (one, none, all) = (betas(&[0.5]), betas(&[0.0, 0.5]), betas(&[0.5, 1.0]));
    let karras = Some(Sigmas::Karras);
    let leading = Some(Sigmas::Spacing(Spacing::Leading));
    for (sampler, sigmas, steps, config, status) in [
        (Pndm, None, 10, &sample, Status::NotSupported),
        (EulerAncestral, None, 10, &sample, Status::NotSupported),
        (Ddim, karras, 10, &usual, Status::NotSupported),
        (Pndm, karras, 10, &usual, Status::NotSupported),
        (EulerAncestral, karras, 10, &usual, Status::NotSupported),
        (Euler, None, 0, &usual, Status::InvalidArgument),
        (Dpmpp2m, None, 1001, &usual, Status::InvalidArgument),
        // The offset of this configuration leads beyond the last timestep, 999.
        (Ddim, None, 1000, &usual, Status::InvalidArgument),
        (Euler, leading, 1000, &usual, Status::InvalidArgument),
        // Too few noise levels to lie between, no noise, and nothing but noise.
        (Dpmpp2m, karras, 1, &one, Status::ModelInvalid),
        (Euler, None, 2, &none, Status::ModelInvalid),
        (Ddim, None, 2, &all, Status::ModelInvalid),
    ] {
        let refused = build(sampler, sigmas, steps, config).err().map(|error| error.status());
        assert_eq!(refused, Some(status), "{} {sigmas:?}, {steps} steps", sampler.name());
    }
}
