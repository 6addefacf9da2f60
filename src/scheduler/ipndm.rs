//! Improved PNDM (Zhang and Chen, 2022, appendix): DDIM with the noise extrapolated by Adams and Bashforth's formulas,
//! of rising order in the first steps. Reference: diffusers' `IPNDMScheduler`, whose own noise schedule no Stable
//! Diffusion was trained on, over the noise levels of the model.

use std::collections::VecDeque;

use super::sigmas::Table;
use super::{Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

const ORDER: usize = 4;

pub struct Ipndm {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One more than the timesteps: the last is 0.
    sigmas: Vec<f32>,
    /// The last four derivatives dx/dσ, which are the noise, newest first.
    derivatives: VecDeque<Latents>,
}

impl Ipndm {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let table = Table::of_k_diffusion(&schedule, options, 0.0)?;
        let derivatives = VecDeque::with_capacity(ORDER);
        Ok(Self { schedule, levels: table.levels(), sigmas: table.sigmas, derivatives })
    }
}

impl Scheduler for Ipndm {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, _random: &mut Random) -> Step {
        let clean = self.schedule.clean_at_sigma(self.sigmas[i], output, sample);
        self.derivatives.truncate(ORDER - 1);
        self.derivatives.push_front((sample - &clean) / self.sigmas[i]);
        let step = self.sigmas[i + 1] - self.sigmas[i];
        let mut next = sample.clone();
        for (derivative, weight) in self.derivatives.iter().zip(adams_bashforth(self.derivatives.len())) {
            next.scaled_add(step * weight, derivative);
        }
        Step { next, clean }
    }
}

/// The weights of so many derivatives, the newest first, at even steps.
pub fn adams_bashforth(order: usize) -> [f32; ORDER] {
    match order {
        1 => [1.0, 0.0, 0.0, 0.0],
        2 => [1.5, -0.5, 0.0, 0.0],
        3 => [23.0, -16.0, 5.0, 0.0].map(|weight| weight / 12.0),
        _ => [55.0, -59.0, 37.0, -9.0].map(|weight| weight / 24.0),
    }
}
