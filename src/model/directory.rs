//! A Stable Diffusion model, loaded from a directory as diffusers' and optimum's ONNX exporters lay it
//! out. Which kind it is shows in its files.

use std::path::{Path, PathBuf};

use ndarray::{Array3, Array4, ArrayView3, ArrayView4, Axis};
use serde::Deserialize;

use super::conditioner::{Conditioner, Conditioning, Texts};
use super::fit::{Dimension, Fit};
use super::index::Index;
use super::info::{Defaults, Family, Features, ModelInfo, Settings};
use super::layout::Layout;
use super::memory::budget::{Budget, Part};
use super::memory::{Images, Memory};
use super::session::component::Component;
use super::session::values::{Home, Values};
use super::unet::controlnet::{self, ControlNet, Task};
use super::unet::{Conditions, Unet};
use super::vae::encoder::VaeEncoder;
use super::vae::{VaeDecoder, VaeScale};
use super::{Denoise, LatentRgb, Model, Options};
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::files;
use crate::image::{resize, MAX_SIDE};
use crate::limits::{self, MAX_CONTROLNETS, MAX_NAME, MAX_PATH};
use crate::log::{self, LogLevel};
use crate::memory;
use crate::random::Random;
use crate::runtime;
use crate::scheduler::{NoiseSchedule, Prediction, Sampler, SchedulerConfig};

/// The side of the smallest latents that a tiny decoder is given: of fewer it makes no picture.
const SMALLEST_PREVIEW: usize = 16;

/// Where a model's files are.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The model directory.
    pub model: PathBuf,
    /// A folder within its parts, such as "fp16", or the end of the files' names; what lies there as
    /// `model.onnx`, or else the most exact folder, where not given.
    pub variant: Option<String>,
    /// Directories of ControlNets, or their ONNX files.
    pub controlnets: Vec<PathBuf>,
    /// Further folders that links in these directories may lead to.
    pub roots: Vec<PathBuf>,
}

impl Places {
    /// A model directory alone.
    pub fn at(model: impl Into<PathBuf>) -> Self {
        Self { model: model.into(), ..Self::default() }
    }

    /// Refuses what no file can lie at.
    pub(crate) fn check(&self) -> Result<()> {
        if self.model.as_os_str().is_empty() {
            bail!(InvalidArgument, "model_path is empty; expected the directory of a model");
        }
        limits::length("model_path", self.model.as_os_str().len(), MAX_PATH)?;
        limits::length("variant", self.variant.as_ref().map_or(0, String::len), MAX_NAME)?;
        limits::count("controlnet_count", self.controlnets.len(), MAX_CONTROLNETS)?;
        for path in &self.controlnets {
            limits::length("controlnet_paths", path.as_os_str().len(), MAX_PATH)?;
        }
        limits::count("model_root_count", self.roots.len(), MAX_CONTROLNETS)?;
        for path in &self.roots {
            limits::length("model_roots", path.as_os_str().len(), MAX_PATH)?;
        }
        Ok(())
    }
}

/// A Stable Diffusion model.
pub struct StableDiffusion {
    pub(super) info: ModelInfo,
    pub(super) conditioner: Conditioner,
    pub(super) unet: Unet,
    pub(super) decoder: VaeDecoder,
    pub(super) tiny_decoder: Option<VaeDecoder>,
    pub(super) encoder: Option<VaeEncoder>,
    pub(super) controlnets: Vec<ControlNet>,
}

/// Of a part's `config.json`: what the model was called that it was made of.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Origin {
    _name_or_path: Option<String>,
}

impl StableDiffusion {
    /// Loads a model directory: `tokenizer/`, `text_encoder/`, `unet/`, `vae_decoder/` and, if
    /// there, `text_encoder_2/`, `tokenizer_2/`, `vae_encoder/`, `vae_decoder_tiny/`, `controlnet/`,
    /// `scheduler/scheduler_config.json` and `scumble.json`.
    pub fn open(places: &Places, options: &Options, cancel: &Cancel) -> Result<Self> {
        let layout = Layout::open(places)?;
        let index: Index = layout.optional("model_index.json")?.unwrap_or_default();
        index.check(&layout)?;
        Self::load(layout, &index, places, options, cancel).map_err(|error| index.explain(error))
    }

    fn load(mut layout: Layout, index: &Index, places: &Places, options: &Options, cancel: &Cancel) -> Result<Self> {
        runtime::load(None)?;
        let sdxl = files::exists(&layout.path("text_encoder_2"));
        let scheduler = read_scheduler(&layout, index.scheduler(), sdxl)?;
        let settings: Settings = layout.optional("scumble.json")?.unwrap_or_default();
        settings.check(&scheduler).map_err(|error| error.within("scumble.json"))?;
        let scale = VaeScale::read(&layout, if sdxl { 0.13025 } else { 0.18215 })?;

        let controlnets = controlnet_files(&mut layout, &places.controlnets)?;
        layout.scan(&controlnets)?;
        let mut budget = match options.memory_budget {
            Some(bytes) => Some(Budget::read(bytes, &layout, &controlnets)?),
            None => None,
        };
        let device = runtime::choose(options.device.place)?;
        let mut options = Budget::apply(budget.as_ref(), options);
        options.device.place = Some(device.place);
        let options = &options;
        // What cannot stay loaded is loaded once now, one after the other, to see what it is.
        let in_turn = budget.as_ref().is_some_and(|budget| !budget.holds_all());
        let seen = |component: &mut Component| {
            if in_turn {
                component.unload()
            }
        };

        let mut conditioner = Conditioner::open(&layout, sdxl, index.force_zeros_for_empty_prompt, options, cancel)?;
        conditioner.components().for_each(seen);
        let mut unet = Unet::open(&layout, options, cancel)?;
        seen(&mut unet.component);
        let mut decoder = VaeDecoder::open(&layout, scale, options, cancel)?;
        seen(&mut decoder.component);
        let mut tiny_decoder = VaeDecoder::open_tiny(&layout, scale, options, cancel)?;
        tiny_decoder.iter_mut().for_each(|decoder| seen(&mut decoder.component));
        let mut encoder = VaeEncoder::open(&layout, scale, options, cancel)?;
        encoder.iter_mut().for_each(|encoder| seen(&mut encoder.component));
        let open = |path: &PathBuf| ControlNet::open(layout.controlnet(path), options, cancel);
        let mut controlnets = controlnets.iter().map(open).collect::<Result<Vec<_>>>()?;
        controlnets.iter_mut().for_each(|net| seen(&mut net.component));
        if let Some(budget) = &mut budget {
            budget.decodes_tiles = !decoder.has_fixed_size();
            if budget.decodes_tiles && decoder.norms() == 0 {
                log::push(
                    LogLevel::Warning,
                    "vae_decoder: it has no operator InstanceNormalization: where memory_budget makes it decode in tiles, \
                     they may differ in colour"
                        .to_owned(),
                );
            }
        }
        if let Some(net) = controlnets.iter().find(|net| net.wants_pooled() && !sdxl) {
            let path = net.component.source().path.display();
            bail!(ModelUnsupported, "{path} is made for SDXL, which this model is not");
        }
        if sdxl && !conditioner.pools() {
            bail!(ModelUnsupported, "text_encoder_2: no output is named text_embeds, which the UNet of SDXL takes");
        }
        if unet.wants_pooled() != sdxl {
            let (has, lacks) =
                if sdxl { ("a text_encoder_2", "text_embeds") } else { ("text_embeds", "text_encoder_2") };
            bail!(ModelUnsupported, "model directory \"{}\" has {has}, but no {lacks}", places.model.display());
        }

        let latent_rgb = match &settings.latent_rgb {
            Some(rows) => Some(LatentRgb::new(rows, unet.channels).map_err(|error| error.within("scumble.json"))?),
            None => scale.known.map(LatentRgb::known).filter(|map| map.channels() == unet.channels),
        };
        let fit = {
            let mut fit = Fit::new(scale.factor);
            conditioner.fit(&mut fit)?;
            unet.fit(&mut fit)?;
            decoder.fit(&mut fit)?;
            tiny_decoder.iter().try_for_each(|decoder| decoder.fit(&mut fit))?;
            encoder.iter().try_for_each(|encoder| encoder.fit(&mut fit, unet.channels))?;
            controlnets.iter().try_for_each(|net| net.fit(&mut fit, unet.residuals()))?;
            fit
        };
        if let Some(by) = unet.fixed_tokens().or_else(|| controlnets.iter().find_map(ControlNet::fixed_tokens)) {
            conditioner.limit_to_one_chunk(by);
        }
        let fixed = |dimension| side(&fit, dimension, scale.factor);
        let (fixed_height, fixed_width) = (fixed(Dimension::Height)?, fixed(Dimension::Width)?);
        let (native_height, native_width) = unet.sample_size;
        let height = fixed_height.unwrap_or(native_height * scale.factor);
        let width = fixed_width.unwrap_or(native_width * scale.factor);
        if height.max(width) > MAX_SIDE {
            bail!(
                ModelInvalid,
                "unet/config.json: sample_size makes images of {width} × {height}; expected at most {MAX_SIDE}"
            );
        }
        let family = if sdxl {
            Family::Sdxl
        } else if conditioner.is_open_clip() || scheduler.prediction() == Prediction::Velocity {
            Family::Sd2
        } else {
            Family::Sd1
        };
        let (name, origin) = (layout.name(), layout.config::<Origin>(&["unet"])?);
        let names = [Some(name.as_str()), index._name_or_path.as_deref(), origin._name_or_path.as_deref()];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let features = Features {
            images: encoder.is_some(),
            inpainting: unet.input_channels > unet.channels,
            clip_skip: conditioner.most_skipped(),
            controlnets: controlnets.len().max(unet.merged_controlnets()),
            embeds_guidance: unet.embeds_guidance(),
            tiny_decoder: tiny_decoder.is_some(),
        };
        let defaults = Defaults::new(&settings, family, features, &scheduler, &names)?;
        let info = ModelInfo {
            name,
            family,
            features,
            height,
            width,
            fixed_height,
            fixed_width,
            vae_factor: scale.factor,
            size_multiple: scale.factor * unet.multiple,
            latent_channels: unet.channels,
            token_limit: conditioner.token_limit(),
            defaults,
            scheduler,
            cuts_timesteps: unet.cuts_timesteps() || controlnets.iter().any(ControlNet::cuts_timesteps),
            latent_rgb,
            memory: Memory {
                text_encoders: conditioner.components().map(|encoder| encoder.held().clone()).collect(),
                unet: unet.component.held().clone(),
                vae: [&decoder.component]
                    .into_iter()
                    .chain(tiny_decoder.as_ref().map(|decoder| &decoder.component))
                    .chain(encoder.as_ref().map(|encoder| &encoder.component))
                    .map(|part| part.held().clone())
                    .collect(),
                controlnets: controlnets.iter().map(|net| net.component.held().clone()).collect(),
                images: budget.as_ref().map_or_else(Images::default, |budget| budget.images.clone()),
            },
            budget,
            seamless: options.seamless,
            device,
        };
        Ok(Self { info, conditioner, unet, decoder, tiny_decoder, encoder, controlnets })
    }
}

impl Model for StableDiffusion {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn encode(&mut self, texts: &Texts, cancel: &Cancel) -> Result<Conditioning> {
        (0..self.conditioner.components().count()).for_each(|i| self.make_room(Part::TextEncoder(i), 1, 0));
        self.conditioner.encode(texts, cancel)
    }

    fn denoise(&mut self, input: &Denoise, cancel: &Cancel) -> Result<Array4<f32>> {
        let (n, _, height, width) = input.latents.dim();
        let most = self.info.budget.as_ref().map_or(n, |budget| budget.batch(n, height * width));
        // The UNet takes them where they were computed, unless it takes them in parts, or in the ControlNet's place.
        let home = match self.unet.at_once(n, most) == n && self.info.budget.is_none() {
            true => Home::There,
            false => Home::Here,
        };
        let mut residuals = Values::from(Vec::new());
        let conditions = Conditions {
            embeddings: input.embeddings,
            pooled: input.pooled,
            size: (height * self.info.vae_factor, width * self.info.vae_factor),
            guidance_scale: input.guidance_scale,
            controls: input.controls,
            number: input.conditions,
        };
        for control in input.controls {
            self.make_room(Part::ControlNet(control.index), n, height * width);
            let Some(net) = self.controlnets.get_mut(control.index) else { continue }; // it is part of the UNet
            let (latents, timestep, conditions) = (input.latents.view(), input.timestep, &conditions);
            let task = Task { latents, timestep, conditions, control, home };
            residuals = net.run(&task, &residuals, self.unet.residuals(), cancel)?;
        }
        self.make_room(Part::Unet, most, height * width);
        match input.masked {
            None => self.unet.denoise(input.latents, input.timestep, &conditions, &residuals, most, cancel),
            Some(masked) => {
                let masked = masked.broadcast((n, masked.dim().1, height, width)).expect("one for the whole batch");
                let wide = memory::concatenate(Axis(1), &[input.latents, masked])?;
                self.unet.denoise(wide.view(), input.timestep, &conditions, &residuals, most, cancel)
            }
        }
    }

    fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>> {
        self.decode_anyhow(latents, cancel)
    }

    fn decode_tiny(
        &mut self,
        latents: ArrayView4<f32>,
        (wanted_height, wanted_width): (usize, usize),
        cancel: &Cancel,
    ) -> Result<Array3<f32>> {
        let (_, _, height, width) = latents.dim();
        self.make_room(Part::TinyDecoder, 1, height * width);
        let Some(decoder) = &mut self.tiny_decoder else { bail!(NotSupported, "the model has no vae_decoder_tiny") };
        // Decoding costs as many pixels as it gives: a small preview is decoded of small latents.
        let side = |pixels: usize, own: usize| pixels.div_ceil(self.info.vae_factor).max(SMALLEST_PREVIEW).min(own);
        let (small_height, small_width) = (side(wanted_height, height), side(wanted_width, width));
        if decoder.has_fixed_size() || (small_height, small_width) == (height, width) {
            return decoder.decode(latents, cancel);
        }
        let small = resize(latents.index_axis(Axis(0), 0), small_width, small_height)?;
        decoder.decode(small.insert_axis(Axis(0)).view(), cancel)
    }

    fn encode_picture(
        &mut self,
        picture: ArrayView3<f32>,
        random: &mut Random,
        cancel: &Cancel,
    ) -> Result<Array4<f32>> {
        let factor = self.info.vae_factor;
        self.make_room(Part::VaeEncoder, 1, picture.len() / (3 * factor * factor));
        match &mut self.encoder {
            Some(encoder) => encoder.encode(picture, self.info.latent_channels, random, cancel),
            None => bail!(NotSupported, "the model has no vae_encoder, which is needed to start from a picture"),
        }
    }

    fn trim(&mut self) {
        self.parts().for_each(|(_, component)| component.unload());
        self.controlnets.iter_mut().for_each(ControlNet::forget);
    }
}

/// Those that the caller names, and before them the directory's own: `controlnet/`, `controlnet_1/`, …
///
/// Some directories (TensorStack's `…-amuse`) have a second UNet as `controlnet/`, which takes what ControlNets add. It
/// is the UNet where there are ControlNets to use it with.
fn controlnet_files(layout: &mut Layout, more: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let named = more.iter().map(|path| if path.is_dir() { path.join("model.onnx") } else { path.clone() });
    let numbered = (1..=MAX_CONTROLNETS).map_while(|i| layout.find_model(&format!("controlnet_{i}")));
    let mut files: Vec<PathBuf> = numbered.chain(named).collect();
    let Some(first) = layout.find_model("controlnet") else { return Ok(files) };
    if !controlnet::is_unet(&layout.roots_of(&first), &first)? {
        files.insert(0, first);
        return Ok(files);
    }
    let what = "controlnet: it is no ControlNet, but a UNet that takes what ControlNets add";
    if files.is_empty() {
        let text =
            format!("{what}. It is left out: it takes the place of unet/ where controlnet_paths names ControlNets");
        log::push(LogLevel::Warning, text);
    } else {
        log::push(LogLevel::Info, format!("{what}. It takes the place of unet/"));
        layout.unet = "controlnet";
    }
    Ok(files)
}

/// A side of images in pixels, where a part fixes it.
fn side(fit: &Fit, dimension: Dimension, factor: usize) -> Result<Option<usize>> {
    match fit.get(dimension) {
        Some((latents, by)) if latents > MAX_SIDE / factor => bail!(
            ModelUnsupported,
            "{by} has a {dimension} of {latents}, which is {} pixels; expected at most {MAX_SIDE}",
            latents.saturating_mul(factor)
        ),
        found => Ok(found.map(|(latents, _)| latents * factor)),
    }
}

/// The scheduler's settings. Its class is the one that `model_index.json` names, as in diffusers, and else the file's.
fn read_scheduler(layout: &Layout, class: Option<String>, sdxl: bool) -> Result<SchedulerConfig> {
    const FILE: &str = "scheduler/scheduler_config.json";
    let path = &layout.path(FILE);
    let mut config = match layout.optional_text(FILE)? {
        Some(text) => SchedulerConfig::parse(&text).map_err(|error| error.within(path.display()))?,
        None => {
            let (assumed, name) = match sdxl {
                true => (SchedulerConfig::stable_diffusion_xl(), "XL"),
                false => (SchedulerConfig::stable_diffusion(), "1"),
            };
            warn(path, format!("it is missing; Stable Diffusion {name}'s noise schedule is assumed"));
            assumed
        }
    };
    let named_by = if class.is_some() { "model_index.json".to_owned() } else { path.display().to_string() };
    config.class_name = class.or(config.class_name);
    let sampler = Sampler::of(&config).map_err(|error| error.within(named_by))?;
    if config.class_name.is_none() {
        warn(path, format!("no _class_name tells the scheduler; \"{}\" is used", sampler.name()));
    }
    NoiseSchedule::new(&config, sampler)?; // so that a bad file fails here, not at the first image
    for setting in config.not_followed(sampler) {
        warn(path, setting);
    }
    Ok(config)
}

fn warn(path: &Path, text: String) {
    log::push(LogLevel::Warning, format!("{}: {text}", path.display()));
}
