//! The noise levels that a model was trained on: ᾱ and σ = √((1−ᾱ)/ᾱ) of each timestep.
//!
//! Precision follows diffusers: betas, cumulative products and sigmas are f32 (the running
//! product is kept in f64, as torch does on the CPU); interpolation runs in f64.

use std::f64::consts::FRAC_PI_2;

use super::{Latents, Prediction, Sampler, SchedulerConfig};
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
    /// The schedule that a configuration describes to a sampler.
    pub fn new(config: &SchedulerConfig, sampler: Sampler) -> Result<Self> {
        let mut betas = match &config.trained_betas {
            Some(betas) => betas.clone(),
            None => spaced_betas(config, sampler)?,
        };
        let zero_snr =
            if config.rescale_betas_zero_snr == Some(true) { ZeroSnr::of(sampler) } else { ZeroSnr::Ignored };
        let mut alphas_cumprod = cumulative_alphas(&betas);
        // Each level noisier than the one before, by more than rounding takes away.
        let rises = alphas_cumprod.windows(2).all(|pair| pair[0] > pair[1]);
        if alphas_cumprod.len() < 2 || !rises || alphas_cumprod.iter().any(|a| !(*a > 0.0 && *a < 1.0)) {
            bail!(
                ModelInvalid,
                "scheduler_config.json: the betas must give two noise levels or more, rising and all between 0 and 1"
            );
        }
        config.check()?;
        if zero_snr != ZeroSnr::Ignored {
            betas = rescale_to_zero_snr(&alphas_cumprod);
            alphas_cumprod = cumulative_alphas(&betas);
        }
        if zero_snr == ZeroSnr::Nearly {
            alphas_cumprod[betas.len() - 1] = 2f32.powi(-24);
        }
        let sigmas = alphas_cumprod.iter().map(|a| ((1.0 - a) / a).sqrt()).collect();
        Ok(Self { alphas_cumprod, sigmas, prediction: config.prediction() })
    }

    /// How many of the noisiest levels have a λ of less than this (diffusers' `lambda_min_clipped`).
    pub fn noisier_than(&self, lambda: f64) -> usize {
        let lambda_of = |t: usize| {
            let (alpha, sigma) = self.alpha_sigma(t);
            f64::from(alpha.ln() - sigma.ln())
        };
        (0..self.sigmas.len()).filter(|t| lambda_of(*t) < lambda).count()
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

    /// √ᾱ and √(1−ᾱ) of a trained timestep.
    pub fn alpha_sigma(&self, timestep: usize) -> (f32, f32) {
        let alpha = self.alphas_cumprod[timestep];
        (alpha.sqrt(), (1.0 - alpha).sqrt())
    }

    /// Clean latents x₀ and noise ε that a model output stands for, where latents are α·x₀ + σ·ε.
    pub fn clean_and_noise(&self, level: (f32, f32), output: &Latents, sample: &Latents) -> (Latents, Latents) {
        let (alpha, sigma) = level;
        match self.prediction {
            Prediction::Epsilon => ((sample - output * sigma) / alpha, output.clone()),
            Prediction::Sample => (output.clone(), (sample - output * alpha) / sigma),
            Prediction::Velocity => (sample * alpha - output * sigma, output * alpha + sample * sigma),
        }
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

/// What becomes of `rescale_betas_zero_snr`, which differs per diffusers class.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ZeroSnr {
    /// The class does not know the key.
    Ignored,
    /// The last timestep is pure noise.
    Exact,
    /// It has a trace of signal, so that its σ is finite.
    Nearly,
}

impl ZeroSnr {
    /// What the sampler's class makes of it.
    pub fn of(sampler: Sampler) -> Self {
        use Sampler::{Ddim, Ddpm, Dpmpp2sAncestral, Euler, EulerAncestral, Ipndm, Lcm, Tcd, UniPc};
        match sampler {
            Ddim | Ddpm | Lcm | Tcd => Self::Exact,
            // The last two are no classes of diffusers, or none for Stable Diffusion: they are like Euler.
            Euler | EulerAncestral | UniPc | Dpmpp2sAncestral | Ipndm => Self::Nearly,
            multistep if multistep.is_dpm_multistep() => Self::Nearly,
            _ => Self::Ignored,
        }
    }
}

/// Cumulative products of 1 − β.
fn cumulative_alphas(betas: &[f32]) -> Vec<f32> {
    let mut product = 1f64;
    let next = |beta: &f32| {
        product *= f64::from(1.0 - beta);
        product as f32
    };
    betas.iter().map(next).collect()
}

/// Betas of which the last level is pure noise and the first is as it was (Lin et al., 2023, algorithm 1).
fn rescale_to_zero_snr(alphas_cumprod: &[f32]) -> Vec<f32> {
    let roots: Vec<f32> = alphas_cumprod.iter().map(|a| a.sqrt()).collect();
    let (first, last) = (roots[0], roots[roots.len() - 1]);
    let scale = first / (first - last);
    let rescaled: Vec<f32> = roots.iter().map(|root| ((root - last) * scale).powi(2)).collect();
    let ratios = rescaled.windows(2).map(|pair| pair[1] / pair[0]);
    std::iter::once(rescaled[0]).chain(ratios).map(|alpha| 1.0 - alpha).collect()
}

/// Betas along the curve that the configuration names, with the defaults of the sampler's class.
fn spaced_betas(config: &SchedulerConfig, sampler: Sampler) -> Result<Vec<f32>> {
    use Sampler::{Dpm2, Dpm2Ancestral, DpmppSde, Heun, Lcm, Tcd};
    let (start, end, curve) = match sampler {
        Heun | Dpm2 | Dpm2Ancestral | DpmppSde => (0.00085, 0.012, "linear"),
        Lcm | Tcd => (0.00085, 0.012, "scaled_linear"),
        _ => (0.0001, 0.02, "linear"), // those of DDPM
    };
    let start = config.beta_start.unwrap_or(start);
    let end = config.beta_end.unwrap_or(end);
    let count = config.train_timesteps();
    if !(2..=100_000).contains(&count) {
        bail!(ModelInvalid, "scheduler_config.json: num_train_timesteps is {count}; expected 2 to 100000");
    }
    Ok(match config.beta_schedule.as_deref().unwrap_or(curve) {
        "linear" => linspace(start, end, count),
        "scaled_linear" => linspace(start.sqrt(), end.sqrt(), count).iter().map(|b| b * b).collect(),
        "squaredcos_cap_v2" => betas_of(count, |t| ((t + 0.008) / 1.008 * FRAC_PI_2).cos().powi(2)),
        "exp" => betas_of(count, |t| (-12.0 * t).exp()),
        "laplace" => betas_of(count, laplace),
        "sigmoid" => {
            let along = linspace(-6.0, 6.0, count);
            along.iter().map(|x| 1.0 / (1.0 + (-x).exp()) * (end - start) as f32 + start as f32).collect()
        }
        other => bail!(
            ModelUnsupported,
            "scheduler_config.json: beta_schedule is \"{other}\"; expected linear, scaled_linear, squaredcos_cap_v2, exp, \
             laplace or sigmoid"
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

/// Betas that make ᾱ this function of the share of the schedule (Nichol and Dhariwal, 2021; diffusers'
/// `betas_for_alpha_bar`).
fn betas_of(count: usize, alpha_bar: impl Fn(f64) -> f64) -> Vec<f32> {
    (0..count)
        .map(|i| {
            let (from, to) = (i as f64 / count as f64, (i + 1) as f64 / count as f64);
            (1.0 - alpha_bar(to) / alpha_bar(from)).min(0.999) as f32
        })
        .collect()
}

/// Hang et al. (2024).
fn laplace(t: f64) -> f64 {
    let from_middle = 0.5 - t;
    let log_ratio = -0.5 * 1f64.copysign(from_middle) * (1.0 - 2.0 * from_middle.abs() + 1e-6).ln();
    let ratio = log_ratio.exp();
    (ratio / (1.0 + ratio)).sqrt()
}
