//! The encoder of the autoencoder: pictures to latents.

use ndarray::{s, Array4, ArrayD, ArrayView3, Axis, Ix4};

use super::posterior::{self, Draw};
use super::VaeScale;
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::log::{self, LogLevel};
use crate::model::fit::{Axis as FitAxis, Dimension, Fit};
use crate::model::layout::Layout;
use crate::model::options::Options;
use crate::model::session::component::{Component, Scratch};
use crate::model::session::port::Port;
use crate::random::Random;

/// The encoder, which text-to-image does not need.
pub struct VaeEncoder {
    pub component: Component,
    picture: Port,
    /// One for mean and log-variance, or the mean alone, or latents that were drawn already: the channels tell.
    /// Or two, for mean and standard deviation, of an export that draws by itself.
    outputs: Vec<Port>,
    scale: VaeScale,
}

impl VaeEncoder {
    /// `None` where the directory has none.
    pub fn open(layout: &Layout, scale: VaeScale, options: &Options, cancel: &Cancel) -> Result<Option<Self>> {
        let Some(path) = layout.find_model("vae_encoder") else { return Ok(None) };
        let options = &options.repacking();
        let source = layout.source("vae_encoder")?.tiling(options);
        let mut component = Component::open(source, Scratch::GiveBack, options, cancel)?;
        let latents = component.output(&["latent_parameters", "latent_sample", "latent"])?;
        let outputs = match posterior::of(&path, &latents.name)? {
            Draw::None => vec![latents],
            Draw::Open { mean, deviation } => {
                let mut source = component.source().clone();
                source.more_outputs = vec![mean.clone(), deviation.clone()];
                component = Component::open(source, Scratch::GiveBack, options, cancel)?;
                vec![component.output(&[&mean])?, component.output(&[&deviation])?]
            }
            Draw::Closed => {
                log::push(
                    LogLevel::Warning,
                    format!(
                        "{}: it draws by itself: a picture to start from does not give the same twice",
                        path.display()
                    ),
                );
                vec![latents]
            }
        };
        let picture = component.input(&["sample", "image", "images"])?;
        component.no_other_inputs([&picture])?;
        Ok(Some(Self { component, picture, outputs, scale }))
    }

    /// Checks it against the other parts.
    pub fn fit(&self, fit: &mut Fit, channels: usize) -> Result<()> {
        const PART: &str = "vae_encoder";
        let sides = [Dimension::Height, Dimension::Width];
        let ([height, width], [rows, columns]) = (sides.map(FitAxis::Is), sides.map(FitAxis::Pixels));
        fit.port(PART, &self.picture, &[FitAxis::Exactly(1), FitAxis::Exactly(3), rows, columns])?;
        for port in &self.outputs {
            // The mean alone, or with the log-variance.
            let given = port.fixed(1).filter(|given| *given == 2 * channels).unwrap_or(channels);
            fit.port(PART, port, &[FitAxis::Exactly(1), FitAxis::Exactly(given), height, width])?;
        }
        Ok(())
    }

    /// The latents of a picture `[3, height, width]`, -1 to 1: drawn from the distribution that the
    /// encoder gives, as diffusers does.
    pub fn encode(
        &mut self,
        picture: ArrayView3<f32>,
        channels: usize,
        random: &mut Random,
        cancel: &Cancel,
    ) -> Result<Array4<f32>> {
        let (_, height, width) = picture.dim();
        let sides = [height / self.scale.factor, width / self.scale.factor];
        let given = self.run(picture, cancel)?;
        let ports = &self.outputs;
        let mut given = given.into_iter().zip(ports).map(|(values, port)| latents(values, &port.name, sides));
        let first = given.next().unwrap_or_else(|| bail!(RuntimeFailed, "vae_encoder: no output"))?;
        let mut latents = match (given.next().transpose()?, first.dim().1) {
            (Some(deviation), _) if deviation.dim() == first.dim() => draw(first, deviation, random),
            (None, n) if n == channels => first,
            (None, n) if n == 2 * channels => {
                let mean = first.slice(s![.., ..channels, .., ..]).to_owned();
                let log_variance = first.slice(s![.., channels.., .., ..]);
                draw(mean, log_variance.mapv(|x| (0.5 * x.clamp(-30.0, 20.0)).exp()), random)
            }
            (_, n) => bail!(
                ModelUnsupported,
                "vae_encoder: {} has {n} channels; expected {channels}, or {} for mean and log-variance",
                ports[0].name,
                2 * channels
            ),
        };
        if latents.iter().any(|x| !x.is_finite()) {
            bail!(NotFinite, "vae_encoder: the latents of the picture are not finite");
        }
        latents *= self.scale.scaling_factor;
        Ok(latents)
    }

    /// Runs it, once more in float32 where float16 does not suffice.
    fn run(&mut self, picture: ArrayView3<f32>, cancel: &Cancel) -> Result<Vec<ArrayD<f32>>> {
        let found = self.run_once(picture, cancel)?;
        let is_finite = |x: &f32| x.is_finite();
        if found.iter().flatten().all(is_finite) || !picture.iter().all(is_finite) || !self.component.widen(cancel)? {
            return Ok(found);
        }
        self.picture.widen();
        self.outputs.iter_mut().for_each(Port::widen);
        self.run_once(picture, cancel)
    }

    fn run_once(&mut self, picture: ArrayView3<f32>, cancel: &Cancel) -> Result<Vec<ArrayD<f32>>> {
        let input = self.picture.tensor(picture.insert_axis(Axis(0)).into_dyn())?;
        let outputs: Vec<&Port> = self.outputs.iter().collect();
        self.component.run(vec![(&self.picture, input)], &outputs, cancel)
    }
}

/// One of the normal distribution, as torch draws.
fn draw(mean: Array4<f32>, deviation: Array4<f32>, random: &mut Random) -> Array4<f32> {
    let noise = Array4::from_shape_vec(mean.dim(), random.normal(mean.len())).expect("as many as the mean has");
    mean + deviation * noise
}

fn latents(values: ArrayD<f32>, name: &str, sides: [usize; 2]) -> Result<Array4<f32>> {
    let shape = values.shape().to_vec();
    match values.into_dimensionality::<Ix4>() {
        Ok(values) if values.dim().0 == 1 && [values.dim().2, values.dim().3] == sides => Ok(values),
        _ => bail!(
            ModelUnsupported,
            "vae_encoder: {name} has shape {shape:?}; expected [1, channels, {}, {}]",
            sides[0],
            sides[1]
        ),
    }
}
