//! Whole runs of every scheduler against diffusers', with a formula in place of the UNet; names,
//! and what is refused.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::fake;
use common::golden::{self, Tensors};
use scumble::diffusion::Plan;
use scumble::random::Random;
use scumble::scheduler::{
    build, Course, Custom, Latents, Prediction, Sampler, Scheduler, SchedulerConfig, Sigmas, Spacing,
};
use scumble::{Format, Pixels, Request, Status};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Run {
    config: String,
    scheduler: String,
    sigmas: Option<String>,
    steps: usize,
    /// Where a run begins that leaves out its beginning.
    begin: Option<usize>,
    eta: Option<f64>,
    timesteps: Option<Vec<usize>>,
    sigma_values: Option<Vec<f32>>,
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

impl Run {
    fn course(&self) -> Course {
        let custom = match (&self.timesteps, &self.sigma_values) {
            (Some(timesteps), _) => Custom::Timesteps(timesteps.clone()),
            (_, Some(sigmas)) => Custom::Sigmas(sigmas.clone()),
            _ => Custom::None,
        };
        Course { sdxl: self.config == "sdxl", eta: self.eta.unwrap_or(0.0), custom, ..Course::new(self.steps) }
    }
}

fn sampler(name: &str) -> Sampler {
    Sampler::parse(name).unwrap().0
}

fn sigmas(name: &Option<String>) -> Option<Sigmas> {
    name.as_deref().map(|name| Sigmas::parse(name).unwrap().unwrap())
}

fn latents(numbers: &[f32]) -> Latents {
    Latents::from_shape_vec((1, 4, 2, 2), numbers.into()).unwrap()
}

/// `schedulers.py` draws the noise of each step from a generator of its own.
const NOISE_SEED: u64 = 1234;

#[test]
fn runs_end_where_diffusers_ends() {
    runs_end("schedulers");
}

/// Settings that fewer models have, samplers that fewer people use, and what a caller chooses by itself.
#[test]
fn runs_of_other_settings_end_where_diffusers_ends() {
    runs_end("more_schedulers");
}

fn runs_end(file: &str) {
    let tensors = Tensors::open(file);
    let (start, clean) = (latents(&tensors.floats("start")), latents(&tensors.floats("clean")));
    let (timesteps, inits, ends) =
        (tensors.floats("timesteps"), tensors.floats("init_noise_sigmas"), tensors.floats("ends"));
    let (mut timesteps, mut ends) = (timesteps.iter(), ends.chunks_exact(start.len()));
    let configs = golden::entries::<Config>("scheduler_configs");
    let runs = golden::entries::<Run>(file);
    assert!(runs.len() == inits.len() && runs.len() == ends.len());
    let mut largest = BTreeMap::<String, (usize, f32)>::new();
    for (run, init) in runs.iter().zip(inits) {
        let config = &configs.iter().find(|config| config.name == run.config).unwrap().config;
        let mut scheduler = build(sampler(&run.scheduler), sigmas(&run.sigmas), run.course(), config).unwrap();

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
        // Where there is so much noise, f32 keeps few digits of what is beneath it: the cosine schedule ends at a σ of
        // 20000, and that of zero SNR at 4096, from which one step goes to none.
        let tolerance = match (run.config.as_str(), run.steps) {
            // Its weights, of up to 59/24, take away more digits.
            ("cosine", _) if run.scheduler == "ipndm" => 1e-2,
            ("cosine" | "lambda_clipped", _) => 1e-3,
            ("zero_snr", 1) => 2e-3,
            _ => 1e-4,
        };
        assert!(error <= tolerance, "{run:?}: the end is off by {error}");
        let (count, most) = largest.entry(run.scheduler.clone()).or_default();
        (*count, *most) = (*count + 1, most.max(error));
    }
    println!("runs and largest error: {largest:#?}");
}

#[test]
fn noise_is_added_as_diffusers_adds_it() {
    let (tensors, noised) = (Tensors::open("schedulers"), Tensors::open("scheduler_noise").floats("noised"));
    let (noise, clean) = (latents(&tensors.floats("start")), latents(&tensors.floats("clean")));
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

/// Every hundredth of strength with all steps up to 150. The file has those that Python's rounding gives otherwise than
/// whole numbers do.
#[test]
fn strength_leaves_as_many_steps_as_in_python() {
    #[derive(Deserialize)]
    struct Exception {
        steps: usize,
        hundredths: usize,
        done: usize,
    }
    let exceptions = golden::entries::<Exception>("strength");
    assert!(!exceptions.is_empty());
    let mut info = fake::model(|_| Ok(())).info().clone();
    let picture = Arc::new(Pixels::read(&[0; 3], Format::Rgb8, (1, 1), 3, false, "picture").unwrap());
    for steps in 1..=150 {
        for hundredths in 0..=100 {
            let exception = exceptions.iter().find(|it| (it.steps, it.hundredths) == (steps, hundredths));
            let done = exception.map_or(steps * hundredths / 100, |exception| exception.done).max(1);
            let strength: f32 = format!("{}.{:02}", hundredths / 100, hundredths % 100).parse().unwrap();
            let mut request =
                Request { picture: Some(picture.clone()), strength: Some(strength), ..Request::default() };
            request.steps = Some(steps as i32);
            info.features.embeds_guidance = false;
            let plan = Plan::new(&request, &info).unwrap();
            assert_eq!(plan.steps - plan.skipped, done, "{steps} steps, strength {strength}");

            // Consistency models leave out as much of what they were distilled on.
            (request.steps, request.scheduler) = (Some(1), Some("lcm".into()));
            info.features.embeds_guidance = true;
            info.scheduler.original_inference_steps = Some(steps);
            let plan = Plan::new(&request, &info).unwrap();
            let course = Course { reach: plan.reach, ..Course::new(1) };
            let scheduler = build(Sampler::Lcm, None, course, &info.scheduler).unwrap();
            let first = (done * (1000 / steps) - 1) as f64;
            assert_eq!(scheduler.timesteps(), [first], "distilled on {steps}, strength {strength}");
        }
    }
}

/// Without a strength, of one step it is done.
#[test]
fn the_default_strength_does_one_step_of_one() {
    let info = fake::model(|_| Ok(())).info().clone();
    let picture = Arc::new(Pixels::read(&[0; 3], Format::Rgb8, (1, 1), 3, false, "picture").unwrap());
    let request = Request { picture: Some(picture), steps: Some(1), ..Request::default() };
    let plan = Plan::new(&request, &info).unwrap();
    assert_eq!((plan.steps, plan.skipped), (1, 0));
}

/// diffusers' `StableDiffusionPipeline` and `StableDiffusionInpaintPipeline` 0.42.1 mend these when they are made.
#[test]
fn settings_that_pipelines_change() {
    use scumble::scheduler::Pipeline::{StableDiffusion, StableDiffusionInpaint, Unchanged};
    let old = |class: &str| SchedulerConfig { class_name: Some(class.into()), ..SchedulerConfig::default() };
    for (class, pipeline, offset, clip, skip) in [
        ("DDIMScheduler", StableDiffusion, Some(1), Some(false), None),
        ("DDIMScheduler", StableDiffusionInpaint, Some(1), None, None),
        ("DDIMScheduler", Unchanged, None, None, None),
        ("PNDMScheduler", StableDiffusion, Some(1), None, None),
        ("PNDMScheduler", StableDiffusionInpaint, Some(1), None, Some(true)),
        ("EulerDiscreteScheduler", StableDiffusion, Some(1), None, None),
        ("DPMSolverSinglestepScheduler", StableDiffusion, None, None, None),
    ] {
        let config = old(class).for_pipeline(pipeline).unwrap();
        assert_eq!((config.steps_offset, config.clip_sample, config.skip_prk_steps), (offset, clip, skip), "{class}");
    }
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
    let kinds: Vec<_> = Sigmas::names().map(|name| Sigmas::parse(name).unwrap()).chain([None]).collect();
    for (sampler, sigmas) in Sampler::names().map(sampler).flat_map(|s| kinds.iter().map(move |kind| (s, *kind))) {
        for config in [&usual, &cosine] {
            for steps in [1, 2, 3, 4, 5, 7, 10, 14, 15, 20, 50, 150, 1000] {
                let run = format!("{} {sigmas:?}, {steps} steps", sampler.name());
                let mut scheduler = match build(sampler, sigmas, Course::new(steps), config) {
                    Ok(scheduler) => scheduler,
                    Err(error) if error.status() == Status::NotSupported => continue,
                    Err(error) => {
                        if sampler == Sampler::Pndm && steps < 4 {
                            continue; // its start takes four
                        }
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
            let Ok(named) = build(sampler, Sigmas::parse(sigmas).unwrap(), Course::new(10), &karras) else {
                continue;
            };
            let configured = build(sampler, None, Course::new(10), &configured).unwrap();
            // diffusers' Euler a does not know the files' curves, and DPM-Solver singlestep not their spacings.
            let knows = match sigmas {
                "karras" | "exponential" | "beta" => sampler != Sampler::EulerAncestral,
                _ => !sampler.is_dpm_singlestep(),
            };
            if knows {
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
    assert_eq!(Sampler::of(&config), Ok(Sampler::Dpmpp2mSde));
    assert_eq!((config.solver_order, config.use_karras_sigmas), (Some(2), Some(true)));
    assert_eq!(config.not_followed(Sampler::Dpmpp2mSde), Vec::<String>::new());

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
        ("DDPMScheduler", Sampler::Ddpm),
        ("DPMSolverSinglestepScheduler", Sampler::Dpmpp2s),
        ("IPNDMScheduler", Sampler::Ipndm),
        ("DDIMParallelScheduler", Sampler::Ddim),
    ] {
        assert_eq!(of(class), Ok(sampler), "{class}");
    }
}

/// All classes of `diffusers.schedulers` 0.42.1 that are not followed: another noise schedule, or none for latents.
#[test]
fn classes_that_are_not_followed_are_refused_by_name() {
    for class in [
        "AmusedScheduler",
        "BlockRefinementScheduler",
        "CMStochasticIterativeScheduler",
        "CogVideoXDDIMScheduler",
        "CogVideoXDPMScheduler",
        "ConsistencyDecoderScheduler",
        "CosineDPMSolverMultistepScheduler",
        "DDIMInverseScheduler",
        "DDPMWuerstchenScheduler",
        "DPMSolverMultistepInverseScheduler",
        "DiscreteDDIMScheduler",
        "EDMDPMSolverMultistepScheduler",
        "EDMEulerScheduler",
        "EntropyBoundScheduler",
        "FlowMapEulerDiscreteScheduler",
        "FlowMatchEulerDiscreteScheduler",
        "FlowMatchHeunDiscreteScheduler",
        "FlowMatchLCMScheduler",
        "HeliosDMDScheduler",
        "HeliosScheduler",
        "KarrasVeScheduler",
        "LTXEulerAncestralRFScheduler",
        "MiniMaxH3Scheduler",
        "PiflowScheduler",
        "RFD4ProteinaScheduler",
        "RePaintScheduler",
        "SASolverScheduler",
        "SCMScheduler",
        "ScoreSdeVeScheduler",
        "ScoreSdeVpScheduler",
        "UnCLIPScheduler",
        "VQDiffusionScheduler",
        // Names are not classes.
        "euler",
        "",
    ] {
        let error = Sampler::of(&SchedulerConfig { class_name: Some(class.into()), ..SchedulerConfig::default() });
        let error = error.unwrap_err();
        assert_eq!(error.status(), Status::ModelUnsupported, "{class}");
        assert!(error.to_string().contains(&format!("class is \"{class}\"")), "{error}");
    }
    // On its own noise schedule, rather than that of a Stable Diffusion.
    let own = SchedulerConfig { class_name: Some("IPNDMScheduler".into()), ..SchedulerConfig::default() };
    let error = Sampler::of(&own).unwrap_err();
    assert!(error.to_string().contains("\"IPNDMScheduler\", which has a noise schedule of its own"), "{error}");
}

#[test]
fn settings_that_are_not_followed_are_named() {
    let sentences = |text: &str| {
        let config = SchedulerConfig::parse(text).unwrap();
        let sampler = Sampler::of(&config).unwrap();
        config.not_followed(sampler)
    };
    let told = sentences(
        r#"{"_class_name": "EulerAncestralDiscreteScheduler", "use_karras_sigmas": true, "lambda_min_clipped": -5.1,
            "interpolation_type": "linear", "steps_ofset": 1, "_private": 1, "use_dynamic_shifting": false}"#,
    );
    assert_eq!(
        told,
        [
            "steps_ofset is 1, which is not known and changes nothing",
            "use_karras_sigmas is true, which the scheduler \"euler_a\" does not follow, here and in diffusers",
            "lambda_min_clipped is -5.1, which the scheduler \"euler_a\" does not follow, here and in diffusers",
        ]
    );
    let told = sentences(
        r#"{"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver", "use_lu_lambdas": true}"#,
    );
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn values_that_no_class_has_are_errors_of_their_key() {
    for (text, status, key) in [
        (r#"{"timestep_spacing": "sideways"}"#, Status::ModelInvalid, "timestep_spacing is \"sideways\": unknown"),
        (r#"{"algorithm_type": "dpmsolver+"}"#, Status::ModelInvalid, "algorithm_type is \"dpmsolver+\": unknown"),
        (r#"{"solver_type": "rk4"}"#, Status::ModelInvalid, "solver_type is \"rk4\": unknown"),
        (r#"{"prediction_type": "flow_prediction"}"#, Status::ModelUnsupported, "prediction_type is"),
        (r#"{"prediction_type": "magic"}"#, Status::ModelInvalid, "prediction_type is \"magic\": unknown variant"),
        (r#"{"interpolation_type": "cubic"}"#, Status::ModelInvalid, "interpolation_type is"),
        (r#"{"final_sigmas_type": "one"}"#, Status::ModelInvalid, "final_sigmas_type is"),
        (r#"{"timestep_type": "both"}"#, Status::ModelInvalid, "timestep_type is"),
        (r#"{"use_karras_sigmas": "yes"}"#, Status::ModelInvalid, "use_karras_sigmas is \"yes\": invalid type"),
        (r#"{"solver_order": -1}"#, Status::ModelInvalid, "solver_order is -1: invalid value"),
        (r#"{"disable_corrector": 2}"#, Status::ModelInvalid, "disable_corrector is 2: invalid type"),
        ("{", Status::ModelInvalid, "EOF"),
    ] {
        let error = SchedulerConfig::parse(text).unwrap_err();
        assert_eq!(error.status(), status, "{text}");
        assert!(error.to_string().contains(key), "{error}");
    }
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
        ("PLMS", Plms, None),
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
        // diffusers.
        ("KDPM2AncestralDiscreteScheduler", Dpm2Ancestral, None),
        ("HeunDiscreteScheduler", Heun, None),
        ("DPMSolverSinglestepScheduler", Dpmpp2s, None),
        ("dpmsolver++", Dpmpp2m, None),
        // The web UI, and its interface for programs.
        ("DPM++ 2S a", Dpmpp2sAncestral, None),
        ("DPM++ 2S a Karras", Dpmpp2sAncestral, Some(Karras)),
        ("DPM++ 2M SDE Heun", Dpmpp2mSdeHeun, None),
        ("DPM++ 2M SDE Heun Exponential", Dpmpp2mSdeHeun, Some(Exponential)),
        ("k_euler_a", EulerAncestral, None),
        ("k_lms", Lms, None),
        ("k_dpm_2_a_ka", Dpm2Ancestral, Some(Karras)),
        ("k_dpmpp_2m_ka", Dpmpp2m, Some(Karras)),
        ("Euler Automatic", Euler, None),
        // ComfyUI.
        ("dpmpp_2s_ancestral", Dpmpp2sAncestral, None),
        ("dpmpp_sde_gpu", DpmppSde, None),
        ("dpmpp_2m_sde_gpu", Dpmpp2mSde, None),
        ("uni_pc_bh2", UniPc, None),
        ("ddim_uniform", Ddim, Some(Sigmas::Spacing(Spacing::Linspace))),
        ("ipndm", Ipndm, None),
        ("ddpm", Ddpm, None),
        ("euler_normal", Euler, Some(Sigmas::Spacing(Spacing::Linspace))),
        ("sample_euler", Euler, None),
        // InvokeAI.
        ("dpmpp_2m_sde_k", Dpmpp2mSde, Some(Karras)),
        ("kdpm_2", Dpm2, None),
        ("kdpm_2_a_k", Dpm2Ancestral, Some(Karras)),
        ("dpmpp_2s_k", Dpmpp2s, Some(Karras)),
        ("dpmpp_3m", Dpmpp3m, None),
        // stable-diffusion.cpp.
        ("dpm++2s_a", Dpmpp2sAncestral, None),
        ("dpm++2m", Dpmpp2m, None),
        ("ddim_trailing", Ddim, Some(trailing)),
        // Stability AI's interface.
        ("K_DPMPP_2S_ANCESTRAL", Dpmpp2sAncestral, None),
        ("K_DPM_2", Dpm2, None),
        ("DDPM", Ddpm, None),
    ] {
        assert_eq!(Sampler::parse(name), Ok((sampler, sigmas)), "{name}");
    }
    for name in Sampler::names() {
        assert_eq!(Sampler::parse(name).unwrap().0.name(), name);
    }
    for name in Sigmas::names() {
        assert_eq!(Sigmas::parse(&name.to_uppercase()).unwrap().unwrap().name(), name);
    }
    let (leading, linspace) = (Sigmas::Spacing(Spacing::Leading), Sigmas::Spacing(Spacing::Linspace));
    for (name, sigmas) in [
        ("Align Your Steps", Some(Ays)),
        ("Uniform", Some(linspace)),
        ("Normal", Some(linspace)),
        ("discrete", Some(linspace)),
        ("SGM Uniform", Some(SgmUniform)),
        ("ddim_uniform", Some(leading)),
        ("DDIM", Some(leading)),
        ("Polyexponential", Some(Exponential)),
        ("Automatic", None),
    ] {
        assert_eq!(Sigmas::parse(name), Ok(sigmas), "{name}");
    }
}

#[test]
fn unknown_names_are_answered_with_the_known() {
    for name in ["", "karras", "dpmpp_4m", "euler b", "オイラー"] {
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
