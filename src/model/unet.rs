//! The conditional UNet, which predicts what is noise in the latents.

use std::path::Path;

use ndarray::{Array4, ArrayView3, ArrayView4, Ix4};
use serde::Deserialize;

use super::component::{Component, Device, Port};
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::files;

pub struct Unet {
    component: Component,
    sample: Port,
    timestep: Port,
    embeddings: Port,
    output: Port,
    /// Channels of the latents, and the size that the model was trained at.
    pub channels: usize,
    pub sample_size: (usize, usize),
}

#[derive(Default, Deserialize)]
struct Config {
    in_channels: Option<usize>,
    out_channels: Option<usize>,
    sample_size: Option<SampleSize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SampleSize {
    Square(usize),
    /// Height and width, as diffusers orders them.
    Sides([usize; 2]),
}

impl Unet {
    pub fn open(directory: &Path, device: &Device, cancel: &Cancel) -> Result<Self> {
        let config: Config = files::read_optional_json(&directory.join("unet/config.json"))?;
        let component = Component::open(directory, "unet", device, cancel)?;
        let sample = component.input(&["sample"])?;
        let timestep = component.input(&["timestep"])?;
        let embeddings = component.input(&["encoder_hidden_states"])?;
        component.no_other_inputs(&[&sample, &timestep, &embeddings])?;
        let output = component.output(&["out_sample", "latent", "noise_pred"])?;

        let fixed = |i: usize| sample.shape.get(i).copied().and_then(|d| usize::try_from(d).ok()).filter(|d| *d > 0);
        let channels = config.in_channels.or_else(|| fixed(1)).unwrap_or(4);
        let output_channels = config.out_channels.unwrap_or(channels);
        if output_channels != channels || channels > 64 {
            bail!(
                ModelUnsupported,
                "unet: the model takes {channels} channels and gives {output_channels}; this version of Scumble runs text-to-image models, which take and give the same, 64 at most"
            );
        }
        let sample_size = match config.sample_size {
            Some(SampleSize::Square(side)) => (side, side),
            Some(SampleSize::Sides([height, width])) => (height, width),
            None => (fixed(2).unwrap_or(64), fixed(3).unwrap_or(64)),
        };
        if !(1..=1024).contains(&sample_size.0) || !(1..=1024).contains(&sample_size.1) {
            bail!(ModelInvalid, "unet/config.json: sample_size is {sample_size:?}; expected 1 to 1024");
        }
        Ok(Self { component, sample, timestep, embeddings, output, channels, sample_size })
    }

    pub fn denoise(
        &mut self,
        latents: ArrayView4<f32>,
        timestep: f64,
        embeddings: ArrayView3<f32>,
        cancel: &Cancel,
    ) -> Result<Array4<f32>> {
        let inputs = vec![
            (&self.sample, self.sample.tensor(latents.into_dyn())?),
            (&self.timestep, self.timestep.scalar(timestep)?),
            (&self.embeddings, self.embeddings.tensor(embeddings.into_dyn())?),
        ];
        let output = self.component.run(inputs, &self.output, cancel)?;
        match output.into_dimensionality::<Ix4>() {
            Ok(output) if output.dim() == latents.dim() => Ok(output),
            Ok(output) => bail!(
                ModelUnsupported,
                "unet: the output has shape {:?}; expected {:?}, that of the latents",
                output.shape(),
                latents.shape()
            ),
            Err(error) => bail!(ModelUnsupported, "unet: the output is not a picture: {error}"),
        }
    }
}
