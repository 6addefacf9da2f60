//! Strategic stochastic sampling for models distilled by trajectory consistency (Zheng et al., 2024).
//! Reference: diffusers' `TCDScheduler`.

use super::{normal_like, timesteps, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

pub struct Tcd {
    schedule: NoiseSchedule,
    levels: Levels,
    /// The paper's γ, how much of a step is noise drawn anew.
    eta: f64,
}

impl Tcd {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let levels = Levels::trained(timesteps::distilled(&schedule, options)?, &schedule);
        Ok(Self { schedule, levels, eta: options.course.eta })
    }
}

impl Scheduler for Tcd {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let level = self.schedule.alpha_sigma(self.levels.timesteps[i] as usize);
        let (clean, noise) = self.schedule.clean_and_noise(level, output, sample);
        let to = self.levels.timesteps.get(i + 1).copied();
        // Down to a timestep beyond the next, and back up with new noise. torch multiplies in f32.
        let beyond = ((1.0 - self.eta) as f32 * to.unwrap_or(0.0) as f32).floor() as usize;
        let (alpha, sigma) = self.schedule.alpha_sigma(beyond);
        let mut next = &clean * alpha + noise * sigma;
        if let (Some(to), true) = (to, self.eta > 0.0) {
            let ratio = self.schedule.alphas_cumprod[to as usize] / self.schedule.alphas_cumprod[beyond];
            next = next * ratio.sqrt() + normal_like(sample, random) * (1.0 - ratio).sqrt();
        }
        Step { next, clean }
    }
}
