//! DDIM (Song et al., 2020). Reference: diffusers' `DDIMScheduler`.

use super::clip::Clip;
use super::{normal_like, timesteps, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Spacing, Step};
use crate::error::Result;

pub struct Ddim {
    schedule: NoiseSchedule,
    levels: Levels,
    /// Distance to the next timestep, also after the last.
    stride: isize,
    final_alpha_cumprod: f32,
    clip: Clip,
    /// η: 0 adds no noise, 1 as much as DDPM does.
    eta: f32,
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
            eta: options.course.eta as f32,
            schedule,
        })
    }
}

impl Scheduler for Ddim {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let timestep = self.levels.timesteps[i] as usize;
        let here = self.schedule.alphas_cumprod[timestep];
        let to = match usize::try_from(timestep as isize - self.stride) {
            Ok(previous) => self.schedule.alphas_cumprod[previous],
            Err(_) => self.final_alpha_cumprod,
        };
        let (mut clean, noise) = self.schedule.clean_and_noise(self.schedule.alpha_sigma(timestep), output, sample);
        self.clip.apply(&mut clean);
        // Formulas 16 and 12 of the paper.
        let deviation = self.eta * ((1.0 - to) / (1.0 - here) * (1.0 - here / to)).sqrt();
        let mut next = &clean * to.sqrt() + &noise * (1.0 - to - deviation * deviation).max(0.0).sqrt();
        if self.eta > 0.0 {
            next.scaled_add(deviation, &normal_like(sample, random));
        }
        Step { next, clean }
    }
}
