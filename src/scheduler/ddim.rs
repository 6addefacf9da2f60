//! DDIM (Song et al., 2020), η = 0. Reference: diffusers' `DDIMScheduler`.

use super::{timesteps, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Spacing, Step};
use crate::error::Result;

pub struct Ddim {
    schedule: NoiseSchedule,
    levels: Levels,
    /// Distance to the next timestep, also after the last.
    stride: isize,
    final_alpha_cumprod: f32,
    clip: Option<f32>,
}

impl Ddim {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let spaced = timesteps::spaced(&schedule, options, Spacing::Leading)?;
        let to_one = options.config.set_alpha_to_one.unwrap_or(true);
        Ok(Self {
            levels: Levels::trained(spaced.iter().map(|t| t.round_ties_even()).collect(), &schedule),
            stride: (schedule.alphas_cumprod.len() / options.course.steps) as isize,
            final_alpha_cumprod: if to_one { 1.0 } else { schedule.alphas_cumprod[0] },
            clip: options.clip_or(true),
            schedule,
        })
    }
}

impl Scheduler for Ddim {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, _random: &mut Random) -> Step {
        let timestep = self.levels.timesteps[i] as usize;
        let alpha_previous = match usize::try_from(timestep as isize - self.stride) {
            Ok(previous) => self.schedule.alphas_cumprod[previous],
            Err(_) => self.final_alpha_cumprod,
        };
        let (mut clean, noise) = self.schedule.clean_and_noise(self.schedule.alpha_sigma(timestep), output, sample);
        if let Some(range) = self.clip {
            clean.mapv_inplace(|x| x.clamp(-range, range));
        }
        let next = &clean * alpha_previous.sqrt() + &noise * (1.0 - alpha_previous).sqrt();
        Step { next, clean }
    }
}
