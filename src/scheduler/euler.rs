//! Euler's method and its ancestral form (Karras et al., 2022, algorithm 2; k-diffusion's
//! `sample_euler_ancestral`). References: diffusers' `EulerDiscreteScheduler` and
//! `EulerAncestralDiscreteScheduler`.

use super::config::{Interpolation, TimestepType};
use super::sigmas::Table;
use super::{normal_like, FinalSigma, Latents, Levels, NoiseSchedule, Options, Prediction, Random, Scheduler, Step};
use crate::error::Result;

pub struct Euler {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One more than the timesteps.
    sigmas: Vec<f32>,
    ancestral: bool,
}

impl Euler {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let config = options.config;
        let last_sigma = match config.final_sigmas_type {
            Some(FinalSigma::SigmaMin) => schedule.sigmas[0],
            _ => 0.0,
        };
        let mut table = Table::of_k_diffusion(&schedule, options, last_sigma)?;
        if config.interpolation_type == Some(Interpolation::LogLinear) {
            table.interpolate_log_linearly(&schedule, options, last_sigma);
        }
        if config.timestep_type == Some(TimestepType::Continuous) && config.prediction() == Prediction::Velocity {
            table.tell_noise();
        }
        Ok(Self { schedule, levels: table.levels(), sigmas: table.sigmas, ancestral: false })
    }

    pub fn ancestral(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let table = Table::of_k_diffusion(&schedule, options, 0.0)?;
        Ok(Self { schedule, levels: table.levels(), sigmas: table.sigmas, ancestral: true })
    }
}

impl Scheduler for Euler {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let (sigma, to) = (self.sigmas[i], self.sigmas[i + 1]);
        let clean = self.schedule.clean_at_sigma(sigma, output, sample);
        let derivative = (sample - &clean) / sigma;
        let next = if self.ancestral {
            let (up, down) = ancestral_step(sigma, to);
            // Noise is drawn on the last step too, where it counts nothing: the stream must agree.
            let noise = normal_like(sample, random);
            sample + derivative * (down - sigma) + noise * up
        } else {
            sample + derivative * (to - sigma)
        };
        Step { next, clean }
    }
}

/// The noise that an ancestral step from one σ to another adds, and the σ that it takes the latents
/// down to before that.
pub fn ancestral_step(from: f32, to: f32) -> (f32, f32) {
    let up = (to * to * (from * from - to * to) / (from * from)).sqrt();
    // √(to² − up²) is to²/from, but diffusers' rounding is part of the picture. Where the noise falls
    // steeply nothing is left of the difference.
    let rest = to * to - up * up;
    (up, if rest > 0.0 { rest.sqrt() } else { to * to / from })
}
