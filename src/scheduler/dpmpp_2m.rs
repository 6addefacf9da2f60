//! DPM-Solver++ (2M), the multistep solver of second order (Lu et al., 2022).
//! Reference: diffusers' `DPMSolverMultistepScheduler` with its defaults (`dpmsolver++`,
//! midpoint, lower order at the end).

use super::{timesteps, Latents, NoiseSchedule, Options, Random, Scheduler, Spacing, Step};

pub struct Dpmpp2m {
    schedule: NoiseSchedule,
    timesteps: Vec<f64>,
    /// One more than the timesteps: the last is 0.
    sigmas: Vec<f32>,
    previous_clean: Option<Latents>,
}

impl Dpmpp2m {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Self {
        let train = schedule.alphas_cumprod.len();
        let spacing = options.spacing_or(Spacing::Linspace);
        let offset = options.config.steps_offset.unwrap_or(0);
        let (timesteps, sigmas): (Vec<f64>, Vec<f64>) = if options.karras {
            let (max, min) = (f64::from(schedule.sigmas[train - 1]), f64::from(schedule.sigmas[0]));
            let sigmas = timesteps::karras(max, min, options.steps);
            (sigmas.iter().map(|s| schedule.timestep_at(*s).round_ties_even()).collect(), sigmas)
        } else {
            let timesteps = timesteps::spaced_without_last(spacing, train, options.steps, offset);
            let sigmas = timesteps.iter().map(|t| schedule.sigma_at(*t)).collect();
            (timesteps, sigmas)
        };
        let sigmas = sigmas.iter().map(|s| *s as f32).chain([0.0]).collect();
        Self { schedule, timesteps, sigmas, previous_clean: None }
    }

    /// (α, σ) of latents √ᾱ·x₀ + √(1−ᾱ)·ε at a noise level.
    fn alpha_sigma(&self, i: usize) -> (f32, f32) {
        let sigma = self.sigmas[i];
        let alpha = 1.0 / (sigma * sigma + 1.0).sqrt();
        (alpha, sigma * alpha)
    }

    /// λ = ln(α/σ), half the logarithm of the signal-to-noise ratio.
    fn lambda(&self, i: usize) -> f32 {
        let (alpha, sigma) = self.alpha_sigma(i);
        alpha.ln() - sigma.ln()
    }
}

impl Scheduler for Dpmpp2m {
    fn timesteps(&self) -> &[f64] {
        &self.timesteps
    }

    fn add_noise(&self, i: usize, clean: &Latents, noise: &Latents) -> Latents {
        let (alpha, sigma) = self.alpha_sigma(i);
        clean * alpha + noise * sigma
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, _random: &mut Random) -> Step {
        let (alpha_from, sigma_from) = self.alpha_sigma(i);
        let (alpha_to, sigma_to) = self.alpha_sigma(i + 1);
        let (clean, _) = self.schedule.clean_and_noise(alpha_from * alpha_from, output, sample);
        let h = self.lambda(i + 1) - self.lambda(i);
        let weight = -alpha_to * ((-h).exp() - 1.0);
        let mut next = sample * (sigma_to / sigma_from) + &clean * weight;
        // λ is infinite where the noise ends, so the last step must be of first order.
        let last = i + 1 == self.timesteps.len();
        if let (Some(previous), false) = (&self.previous_clean, last) {
            let ratio = (self.lambda(i) - self.lambda(i - 1)) / h;
            next += &((&clean - previous) * (0.5 * weight / ratio));
        }
        self.previous_clean = Some(clean.clone());
        Step { next, clean }
    }
}
