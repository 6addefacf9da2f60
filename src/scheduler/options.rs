//! What schedulers are built from, and the settings that several of them read.

use super::sigmas::Curve;
use super::{SchedulerConfig, Sigmas, Spacing};
use crate::error::{bail, Result};

/// What a scheduler is built from.
pub struct Options<'a> {
    pub config: &'a SchedulerConfig,
    pub steps: usize,
    /// The caller's choice.
    pub sigmas: Option<Sigmas>,
    /// The curve of the sigmas, of the caller's choice or else of the model's.
    pub curve: Option<Curve>,
    /// Which table of Align Your Steps.
    pub sdxl: bool,
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
