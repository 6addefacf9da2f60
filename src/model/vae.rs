//! The decoder of the autoencoder: latents to a picture.

use std::path::Path;

use ndarray::{Array3, ArrayView4, Axis, Ix4};
use serde::Deserialize;

use super::component::{Component, Device, Port};
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::files;

pub struct VaeDecoder {
    component: Component,
    latents: Port,
    picture: Port,
    scaling_factor: f32,
    /// Pixels per latent, along each side.
    pub factor: usize,
}

#[derive(Default, Deserialize)]
struct Config {
    scaling_factor: Option<f32>,
    block_out_channels: Option<Vec<usize>>,
}

impl VaeDecoder {
    pub fn open(directory: &Path, device: &Device, cancel: &Cancel) -> Result<Self> {
        let config: Config = files::read_optional_json(&directory.join("vae_decoder/config.json"))?;
        // Stable Diffusion 1 and 2, where the file does not say.
        let scaling_factor = config.scaling_factor.unwrap_or(0.18215);
        if !(scaling_factor.is_finite() && scaling_factor > 0.0) {
            bail!(ModelInvalid, "vae_decoder/config.json: scaling_factor is {scaling_factor}; expected more than 0");
        }
        // Each block but the first halves the picture.
        let blocks = config.block_out_channels.map_or(4, |channels| channels.len());
        if !(1..=7).contains(&blocks) {
            bail!(ModelInvalid, "vae_decoder/config.json: block_out_channels has {blocks} entries; expected 1 to 7");
        }
        let component = Component::open(directory, "vae_decoder", device, cancel)?;
        let latents = component.input(&["latent_sample", "latent"])?;
        component.no_other_inputs(&[&latents])?;
        let picture = component.output(&["sample", "image"])?;
        Ok(Self { component, latents, picture, scaling_factor, factor: 1 << (blocks - 1) })
    }

    pub fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>> {
        let (_, _, height, width) = latents.dim();
        let expected = [1, 3, height * self.factor, width * self.factor];
        let unscaled = &latents / self.scaling_factor;
        let input = self.latents.tensor(unscaled.view().into_dyn())?;
        let output = self.component.run(vec![(&self.latents, input)], &self.picture, cancel)?;
        if output.shape() != expected {
            bail!(ModelUnsupported, "vae_decoder: the picture has shape {:?}; expected {expected:?}", output.shape());
        }
        let output = output.into_dimensionality::<Ix4>().expect("four dimensions, as just compared");
        Ok(output.index_axis_move(Axis(0), 0))
    }
}
