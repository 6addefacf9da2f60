//! The last normalisation of a CLIP text encoder, for clip skip.
//!
//! diffusers normalises the hidden states of an earlier layer as if they were the last, but exports
//! give them bare, and weights have no names to go by. They do give the last layer both ways:
//! `last_hidden_state = γ · normalise(hidden_states[last]) + β`. So γ and β are solved from one text.

use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};

use crate::error::{bail, Result};

/// Of every released CLIP.
const EPSILON: f64 = 1e-5;
/// What the solution may miss the model by; half precision is somewhat below.
const TOLERANCE: f64 = 1e-2;

/// Layer normalisation (Ba et al., 2016) with learned scale and shift.
pub struct FinalNorm {
    scale: Array1<f64>,
    shift: Array1<f64>,
}

impl FinalNorm {
    /// Solves for scale and shift from states `[tokens, width]` before and after.
    pub fn solve(before: ArrayView2<f32>, after: ArrayView2<f32>) -> Result<Self> {
        let x = normalise(before);
        let y = after.mapv(f64::from);
        let mean = |values: &Array2<f64>| values.mean_axis(Axis(0)).unwrap_or_default();
        let (mean_x, mean_y) = (mean(&x), mean(&y));
        let (centred_x, centred_y) = (&x - &mean_x, &y - &mean_y);
        let scale = (&centred_x * &centred_y).sum_axis(Axis(0)) / (&centred_x * &centred_x).sum_axis(Axis(0));
        let shift = mean_y - &scale * &mean_x;
        let norm = Self { scale, shift };

        let largest = y.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let missed = Zip::from(&norm.shape(x)).and(&y).fold(0.0, |a: f64, b, c| a.max((b - c).abs()));
        if missed > largest * TOLERANCE || !missed.is_finite() {
            bail!(
                NotSupported,
                "clip_skip: the text encoder's last hidden state is not its last layer normalised, as that of CLIP is"
            );
        }
        Ok(norm)
    }

    /// Normalises states `[tokens, width]`.
    pub fn apply(&self, states: ArrayView2<f32>) -> Array2<f32> {
        self.shape(normalise(states)).mapv(|x| x as f32)
    }

    fn shape(&self, normalised: Array2<f64>) -> Array2<f64> {
        normalised * &self.scale + &self.shift
    }
}

fn normalise(states: ArrayView2<f32>) -> Array2<f64> {
    let mut states = states.mapv(f64::from);
    for mut row in states.rows_mut() {
        let mean = row.mean().unwrap_or(0.0);
        let deviation = (row.mapv(|x| (x - mean).powi(2)).mean().unwrap_or(0.0) + EPSILON).sqrt();
        row.mapv_inplace(|x| (x - mean) / deviation);
    }
    states
}
