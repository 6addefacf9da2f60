//! The decoder of the autoencoder: latents to a picture.

use ndarray::{Array3, ArrayView4, Axis, Ix4};
use serde::Deserialize;

use super::changes::Changes;
use super::component::Component;
use super::layout::Layout;
use super::port::Port;
use super::Options;
use crate::cancel::Cancel;
use crate::error::{bail, Result};

/// What both halves share, read from the decoder's `config.json`.
#[derive(Clone, Copy, Debug)]
pub struct VaeScale {
    /// What the encoder's latents are multiplied by to have a variance of 1.
    pub scaling_factor: f32,
    /// Pixels per latent, along each side.
    pub factor: usize,
}

#[derive(Default, Deserialize)]
struct Config {
    scaling_factor: Option<f32>,
    shift_factor: Option<f32>,
    block_out_channels: Option<Vec<usize>>,
    latents_mean: Option<Vec<f32>>,
    latents_std: Option<Vec<f32>>,
}

impl VaeScale {
    /// `default_scaling`: where the files do not say.
    pub fn read(layout: &Layout, default_scaling: f32) -> Result<Self> {
        let config: Config = layout.config(&["vae_decoder", "vae_encoder", "vae"])?;
        let scaling_factor = config.scaling_factor.unwrap_or(default_scaling);
        if !(scaling_factor.is_finite() && scaling_factor > 0.0) {
            bail!(ModelInvalid, "vae_decoder/config.json: scaling_factor is {scaling_factor}; expected more than 0");
        }
        for (key, given) in [
            ("shift_factor", config.shift_factor.is_some_and(|shift| shift != 0.0)),
            ("latents_mean", config.latents_mean.is_some()),
            ("latents_std", config.latents_std.is_some()),
        ] {
            if given {
                bail!(
                    ModelUnsupported,
                    "vae_decoder/config.json: {key} is set; the autoencoders of Stable Diffusion have none"
                );
            }
        }
        // Each block but the first halves the picture.
        let blocks = config.block_out_channels.map_or(4, |channels| channels.len());
        if !(1..=7).contains(&blocks) {
            bail!(ModelInvalid, "vae_decoder/config.json: block_out_channels has {blocks} entries; expected 1 to 7");
        }
        Ok(Self { scaling_factor, factor: 1 << (blocks - 1) })
    }
}

/// Latents to a picture.
pub struct VaeDecoder {
    component: Component,
    latents: Port,
    picture: Port,
    scale: VaeScale,
}

impl VaeDecoder {
    pub fn open(layout: &Layout, scale: VaeScale, options: &Options, cancel: &Cancel) -> Result<Self> {
        let (path, changes) = (layout.model("vae_decoder")?, Changes::of(options));
        let component = Component::open_changed(layout.root(), &path, "vae_decoder", changes, &options.device, cancel)?;
        let latents = component.input(&["latent_sample", "latent"])?;
        component.no_other_inputs([&latents])?;
        let picture = component.output(&["sample", "image", "images"])?;
        Ok(Self { component, latents, picture, scale })
    }

    pub fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>> {
        let (_, _, height, width) = latents.dim();
        let expected = [1, 3, height * self.scale.factor, width * self.scale.factor];
        let unscaled = &latents / self.scale.scaling_factor;
        let input = self.latents.tensor(unscaled.view().into_dyn())?;
        let output = self.component.run_one(vec![(&self.latents, input)], &self.picture, cancel)?;
        if output.shape() != expected {
            bail!(ModelUnsupported, "vae_decoder: the picture has shape {:?}; expected {expected:?}", output.shape());
        }
        let output = output.into_dimensionality::<Ix4>().expect("four dimensions, as just compared");
        Ok(output.index_axis_move(Axis(0), 0))
    }
}
