//! Bounds of predicted clean latents.

use super::Latents;

/// How far they may reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// As far as they do.
    Nothing,
    /// To this range on both sides of 0 (`clip_sample`).
    Range(f32),
    /// Dynamic thresholding (Saharia et al., 2022, section 2.3): to the quantile `ratio` of their magnitudes, which
    /// becomes 1. The quantile counts from 1 to `most`. Reference: diffusers' `_threshold_sample`.
    Dynamic {
        #[allow(missing_docs)]
        ratio: f32,
        #[allow(missing_docs)]
        most: f32,
    },
}

impl Clip {
    /// Bounds these latents.
    pub fn apply(self, clean: &mut Latents) {
        match self {
            Clip::Nothing => (),
            Clip::Range(range) => clean.mapv_inplace(|x| x.clamp(-range, range)),
            Clip::Dynamic { ratio, most } => {
                let bound = quantile(clean.iter().map(|x| x.abs()).collect(), ratio).max(1.0).min(most);
                clean.mapv_inplace(|x| x.clamp(-bound, bound) / bound);
            }
        }
    }
}

/// `torch.quantile`, interpolated between neighbours.
fn quantile(mut values: Vec<f32>, ratio: f32) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let rank = ratio * (values.len() - 1) as f32;
    let low = values[rank as usize];
    let high = values[rank.ceil() as usize];
    low + (high - low) * rank.fract()
}
