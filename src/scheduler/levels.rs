//! The noise levels that a run goes through, in the two forms that samplers keep latents in.

use super::{Latents, NoiseSchedule};

/// The timestep and the noise of each evaluation, from noisy to clean.
pub struct Levels {
    /// What the UNet is told.
    pub timesteps: Vec<f64>,
    /// α and σ of the latents α·x₀ + σ·ε.
    alpha_sigma: Vec<(f32, f32)>,
    /// What the latents are divided by for the UNet; empty where it takes them as they are.
    divisors: Vec<f32>,
    /// The standard deviation of the noise to start from.
    pub init_noise_sigma: f32,
}

impl Levels {
    /// Latents √ᾱ·x₀ + √(1−ᾱ)·ε, at trained timesteps.
    pub fn trained(timesteps: Vec<f64>, schedule: &NoiseSchedule) -> Self {
        let alpha_sigma = timesteps.iter().map(|t| schedule.alpha_sigma(*t as usize)).collect();
        Self { timesteps, alpha_sigma, divisors: Vec::new(), init_noise_sigma: 1.0 }
    }

    /// The same, at any σ/α: √(α² + σ²) is 1.
    pub fn preserving(timesteps: Vec<f64>, sigmas: &[f32]) -> Self {
        let alpha_sigma = timesteps.iter().zip(sigmas).map(|(_, sigma)| alpha_sigma(*sigma)).collect();
        Self { timesteps, alpha_sigma, divisors: Vec::new(), init_noise_sigma: 1.0 }
    }

    /// Latents x₀ + σ·ε, which the UNet takes divided by √(σ² + 1).
    pub fn exploding(timesteps: Vec<f64>, sigmas: &[f32], init_noise_sigma: f32) -> Self {
        let alpha_sigma = timesteps.iter().zip(sigmas).map(|(_, sigma)| (1.0, *sigma)).collect();
        let levels = Self { timesteps, alpha_sigma, divisors: Vec::new(), init_noise_sigma };
        levels.seen_at(sigmas)
    }

    /// Latents that the UNet takes as if they had these σ: those of the middle of a step.
    pub fn seen_at(mut self, sigmas: &[f32]) -> Self {
        self.divisors = sigmas.iter().map(|sigma| (sigma * sigma + 1.0).sqrt()).collect();
        self
    }

    /// Whether an evaluation is of nothing but noise, in which a model that predicts noise sees nothing.
    pub fn has_pure_noise(&self) -> bool {
        self.alpha_sigma.iter().any(|(alpha, _)| *alpha == 0.0)
    }

    /// The latents as the UNet expects them at evaluation `i`.
    pub fn scale_model_input(&self, i: usize, sample: &Latents) -> Latents {
        match self.divisors.get(i) {
            Some(divisor) => sample / *divisor,
            None => sample.clone(),
        }
    }

    /// A clean picture's latents with this noise, as they are before evaluation `i`.
    pub fn add_noise(&self, i: usize, clean: &Latents, noise: &Latents) -> Latents {
        let (alpha, sigma) = self.alpha_sigma[i];
        clean * alpha + noise * sigma
    }
}

/// α and σ with α² + σ² = 1, of their quotient σ/α.
pub fn alpha_sigma(quotient: f32) -> (f32, f32) {
    let alpha = 1.0 / (quotient * quotient + 1.0).sqrt();
    (alpha, quotient * alpha)
}

/// λ = ln(α/σ), half the logarithm of the signal-to-noise ratio.
pub fn lambda(quotient: f32) -> f32 {
    let (alpha, sigma) = alpha_sigma(quotient);
    alpha.ln() - sigma.ln()
}
