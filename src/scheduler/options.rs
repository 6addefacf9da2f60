//! What schedulers are built from: the course of a run, and the settings that several of them read.

use super::sigmas::Curve;
use super::{SchedulerConfig, Sigmas, Spacing};
use crate::error::{bail, Result};

/// How a run goes over the noise schedule.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// How many steps it takes.
    pub steps: usize,
    /// How far up it begins, for models that were distilled on a few timesteps: the share of these that
    /// it visits. Others leave out steps instead ([`super::Scheduler::begin_at`]).
    pub reach: f64,
    /// Align Your Steps has one table for SDXL and one for the rest.
    pub sdxl: bool,
}

impl Course {
    /// From pure noise, for any model but SDXL.
    pub fn new(steps: usize) -> Self {
        Self { steps, reach: 1.0, sdxl: false }
    }
}

/// What a scheduler is built from.
pub struct Options<'a> {
    pub config: &'a SchedulerConfig,
    pub course: Course,
    /// The caller's choice.
    pub sigmas: Option<Sigmas>,
    /// The curve of the sigmas, of the caller's choice or else of the model's.
    pub curve: Option<Curve>,
}

impl Options<'_> {
    /// The spacing of timesteps, which also says how much noise a run starts from.
    pub fn spacing_or(&self, class_default: Spacing) -> Spacing {
        match self.sigmas {
            Some(Sigmas::Spacing(spacing)) => spacing,
            _ => self.config.timestep_spacing.unwrap_or(class_default),
        }
    }

    /// The order of a multistep solver, whose class has 2 for its default.
    pub fn solver_order(&self) -> Result<usize> {
        match self.config.solver_order.unwrap_or(2) {
            order @ 1..=3 => Ok(order),
            order => bail!(ModelUnsupported, "scheduler_config.json: solver_order is {order}; expected 1 to 3"),
        }
    }

    /// The range that predicted clean latents are clamped to.
    pub fn clip_or(&self, class_default: bool) -> Option<f32> {
        let clips = self.config.clip_sample.unwrap_or(class_default);
        clips.then(|| self.config.clip_sample_range.unwrap_or(1.0))
    }
}
