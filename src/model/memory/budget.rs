//! A memory budget: what a model will need, known before it is tried.
//!
//! ONNX Runtime does not tell what a run will take. What counts at the sizes of Stable Diffusion is known,
//! though: the scores of self-attention, which grow with the square of the latents' area and are there twice,
//! before and after their softmax, and a few copies of the widest tensor within the network. The factors here
//! are measured, on networks of Stable Diffusion 1.5's shapes and of the bundled model's.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::Images;
use crate::error::{bail, Result};
use crate::log::{self, LogLevel};
use crate::model::layout::Layout;
use crate::model::options::{Options, Weights};
use crate::model::scan::WeightBytes;
use crate::model::unet::SampleSize;

/// What is there besides the model's parts: ONNX Runtime's code, tokenizers, latents, pictures.
const BESIDES: u64 = 56 << 20;
/// Bytes of a number.
const F32: f64 = 4.0;
/// The side of the smallest tiles that are worth decoding, in latents.
pub(crate) const SMALLEST_TILE: usize = 16;

/// What one part of a model needs: its weights, and room to compute for latents of an area.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    weights: u64,
    /// Bytes that they take besides while they are copied, widened and repacked.
    loading: u64,
    /// Bytes for each latent, and for each pair of latents.
    linear: f64,
    quadratic: f64,
}

/// The parts that a budget is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    TextEncoder(usize),
    Unet,
    VaeDecoder,
    TinyDecoder,
    VaeEncoder,
    ControlNet(usize),
}

/// The most bytes that a model may take, and what its parts need.
#[derive(Clone, Debug)]
pub struct Budget {
    bytes: u64,
    parts: Vec<(Part, Cost)>,
    /// The area of the latents that the model was trained at.
    native: usize,
    /// Whether the decoder takes latents of any size.
    pub decodes_tiles: bool,
    /// What generations hold.
    pub images: Images,
}

impl Cost {
    /// Bytes that are needed for a batch of latents of so large an area, weights included.
    pub fn of(&self, batch: usize, area: usize) -> u64 {
        let area = area as f64;
        self.weights.saturating_add((batch as f64 * (self.linear * area + self.quadratic * area * area)) as u64)
    }

    fn new(weights: WeightBytes, linear: f64, quadratic: f64) -> Self {
        // What was read, and, of numbers of 16 bits, what they were before they were widened.
        Self { weights: weights.computed, loading: weights.computed, linear, quadratic }
    }

    fn text_encoder(weights: WeightBytes) -> Self {
        Self::new(weights, 0.0, 0.0) // texts are short
    }

    fn vae(weights: WeightBytes, shape: &Vae) -> Self {
        let pixels = 4f64.powi(shape.block_out_channels.len() as i32 - 1);
        // What is at the full size of the picture: the outermost block, and what goes up into it.
        let channels = shape.block_out_channels.iter().take(2).max().copied().unwrap_or(0);
        Self::new(weights, 2.5 * channels as f64 * pixels * F32, 2.0 * F32)
    }

    fn unet(weights: WeightBytes, shape: &Unet) -> Self {
        let heads = shape.num_attention_heads.as_ref().unwrap_or(&shape.attention_head_dim);
        let scores = |(level, kind): (usize, &String)| match kind.contains("Attn") {
            true => 2.0 * heads.at(level) as f64 * F32 / 16f64.powi(level as i32),
            false => 0.0,
        };
        let quadratic = shape.down_block_types.iter().enumerate().map(scores).fold(0.0, f64::max);
        let channels = shape.block_out_channels.first().copied().unwrap_or(0);
        Self::new(weights, 12.0 * channels as f64 * F32, quadratic)
    }
}

impl Budget {
    /// Reads what the parts of a model directory need. `controlnets`: their files.
    pub fn read(bytes: u64, layout: &Layout, controlnets: &[PathBuf]) -> Result<Self> {
        let weights = |part: &str| Ok(layout.scanned(&layout.model(part)?).weights);
        let unet: Unet = layout.config(&["unet"])?;
        let vae: Vae = layout.config(&["vae_decoder", "vae_encoder", "vae"])?;
        let mut parts = vec![
            (Part::TextEncoder(0), Cost::text_encoder(weights("text_encoder")?)),
            (Part::Unet, Cost::unet(weights("unet")?, &unet)),
            (Part::VaeDecoder, Cost::vae(weights("vae_decoder")?, &vae)),
        ];
        if layout.find_model("text_encoder_2").is_some() {
            parts.push((Part::TextEncoder(1), Cost::text_encoder(weights("text_encoder_2")?)));
        }
        if layout.find_model("vae_decoder_tiny").is_some() {
            let shape: Vae = layout.config(&["vae_decoder_tiny"])?;
            parts.push((Part::TinyDecoder, Cost::vae(weights("vae_decoder_tiny")?, &shape)));
        }
        if layout.find_model("vae_encoder").is_some() {
            let cost = Cost::vae(weights("vae_encoder")?, &vae);
            // Its scores of attention are there once more than the decoder's.
            parts.push((Part::VaeEncoder, Cost { quadratic: cost.quadratic + F32, ..cost }));
        }
        for (i, path) in controlnets.iter().enumerate() {
            parts.push((Part::ControlNet(i), Cost::unet(layout.scanned(path).weights, &unet)));
        }
        let (height, width) = unet.sample_size.map_or((64, 64), |size| size.sides());
        let budget =
            Self { bytes, parts, native: height.saturating_mul(width), decodes_tiles: true, images: Images::default() };
        match budget.parts.iter().max_by_key(|(_, cost)| cost.weights) {
            Some((part, cost)) if cost.weights > budget.room() => bail!(
                OutOfMemory,
                "memory_budget is {bytes} bytes; expected at least {}, for the weights of {part}",
                cost.weights.saturating_add(BESIDES)
            ),
            _ => Ok(budget),
        }
    }

    /// The options with weights kept as the budget wants them, where the caller leaves it open: what is loaded
    /// again and again must be quick to load.
    pub fn apply(budget: Option<&Self>, options: &Options) -> Options {
        let weights = match (options.weights, budget) {
            (Weights::Auto, Some(budget)) if !budget.holds_all() => {
                let text =
                    "weights stay mapped from the model's files, to keep memory_budget: while the context lives, \
                            nothing may write into these files";
                log::push(LogLevel::Info, text);
                Weights::Mapped
            }
            (Weights::Auto, _) => Weights::Repacked,
            (given, _) => given,
        };
        Options { weights, ..options.clone() }
    }

    /// Whether all parts can stay loaded while latents of the model's own size become a picture.
    pub fn holds_all(&self) -> bool {
        let area = self.native;
        let weights: u64 = self.parts.iter().map(|(_, cost)| cost.weights).sum();
        let computing = |(part, cost): &(Part, Cost)| match part {
            Part::TextEncoder(_) => 0,
            // These keep what they compute in from step to step.
            Part::Unet | Part::ControlNet(_) => cost.of(2, area) - cost.weights,
            Part::VaeDecoder | Part::TinyDecoder | Part::VaeEncoder => cost.of(1, area) - cost.weights,
        };
        let loading = self.parts.iter().map(|(_, cost)| cost.loading).max().unwrap_or(0);
        let all = [weights, loading, self.parts.iter().map(computing).sum()];
        all.into_iter().fold(0, u64::saturating_add) <= self.room()
    }

    /// What the parts may take in all, beside what generations hold.
    pub fn room(&self) -> u64 {
        self.bytes.saturating_sub(BESIDES).saturating_sub(self.images.bytes())
    }

    /// What a part needs.
    pub fn cost(&self, part: Part) -> Option<Cost> {
        self.parts.iter().find(|(other, _)| *other == part).map(|(_, cost)| *cost)
    }

    /// The most of a batch that the UNet can compute at once; at least one.
    pub fn batch(&self, most: usize, area: usize) -> usize {
        let fits = |batch: &usize| self.cost(Part::Unet).is_none_or(|cost| cost.of(*batch, area) <= self.room());
        (1..=most).rev().find(fits).unwrap_or(1)
    }

    /// The side of the largest tiles that the decoder has room for: the whole, or else square ones.
    pub fn tile(&self, height: usize, width: usize) -> usize {
        let fits = |area| self.cost(Part::VaeDecoder).is_none_or(|cost| cost.of(1, area) <= self.room());
        if fits(height * width) || !self.decodes_tiles {
            return height.max(width);
        }
        let sides = (SMALLEST_TILE..height.max(width)).step_by(8);
        sides.rev().find(|side| fits(side.min(&height) * side.min(&width))).unwrap_or(SMALLEST_TILE)
    }

    /// Refuses latents of a size that do not become a picture within the budget, however thriftily.
    pub fn check(&self, height: usize, width: usize, from_picture: bool) -> Result<()> {
        let area = height * width;
        let tile = match self.decodes_tiles {
            true => SMALLEST_TILE.min(height) * SMALLEST_TILE.min(width),
            false => area,
        };
        let needs = |(part, cost): &(Part, Cost)| match part {
            Part::TextEncoder(_) => (*part, cost.weights),
            Part::Unet => (*part, cost.of(1, area)),
            Part::VaeDecoder => (*part, cost.of(1, tile)),
            Part::TinyDecoder => (*part, cost.of(1, area)),
            Part::VaeEncoder if !from_picture => (*part, 0),
            Part::VaeEncoder => (*part, cost.of(1, area)),
            Part::ControlNet(_) => (*part, cost.of(2, area)),
        };
        match self.parts.iter().map(needs).max_by_key(|(_, bytes)| *bytes) {
            Some((part, bytes)) if bytes > self.room() => {
                let (budget, needed, images) = (self.bytes, bytes.saturating_add(BESIDES), self.images.bytes());
                match bytes.saturating_add(BESIDES) > budget {
                    true => bail!(
                        OutOfMemory,
                        "memory_budget is {budget} bytes; {part} needs {needed} for latents of {width} × {height}: ask for a \
                         smaller picture"
                    ),
                    false => bail!(
                        OutOfMemory,
                        "memory_budget is {budget} bytes, of which generations hold {images}; {part} needs {needed} for \
                         latents of {width} × {height}: destroy generations that were read, or ask for a smaller picture"
                    ),
                }
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::TextEncoder(_) => "the text encoder",
            Part::Unet => "the UNet",
            Part::VaeDecoder => "the VAE decoder",
            Part::TinyDecoder => "the tiny VAE decoder",
            Part::VaeEncoder => "the VAE encoder",
            Part::ControlNet(_) => "the ControlNet",
        })
    }
}

/// `config.json` of a UNet, as far as it tells what it will compute; the defaults are Stable Diffusion 1's.
#[derive(Deserialize)]
#[serde(default)]
struct Unet {
    block_out_channels: Vec<usize>,
    down_block_types: Vec<String>,
    /// The number of heads, by a mistake in diffusers' names that it keeps.
    attention_head_dim: Heads,
    num_attention_heads: Option<Heads>,
    sample_size: Option<SampleSize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Heads {
    Everywhere(usize),
    AtLevels(Vec<usize>),
}

impl Heads {
    fn at(&self, level: usize) -> usize {
        match self {
            Heads::Everywhere(heads) => *heads,
            Heads::AtLevels(heads) => heads.get(level).or(heads.last()).copied().unwrap_or(0),
        }
    }
}

impl Default for Unet {
    fn default() -> Self {
        let kinds = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"];
        Self {
            block_out_channels: vec![320, 640, 1280, 1280],
            down_block_types: kinds.map(str::to_owned).to_vec(),
            attention_head_dim: Heads::Everywhere(8),
            num_attention_heads: None,
            sample_size: None,
        }
    }
}

/// `config.json` of an autoencoder, likewise.
#[derive(Deserialize)]
#[serde(default)]
struct Vae {
    block_out_channels: Vec<usize>,
}

impl Default for Vae {
    fn default() -> Self {
        Self { block_out_channels: vec![128, 256, 512, 512] }
    }
}
