//! DDIM (Song et al., 2020), η = 0. Reference: diffusers' `DDIMScheduler`.

use super::{timesteps, Latents, NoiseSchedule, Options, Random, Scheduler, Spacing, Step};

pub struct Ddim {
    schedule: NoiseSchedule,
    timesteps: Vec<f64>,
    /// Distance to the next timestep, also after the last.
    stride: isize,
    final_alpha_cumprod: f32,
    clip: Option<f32>,
}

impl Ddim {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Self {
        let config = options.config;
        let train = schedule.alphas_cumprod.len();
        let spacing = options.spacing_or(Spacing::Leading);
        let clip = config.clip_sample.unwrap_or(true).then(|| config.clip_sample_range.unwrap_or(1.0));
        Self {
            timesteps: timesteps::spaced(spacing, train, options.steps, config.steps_offset.unwrap_or(0))
                .iter()
                .map(|t| t.round_ties_even())
                .collect(),
            stride: (train / options.steps) as isize,
            final_alpha_cumprod: if config.set_alpha_to_one.unwrap_or(true) { 1.0 } else { schedule.alphas_cumprod[0] },
            clip,
            schedule,
        }
    }
}

impl Scheduler for Ddim {
    fn timesteps(&self) -> &[f64] {
        &self.timesteps
    }

    fn add_noise(&self, i: usize, clean: &Latents, noise: &Latents) -> Latents {
        self.schedule.add_noise(self.timesteps[i], clean, noise)
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, _random: &mut Random) -> Step {
        let timestep = self.timesteps[i] as isize;
        let alpha = self.schedule.alphas_cumprod[timestep as usize];
        let previous = timestep - self.stride;
        let alpha_previous = match usize::try_from(previous) {
            Ok(previous) => self.schedule.alphas_cumprod[previous],
            Err(_) => self.final_alpha_cumprod,
        };
        let (mut clean, noise) = self.schedule.clean_and_noise(alpha, output, sample);
        if let Some(range) = self.clip {
            clean.mapv_inplace(|x| x.clamp(-range, range));
        }
        let next = &clean * alpha_previous.sqrt() + &noise * (1.0 - alpha_previous).sqrt();
        Step { next, clean }
    }
}
