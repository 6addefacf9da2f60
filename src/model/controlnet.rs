//! A ControlNet: what a picture of edges, depth or poses adds to the UNet.

use std::path::Path;

use ndarray::{stack, ArrayD, ArrayView3, ArrayView4, Axis};

use super::component::{Component, Scratch};
use super::options::Options;
use super::port::Port;
use super::session::Source;
use super::unet::Conditions;
use super::unet_inputs::time_ids;
use crate::cancel::Cancel;
use crate::error::{bail, Result};

pub struct ControlNet {
    pub component: Component,
    sample: Port,
    timestep: Port,
    embeddings: Port,
    picture: Port,
    scale: Option<Port>,
    pooled: Option<Port>,
    time_ids: Option<Port>,
    /// Residuals of the blocks on the way down, then that of the middle.
    outputs: Vec<Port>,
}

impl ControlNet {
    /// Loads the model in this file. Its weights may be in others of its folder.
    pub fn open(path: &Path, options: &Options, cancel: &Cancel) -> Result<Self> {
        let folder = path.parent().unwrap_or(path);
        let component = Component::open(
            Source::new(folder, path.to_owned(), "controlnet").tiling(options),
            Scratch::Keep,
            options,
            cancel,
        )?;
        let sample = component.input(&["sample"])?;
        let timestep = component.input(&["timestep"])?;
        let embeddings = component.input(&["encoder_hidden_states"])?;
        let picture = component.input(&["controlnet_cond"])?;
        let scale = component.optional_input(&["conditioning_scale"]);
        let pooled = component.optional_input(&["text_embeds"]);
        let time_ids = component.optional_input(&["time_ids"]);
        component.no_other_inputs(
            [&sample, &timestep, &embeddings, &picture].into_iter().chain(&scale).chain(&pooled).chain(&time_ids),
        )?;
        let is_middle = |port: &&Port| port.name.contains("mid");
        let outputs = component.outputs().iter();
        let outputs = outputs.clone().filter(|port| !is_middle(port)).chain(outputs.clone().filter(is_middle));
        let outputs: Vec<Port> = outputs.cloned().collect();
        Ok(Self { component, sample, timestep, embeddings, picture, scale, pooled, time_ids, outputs })
    }

    /// How many residuals it gives.
    pub fn residuals(&self) -> usize {
        self.outputs.len()
    }

    /// The residuals for a batch of latents. `picture`: `[3, height, width]`, 0 to 1.
    pub fn run(
        &mut self,
        latents: ArrayView4<f32>,
        timestep: f64,
        conditions: &Conditions,
        picture: ArrayView3<f32>,
        scale: f32,
        cancel: &Cancel,
    ) -> Result<Vec<ArrayD<f32>>> {
        let batch = latents.dim().0;
        let pictures = stack(Axis(0), &vec![picture; batch]).expect("pictures of one size");
        let mut inputs = vec![
            (&self.sample, self.sample.tensor(latents.into_dyn())?),
            (&self.timestep, self.timestep.scalar(timestep)?),
            (&self.embeddings, self.embeddings.tensor(conditions.embeddings.into_dyn())?),
            (&self.picture, self.picture.tensor(pictures.view().into_dyn())?),
        ];
        if let Some(port) = &self.scale {
            inputs.push((port, port.scalar(f64::from(scale))?));
        }
        if let Some(port) = &self.pooled {
            match conditions.pooled {
                Some(pooled) => inputs.push((port, port.tensor(pooled.into_dyn())?)),
                None => bail!(NotSupported, "controlnet: it is made for SDXL, which this model is not"),
            }
        }
        if let Some(port) = &self.time_ids {
            inputs.push((port, port.tensor(time_ids(conditions.size, batch).view().into_dyn())?));
        }
        let outputs: Vec<&Port> = self.outputs.iter().collect();
        let mut residuals = self.component.run(inputs, &outputs, cancel)?;
        if self.scale.is_none() && scale != 1.0 {
            residuals.iter_mut().for_each(|residual| *residual *= scale);
        }
        Ok(residuals)
    }
}
