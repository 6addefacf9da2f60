//! A model directory as diffusers' and optimum's ONNX exporters lay it out.

use std::path::Path;

use ndarray::{Array3, Array4, ArrayView3, ArrayView4};

use super::component::Device;
use super::text_encoder::TextEncoder;
use super::unet::Unet;
use super::vae::VaeDecoder;
use super::{Defaults, Encoded, LatentRgb, Model, ModelInfo};
use crate::cancel::Cancel;
use crate::error::{bail, Error, Result, Status};
use crate::files;
use crate::image::MAX_SIDE;
use crate::log::{self, LogLevel};
use crate::runtime;
use crate::scheduler::{NoiseSchedule, Sampler, SchedulerConfig};

/// A Stable Diffusion model with one text encoder.
pub struct StableDiffusion {
    info: ModelInfo,
    text_encoder: TextEncoder,
    unet: Unet,
    vae: VaeDecoder,
}

impl StableDiffusion {
    /// Loads a model directory: `tokenizer/`, `text_encoder/`, `unet/`, `vae_decoder/` and, if
    /// there, `scheduler/scheduler_config.json` and `scumble.json`.
    pub fn open(directory: &Path, device: &Device, cancel: &Cancel) -> Result<Self> {
        check_layout(directory)?;
        runtime::load(None)?;

        let scheduler = read_scheduler(directory)?;
        let defaults: Defaults = files::read_optional_json(&directory.join("scumble.json"))?;
        defaults.check(&scheduler).map_err(|error| error.within("scumble.json"))?;

        let text_encoder = TextEncoder::open(directory, device, cancel)?;
        let unet = Unet::open(directory, device, cancel)?;
        let vae = VaeDecoder::open(directory, device, cancel)?;
        let latent_rgb = match &defaults.latent_rgb {
            Some(rows) => Some(LatentRgb::new(rows, unet.channels).map_err(|error| error.within("scumble.json"))?),
            None => None,
        };
        let (height, width) = (unet.sample_size.0 * vae.factor, unet.sample_size.1 * vae.factor);
        if height.max(width) > MAX_SIDE {
            bail!(
                ModelInvalid,
                "unet/config.json: sample_size makes pictures of {width} × {height}; expected at most {MAX_SIDE}"
            );
        }
        let name = directory.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let info = ModelInfo {
            name,
            height,
            width,
            vae_factor: vae.factor,
            latent_channels: unet.channels,
            token_limit: text_encoder.token_limit(),
            scheduler,
            defaults,
            latent_rgb,
        };
        Ok(Self { info, text_encoder, unet, vae })
    }
}

impl Model for StableDiffusion {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn encode(&mut self, text: &str, cancel: &Cancel) -> Result<Encoded> {
        self.text_encoder.encode(text, cancel)
    }

    fn denoise(
        &mut self,
        latents: ArrayView4<f32>,
        timestep: f64,
        embeddings: ArrayView3<f32>,
        cancel: &Cancel,
    ) -> Result<Array4<f32>> {
        self.unet.denoise(latents, timestep, embeddings, cancel)
    }

    fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>> {
        self.vae.decode(latents, cancel)
    }
}

/// Names everything that is missing at once, before anything is loaded.
fn check_layout(directory: &Path) -> Result<()> {
    if !directory.is_dir() {
        let found = if directory.exists() { "is a file" } else { "does not exist" };
        bail!(
            ModelNotFound,
            "model directory \"{}\" {found}; expected a directory with text_encoder/, unet/, vae_decoder/ and tokenizer/",
            directory.display()
        );
    }
    let needed =
        ["text_encoder/model.onnx", "unet/model.onnx", "vae_decoder/model.onnx", "tokenizer/tokenizer_config.json"];
    let missing: Vec<&str> = needed.into_iter().filter(|file| !directory.join(file).is_file()).collect();
    if !missing.is_empty() {
        bail!(
            ModelIncomplete,
            "model directory \"{}\" lacks {}; expected the layout of diffusers' ONNX exporter or optimum",
            directory.display(),
            missing.join(", ")
        );
    }
    if directory.join("text_encoder_2").is_dir() {
        bail!(
            ModelUnsupported,
            "model directory \"{}\" has a text_encoder_2: SDXL models are not supported yet",
            directory.display()
        );
    }
    Ok(())
}

fn read_scheduler(directory: &Path) -> Result<SchedulerConfig> {
    let path = directory.join("scheduler/scheduler_config.json");
    let config = match path.exists() {
        true => SchedulerConfig::parse(&files::read_text(&path)?)
            .map_err(|error| Error::new(Status::ModelInvalid, format!("{}: {error}", path.display())))?,
        false => SchedulerConfig::stable_diffusion(),
    };
    NoiseSchedule::new(&config, Sampler::of(&config))?; // so that a bad file fails here, not at the first picture
    for setting in config.not_followed() {
        log::push(LogLevel::Warning, format!("{}: {setting}", path.display()));
    }
    Ok(config)
}
