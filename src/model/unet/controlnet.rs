//! A ControlNet: what a picture of edges, depth or poses adds to the UNet.

use std::path::Path;

use ndarray::{ArrayView4, Axis};
use ort::value::DynValue;

use super::inputs::time_ids;
use super::residuals::Sum;
use super::{fit_text, Conditions, TIMESTEP};
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::files::Roots;
use crate::memory;
use crate::model::fit::{Axis as FitAxis, Dimension, Fit};
use crate::model::options::Options;
use crate::model::session::component::{Component, Scratch};
use crate::model::session::port::Port;
use crate::model::session::values::{Home, Input, Values};
use crate::model::session::Source;
use crate::model::{scan, Control};

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
    /// Made when it is needed.
    sum: Option<Sum>,
}

/// Whether this file is no ControlNet, but a UNet that takes what one adds.
pub fn is_unet(roots: &Roots, path: &Path) -> Result<bool> {
    scan::check(roots, path)?;
    let inputs = scan::inputs(path).map_err(|error| error.within(path.display()))?;
    let has = |name: &str| inputs.iter().any(|input| input == name);
    Ok(has("down_block_0_additional_residual") && !has("controlnet_cond"))
}

/// What a ControlNet is asked.
pub struct Task<'t, 'a> {
    pub latents: ArrayView4<'t, f32>,
    pub timestep: f64,
    pub conditions: &'t Conditions<'a>,
    pub control: &'t Control<'a>,
    /// Where its residuals are wanted.
    pub home: Home,
}

impl ControlNet {
    /// Loads the model in this file.
    pub fn open(source: Source, options: &Options, cancel: &Cancel) -> Result<Self> {
        let mut source = source.tiling(options);
        source.fractional = Some(TIMESTEP);
        let component = Component::open(source, Scratch::Keep, options, cancel)?;
        let sample = component.input(&["sample"])?;
        let timestep = component.input(&[TIMESTEP])?;
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
        Ok(Self { component, sample, timestep, embeddings, picture, scale, pooled, time_ids, outputs, sum: None })
    }

    /// Checks it against the other parts. `taken`: what the UNet takes of ControlNets.
    pub fn fit(&self, fit: &mut Fit, taken: &[Port]) -> Result<()> {
        const NET: &str = "controlnet";
        if self.outputs.len() != taken.len() {
            bail!(
                ModelUnsupported,
                "{} gives {} residuals, but the UNet takes {}; expected a UNet exported with the inputs down_block_0_additional_residual, … and mid_block_additional_residual",
                self.component.source().path.display(),
                self.outputs.len(),
                taken.len()
            );
        }
        let [height, width] = [Dimension::Height, Dimension::Width].map(FitAxis::Is);
        fit.port(NET, &self.sample, &[FitAxis::Free, FitAxis::Is(Dimension::Channels), height, width])?;
        let [height, width] = [Dimension::Height, Dimension::Width].map(FitAxis::Pixels);
        fit.port(NET, &self.picture, &[FitAxis::Free, FitAxis::Exactly(3), height, width])?;
        let (pooled, time_ids) = (self.pooled.as_ref(), self.time_ids.as_ref());
        fit_text(fit, NET, &self.embeddings, pooled, time_ids, FitAxis::Free)?;
        for (given, taken) in self.outputs.iter().zip(taken) {
            given.check_output().map_err(|error| error.within(NET))?;
            let differs = |axis: &usize| given.fixed(*axis).zip(taken.fixed(*axis)).is_some_and(|(a, b)| a != b);
            if given.shape.len() != taken.shape.len() || (1..given.shape.len()).any(|axis| differs(&axis)) {
                let (given, taken) = (given.describe(), taken.describe());
                bail!(ModelUnsupported, "{NET}: it gives {given}, but the UNet takes {taken}");
            }
        }
        Ok(())
    }

    /// Whether it takes whole numbers as timesteps, likewise.
    pub fn cuts_timesteps(&self) -> bool {
        self.timestep.is_whole()
    }

    /// Whether it wants the pooled text.
    pub fn wants_pooled(&self) -> bool {
        self.pooled.is_some()
    }

    /// What takes a text of one length alone, if it does.
    pub fn fixed_tokens(&self) -> Option<String> {
        self.embeddings.fixed(1).map(|_| format!("controlnet: {}", self.embeddings.describe()))
    }

    /// Lets go of what is made anew when it is needed.
    pub fn forget(&mut self) {
        self.sum = None;
    }

    /// The residuals for a batch of latents, added to those of the ControlNets before, as the UNet takes them.
    pub fn run(&mut self, task: &Task, before: &[DynValue], unet: &[Port], cancel: &Cancel) -> Result<Values> {
        let &Task { latents, timestep, conditions, control, home } = task;
        let batch = latents.dim().0;
        let kept = Some((conditions.number, 0));
        let mut inputs = vec![
            Input::once(&self.sample, self.sample.tensor(latents.into_dyn())?),
            Input::once(&self.timestep, self.timestep.scalar(timestep)?),
        ];
        let mut give = |port, tensor: &dyn Fn(&Port) -> Result<DynValue>| -> Result<()> {
            if !self.component.has(port, kept) {
                inputs.push(Input { port, value: tensor(port)?.into(), kept });
            }
            Ok(())
        };
        give(&self.embeddings, &|port| port.tensor(conditions.embeddings.into_dyn()))?;
        give(&self.picture, &|port| {
            let pictures = memory::concatenate(Axis(0), &vec![control.picture.insert_axis(Axis(0)); batch])?;
            port.tensor(pictures.view().into_dyn())
        })?;
        if let Some(port) = &self.pooled {
            match conditions.pooled {
                Some(pooled) => give(port, &|port| port.tensor(pooled.into_dyn()))?,
                None => bail!(NotSupported, "controlnet: it is made for SDXL, which this model is not"),
            }
        }
        if let Some(port) = &self.time_ids {
            give(port, &|port| port.tensor(time_ids(conditions.size, batch).view().into_dyn()))?;
        }
        let scale = match &self.scale {
            Some(port) => {
                inputs.push(Input::once(port, port.scalar(f64::from(control.scale))?));
                1.0
            }
            None => control.scale,
        };
        let outputs: Vec<&Port> = self.outputs.iter().collect();
        let alike = self.outputs.iter().zip(unet).all(|(given, taken)| given.element == taken.element);
        let residuals = if before.is_empty() && scale == 1.0 && alike {
            self.component.compute(inputs, &outputs, home, cancel)?
        } else {
            let own = self.component.compute(inputs, &outputs, Home::There, cancel)?;
            let sum = match &mut self.sum {
                Some(sum) => sum,
                empty => empty.insert(Sum::new(&self.outputs, unet, self.component.options())?),
            };
            sum.add(before, &own, scale, home)?
        };
        match home {
            Home::There => Ok(residuals),
            // Outputs keep the whole arena that they lie in, also when the model is unloaded.
            Home::Here => {
                let copy = |(port, value): (&Port, &DynValue)| port.tensor(port.read(value)?.view());
                Ok(unet.iter().zip(residuals.iter()).map(copy).collect::<Result<Vec<_>>>()?.into())
            }
        }
    }
}
