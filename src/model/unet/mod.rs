//! The conditional UNet, which predicts what is noise in the latents.

pub mod controlnet;
mod inputs;
mod residuals;

use ndarray::{s, Array4, ArrayD, ArrayView2, ArrayView3, ArrayView4, ArrayViewD, Ix4};
use ort::value::DynValue;
use serde::Deserialize;

use super::fit::{Axis, Dimension, Fit};
use super::layout::Layout;
use super::options::Options;
use super::session::component::{Component, Scratch};
use super::session::port::Port;
use super::session::values::Input;
use super::Control;
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::log::{self, LogLevel};
use crate::memory;
use crate::runtime;
use inputs::{embed_guidance, merged_controls, time_ids, TIME_IDS};

/// The input that tells how noisy the latents are.
const TIMESTEP: &str = "timestep";

pub struct Unet {
    pub component: Component,
    sample: Port,
    timestep: Port,
    embeddings: Port,
    /// SDXL: the pooled text, and sizes and crop of the picture.
    pooled: Option<Port>,
    time_ids: Option<Port>,
    /// Consistency models: the guidance scale, embedded in so many numbers.
    guidance: Option<(Port, usize)>,
    /// What ControlNets add: to each block on the way down, then to the middle.
    residuals: Vec<Port>,
    /// ControlNets within the graph: their pictures, their scales, and how many.
    merged: Option<(Port, Port, usize)>,
    output: Port,
    /// Channels of the latents, and of all that it takes.
    pub channels: usize,
    pub input_channels: usize,
    /// The size of latents that it was trained at.
    pub sample_size: (usize, usize),
    /// What the sides of latents have to be multiples of: every level but one halves them, and doubles them again.
    pub multiple: usize,
}

/// What the UNet is given besides the latents; all with the batch first.
pub struct Conditions<'a> {
    pub embeddings: ArrayView3<'a, f32>,
    pub pooled: Option<ArrayView2<'a, f32>>,
    /// Height and width of the picture in pixels.
    pub size: (usize, usize),
    pub guidance_scale: f32,
    /// ControlNets that take part, for a UNet that has them within.
    pub controls: &'a [Control<'a>],
    /// Stands for embeddings, pooled text, size and guidance scale.
    pub number: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    in_channels: Option<usize>,
    out_channels: Option<usize>,
    sample_size: Option<SampleSize>,
    time_cond_proj_dim: Option<usize>,
    block_out_channels: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum SampleSize {
    Square(usize),
    /// Height and width, as diffusers orders them.
    Sides([usize; 2]),
}

impl SampleSize {
    /// Height and width.
    pub fn sides(&self) -> (usize, usize) {
        match *self {
            SampleSize::Square(side) => (side, side),
            SampleSize::Sides([height, width]) => (height, width),
        }
    }
}

impl Unet {
    pub fn open(layout: &Layout, options: &Options, cancel: &Cancel) -> Result<Self> {
        let config: Config = layout.config(&["unet"])?;
        let mut source = layout.source("unet")?.tiling(options);
        source.fractional = Some(TIMESTEP);
        let mut component = Component::open(source, Scratch::Keep, options, cancel)?;
        let sample = component.input(&["sample"])?;
        let timestep = component.input(&[TIMESTEP])?;
        let embeddings = component.input(&["encoder_hidden_states"])?;
        let pooled = component.optional_input(&["text_embeds"]);
        let time_ids = component.optional_input(&["time_ids"]);
        let guidance = match component.optional_input(&["timestep_cond"]) {
            None => None,
            Some(port) => match config.time_cond_proj_dim.or(port.fixed(1)) {
                Some(width @ 2..=65536) => Some((port, width)),
                _ => bail!(
                    ModelUnsupported,
                    "unet: {} has no fixed width, and unet/config.json no time_cond_proj_dim",
                    port.describe()
                ),
            },
        };
        let residuals = residuals(&component);
        if residuals.is_empty() {
            component.record();
        } else if runtime::records(&options.device.provider_options) {
            let text =
                "unet: its runs are not recorded, since ControlNets add to it, or do not, what has no fixed size";
            log::push(LogLevel::Warning, text);
        }
        let merged = merged(&component)?;
        component.no_other_inputs(
            [&sample, &timestep, &embeddings]
                .into_iter()
                .chain(&pooled)
                .chain(&time_ids)
                .chain(guidance.as_ref().map(|(port, _)| port))
                .chain(&residuals)
                .chain(merged.iter().flat_map(|(pictures, scales, _)| [pictures, scales])),
        )?;
        if let Some(found) = time_ids.as_ref().and_then(|port| port.fixed(1)).filter(|n| *n != TIME_IDS) {
            bail!(
                ModelUnsupported,
                "unet: time_ids has {found} numbers; expected {TIME_IDS}, those of an SDXL base model (a refiner has 5)"
            );
        }
        let output = component.output(&["out_sample", "latent", "noise_pred"])?;

        let input_channels = sample.fixed(1).or(config.in_channels).unwrap_or(4);
        if let Some(told) = config.in_channels.filter(|told| *told != input_channels) {
            bail!(
                ModelInvalid,
                "unet/config.json: in_channels is {told}, but {} takes {input_channels}",
                sample.describe()
            );
        }
        let default_channels = output.fixed(1).unwrap_or(if input_channels == 9 { 4 } else { input_channels });
        let channels = config.out_channels.unwrap_or(default_channels);
        // The mask and the latents of the masked picture, where there are more.
        if !(input_channels == channels || input_channels == 2 * channels + 1) || !(1..=64).contains(&channels) {
            bail!(
                ModelUnsupported,
                "unet: the model takes {input_channels} channels and gives {channels}; expected as many (text-to-image) or 9 and 4 (inpainting)"
            );
        }
        let sample_size = match config.sample_size {
            Some(size) => size.sides(),
            None => (sample.fixed(2).unwrap_or(64), sample.fixed(3).unwrap_or(64)),
        };
        if !(1..=1024).contains(&sample_size.0) || !(1..=1024).contains(&sample_size.1) {
            bail!(ModelInvalid, "unet/config.json: sample_size is {sample_size:?}; expected 1 to 1024");
        }
        Ok(Self {
            component,
            sample,
            timestep,
            embeddings,
            pooled,
            time_ids,
            guidance,
            residuals,
            merged,
            output,
            channels,
            input_channels,
            sample_size,
            multiple: 1 << config.block_out_channels.len().saturating_sub(1).min(6),
        })
    }

    /// Checks it against the other parts.
    pub fn fit(&self, fit: &mut Fit) -> Result<()> {
        const UNET: &str = "unet";
        let [batch, height, width] = [Dimension::Batch, Dimension::Height, Dimension::Width].map(Axis::Is);
        fit.note(Dimension::Channels, self.channels, UNET)?;
        fit.port(UNET, &self.sample, &[batch, Axis::Exactly(self.input_channels), height, width])?;
        fit.port(UNET, &self.output, &[batch, Axis::Is(Dimension::Channels), height, width])?;
        fit_text(fit, UNET, &self.embeddings, self.pooled.as_ref(), self.time_ids.as_ref(), batch)?;
        if let Some((port, width)) = &self.guidance {
            fit.port(UNET, port, &[batch, Axis::Exactly(*width)])?;
        }
        if let Some((pictures, scales, nets)) = &self.merged {
            let [height, width] = [Dimension::Height, Dimension::Width].map(Axis::Pixels);
            fit.port(UNET, pictures, &[Axis::Exactly(*nets), batch, Axis::Exactly(3), height, width])?;
            fit.port(UNET, scales, &[Axis::Exactly(*nets), Axis::Exactly(1)])?;
        }
        match self.timestep.shape.len() {
            0 | 1 => Ok(()),
            rank => bail!(
                ModelUnsupported,
                "{UNET}: {} has {rank} dimensions; expected none or one",
                self.timestep.describe()
            ),
        }
    }

    /// Whether it takes whole numbers as timesteps, and its graph cannot be changed to take fractions.
    pub fn cuts_timesteps(&self) -> bool {
        self.timestep.is_whole()
    }

    /// What takes a text of one length alone, if it does.
    pub fn fixed_tokens(&self) -> Option<String> {
        self.embeddings.fixed(1).map(|_| format!("unet: {}", self.embeddings.describe()))
    }

    /// Whether it was trained with the guidance scale as an input: then one evaluation is enough.
    pub fn embeds_guidance(&self) -> bool {
        self.guidance.is_some()
    }

    /// Whether it wants the pooled text.
    pub fn wants_pooled(&self) -> bool {
        self.pooled.is_some()
    }

    /// The residuals of ControlNets that it takes; none when it was exported without.
    pub fn residuals(&self) -> &[Port] {
        &self.residuals
    }

    /// How many ControlNets are part of its graph.
    pub fn merged_controlnets(&self) -> usize {
        self.merged.as_ref().map_or(0, |(.., nets)| *nets)
    }

    /// How many of a batch of `n` are computed at once: at most so many, or as many as the model was exported for.
    pub fn at_once(&self, n: usize, most: usize) -> usize {
        let batched = [&self.sample, &self.embeddings, &self.output];
        let fixed = batched.into_iter().chain(&self.pooled).chain(&self.time_ids).find_map(|port| port.fixed(0));
        fixed.unwrap_or(most.min(n))
    }

    /// The prediction for a batch, of which `most` are computed at once. `residuals`: what ControlNets add, in the order
    /// of [`Unet::residuals`], empty for none; in the memory of this process where less than all is computed at once.
    pub fn denoise(
        &mut self,
        latents: ArrayView4<f32>,
        timestep: f64,
        conditions: &Conditions,
        residuals: &[DynValue],
        most: usize,
        cancel: &Cancel,
    ) -> Result<Array4<f32>> {
        let (n, _, height, width) = latents.dim();
        let batch = self.at_once(n, most);
        let mut predicted = memory::zeros((n, self.channels, height, width))?;
        for start in (0..n).step_by(batch) {
            let rows: Vec<usize> = (start..start + batch).map(|i| i.min(n - 1)).collect();
            let output = self.evaluate(latents, timestep, conditions, residuals, &rows, cancel)?;
            let used = batch.min(n - start);
            predicted.slice_mut(s![start..start + used, .., .., ..]).assign(&output.slice(s![..used, .., .., ..]));
        }
        Ok(predicted)
    }

    /// One run of the model with these rows of the batch.
    fn evaluate(
        &mut self,
        latents: ArrayView4<f32>,
        timestep: f64,
        conditions: &Conditions,
        residuals: &[DynValue],
        rows: &[usize],
        cancel: &Cancel,
    ) -> Result<Array4<f32>> {
        let expected = [rows.len(), self.channels, latents.dim().2, latents.dim().3];
        // What stays from step to step: which rows of what.
        let kept = Some((conditions.number, rows[0]));
        let mut inputs: Vec<Input> = Vec::new();
        let mut give = |port, values: ArrayViewD<f32>, kept| -> Result<()> {
            let port: &Port = port;
            if self.component.has(port, kept) {
                return Ok(());
            }
            inputs.push(Input { port, value: rows_of(port, values, rows)?.into(), kept });
            Ok(())
        };
        give(&self.sample, latents.into_dyn(), None)?;
        give(&self.embeddings, conditions.embeddings.into_dyn(), kept)?;
        if let Some(port) = &self.pooled {
            match conditions.pooled {
                Some(pooled) => give(port, pooled.into_dyn(), kept)?,
                None => bail!(ModelUnsupported, "unet: {} is not given by the text encoders", port.describe()),
            }
        }
        let batch = rows.len();
        if let Some(port) = &self.time_ids {
            give(port, time_ids(conditions.size, batch).view().into_dyn(), kept)?;
        }
        if let Some((port, width)) = &self.guidance {
            give(port, embed_guidance(conditions.guidance_scale, *width, batch).view().into_dyn(), kept)?;
        }
        for (port, residual) in self.residuals.iter().zip(residuals) {
            if rows.len() == latents.dim().0 {
                inputs.push(Input::once(port, residual)); // as it lies where it was computed
                continue;
            }
            inputs.push(Input::once(port, rows_of(port, port.read(residual)?.view(), rows)?));
        }
        if residuals.is_empty() {
            for port in &self.residuals {
                // They are added, so a size of 1 stands for any.
                let shape: Vec<usize> = (0..port.shape.len()).map(|axis| port.fixed(axis).unwrap_or(1)).collect();
                inputs.push(Input::once(port, port.tensor(ArrayD::zeros(shape).view())?));
            }
        }
        if let Some((pictures, scales, nets)) = &self.merged {
            let (values, strengths) = merged_controls(conditions.controls, *nets, batch, conditions.size)?;
            inputs.push(Input::once(pictures, pictures.tensor(values.view().into_dyn())?));
            inputs.push(Input::once(scales, scales.tensor(strengths.view().into_dyn())?));
        }
        inputs.push(Input::once(&self.timestep, self.timestep.scalar_of_batch(timestep, &self.sample, batch)?));
        let output = self.component.run_one(inputs, &self.output, cancel)?;
        match output.into_dimensionality::<Ix4>() {
            Ok(output) if output.shape() == expected => Ok(output),
            Ok(output) => bail!(
                ModelUnsupported,
                "unet: the output has shape {:?}; expected {expected:?}, that of the latents",
                output.shape()
            ),
            Err(error) => bail!(ModelUnsupported, "unet: the output is not a picture: {error}"),
        }
    }
}

/// Checks what a UNet or a ControlNet is told of the text and the image's size against the other parts.
fn fit_text(
    fit: &mut Fit,
    part: &str,
    embeddings: &Port,
    pooled: Option<&Port>,
    time_ids: Option<&Port>,
    batch: Axis,
) -> Result<()> {
    fit.port(part, embeddings, &[batch, Axis::Is(Dimension::Tokens), Axis::Is(Dimension::Embedding)])?;
    if let Some(port) = pooled {
        fit.port(part, port, &[batch, Axis::Is(Dimension::Pooled)])?;
    }
    time_ids.map_or(Ok(()), |port| fit.port(part, port, &[batch, Axis::Exactly(TIME_IDS)]))
}

/// A tensor of these rows of a batch.
fn rows_of(port: &Port, values: ArrayViewD<f32>, rows: &[usize]) -> Result<DynValue> {
    match values.shape()[0] == rows.len() {
        true => port.tensor(values),
        false => port.tensor(values.select(ndarray::Axis(0), rows).view()),
    }
}

/// The inputs of ControlNets that were exported with the UNet (diffusers'
/// `convert_stable_diffusion_controlnet_to_onnx.py`).
fn merged(component: &Component) -> Result<Option<(Port, Port, usize)>> {
    let Some(pictures) = component.optional_input(&["controlnet_conds", "controlnet_images"]) else { return Ok(None) };
    let scales = component.input(&["conditioning_scales", "controlnet_scales"])?;
    match pictures.fixed(0).or(scales.fixed(0)) {
        Some(nets) => Ok(Some((pictures, scales, nets))),
        None => bail!(ModelUnsupported, "unet: {} does not fix how many ControlNets it has", pictures.describe()),
    }
}

/// The inputs that ControlNets feed, in the order in which ControlNets give them.
fn residuals(component: &Component) -> Vec<Port> {
    let down = (0..).map_while(|i| component.optional_input(&[&format!("down_block_{i}_additional_residual")]));
    down.chain(component.optional_input(&["mid_block_additional_residual"])).collect()
}
