//! `scheduler/scheduler_config.json`, as diffusers writes it.
//!
//! A file leaves out the keys that had the default of the class it was saved from, and another
//! class fills them with its own defaults. So every key is optional here, and each scheduler
//! names its defaults when it asks.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::sigmas::Curve;
use super::Sampler;
use crate::error::{bail, Error, Result, Status};
use crate::files;

/// The noise schedule that the model was trained with, and how to sample it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SchedulerConfig {
    /// The diffusers class that the file was saved from.
    #[serde(rename = "_class_name")]
    pub class_name: Option<String>,
    /// How many noise levels the model was trained on.
    pub num_train_timesteps: Option<usize>,
    /// First and last beta, and the curve between them.
    pub beta_start: Option<f64>,
    #[allow(missing_docs)]
    pub beta_end: Option<f64>,
    #[allow(missing_docs)]
    pub beta_schedule: Option<String>,
    /// Betas written out, which then count instead of the three above.
    pub trained_betas: Option<Vec<f32>>,
    /// What the UNet's output means.
    pub prediction_type: Option<Prediction>,
    /// Which of the trained timesteps are visited.
    pub timestep_spacing: Option<Spacing>,
    /// Added to each timestep of the leading spacing.
    pub steps_offset: Option<usize>,
    /// Whether the step after the last is noiseless (true) or at the first trained level.
    pub set_alpha_to_one: Option<bool>,
    /// Whether (and how far) predicted clean latents are clamped.
    pub clip_sample: Option<bool>,
    #[allow(missing_docs)]
    pub clip_sample_range: Option<f32>,
    /// Sigmas spaced as Karras et al. (2022) propose.
    pub use_karras_sigmas: Option<bool>,
    /// Sigmas spaced evenly on their logarithm.
    pub use_exponential_sigmas: Option<bool>,
    /// Sigmas spaced by a beta distribution.
    pub use_beta_sigmas: Option<bool>,
    /// Sigmas spaced evenly on λ, for DPM-Solver multistep alone.
    pub use_lu_lambdas: Option<bool>,
    /// The ends of these curves; the class's own where absent.
    pub sigma_min: Option<f64>,
    #[allow(missing_docs)]
    pub sigma_max: Option<f64>,
    /// The noisiest levels, up to this λ, are left out; for DPM-Solver alone.
    pub lambda_min_clipped: Option<f64>,
    /// How Euler finds the sigmas of timesteps.
    pub interpolation_type: Option<Interpolation>,
    /// What Euler tells the UNet.
    pub timestep_type: Option<TimestepType>,
    /// Dynamic thresholding of predicted clean latents: whether, to which quantile, and to how much at most.
    pub thresholding: Option<bool>,
    #[allow(missing_docs)]
    pub dynamic_thresholding_ratio: Option<f32>,
    #[allow(missing_docs)]
    pub sample_max_value: Option<f32>,
    /// Whether PNDM leaves out its start of Runge and Kutta's method.
    pub skip_prk_steps: Option<bool>,
    /// Whether UniPC extrapolates the clean latents, in place of the noise.
    pub predict_x0: Option<bool>,
    /// Steps after which UniPC does not correct.
    pub disable_corrector: Option<Vec<usize>>,
    /// How much noise DDPM adds.
    pub variance_type: Option<String>,
    /// Another noise schedule, that of flow matching, which is refused.
    pub use_flow_sigmas: Option<bool>,
    /// Another scheduler as UniPC's predictor, which is refused.
    pub solver_p: Option<Value>,
    /// Where the last step ends.
    pub final_sigmas_type: Option<FinalSigma>,
    /// Which DPM-Solver.
    pub algorithm_type: Option<Algorithm>,
    /// Order of the multistep solvers.
    pub solver_order: Option<usize>,
    /// Variant of a solver. A class takes those of others for its own default.
    pub solver_type: Option<SolverType>,
    /// Whether multistep solvers take the last steps of a short run at a lower order.
    pub lower_order_final: Option<bool>,
    /// Whether DPM-Solver++ takes the last step at first order.
    pub euler_at_final: Option<bool>,
    /// Steps of the teacher of LCM and TCD, of which theirs are some.
    pub original_inference_steps: Option<usize>,
    /// How soon LCM's boundary condition lets go of the noisy latents.
    pub timestep_scaling: Option<f32>,
    /// Betas rescaled so that the last timestep is pure noise.
    pub rescale_betas_zero_snr: Option<bool>,
    /// All else.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// Keys of diffusers' classes that change nothing where no other key makes them.
const WITHOUT_EFFECT: [&str; 4] = ["flow_shift", "use_dynamic_shifting", "time_shift_type", "shift_terminal"];

impl SchedulerConfig {
    /// What Stable Diffusion 1 and 2 were trained with, for directories without the file.
    pub fn stable_diffusion() -> Self {
        Self {
            class_name: Some("PNDMScheduler".into()),
            beta_start: Some(0.00085),
            beta_end: Some(0.012),
            beta_schedule: Some("scaled_linear".into()),
            set_alpha_to_one: Some(false),
            skip_prk_steps: Some(true),
            steps_offset: Some(1),
            clip_sample: Some(false),
            ..Self::default()
        }
    }

    /// What Stable Diffusion XL was trained with, for directories without the file.
    pub fn stable_diffusion_xl() -> Self {
        Self {
            class_name: Some("EulerDiscreteScheduler".into()),
            timestep_spacing: Some(Spacing::Leading),
            ..Self::stable_diffusion()
        }
    }

    /// Reads a file as Python's `json` writes it: diffusers' DPM-Solver has a key that is `-Infinity`. Values that no
    /// class has are errors that name their key.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |error: serde_json::Error| Error::new(Status::ModelInvalid, error.to_string());
        let file: Map<String, Value> = files::parse_json(text).map_err(invalid)?;
        for (key, value) in &file {
            let alone = Map::from_iter([(key.clone(), value.clone())]);
            if let Err(error) = serde_json::from_value::<Self>(Value::Object(alone)) {
                if key == "prediction_type" && value == "flow_prediction" {
                    bail!(
                        ModelUnsupported,
                        "{key} is {value}, of flow matching; Stable Diffusion has another noise schedule"
                    );
                }
                bail!(ModelInvalid, "{key} is {value}: {error}");
            }
        }
        serde_json::from_value(Value::Object(file)).map_err(invalid)
    }

    /// Refuses values that no sampler can work with.
    pub fn check(&self) -> Result<()> {
        let train = self.train_timesteps();
        let offset = self.steps_offset.unwrap_or(0);
        let (ratio, most) = (self.dynamic_thresholding_ratio.unwrap_or(1.0), self.sample_max_value.unwrap_or(1.0));
        let range = self.clip_sample_range.unwrap_or(1.0);
        let (least, greatest) = (self.sigma_min.unwrap_or(f64::MIN_POSITIVE), self.sigma_max.unwrap_or(f64::MAX));
        let wrong = if range <= 0.0 {
            format!("clip_sample_range is {range}; expected more than 0")
        } else if offset >= train {
            format!("steps_offset is {offset}; expected less than the timesteps")
        } else if !(0.0..=1.0).contains(&ratio) {
            format!("dynamic_thresholding_ratio is {ratio}; expected 0 to 1")
        } else if most <= 0.0 {
            format!("sample_max_value is {most}; expected more than 0")
        } else if !(0.0 < least && least < greatest) {
            format!("sigma_min is {least} and sigma_max {greatest}; expected 0 < sigma_min < sigma_max")
        } else {
            return self.refuse_other_schedules();
        };
        bail!(ModelInvalid, "scheduler_config.json: {wrong}")
    }

    fn refuse_other_schedules(&self) -> Result<()> {
        if self.use_flow_sigmas == Some(true) {
            bail!(
                ModelUnsupported,
                "scheduler_config.json: use_flow_sigmas is true, the noise schedule of flow matching; Stable Diffusion \
                 has another"
            );
        }
        if self.solver_p.is_some() {
            bail!(ModelUnsupported, "scheduler_config.json: solver_p is not null; UniPC predicts by itself alone");
        }
        Ok(())
    }

    /// As a pipeline of diffusers changes it when it is made. Those of Stable Diffusion 1 and 2 mend what the files of
    /// early models left out; those of SDXL, ControlNets and consistency models change nothing.
    pub fn for_pipeline(&self, pipeline: Pipeline) -> Result<Self> {
        let mut config = self.clone();
        let class = Sampler::of(self)?;
        if pipeline != Pipeline::Unchanged && (self.steps_offset.is_some() || !class.is_dpm_singlestep()) {
            config.steps_offset = Some(1);
        }
        let clips = self.clip_sample.unwrap_or(matches!(class, Sampler::Ddim | Sampler::Ddpm));
        if pipeline == Pipeline::StableDiffusion && clips {
            config.clip_sample = Some(false);
        }
        if pipeline == Pipeline::StableDiffusionInpaint && matches!(class, Sampler::Pndm) {
            config.skip_prk_steps = Some(true);
        }
        Ok(config)
    }

    /// Settings of the file that its own sampler does not follow, each as a sentence: keys that nobody knows, and
    /// those that diffusers' class passes over too.
    pub fn not_followed(&self, sampler: Sampler) -> Vec<String> {
        let unknown = self.others.iter().filter(|(key, value)| {
            !key.starts_with('_') && !value.is_null() && !WITHOUT_EFFECT.contains(&key.as_str())
        });
        let unknown = unknown.map(|(key, value)| format!("{key} is {value}, which is not known and changes nothing"));
        let passed_over = self.changes().into_iter().filter(|(key, _)| !sampler.follows(key));
        let passed_over = passed_over.map(|(key, value)| {
            format!(
                "{key} is {value}, which the scheduler \"{}\" does not follow, here and in diffusers",
                sampler.name()
            )
        });
        unknown.chain(passed_over).collect()
    }

    /// Keys that only some classes know, where they are set to what changes the image.
    fn changes(&self) -> Vec<(&'static str, String)> {
        let flags = [
            ("thresholding", self.thresholding, true),
            ("use_karras_sigmas", self.use_karras_sigmas, true),
            ("use_exponential_sigmas", self.use_exponential_sigmas, true),
            ("use_beta_sigmas", self.use_beta_sigmas, true),
            ("use_lu_lambdas", self.use_lu_lambdas, true),
            ("rescale_betas_zero_snr", self.rescale_betas_zero_snr, true),
            ("predict_x0", self.predict_x0, false),
        ];
        let flags = flags.into_iter().filter(|(_, flag, changing)| *flag == Some(*changing));
        let mut changes: Vec<_> = flags.map(|(key, _, changing)| (key, changing.to_string())).collect();
        if let Some(lambda) = self.lambda_min_clipped.filter(|lambda| lambda.abs() < f64::MAX) {
            changes.push(("lambda_min_clipped", lambda.to_string()));
        }
        if self.interpolation_type == Some(Interpolation::LogLinear) {
            changes.push(("interpolation_type", "log_linear".into()));
        }
        if self.timestep_type == Some(TimestepType::Continuous) {
            changes.push(("timestep_type", "continuous".into()));
        }
        if let Some(steps) = self.disable_corrector.as_ref().filter(|steps| !steps.is_empty()) {
            changes.push(("disable_corrector", format!("{steps:?}")));
        }
        changes
    }

    /// The curve of the sigmas, where the file names one. DPM-Solver multistep has one more.
    pub fn curve(&self, sampler: Sampler) -> Result<Option<Curve>> {
        let flags = [
            (self.use_karras_sigmas, Curve::Karras),
            (self.use_exponential_sigmas, Curve::Exponential),
            (self.use_beta_sigmas, Curve::Beta),
        ];
        let mut named = flags.iter().filter(|(flag, _)| *flag == Some(true)).map(|(_, curve)| *curve);
        match (named.next(), named.next()) {
            (curve, None) => {
                let lu = self.use_lu_lambdas == Some(true) && sampler.follows("use_lu_lambdas");
                Ok(if lu && curve != Some(Curve::Karras) { Some(Curve::Lu) } else { curve })
            }
            _ => bail!(
                ModelInvalid,
                "scheduler_config.json: of use_karras_sigmas, use_exponential_sigmas and use_beta_sigmas only one can be true"
            ),
        }
    }

    /// The number of noise levels of training; 1000 where the file does not say.
    pub fn train_timesteps(&self) -> usize {
        let written_out = self.trained_betas.as_ref().map(Vec::len);
        written_out.or(self.num_train_timesteps).unwrap_or(1000)
    }

    /// What the UNet's output means; noise where the file does not say.
    pub fn prediction(&self) -> Prediction {
        self.prediction_type.unwrap_or(Prediction::Epsilon)
    }
}

/// Which pipeline of diffusers a run stands for, as far as it changes the scheduler's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipeline {
    /// `StableDiffusionPipeline` and `StableDiffusionImg2ImgPipeline`.
    StableDiffusion,
    /// `StableDiffusionInpaintPipeline`.
    StableDiffusionInpaint,
    /// One that does not.
    Unchanged,
}

/// What the UNet's output means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prediction {
    /// The noise ε.
    Epsilon,
    /// The velocity v = √ᾱ·ε − √(1−ᾱ)·x₀ (Salimans and Ho, 2022).
    #[serde(rename = "v_prediction")]
    Velocity,
    /// The clean latents x₀.
    #[serde(alias = "original_sample")]
    Sample,
}

/// Which of the trained timesteps a run visits (Lin et al., 2023, table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// Multiples of train/steps from 0, plus an offset.
    Leading,
    /// Evenly from the first to the last.
    Linspace,
    /// Multiples of train/steps back from the last.
    Trailing,
}

/// Where the last step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalSigma {
    /// Without noise.
    Zero,
    /// At the smallest trained level.
    SigmaMin,
}

/// Which form of DPM-Solver; a class takes "deis" for its own default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "dpmsolver")]
    #[allow(missing_docs)]
    DpmSolver,
    #[serde(rename = "dpmsolver++")]
    #[allow(missing_docs)]
    DpmSolverPp,
    #[serde(rename = "sde-dpmsolver")]
    #[allow(missing_docs)]
    SdeDpmSolver,
    #[serde(rename = "sde-dpmsolver++")]
    #[allow(missing_docs)]
    SdeDpmSolverPp,
    #[serde(rename = "deis")]
    #[allow(missing_docs)]
    Deis,
}

/// Variant of a solver: the first two are DPM-Solver's, the third is DEIS's, the last two are UniPC's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum SolverType {
    Midpoint,
    Heun,
    Logrho,
    Bh1,
    Bh2,
}

/// How Euler finds the sigmas of timesteps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// Between the trained sigmas.
    Linear,
    /// Evenly on ln σ over the whole schedule, whatever the timesteps are.
    LogLinear,
}

/// What Euler tells the UNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimestepType {
    /// Timesteps.
    Discrete,
    /// ln σ / 4, where the UNet predicts the velocity.
    Continuous,
}
