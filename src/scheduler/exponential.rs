//! The exponential integrators of DPM-Solver (Lu et al., 2022, arXiv 2206.00927) and DPM-Solver++ (2211.01095), whose
//! multistep and singlestep forms differ only in where the differences of predictions come from.

use super::levels::{alpha_sigma, lambda};
use super::{Latents, NoiseSchedule};
use crate::scheduler::clip::Clip;

/// What is integrated over λ: diffusers' `algorithm_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integral {
    /// The predicted clean latents ("dpmsolver++").
    Clean,
    /// The same, with noise drawn in each step ("sde-dpmsolver++").
    CleanSde,
    /// The predicted noise ("dpmsolver").
    Noise,
    /// The same, with noise drawn in each step ("sde-dpmsolver").
    NoiseSde,
}

/// Factors of what a step adds up, from one σ/α to another.
pub struct Weights {
    /// Of the latents.
    pub sample: f32,
    /// Of the prediction.
    pub first: f32,
    /// Of its slope over the step: Heun's. The midpoint's is half of `first`.
    pub second: f32,
    /// Of its bend.
    pub third: f32,
    /// Of new noise.
    pub noise: f32,
    /// The length of the step in λ.
    pub h: f32,
}

impl Integral {
    /// Whether each step draws noise.
    pub fn is_stochastic(self) -> bool {
        matches!(self, Integral::CleanSde | Integral::NoiseSde)
    }

    /// Clean latents, bounded, and what of the model's output is integrated.
    pub fn predict(
        self,
        schedule: &NoiseSchedule,
        clip: Clip,
        quotient: f32,
        output: &Latents,
        sample: &Latents,
    ) -> (Latents, Latents) {
        let (alpha, sigma) = alpha_sigma(quotient);
        let (mut clean, noise) = schedule.clean_and_noise((alpha, sigma), output, sample);
        clip.apply(&mut clean);
        let prediction = match self {
            Integral::Clean | Integral::CleanSde => clean.clone(),
            Integral::Noise | Integral::NoiseSde if clip == Clip::Nothing => noise,
            Integral::Noise | Integral::NoiseSde => (sample - &clean * alpha) / sigma,
        };
        (clean, prediction)
    }

    /// The factors of a step from one quotient σ/α to another.
    pub fn weights(self, from: f32, to: f32) -> Weights {
        let h = lambda(to) - lambda(from);
        let (from, to) = (alpha_sigma(from), alpha_sigma(to));
        match self {
            Integral::Clean | Integral::CleanSde => {
                // The stochastic form goes twice as far, and comes back with noise.
                let stochastic = self.is_stochastic();
                let (h2, decay) = if stochastic { (2.0 * h, (-h).exp()) } else { (h, 1.0) };
                let phi_1 = 1.0 - (-h2).exp();
                // The stochastic form's sign is diffusers', and not k-diffusion's.
                let half = if stochastic { -0.5 } else { 0.5 };
                Weights {
                    sample: to.1 / from.1 * decay,
                    first: to.0 * phi_1,
                    second: to.0 * (1.0 - phi_1 / h2),
                    third: to.0 * ((phi_1 - h2) / (h2 * h2) + half),
                    noise: to.1 * (1.0 - (-2.0 * h).exp()).sqrt(),
                    h,
                }
            }
            Integral::Noise | Integral::NoiseSde => {
                let times = if self.is_stochastic() { 2.0 } else { 1.0 };
                let phi_1 = h.exp() - 1.0;
                Weights {
                    sample: to.0 / from.0,
                    first: -times * to.1 * phi_1,
                    second: -times * to.1 * (phi_1 / h - 1.0),
                    third: -to.1 * ((phi_1 - h) / (h * h) - 0.5),
                    noise: to.1 * ((2.0 * h).exp() - 1.0).sqrt(),
                    h,
                }
            }
        }
    }
}
