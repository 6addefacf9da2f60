//! A Stable Diffusion model, loaded from a directory as diffusers' and optimum's ONNX exporters lay it
//! out. Which kind it is shows in its files.

use std::path::{Path, PathBuf};

use ndarray::{concatenate, Array3, Array4, ArrayD, ArrayView3, ArrayView4, Axis};
use serde::Deserialize;

use super::conditioner::{Conditioner, Conditioning, Texts};
use super::controlnet::ControlNet;
use super::info::{Defaults, Family, Features, ModelInfo, Settings};
use super::layout::Layout;
use super::unet::{Conditions, Unet};
use super::vae::{VaeDecoder, VaeScale};
use super::vae_encoder::VaeEncoder;
use super::{Denoise, LatentRgb, Model, Options};
use crate::cancel::Cancel;
use crate::error::{bail, Error, Result, Status};
use crate::files;
use crate::image::MAX_SIDE;
use crate::log::{self, LogLevel};
use crate::random::Random;
use crate::runtime;
use crate::scheduler::{NoiseSchedule, Prediction, Sampler, SchedulerConfig};

/// Where a model's files are.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The model directory.
    pub model: PathBuf,
    /// A folder within its parts, such as "fp16"; what lies there directly, or else the most exact,
    /// where not given.
    pub variant: Option<String>,
    /// Directories of ControlNets, or their ONNX files.
    pub controlnets: Vec<PathBuf>,
}

impl Places {
    /// A model directory alone.
    pub fn at(model: impl Into<PathBuf>) -> Self {
        Self { model: model.into(), ..Self::default() }
    }
}

/// A Stable Diffusion model.
pub struct StableDiffusion {
    info: ModelInfo,
    conditioner: Conditioner,
    unet: Unet,
    decoder: VaeDecoder,
    encoder: Option<VaeEncoder>,
    controlnets: Vec<ControlNet>,
}

/// `model_index.json`, of which little counts: what a model is shows in its parts.
#[derive(Deserialize)]
#[serde(default)]
struct Index {
    force_zeros_for_empty_prompt: bool,
}

impl Default for Index {
    fn default() -> Self {
        Self { force_zeros_for_empty_prompt: true }
    }
}

impl StableDiffusion {
    /// Loads a model directory: `tokenizer/`, `text_encoder/`, `unet/`, `vae_decoder/` and, if
    /// there, `text_encoder_2/`, `tokenizer_2/`, `vae_encoder/`, `controlnet/`,
    /// `scheduler/scheduler_config.json` and `scumble.json`.
    pub fn open(places: &Places, options: &Options, cancel: &Cancel) -> Result<Self> {
        let layout = Layout::open(&places.model, places.variant.as_deref())?;
        files::check_links(&places.model)?;
        runtime::load(None)?;

        let index: Index = files::read_optional_json(&layout.path("model_index.json"))?;
        let sdxl = layout.path("text_encoder_2").is_dir();
        let scheduler = read_scheduler(&layout.path("scheduler/scheduler_config.json"), sdxl)?;
        let settings: Settings = files::read_optional_json(&layout.path("scumble.json"))?;
        settings.check(&scheduler).map_err(|error| error.within("scumble.json"))?;
        let scale = VaeScale::read(&layout, if sdxl { 0.13025 } else { 0.18215 })?;

        let conditioner =
            Conditioner::open(&layout, sdxl, index.force_zeros_for_empty_prompt, &options.device, cancel)?;
        let unet = Unet::open(&layout, options, cancel)?;
        let decoder = VaeDecoder::open(&layout, scale, options, cancel)?;
        let encoder = VaeEncoder::open(&layout, scale, options, cancel)?;
        let controlnets = open_controlnets(&layout, &places.controlnets, &unet, options, cancel)?;
        if unet.wants_pooled() != sdxl {
            let (has, lacks) =
                if sdxl { ("a text_encoder_2", "text_embeds") } else { ("text_embeds", "text_encoder_2") };
            bail!(ModelUnsupported, "model directory \"{}\" has {has}, but no {lacks}", places.model.display());
        }

        let latent_rgb = match &settings.latent_rgb {
            Some(rows) => Some(LatentRgb::new(rows, unet.channels).map_err(|error| error.within("scumble.json"))?),
            None => None,
        };
        let (height, width) = (unet.sample_size.0 * scale.factor, unet.sample_size.1 * scale.factor);
        if height.max(width) > MAX_SIDE {
            bail!(
                ModelInvalid,
                "unet/config.json: sample_size makes pictures of {width} × {height}; expected at most {MAX_SIDE}"
            );
        }
        let family = if sdxl {
            Family::Sdxl
        } else if conditioner.is_open_clip() || scheduler.prediction() == Prediction::Velocity {
            Family::Sd2
        } else {
            Family::Sd1
        };
        let features = Features {
            images: encoder.is_some(),
            inpainting: unet.input_channels > unet.channels,
            clip_skip: conditioner.can_skip(),
            controlnets: controlnets.len().max(unet.merged_controlnets()),
            embeds_guidance: unet.embeds_guidance(),
        };
        let (fixed_height, fixed_width) = unet.fixed_size();
        let info = ModelInfo {
            name: layout.name(),
            family,
            features,
            height,
            width,
            fixed_height: fixed_height.map(|side| side * scale.factor),
            fixed_width: fixed_width.map(|side| side * scale.factor),
            vae_factor: scale.factor,
            latent_channels: unet.channels,
            token_limit: conditioner.token_limit(),
            defaults: Defaults::new(&settings, family, features, &scheduler),
            scheduler,
            latent_rgb,
            seamless: options.seamless,
        };
        Ok(Self { info, conditioner, unet, decoder, encoder, controlnets })
    }
}

impl Model for StableDiffusion {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn encode(&mut self, texts: &Texts, cancel: &Cancel) -> Result<Conditioning> {
        self.conditioner.encode(texts, cancel)
    }

    fn denoise(&mut self, input: &Denoise, cancel: &Cancel) -> Result<Array4<f32>> {
        let (n, _, height, width) = input.latents.dim();
        let mut residuals: Vec<ArrayD<f32>> = Vec::new();
        let mut conditions = Conditions {
            embeddings: input.embeddings,
            pooled: input.pooled,
            size: (height * self.info.vae_factor, width * self.info.vae_factor),
            guidance_scale: input.guidance_scale,
            residuals: &[],
            controls: input.controls,
        };
        for control in input.controls {
            let Some(net) = self.controlnets.get_mut(control.index) else { continue }; // it is part of the UNet
            let more = net.run(input.latents, input.timestep, &conditions, control.picture, control.scale, cancel)?;
            if residuals.is_empty() {
                residuals = more;
            } else {
                residuals.iter_mut().zip(&more).for_each(|(sum, more)| *sum += more);
            }
        }
        conditions.residuals = &residuals;
        match input.masked {
            None => self.unet.denoise(input.latents, input.timestep, &conditions, cancel),
            Some(masked) => {
                let masked = masked.broadcast((n, masked.dim().1, height, width)).expect("one for the whole batch");
                let wide = concatenate![Axis(1), input.latents, masked];
                self.unet.denoise(wide.view(), input.timestep, &conditions, cancel)
            }
        }
    }

    fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>> {
        self.decoder.decode(latents, cancel)
    }

    fn encode_picture(
        &mut self,
        picture: ArrayView3<f32>,
        random: &mut Random,
        cancel: &Cancel,
    ) -> Result<Array4<f32>> {
        match &mut self.encoder {
            Some(encoder) => encoder.encode(picture, self.info.latent_channels, random, cancel),
            None => bail!(NotSupported, "the model has no vae_encoder, which is needed to start from a picture"),
        }
    }
}

/// Those that the caller names, and before them the directory's own: `controlnet/`, `controlnet_1/`, …
fn open_controlnets(
    layout: &Layout,
    more: &[PathBuf],
    unet: &Unet,
    options: &Options,
    cancel: &Cancel,
) -> Result<Vec<ControlNet>> {
    let named = more.iter().map(|path| if path.is_dir() { path.join("model.onnx") } else { path.clone() });
    let numbered = (1..).map_while(|i| layout.find_model(&format!("controlnet_{i}")));
    let paths: Vec<PathBuf> = layout.find_model("controlnet").into_iter().chain(numbered).chain(named).collect();
    let mut nets = Vec::new();
    for path in paths {
        let net = ControlNet::open(&path, options, cancel)?;
        if net.residuals() != unet.residuals() {
            bail!(
                ModelUnsupported,
                "{} gives {} residuals, but the UNet takes {}; expected a UNet exported with the inputs down_block_0_additional_residual, … and mid_block_additional_residual",
                path.display(),
                net.residuals(),
                unet.residuals()
            );
        }
        nets.push(net);
    }
    Ok(nets)
}

fn read_scheduler(path: &Path, sdxl: bool) -> Result<SchedulerConfig> {
    let config = match path.exists() {
        true => SchedulerConfig::parse(&files::read_config(path)?)
            .map_err(|error| Error::new(Status::ModelInvalid, format!("{}: {error}", path.display())))?,
        false if sdxl => SchedulerConfig::stable_diffusion_xl(),
        false => SchedulerConfig::stable_diffusion(),
    };
    NoiseSchedule::new(&config, Sampler::of(&config))?; // so that a bad file fails here, not at the first picture
    for setting in config.not_followed() {
        log::push(LogLevel::Warning, format!("{}: {setting}", path.display()));
    }
    Ok(config)
}
