//! Multistep consistency sampling for latent consistency models (Luo et al., 2023). Reference:
//! diffusers' `LCMScheduler`.

use super::clip::Clip;
use super::{normal_like, timesteps, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

/// Of the boundary condition, as in the paper.
const SIGMA_DATA: f32 = 0.5;

pub struct Lcm {
    schedule: NoiseSchedule,
    levels: Levels,
    timestep_scaling: f32,
    clip: Clip,
}

impl Lcm {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        Ok(Self {
            levels: Levels::trained(timesteps::distilled(&schedule, options)?, &schedule),
            timestep_scaling: options.config.timestep_scaling.unwrap_or(10.0),
            clip: options.clip_or(false),
            schedule,
        })
    }
}

impl Scheduler for Lcm {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let timestep = self.levels.timesteps[i];
        let level = self.schedule.alpha_sigma(timestep as usize);
        let (mut clean, _) = self.schedule.clean_and_noise(level, output, sample);
        self.clip.apply(&mut clean);
        let scaled = timestep as f32 * self.timestep_scaling;
        let variance = scaled * scaled + SIGMA_DATA * SIGMA_DATA;
        let clean = clean * (scaled / variance.sqrt()) + sample * (SIGMA_DATA * SIGMA_DATA / variance);
        let next = match self.levels.timesteps.get(i + 1) {
            Some(next) => {
                let (alpha, sigma) = self.schedule.alpha_sigma(*next as usize);
                &clean * alpha + normal_like(sample, random) * sigma
            }
            None => clean.clone(),
        };
        Step { next, clean }
    }
}
