//! The decoder of the autoencoder: latents to a picture. A tiny one may lie beside it, for previews.

pub mod encoder;
mod posterior;
mod statistics;
mod tiles;

use ndarray::{s, Array3, ArrayView4, Axis, Ix4};
use serde::Deserialize;

use super::fit::{Axis as FitAxis, Dimension, Fit};
use super::graph::norms;
use super::graph::seamless::Seamless;
use super::layout::Layout;
use super::options::Options;
use super::scan::nodes;
use super::session::component::{Component, Scratch};
use super::session::port::Port;
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::memory;
use statistics::{shrunk, Pool, Statistics};

/// What both halves share, read from the decoder's `config.json`.
#[derive(Clone, Copy, Debug)]
pub struct VaeScale {
    /// What the encoder's latents are multiplied by to have a variance of 1.
    pub scaling_factor: f32,
    /// Pixels per latent, along each side.
    pub factor: usize,
    /// Which of the known autoencoders it is.
    pub known: Option<KnownVae>,
}

/// An autoencoder that many models share, and with it what their latents mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownVae {
    /// That of Stable Diffusion 1 and 2.
    Sd,
    /// That of Stable Diffusion XL.
    Sdxl,
}

#[derive(Default, Deserialize)]
struct Config {
    scaling_factor: Option<f32>,
    latent_channels: Option<usize>,
    shift_factor: Option<f32>,
    block_out_channels: Option<Vec<usize>>,
    latents_mean: Option<Vec<f32>>,
    latents_std: Option<Vec<f32>>,
}

impl VaeScale {
    /// Of a whole autoencoder. `default_scaling`: where the files do not say.
    pub fn read(layout: &Layout, default_scaling: f32) -> Result<Self> {
        let default = Self { scaling_factor: default_scaling, factor: 8, known: None };
        Self::of(layout, &["vae_decoder", "vae_encoder", "vae"], default)
    }

    /// Of the first of these parts that has a configuration.
    fn of(layout: &Layout, parts: &[&str], default: Self) -> Result<Self> {
        let config: Config = layout.config(parts)?;
        let name = parts[0];
        let scaling_factor = config.scaling_factor.unwrap_or(default.scaling_factor);
        if !(scaling_factor.is_finite() && scaling_factor > 0.0) {
            bail!(ModelInvalid, "{name}/config.json: scaling_factor is {scaling_factor}; expected more than 0");
        }
        for (key, given) in [
            ("shift_factor", config.shift_factor.is_some_and(|shift| shift != 0.0)),
            ("latents_mean", config.latents_mean.is_some()),
            ("latents_std", config.latents_std.is_some()),
        ] {
            if given {
                bail!(
                    ModelUnsupported,
                    "{name}/config.json: {key} is set; the autoencoders of Stable Diffusion have none"
                );
            }
        }
        let factor = match config.block_out_channels.as_ref().map(Vec::len) {
            None => default.factor,
            Some(blocks @ 1..=7) => 1 << (blocks - 1), // each but the first halves the picture
            Some(blocks) => {
                bail!(ModelInvalid, "{name}/config.json: block_out_channels has {blocks} entries; expected 1 to 7")
            }
        };
        Ok(Self { scaling_factor, factor, known: config.known(scaling_factor) })
    }
}

impl Config {
    /// Judged by the autoencoder alone: models of one family may have another's, or one of their own.
    fn known(&self, scaling_factor: f32) -> Option<KnownVae> {
        if self.block_out_channels.as_deref() != Some(&[128, 256, 512, 512]) || self.latent_channels != Some(4) {
            return None;
        }
        [(0.18215, KnownVae::Sd), (0.13025, KnownVae::Sdxl)]
            .into_iter()
            .find_map(|(scaling, vae)| (scaling == scaling_factor).then_some(vae))
    }
}

/// How often means and variances are measured with the last ones given.
const PASSES: usize = 4;

/// Latents to a picture.
pub struct VaeDecoder {
    part: &'static str,
    pub component: Component,
    latents: Port,
    picture: Port,
    scale: VaeScale,
    norms: usize,
}

impl VaeDecoder {
    pub fn open(layout: &Layout, scale: VaeScale, options: &Options, cancel: &Cancel) -> Result<Self> {
        Self::open_part("vae_decoder", layout, scale, options, cancel)
    }

    /// The tiny decoder for the same latents, if there is one. It is made for latents as the UNet has them,
    /// and so its configuration, where it has one, says a scaling factor of 1.
    pub fn open_tiny(layout: &Layout, of: VaeScale, options: &Options, cancel: &Cancel) -> Result<Option<Self>> {
        const PART: &str = "vae_decoder_tiny";
        if layout.find_model(PART).is_none() {
            return Ok(None);
        }
        let scale = VaeScale::of(layout, &[PART], VaeScale { scaling_factor: 1.0, ..of })?;
        if scale.factor != of.factor {
            bail!(
                ModelUnsupported,
                "{PART}/config.json: block_out_channels makes {} pixels of a latent; expected {}, as vae_decoder",
                scale.factor,
                of.factor
            );
        }
        Self::open_part(PART, layout, scale, options, cancel).map(Some)
    }

    fn open_part(
        part: &'static str,
        layout: &Layout,
        scale: VaeScale,
        options: &Options,
        cancel: &Cancel,
    ) -> Result<Self> {
        let source = layout.source(part)?.tiling(options);
        let component = Component::open(source, Scratch::GiveBack, &options.repacking(), cancel)?;
        let latents = component.input(&["latent_sample", "latent"])?;
        component.no_other_inputs([&latents])?;
        let picture = component.output(&["sample", "image", "images"])?;
        let norms = nodes(&component.source().path)?.iter().filter(|node| node.operator == norms::OPERATOR).count();
        Ok(Self { part, component, latents, picture, scale, norms })
    }

    /// Checks it against the other parts.
    pub fn fit(&self, fit: &mut Fit) -> Result<()> {
        let sides = [Dimension::Height, Dimension::Width];
        let ([height, width], [rows, columns]) = (sides.map(FitAxis::Is), sides.map(FitAxis::Pixels));
        fit.port(self.part, &self.latents, &[FitAxis::Exactly(1), FitAxis::Is(Dimension::Channels), height, width])?;
        fit.port(self.part, &self.picture, &[FitAxis::Exactly(1), FitAxis::Exactly(3), rows, columns])
    }

    /// Whether it decodes latents of one size alone.
    pub fn has_fixed_size(&self) -> bool {
        self.latents.fixed(2).is_some() || self.latents.fixed(3).is_some()
    }

    pub fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>> {
        self.component.set_in_tiles(false);
        Ok(self.run(latents, &Statistics::default(), cancel)?.0)
    }

    /// In tiles of at most `side` latents along each side, normalised alike.
    pub fn decode_tiles(&mut self, latents: ArrayView4<f32>, side: usize, cancel: &Cancel) -> Result<Array3<f32>> {
        let norms = self.norms;
        self.component.set_in_tiles(true);
        let mut statistics = Statistics::open(norms);
        if norms > 0 {
            statistics = self.run(shrunk(latents, side).view(), &statistics, cancel)?.1;
            for _ in 0..PASSES {
                let mut pool = Pool::default();
                tiles::visit(latents, side, |tile| {
                    pool.add(self.run(tile, &statistics, cancel)?.1, tile.len());
                    Ok(())
                })?;
                statistics = pool.statistics();
            }
        }
        // What tiles as a texture sees the opposite edge in the tiles along its edges.
        let Seamless { x, y } = self.component.source().seamless;
        let margins = [y, x].map(|wraps| if wraps { side / 2 } else { 0 });
        let wide = tiles::wrapped(latents, margins)?;
        let factor = self.scale.factor;
        let picture = tiles::decode(wide.view(), side, factor, |tile| Ok(self.run(tile, &statistics, cancel)?.0))?;
        let [rows, columns] = margins.map(|margin| margin * factor);
        let (_, height, width) = picture.dim();
        memory::copy(picture.slice(s![.., rows..height - rows, columns..width - columns]))
    }

    /// How many normalisations can be told what to normalise by.
    pub fn norms(&self) -> usize {
        self.norms
    }

    /// Runs it, once more in float32 where float16 does not suffice.
    fn run(
        &mut self,
        latents: ArrayView4<f32>,
        given: &Statistics,
        cancel: &Cancel,
    ) -> Result<(Array3<f32>, Statistics)> {
        let found = self.run_once(latents, given, cancel)?;
        let is_finite = |x: &f32| x.is_finite();
        if found.0.iter().all(is_finite) || !latents.iter().all(is_finite) || !self.component.widen(cancel)? {
            return Ok(found);
        }
        self.latents.widen();
        self.picture.widen();
        self.run_once(latents, given, cancel)
    }

    fn run_once(
        &mut self,
        latents: ArrayView4<f32>,
        given: &Statistics,
        cancel: &Cancel,
    ) -> Result<(Array3<f32>, Statistics)> {
        let (_, _, height, width) = latents.dim();
        let expected = [1, 3, height * self.scale.factor, width * self.scale.factor];
        let unscaled = &latents / self.scale.scaling_factor;
        let input = self.latents.tensor(unscaled.view().into_dyn())?;
        let (inputs, outputs) = given.ports();
        let mut values = vec![(&self.latents, input)];
        for (port, value) in inputs.iter().zip(given.lists()) {
            values.push((port, port.tensor(value.view().into_dyn())?));
        }
        let outputs: Vec<&Port> = [&self.picture].into_iter().chain(&outputs).collect();
        let mut found = self.component.run(values, &outputs, cancel)?.into_iter();
        let output = found.next().expect("one for each port");
        if output.shape() != expected {
            let part = self.part;
            bail!(ModelUnsupported, "{part}: the picture has shape {:?}; expected {expected:?}", output.shape());
        }
        let output = output.into_dimensionality::<Ix4>().expect("four dimensions, as just compared");
        Ok((output.index_axis_move(Axis(0), 0), Statistics::read(found)))
    }
}
