//! The noise levels that a model was trained on: ᾱ and σ = √((1−ᾱ)/ᾱ) of each timestep.
//!
//! Precision follows diffusers: betas, cumulative products and sigmas are f32 (the running
//! product is kept in f64, as torch does on the CPU); interpolation runs in f64.

use super::{Latents, Prediction, SchedulerConfig};
use crate::error::{bail, Result};

/// ᾱ and σ of every trained timestep, in rising order of noise.
#[derive(Clone, Debug)]
pub struct NoiseSchedule {
    /// Cumulative products of 1 − β.
    pub alphas_cumprod: Vec<f32>,
    /// √((1−ᾱ)/ᾱ).
    pub sigmas: Vec<f32>,
    prediction: Prediction,
}

impl NoiseSchedule {
    /// The schedule that a configuration describes.
    pub fn new(config: &SchedulerConfig) -> Result<Self> {
        if config.rescale_betas_zero_snr == Some(true) {
            bail!(
                ModelUnsupported,
                "scheduler_config.json: rescale_betas_zero_snr is true, which is not supported yet"
            );
        }
        let betas = match &config.trained_betas {
            Some(betas) => betas.clone(),
            None => spaced_betas(config)?,
        };
        let mut product = 1f64;
        let alphas_cumprod: Vec<f32> = betas
            .iter()
            .map(|beta| {
                product *= f64::from(1.0 - beta);
                product as f32
            })
            .collect();
        if alphas_cumprod.len() < 2 || alphas_cumprod.iter().any(|a| !(*a > 0.0 && *a < 1.0)) {
            bail!(
                ModelInvalid,
                "scheduler_config.json: the betas must give two noise levels or more, all between 0 and 1"
            );
        }
        if config.clip_sample_range.is_some_and(|range| range <= 0.0) {
            bail!(
                ModelInvalid,
                "scheduler_config.json: clip_sample_range is {}; expected more than 0",
                config.clip_sample_range.unwrap_or_default()
            );
        }
        let offset = config.steps_offset.unwrap_or(0);
        if offset >= config.train_timesteps() {
            bail!(ModelInvalid, "scheduler_config.json: steps_offset is {offset}; expected less than the timesteps");
        }
        let sigmas = alphas_cumprod.iter().map(|a| ((1.0 - a) / a).sqrt()).collect();
        Ok(Self { alphas_cumprod, sigmas, prediction: config.prediction() })
    }

    /// σ at a timestep that may lie between two trained ones.
    pub fn sigma_at(&self, timestep: f64) -> f64 {
        let last = self.sigmas.len() - 1;
        let position = timestep.clamp(0.0, last as f64);
        let low = position.floor() as usize;
        let high = (low + 1).min(last);
        let (a, b) = (f64::from(self.sigmas[low]), f64::from(self.sigmas[high]));
        a + (b - a) * (position - low as f64)
    }

    /// The timestep whose σ is this one, interpolated on ln σ.
    pub fn timestep_at(&self, sigma: f64) -> f64 {
        let log = |i: usize| f64::from(self.sigmas[i].ln());
        let wanted = sigma.max(1e-10).ln();
        let above = (0..self.sigmas.len()).rev().find(|&i| wanted >= log(i)).unwrap_or(0);
        let low = above.min(self.sigmas.len() - 2);
        let weight = ((log(low) - wanted) / (log(low) - log(low + 1))).clamp(0.0, 1.0);
        (1.0 - weight) * low as f64 + weight * (low + 1) as f64
    }

    /// Clean latents and noise that a model output stands for, where latents are √ᾱ·x₀ + √(1−ᾱ)·ε.
    pub fn clean_and_noise(&self, alpha_cumprod: f32, output: &Latents, sample: &Latents) -> (Latents, Latents) {
        let (signal, noise) = (alpha_cumprod.sqrt(), (1.0 - alpha_cumprod).sqrt());
        match self.prediction {
            Prediction::Epsilon => ((sample - output * noise) / signal, output.clone()),
            Prediction::Sample => (output.clone(), (sample - output * signal) / noise),
            Prediction::Velocity => (sample * signal - output * noise, output * signal + sample * noise),
        }
    }

    /// √ᾱ·x₀ + √(1−ᾱ)·ε at a trained timestep.
    pub fn add_noise(&self, timestep: f64, clean: &Latents, noise: &Latents) -> Latents {
        let alpha = self.alphas_cumprod[timestep as usize];
        clean * alpha.sqrt() + noise * (1.0 - alpha).sqrt()
    }

    /// Clean latents that a model output stands for, where latents are x₀ + σ·ε.
    pub fn clean_at_sigma(&self, sigma: f32, output: &Latents, sample: &Latents) -> Latents {
        match self.prediction {
            Prediction::Epsilon => sample - output * sigma,
            Prediction::Sample => output.clone(),
            Prediction::Velocity => {
                let variance = sigma * sigma + 1.0;
                output * (-sigma / variance.sqrt()) + sample / variance
            }
        }
    }
}

/// Betas along the curve that the configuration names (DDPM's defaults where it does not say).
fn spaced_betas(config: &SchedulerConfig) -> Result<Vec<f32>> {
    let start = config.beta_start.unwrap_or(0.0001);
    let end = config.beta_end.unwrap_or(0.02);
    let count = config.train_timesteps();
    if !(2..=100_000).contains(&count) {
        bail!(ModelInvalid, "scheduler_config.json: num_train_timesteps is {count}; expected 2 to 100000");
    }
    Ok(match config.beta_schedule.as_deref().unwrap_or("linear") {
        "linear" => linspace(start, end, count),
        "scaled_linear" => linspace(start.sqrt(), end.sqrt(), count).iter().map(|b| b * b).collect(),
        "squaredcos_cap_v2" => cosine_betas(count),
        other => bail!(
            ModelUnsupported,
            "scheduler_config.json: beta_schedule is \"{other}\"; expected linear, scaled_linear or squaredcos_cap_v2"
        ),
    })
}

/// `torch.linspace` in f32, which counts from both ends to the middle.
fn linspace(start: f64, end: f64, count: usize) -> Vec<f32> {
    let (start, end) = (start as f32, end as f32);
    let step = (end - start) / (count - 1) as f32;
    (0..count)
        .map(|i| if i < count / 2 { start + step * i as f32 } else { end - step * (count - 1 - i) as f32 })
        .collect()
}

/// Nichol and Dhariwal (2021).
fn cosine_betas(count: usize) -> Vec<f32> {
    let alpha_bar = |t: f64| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
    (0..count)
        .map(|i| {
            let (from, to) = (i as f64 / count as f64, (i + 1) as f64 / count as f64);
            (1.0 - alpha_bar(to) / alpha_bar(from)).min(0.999) as f32
        })
        .collect()
}
