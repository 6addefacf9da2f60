//! What a UNet is told besides latents, timestep and text.

use ndarray::{Array2, Array5, Axis};

use crate::error::Result;
use crate::memory;
use crate::model::Control;

/// Numbers that tell SDXL of size and crop.
pub(super) const TIME_IDS: usize = 6;

/// Original size, crop from top and left, wanted size: a picture that was never scaled nor cropped.
pub fn time_ids((height, width): (usize, usize), batch: usize) -> Array2<f32> {
    let row = [height, width, 0, 0, height, width];
    Array2::from_shape_fn((batch, TIME_IDS), |(_, i)| row[i] as f32)
}

/// Sines and cosines of the guidance scale, less 1 and by 1000 (diffusers' `get_guidance_scale_embedding`).
pub fn embed_guidance(guidance_scale: f32, width: usize, batch: usize) -> Array2<f32> {
    let half = width / 2;
    let strength = (guidance_scale - 1.0) * 1000.0;
    let decay = 10_000f32.ln() / (half as f32 - 1.0);
    Array2::from_shape_fn((batch, width), |(_, i)| match i {
        _ if i < half => (strength * (-decay * i as f32).exp()).sin(),
        _ if i < 2 * half => (strength * (-decay * (i - half) as f32).exp()).cos(),
        _ => 0.0, // the odd one
    })
}

/// The pictures `[nets, batch, 3, height, width]` and the scales `[nets, 1]` of ControlNets that are part of the
/// UNet's graph. One that does not take part has a scale of 0.
pub fn merged_controls(
    controls: &[Control],
    nets: usize,
    batch: usize,
    (height, width): (usize, usize),
) -> Result<(Array5<f32>, Array2<f32>)> {
    let mut pictures = memory::zeros((nets, batch, 3, height, width))?;
    let mut scales = Array2::zeros((nets, 1));
    for control in controls {
        pictures.index_axis_mut(Axis(0), control.index).assign(&control.picture);
        scales[(control.index, 0)] = control.scale;
    }
    Ok((pictures, scales))
}
