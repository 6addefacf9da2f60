//! What schedulers are built from: the course of a run, and the settings that several of them read.

use super::clip::Clip;
use super::config::SolverType;
use super::sigmas::Curve;
use super::{SchedulerConfig, Sigmas, Spacing};
use crate::error::{bail, Result};

/// How a run goes over the noise schedule.
#[derive(Clone, Debug)]
pub struct Course {
    /// How many steps it takes.
    pub steps: usize,
    /// How far up it begins, for models that were distilled on a few timesteps: the share of these that
    /// it visits. Others leave out steps instead ([`super::Scheduler::begin_at`]).
    pub reach: f64,
    /// Align Your Steps has one table for SDXL and one for the rest.
    pub sdxl: bool,
    /// How much of a step of DDIM or TCD is new noise, 0 to 1.
    pub eta: f64,
    /// What the caller wants visited.
    pub custom: Custom,
}

/// Noise levels of the caller's choice, falling strictly, in place of a spacing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Custom {
    /// None: the spacing decides.
    #[default]
    None,
    /// One timestep a step.
    Timesteps(Vec<usize>),
    /// One σ a step, and the σ that the last step ends at.
    Sigmas(Vec<f32>),
}

impl Custom {
    /// Refuses what does not fall from noisy to clean within the schedule.
    pub fn check(&self, train: usize) -> Result<()> {
        match self {
            Custom::None => Ok(()),
            Custom::Timesteps(timesteps) => {
                let last = train - 1;
                match timesteps.first() {
                    Some(first) if *first <= last => (),
                    Some(first) => bail!(InvalidArgument, "timesteps[0] is {first}; expected 0 to {last}"),
                    None => bail!(InvalidArgument, "timesteps are empty; expected 1 to {train}"),
                }
                falls("timesteps", timesteps)
            }
            Custom::Sigmas(sigmas) => {
                if !(2..=train + 1).contains(&sigmas.len()) {
                    bail!(
                        InvalidArgument,
                        "sigma_values are {}; expected 2 to {}, one a step and the one that the last step ends at",
                        sigmas.len(),
                        train + 1
                    );
                }
                if let Some((i, sigma)) = sigmas.iter().enumerate().find(|(_, s)| !(0.0..=1e6).contains(*s)) {
                    bail!(InvalidArgument, "sigma_values[{i}] is {sigma}; expected 0 to 1000000");
                }
                falls("sigma_values", sigmas)
            }
        }
    }
}

fn falls<T: PartialOrd + std::fmt::Display>(name: &str, values: &[T]) -> Result<()> {
    match values.windows(2).position(|pair| pair[0] <= pair[1]) {
        None => Ok(()),
        Some(i) => bail!(
            InvalidArgument,
            "{name}[{}] is {}; expected less than {name}[{i}], which is {}",
            i + 1,
            values[i + 1],
            values[i]
        ),
    }
}

impl Course {
    /// From pure noise, for any model but SDXL.
    pub fn new(steps: usize) -> Self {
        Self { steps, reach: 1.0, sdxl: false, eta: 0.0, custom: Custom::None }
    }
}

/// What a scheduler is built from.
pub struct Options<'a> {
    pub config: &'a SchedulerConfig,
    pub course: &'a Course,
    /// The caller's choice.
    pub sigmas: Option<Sigmas>,
    /// The curve of the sigmas, of the caller's choice or else of the model's.
    pub curve: Option<Curve>,
    /// The ends of that curve, where the model's file sets them.
    pub curve_ends: (Option<f64>, Option<f64>),
    /// Whether the sampler's class knows `timestep_spacing`.
    pub reads_spacing: bool,
    /// How many of the noisiest trained levels are left out (`lambda_min_clipped`).
    pub clipped: usize,
}

impl Options<'_> {
    /// The spacing of timesteps, which also says how much noise a run starts from.
    pub fn spacing_or(&self, class_default: Spacing) -> Spacing {
        match self.sigmas {
            Some(Sigmas::Spacing(spacing)) => spacing,
            _ if self.reads_spacing => self.config.timestep_spacing.unwrap_or(class_default),
            _ => class_default,
        }
    }

    /// The order of a solver, whose class has 2 for its default.
    pub fn solver_order(&self) -> Result<usize> {
        match self.config.solver_order.unwrap_or(2) {
            order @ 1..=3 => Ok(order),
            order => bail!(ModelUnsupported, "scheduler_config.json: solver_order is {order}; expected 1 to 3"),
        }
    }

    /// Whether DPM-Solver takes Heun's form of the higher orders. The midpoint's is the default, also where the file
    /// names a type of another class.
    pub fn is_heun(&self) -> bool {
        self.config.solver_type == Some(SolverType::Heun)
    }

    /// What bounds predicted clean latents where the class thresholds or clips them.
    pub fn clip_or(&self, class_default: bool) -> Clip {
        match self.threshold() {
            Clip::Nothing => self.range_or(class_default),
            dynamic => dynamic,
        }
    }

    /// Likewise, where the class knows no thresholding.
    pub fn range_or(&self, class_default: bool) -> Clip {
        match self.config.clip_sample.unwrap_or(class_default) {
            true => Clip::Range(self.config.clip_sample_range.unwrap_or(1.0)),
            false => Clip::Nothing,
        }
    }

    /// Likewise, where the class knows no clipping.
    pub fn threshold(&self) -> Clip {
        let config = self.config;
        match config.thresholding {
            Some(true) => Clip::Dynamic {
                ratio: config.dynamic_thresholding_ratio.unwrap_or(0.995),
                most: config.sample_max_value.unwrap_or(1.0),
            },
            _ => Clip::Nothing,
        }
    }
}
