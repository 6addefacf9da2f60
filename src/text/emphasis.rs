//! Weights of words, applied to what the text encoder made of them.

use ndarray::{Array3, ArrayView2, Axis};

/// Multiplies each embedding by its weight, then scales each chunk as a whole back to the mean that
/// it had: the web UI's emphasis "Original". `embeddings` is `[chunks, tokens, width]`, `weights`
/// `[chunks, tokens]`. Where several text encoders read the prompt, each output is weighted by
/// itself; pooled embeddings are not weighted at all.
///
/// A chunk whose weights are all 1 stays as it is, to the bit. One whose mean has become 0 cannot be
/// scaled back and keeps the products.
///
/// Source: `modules/sd_emphasis.py` (`EmphasisOriginal`) of AUTOMATIC1111/stable-diffusion-webui.
pub fn apply(embeddings: &mut Array3<f32>, weights: ArrayView2<f32>) {
    for (mut chunk, weights) in embeddings.outer_iter_mut().zip(weights.outer_iter()) {
        if weights.iter().all(|weight| *weight == 1.0) {
            continue;
        }
        let before = sum(chunk.view());
        chunk *= &weights.insert_axis(Axis(1));
        let restore = (before / sum(chunk.view())) as f32;
        if restore.is_finite() {
            chunk *= restore;
        }
    }
}

/// In double precision: positive and negative values nearly cancel out.
fn sum(chunk: ArrayView2<f32>) -> f64 {
    chunk.iter().map(|x| f64::from(*x)).sum()
}
