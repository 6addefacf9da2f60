//! `scheduler/scheduler_config.json`, as diffusers writes it.
//!
//! A file leaves out the keys that had the default of the class it was saved from, and another
//! class fills them with its own defaults. So every key is optional here, and each scheduler
//! names its defaults when it asks.

use serde::Deserialize;

use super::sigmas::Curve;
use crate::error::{bail, Result};

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
    /// Where the last step ends.
    pub final_sigmas_type: Option<FinalSigma>,
    /// Which DPM-Solver.
    pub algorithm_type: Option<String>,
    /// Order of the multistep solvers.
    pub solver_order: Option<usize>,
    /// Variant of a multistep solver.
    pub solver_type: Option<String>,
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
    /// All else, of which some would change the picture.
    #[serde(flatten)]
    pub others: serde_json::Map<String, serde_json::Value>,
}

/// Keys that change what a sampler does, and the one value of each that is implemented.
const FIXED: [(&str, &str); 11] = [
    ("disable_corrector", "[]"),
    ("interpolation_type", "linear"),
    ("predict_x0", "true"),
    ("sigma_max", "null"),
    ("sigma_min", "null"),
    ("skip_prk_steps", "true"),
    ("solver_p", "null"),
    ("thresholding", "false"),
    ("timestep_type", "discrete"),
    ("use_flow_sigmas", "false"),
    ("use_lu_lambdas", "false"),
];

/// What `algorithm_type` may be; DEIS is known by its class.
const ALGORITHMS: [&str; 3] = ["dpmsolver++", "sde-dpmsolver++", "deis"];

impl SchedulerConfig {
    /// What Stable Diffusion 1 and 2 were trained with, for directories without the file.
    pub fn stable_diffusion() -> Self {
        Self {
            class_name: Some("PNDMScheduler".into()),
            beta_start: Some(0.00085),
            beta_end: Some(0.012),
            beta_schedule: Some("scaled_linear".into()),
            set_alpha_to_one: Some(false),
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

    /// Reads a file as Python's `json` writes it: diffusers' DPM-Solver has a key that is `-Infinity`.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(&text.replace(": -Infinity", ": null"))
    }

    /// Settings of the file that the samplers do not follow, each as a sentence.
    pub fn not_followed(&self) -> Vec<String> {
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let differs = |(key, implemented): &(&str, &str)| {
            let found = self.others.get(*key).filter(|value| !value.is_null()).map(text)?;
            (found != *implemented).then(|| format!("{key} is {found}, but samplers work as with {implemented}"))
        };
        let algorithm = self.algorithm_type.as_deref().filter(|algorithm| !ALGORITHMS.contains(algorithm));
        let algorithm = algorithm.map(|a| format!("algorithm_type is {a}, but samplers work as with dpmsolver++"));
        FIXED.iter().filter_map(differs).chain(algorithm).collect()
    }

    /// The curve of the sigmas, where the file names one.
    pub fn curve(&self) -> Result<Option<Curve>> {
        let flags = [
            (self.use_karras_sigmas, Curve::Karras),
            (self.use_exponential_sigmas, Curve::Exponential),
            (self.use_beta_sigmas, Curve::Beta),
        ];
        let mut named = flags.iter().filter(|(flag, _)| *flag == Some(true)).map(|(_, curve)| *curve);
        match (named.next(), named.next()) {
            (curve, None) => Ok(curve),
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
