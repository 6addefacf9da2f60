//! Euler's method and its ancestral form (Karras et al., 2022, algorithm 2; k-diffusion's
//! `sample_euler_ancestral`). References: diffusers' `EulerDiscreteScheduler` and
//! `EulerAncestralDiscreteScheduler`.

use super::{normal_like, timesteps, Latents, NoiseSchedule, Options, Random, Scheduler, Spacing, Step};

pub struct Euler {
    schedule: NoiseSchedule,
    timesteps: Vec<f64>,
    /// One more than the timesteps: the last is 0.
    sigmas: Vec<f32>,
    init_noise_sigma: f32,
    ancestral: bool,
}

impl Euler {
    pub fn new(schedule: NoiseSchedule, options: &Options, ancestral: bool) -> Self {
        let train = schedule.alphas_cumprod.len();
        let spacing = options.spacing_or(Spacing::Linspace);
        let mut timesteps: Vec<f64> =
            timesteps::spaced(spacing, train, options.steps, options.config.steps_offset.unwrap_or(0))
                .iter()
                .map(|t| f64::from(*t as f32))
                .collect();
        let mut sigmas: Vec<f64> = timesteps.iter().map(|t| schedule.sigma_at(*t)).collect();
        if options.karras && !ancestral {
            sigmas = timesteps::karras(sigmas[0], sigmas[sigmas.len() - 1], options.steps);
            timesteps = sigmas.iter().map(|s| f64::from(schedule.timestep_at(*s) as f32)).collect();
        }
        let mut sigmas: Vec<f32> = sigmas.iter().map(|s| *s as f32).collect();
        let sigma_max = sigmas.iter().copied().fold(0.0, f32::max);
        sigmas.push(0.0);
        let init_noise_sigma = match spacing {
            Spacing::Linspace | Spacing::Trailing => sigma_max,
            Spacing::Leading => (sigma_max * sigma_max + 1.0).sqrt(),
        };
        Self { schedule, timesteps, sigmas, init_noise_sigma, ancestral }
    }
}

impl Scheduler for Euler {
    fn timesteps(&self) -> &[f64] {
        &self.timesteps
    }

    fn add_noise(&self, i: usize, clean: &Latents, noise: &Latents) -> Latents {
        clean + noise * self.sigmas[i]
    }

    fn init_noise_sigma(&self) -> f32 {
        self.init_noise_sigma
    }

    fn scale_model_input(&self, i: usize, sample: &Latents) -> Latents {
        sample / (self.sigmas[i] * self.sigmas[i] + 1.0).sqrt()
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let (sigma, to) = (self.sigmas[i], self.sigmas[i + 1]);
        let clean = self.schedule.clean_at_sigma(sigma, output, sample);
        let derivative = (sample - &clean) / sigma;
        let next = if self.ancestral {
            let up = (to * to * (sigma * sigma - to * to) / (sigma * sigma)).sqrt();
            // Rounding takes the difference below zero where the noise falls steeply.
            let down = (to * to - up * up).max(0.0).sqrt();
            // Noise is drawn on the last step too, where it counts nothing: the stream must agree.
            let noise = normal_like(sample, random);
            sample + derivative * (down - sigma) + noise * up
        } else {
            sample + derivative * (to - sigma)
        };
        Step { next, clean }
    }
}
