//! Whole runs of every scheduler against diffusers', with a formula in place of the UNet; names,
//! and what is refused.

mod common;

use std::collections::BTreeMap;

use common::golden::{self, Tensors};
use scumble::random::Random;
use scumble::scheduler::{build, Course, Latents, Prediction, Sampler, Scheduler, SchedulerConfig, Sigmas, Spacing};
use scumble::Status;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Run {
    config: String,
    scheduler: String,
    sigmas: Option<String>,
    steps: usize,
    /// Where a run begins that leaves out its beginning.
    begin: Option<usize>,
    evaluations: usize,
}

#[derive(Deserialize)]
struct Config {
    name: String,
    config: SchedulerConfig,
}

#[derive(Deserialize)]
struct Noise {
    scheduler: String,
    sigmas: Option<String>,
    steps: usize,
    evaluations: usize,
}

fn sampler(name: &str) -> Sampler {
    Sampler::parse(name).unwrap().0
}

fn sigmas(name: &Option<String>) -> Option<Sigmas> {
    name.as_deref().map(|name| Sigmas::parse(name).unwrap())
}

fn latents(numbers: &[f32]) -> Latents {
    Latents::from_shape_vec((1, 4, 2, 2), numbers.into()).unwrap()
}

/// `schedulers.py` draws the noise of each step from a generator of its own.
const NOISE_SEED: u64 = 1234;

#[test]
fn runs_end_where_diffusers_ends() {
    let tensors = Tensors::open("schedulers");
    let (start, clean) = (latents(&tensors.floats("start")), latents(&tensors.floats("clean")));
    let (timesteps, inits, ends) =
        (tensors.floats("timesteps"), tensors.floats("init_noise_sigmas"), tensors.floats("ends"));
    let (mut timesteps, mut ends) = (timesteps.iter(), ends.chunks_exact(start.len()));
    let configs = golden::entries::<Config>("scheduler_configs");
    let runs = golden::entries::<Run>("schedulers");
    assert!(runs.len() == inits.len() && runs.len() == ends.len());
    let mut largest = BTreeMap::<String, (usize, f32)>::new();
    for (run, init) in runs.iter().zip(inits) {
        let config = &configs.iter().find(|config| config.name == run.config).unwrap().config;
        let mut scheduler = build(
            sampler(&run.scheduler),
            sigmas(&run.sigmas),
            Course { sdxl: run.config == "sdxl", ..Course::new(run.steps) },
            config,
        )
        .unwrap();

        // Fractions are interpolated on logarithms of f32, whose last bit differs between libraries and
        // processors. The other samplers visit whole timesteps.
        let keeps_fractions = init > 1.0;
        let tolerance = if keeps_fractions { 1e-3 } else { 0.0 };
        assert_eq!(scheduler.timesteps().len(), run.evaluations, "{run:?}");
        for (i, (ours, golden)) in scheduler.timesteps().iter().zip(timesteps.by_ref()).enumerate() {
            assert!((ours - f64::from(*golden)).abs() <= tolerance, "{run:?}: timestep {i} is {ours}, not {golden}");
        }
        let sigma = scheduler.init_noise_sigma();
        assert!((sigma - init).abs() <= 1e-6 * init, "{run:?}: init_noise_sigma is {sigma}, not {init}");

        let sample = match run.begin {
            None => &start * sigma,
            Some(begin) => scheduler.add_noise(begin, &clean, &start),
        };
        let end = paint(&mut *scheduler, run.begin.unwrap_or(0), sample);
        let error = golden::error(end.iter(), ends.next().unwrap());
        // The cosine schedule ends in so much noise that f32 keeps few digits of what is beneath it.
        let tolerance = if run.config == "cosine" { 1e-3 } else { 1e-4 };
        assert!(error <= tolerance, "{run:?}: the end is off by {error}");
        let (count, most) = largest.entry(run.scheduler.clone()).or_default();
        (*count, *most) = (*count + 1, most.max(error));
    }
    println!("runs and largest error: {largest:#?}");
}

#[test]
fn noise_is_added_as_diffusers_adds_it() {
    let tensors = Tensors::open("schedulers");
    let (noise, clean) = (latents(&tensors.floats("start")), latents(&tensors.floats("clean")));
    let noised = tensors.floats("noised");
    let mut noised = noised.chunks_exact(noise.len());
    for run in golden::entries::<Noise>("scheduler_noise") {
        let config = SchedulerConfig::stable_diffusion();
        let scheduler = build(sampler(&run.scheduler), sigmas(&run.sigmas), Course::new(run.steps), &config).unwrap();
        for i in 0..run.evaluations {
            let error = golden::error(scheduler.add_noise(i, &clean, &noise).iter(), noised.next().unwrap());
            assert!(error <= 1e-5, "{} before evaluation {i}: off by {error}", run.scheduler);
        }
    }
}

/// `run` in `schedulers.py`.
fn paint(scheduler: &mut dyn Scheduler, begin: usize, mut sample: Latents) -> Latents {
    let mut random = Random::new(NOISE_SEED);
    scheduler.begin_at(begin);
    for (i, t) in scheduler.timesteps().to_vec().into_iter().enumerate().skip(begin) {
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
    use Sampler::{Ddim, Dpm2, Dpmpp2m, Euler, Heun, Pndm, UniPc};
    for sampler in [Ddim, Pndm, Euler, Heun, Dpm2, Dpmpp2m, UniPc] {
        for left_out in [0, 2, 7, 9] {
            // Begun late, PNDM's doubled first evaluation leaves a step out, as diffusers' does.
            if sampler == Pndm && left_out > 0 {
                continue;
            }
            let mut scheduler = build(sampler, None, Course::new(10), &config).unwrap();
            let begin = left_out * scheduler.order();
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

/// Also with the cosine schedule, which ends in noise levels a thousand times those of Stable Diffusion,
/// and with so many steps that they hardly differ.
#[test]
fn every_run_stays_finite_or_is_refused() {
    let usual = SchedulerConfig::stable_diffusion();
    let cosine = SchedulerConfig { beta_schedule: Some("squaredcos_cap_v2".into()), ..SchedulerConfig::default() };
    let kinds: Vec<_> = Sigmas::names().map(|name| Some(Sigmas::parse(name).unwrap())).chain([None]).collect();
    for (sampler, sigmas) in Sampler::names().map(sampler).flat_map(|s| kinds.iter().map(move |kind| (s, *kind))) {
        for config in [&usual, &cosine] {
            for steps in (1..=20).chain([50, 150, 500, 999, 1000]) {
                let run = format!("{} {sigmas:?}, {steps} steps", sampler.name());
                let mut scheduler = match build(sampler, sigmas, Course::new(steps), config) {
                    Ok(scheduler) => scheduler,
                    Err(error) if error.status() == Status::NotSupported => continue,
                    Err(error) => {
                        let many = if matches!(sampler, Sampler::Lcm | Sampler::Tcd) { 51 } else { 500 };
                        assert!(steps >= many && error.status() == Status::InvalidArgument, "{run}: {error}");
                        continue;
                    }
                };
                let start = Latents::from_elem((1, 1, 2, 2), 0.7) * scheduler.init_noise_sigma();
                let end = paint(&mut *scheduler, 0, start);
                assert!(end.iter().all(|x| x.is_finite()), "{run}");
            }
        }
    }
}

/// What the caller names does what the same choice in the model's files does.
#[test]
fn sigmas_can_be_named_or_configured() {
    let usual = SchedulerConfig::stable_diffusion;
    let karras = SchedulerConfig { use_karras_sigmas: Some(true), ..usual() };
    for (sigmas, configured) in [
        ("leading", SchedulerConfig { timestep_spacing: Some(Spacing::Leading), ..usual() }),
        ("linspace", SchedulerConfig { timestep_spacing: Some(Spacing::Linspace), ..usual() }),
        ("trailing", SchedulerConfig { timestep_spacing: Some(Spacing::Trailing), ..usual() }),
        ("karras", karras.clone()),
        ("exponential", SchedulerConfig { use_exponential_sigmas: Some(true), ..usual() }),
        ("beta", SchedulerConfig { use_beta_sigmas: Some(true), ..usual() }),
    ] {
        for sampler in Sampler::names().map(sampler) {
            // Karras of the files gives way to the caller's choice.
            let Ok(named) = build(sampler, Some(Sigmas::parse(sigmas).unwrap()), Course::new(10), &karras) else {
                continue;
            };
            let configured = build(sampler, None, Course::new(10), &configured).unwrap();
            // diffusers' Euler a does not know the files' curves.
            if sampler != Sampler::EulerAncestral || !["karras", "exponential", "beta"].contains(&sigmas) {
                assert_eq!(named.timesteps(), configured.timesteps(), "{} {sigmas}", sampler.name());
            }
        }
    }
}

#[test]
fn a_file_names_its_sampler() {
    let saved = String::from_utf8(golden::read("scheduler_config.json")).unwrap();
    assert!(saved.contains("-Infinity"));
    let config = SchedulerConfig::parse(&saved).unwrap();
    assert_eq!(Sampler::of(&config), Sampler::Dpmpp2mSde);
    assert_eq!((config.solver_order, config.use_karras_sigmas), (Some(2), Some(true)));
    assert_eq!(config.not_followed(), Vec::<String>::new());

    let of = |class: &str| {
        Sampler::of(&SchedulerConfig { class_name: Some(class.into()), ..SchedulerConfig::stable_diffusion() })
    };
    for (class, sampler) in [
        ("DDIMScheduler", Sampler::Ddim),
        ("PNDMScheduler", Sampler::Pndm),
        ("LMSDiscreteScheduler", Sampler::Lms),
        ("EulerDiscreteScheduler", Sampler::Euler),
        ("EulerAncestralDiscreteScheduler", Sampler::EulerAncestral),
        ("HeunDiscreteScheduler", Sampler::Heun),
        ("KDPM2DiscreteScheduler", Sampler::Dpm2),
        ("KDPM2AncestralDiscreteScheduler", Sampler::Dpm2Ancestral),
        ("DPMSolverMultistepScheduler", Sampler::Dpmpp2m),
        ("DPMSolverSDEScheduler", Sampler::DpmppSde),
        ("UniPCMultistepScheduler", Sampler::UniPc),
        ("DEISMultistepScheduler", Sampler::Deis),
        ("LCMScheduler", Sampler::Lcm),
        ("TCDScheduler", Sampler::Tcd),
        ("ScoreSdeVeScheduler", Sampler::Dpmpp2m),
    ] {
        assert_eq!(of(class), sampler, "{class}");
    }
}

#[test]
fn settings_that_are_not_followed_are_named() {
    let config = SchedulerConfig::parse(
        r#"{"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver", "use_lu_lambdas": true}"#,
    );
    let sentences = config.unwrap().not_followed();
    assert!(sentences.iter().any(|sentence| sentence.starts_with("algorithm_type is dpmsolver,")), "{sentences:?}");
    assert!(sentences.iter().any(|sentence| sentence.starts_with("use_lu_lambdas is true,")), "{sentences:?}");
    assert_eq!(sentences.len(), 2, "{sentences:?}");
}

#[test]
fn names_are_read_as_people_type_them() {
    use Sampler::*;
    use Sigmas::{Ays, Beta, Exponential, Karras, SgmUniform, Simple};
    let trailing = Sigmas::Spacing(Spacing::Trailing);
    for (name, sampler, sigmas) in [
        ("ddim", Ddim, None),
        ("DDIM", Ddim, None),
        ("DDIM trailing", Ddim, Some(trailing)),
        ("DDIMScheduler", Ddim, None),
        ("pndm", Pndm, None),
        ("PLMS", Pndm, None),
        ("LMS", Lms, None),
        ("LMS Karras", Lms, Some(Karras)),
        ("euler", Euler, None),
        ("Euler Karras", Euler, Some(Karras)),
        ("Euler SGM Uniform", Euler, Some(SgmUniform)),
        ("euler_simple", Euler, Some(Simple)),
        ("EulerDiscreteScheduler", Euler, None),
        ("euler_a", EulerAncestral, None),
        ("Euler a", EulerAncestral, None),
        ("euler-ancestral", EulerAncestral, None),
        ("EulerAncestralDiscreteScheduler", EulerAncestral, None),
        ("Heun", Heun, None),
        ("heun_beta", Heun, Some(Beta)),
        ("DPM2", Dpm2, None),
        ("dpm_2", Dpm2, None),
        ("DPM2 Karras", Dpm2, Some(Karras)),
        ("DPM2 a", Dpm2Ancestral, None),
        ("DPM2 a Karras", Dpm2Ancestral, Some(Karras)),
        ("dpm_2_ancestral", Dpm2Ancestral, None),
        ("dpmpp_2m", Dpmpp2m, None),
        ("dpmpp_2m_karras", Dpmpp2m, Some(Karras)),
        ("DPM++ 2M", Dpmpp2m, None),
        ("DPM++ 2M Karras", Dpmpp2m, Some(Karras)),
        ("DPM++ 2M AYS", Dpmpp2m, Some(Ays)),
        ("dpm++_2m", Dpmpp2m, None),
        ("DPMSolverMultistepScheduler", Dpmpp2m, None),
        ("DPM++ 2M SDE", Dpmpp2mSde, None),
        ("DPM++ 2M SDE Karras", Dpmpp2mSde, Some(Karras)),
        ("dpmpp_2m_sde_exponential", Dpmpp2mSde, Some(Exponential)),
        ("DPM++ 3M SDE Exponential", Dpmpp3mSde, Some(Exponential)),
        ("DPM++ SDE", DpmppSde, None),
        ("dpmpp_sde_karras", DpmppSde, Some(Karras)),
        ("UniPC", UniPc, None),
        ("uni_pc", UniPc, None),
        ("DEIS", Deis, None),
        ("lcm", Lcm, None),
        ("TCD", Tcd, None),
    ] {
        assert_eq!(Sampler::parse(name), Ok((sampler, sigmas)), "{name}");
    }
    for name in Sampler::names() {
        assert_eq!(Sampler::parse(name).unwrap().0.name(), name);
    }
    for name in Sigmas::names() {
        assert_eq!(Sigmas::parse(&name.to_uppercase()).unwrap().name(), name);
    }
    assert_eq!(Sigmas::parse("Align Your Steps"), Ok(Ays));
}

#[test]
fn unknown_names_are_answered_with_the_known() {
    for name in ["", "karras", "dpmpp_3m", "euler b", "オイラー"] {
        let error = Sampler::parse(name).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument, "{name}");
        let text = error.to_string();
        assert!(text.contains(&format!("\"{name}\"")) && Sampler::names().all(|known| text.contains(known)), "{text}");
    }
    for name in ["", "euler", "cosine"] {
        let error = Sigmas::parse(name).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument, "{name}");
        let text = error.to_string();
        assert!(text.contains(&format!("\"{name}\"")) && Sigmas::names().all(|known| text.contains(known)), "{text}");
    }
}

#[test]
fn what_cannot_work_is_refused() {
    use Sampler::{Ddim, Deis, Dpm2, Dpm2Ancestral, Dpmpp2m, DpmppSde, Euler, EulerAncestral, Lcm, Pndm, Tcd, UniPc};
    let usual = SchedulerConfig::stable_diffusion();
    let sample = SchedulerConfig { prediction_type: Some(Prediction::Sample), ..usual.clone() };
    let betas = |betas: &[f32]| SchedulerConfig { trained_betas: Some(betas.into()), ..SchedulerConfig::default() };
    let (one, none, all) = (betas(&[0.5]), betas(&[0.0, 0.5]), betas(&[0.5, 1.0]));
    let same = betas(&[0.5, 1e-9]);
    let zero_snr = SchedulerConfig { rescale_betas_zero_snr: Some(true), ..usual.clone() };
    let two_curves = SchedulerConfig { use_karras_sigmas: Some(true), use_beta_sigmas: Some(true), ..usual.clone() };
    let order_9 = SchedulerConfig { solver_order: Some(9), ..usual.clone() };
    let short = SchedulerConfig { num_train_timesteps: Some(100), ..usual.clone() };
    let undistilled = SchedulerConfig { original_inference_steps: Some(0), ..usual.clone() };
    let (karras, simple) = (Some(Sigmas::Karras), Some(Sigmas::Simple));
    let (leading, trailing) = (Some(Sigmas::Spacing(Spacing::Leading)), Some(Sigmas::Spacing(Spacing::Trailing)));
    for (sampler, sigmas, steps, config, status, text) in [
        (Pndm, None, 10, &sample, Status::NotSupported, "\"pndm\" cannot sample a model that predicts clean"),
        (EulerAncestral, None, 10, &sample, Status::NotSupported, "\"euler_a\""),
        (Dpm2, None, 10, &sample, Status::NotSupported, "\"dpm2\""),
        (Dpm2Ancestral, None, 10, &sample, Status::NotSupported, "\"dpm2_a\""),
        (DpmppSde, None, 10, &sample, Status::NotSupported, "\"dpmpp_sde\""),
        (Ddim, karras, 10, &usual, Status::NotSupported, "\"karras\", which the scheduler \"ddim\""),
        (Pndm, simple, 10, &usual, Status::NotSupported, "\"simple\", which the scheduler \"pndm\""),
        (Euler, Some(Sigmas::Ays), 10, &short, Status::NotSupported, "\"ays\", a table for 1000 timesteps"),
        (Lcm, leading, 4, &usual, Status::NotSupported, "\"leading\", which the scheduler \"lcm\""),
        (Tcd, karras, 4, &usual, Status::NotSupported, "\"karras\", which the scheduler \"tcd\""),
        (Euler, None, 0, &usual, Status::InvalidArgument, "steps is 0; expected 1 to 1000"),
        (Dpmpp2m, None, 1001, &usual, Status::InvalidArgument, "steps is 1001; expected 1 to 1000"),
        (Lcm, None, 51, &usual, Status::InvalidArgument, "steps is 51; this model was distilled on 50"),
        // Between timesteps of 0 to 999 there is no room for a thousand steps.
        (Dpmpp2m, None, 1000, &usual, Status::InvalidArgument, "use fewer steps"),
        (UniPc, None, 1000, &usual, Status::InvalidArgument, "use fewer steps"),
        // The offset of this configuration leads beyond the last timestep, 999.
        (Ddim, None, 1000, &usual, Status::InvalidArgument, "timestep 1000"),
        (Euler, leading, 1000, &usual, Status::InvalidArgument, "timestep 1000"),
        // Too few noise levels to lie between, no noise, and nothing but noise.
        (Dpmpp2m, karras, 1, &one, Status::ModelInvalid, "betas"),
        (Euler, None, 2, &none, Status::ModelInvalid, "betas"),
        (Ddim, None, 2, &all, Status::ModelInvalid, "betas"),
        (Euler, None, 2, &same, Status::ModelInvalid, "betas"),
        (Ddim, trailing, 10, &zero_snr, Status::NotSupported, "pure noise"),
        (Lcm, None, 4, &zero_snr, Status::NotSupported, "pure noise"),
        (Euler, None, 10, &two_curves, Status::ModelInvalid, "use_karras_sigmas"),
        (Deis, None, 10, &order_9, Status::ModelUnsupported, "solver_order is 9; expected 1 to 3"),
        (Tcd, None, 4, &undistilled, Status::ModelInvalid, "original_inference_steps is 0"),
    ] {
        let Err(error) = build(sampler, sigmas, Course::new(steps), config) else {
            panic!("{} {sigmas:?}, {steps} steps: not refused", sampler.name());
        };
        assert_eq!(error.status(), status, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
}
