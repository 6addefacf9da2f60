//! Ancestral sampling of denoising diffusion probabilistic models (Ho et al., 2020, algorithm 2), also over some of
//! the timesteps. Reference: diffusers' `DDPMScheduler`.

use super::clip::Clip;
use super::{normal_like, timesteps, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Spacing, Step};
use crate::error::{bail, Result};

pub struct Ddpm {
    schedule: NoiseSchedule,
    levels: Levels,
    /// Whether it adds all the noise that the step would, in place of what is left of it given the clean latents.
    large: bool,
    clip: Clip,
}

impl Ddpm {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let spaced = timesteps::spaced(&schedule, options, Spacing::Leading)?;
        let large = match options.config.variance_type.as_deref() {
            None | Some("fixed_small" | "fixed_small_log") => false,
            Some("fixed_large") => true,
            Some(other) => bail!(
                ModelUnsupported,
                "scheduler_config.json: variance_type is \"{other}\"; expected fixed_small, fixed_small_log or \
                 fixed_large: a UNet of Stable Diffusion predicts no variance"
            ),
        };
        Ok(Self {
            levels: Levels::trained(spaced.iter().map(|t| t.round_ties_even()).collect(), &schedule),
            large,
            clip: options.clip_or(true),
            schedule,
        })
    }
}

impl Scheduler for Ddpm {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let timestep = self.levels.timesteps[i] as usize;
        let cumprod = |t: f64| self.schedule.alphas_cumprod[t as usize];
        let (here, to) = (cumprod(timestep as f64), self.levels.timesteps.get(i + 1).map_or(1.0, |t| cumprod(*t)));
        let (mut clean, _) = self.schedule.clean_and_noise(self.schedule.alpha_sigma(timestep), output, sample);
        self.clip.apply(&mut clean);

        // Formula 7 of the paper, with the β of the distance that the step goes.
        let alpha = here / to;
        let beta = 1.0 - alpha;
        let mut next = &clean * (to.sqrt() * beta / (1.0 - here)) + sample * (alpha.sqrt() * (1.0 - to) / (1.0 - here));
        if timestep > 0 {
            let small = ((1.0 - to) / (1.0 - here) * beta).max(1e-20);
            let deviation = if self.large { beta.sqrt() } else { small.sqrt() };
            next.scaled_add(deviation, &normal_like(sample, random));
        }
        Step { next, clean }
    }
}
