//! What a run starts from, keeps or follows, in the size of what is generated.

use std::sync::Arc;

use ndarray::{concatenate, Array3, Array4, Axis};

use super::mask::{Keep, Mask, Paste};
use super::plan::{ControlRequest, Plan, Request};
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::image::{MaskOf, Pixels};
use crate::memory;
use crate::model::{Control, Model};
use crate::random::Random;
use crate::scheduler::{Latents, Scheduler};

/// What the caller gave, as it was copied: looked at with the first evaluation, since that takes time.
pub struct Inputs {
    size: (usize, usize),
    background: [f32; 3],
    image: Option<Arc<Pixels>>,
    mask: Option<(Arc<Pixels>, MaskOf)>,
    /// Whether the mask counts as in diffusers.
    as_diffusers: bool,
    feather: usize,
    controls: Vec<ControlRequest>,
    latents: Option<Arc<Vec<f32>>>,
    /// Whether these latents are an image's, rather than noise.
    are_clean: bool,
}

/// What a run begins with.
pub struct Start {
    /// The latents before the first evaluation.
    pub latents: Latents,
    /// Keeps what is not to be generated anew, where the UNet does not see to it itself.
    pub keep: Option<Keep>,
    /// For a UNet that was trained to inpaint: `[1, 1 + channels, height, width]`.
    pub masked: Option<Array4<f32>>,
    /// Puts pixels that are kept back in the end.
    pub paste: Option<Paste>,
    /// Images for ControlNets.
    pub controls: Vec<ControlImage>,
}

/// An image for a ControlNet.
pub struct ControlImage {
    index: usize,
    /// `[3, height, width]`, 0 to 1.
    image: Array3<f32>,
    scale: f32,
    /// When it counts: shares of the run.
    start: f32,
    end: f32,
}

/// Where a run is, and what it draws with.
pub struct At<'a> {
    pub scheduler: &'a dyn Scheduler,
    /// The evaluation of the scheduler that comes first.
    pub begin: usize,
    /// Of the latents.
    pub shape: (usize, usize, usize, usize),
    pub random: &'a mut Random,
}

impl Inputs {
    /// What a request has. What it may be was checked with the plan.
    pub fn new(request: &Request, plan: &Plan) -> Self {
        let colour = request.background.unwrap_or(0xFF_FFFF);
        let background = [16, 8, 0].map(|shift| f32::from((colour >> shift) as u8) / 255.0);
        let mask_of = if request.mask_from_alpha { MaskOf::Alpha } else { MaskOf::Brightness };
        let own = request.picture.as_ref().filter(|_| request.mask_from_alpha);
        Self {
            size: (plan.width, plan.height),
            background,
            image: request.picture.clone(),
            mask: match &request.mask {
                Some(mask) => Some((Arc::clone(mask), mask_of)),
                None => own.map(|image| (Arc::clone(image), MaskOf::Transparency)),
            },
            as_diffusers: request.mask_as_diffusers,
            feather: plan.mask_feather,
            controls: request.controls.clone(),
            latents: request.latents.clone(),
            are_clean: request.picture.is_none() && request.strength.is_some(),
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        let images = self.image.iter().chain(self.mask.iter().map(|(mask, _)| mask));
        let images = images.chain(self.controls.iter().map(|control| &control.picture));
        images.map(|image| image.bytes()).sum::<usize>() + self.latents.as_ref().map_or(0, |latents| 4 * latents.len())
    }

    /// Fits images, encodes the one to start from and adds the noise. Draws as diffusers does: for the image's latents,
    /// for the noise, for the masked image's latents.
    pub fn begin(&self, model: &mut dyn Model, at: At, cancel: &Cancel) -> Result<Start> {
        let (width, height) = self.size;
        let At { scheduler, begin, shape, random } = at;
        let mut controls = Vec::new();
        for control in &self.controls {
            let image = control.picture.fit(width, height, self.background, cancel)?;
            let (index, scale, start, end) = (control.index as usize, control.scale, control.start, control.end);
            controls.push(ControlImage { index, image, scale, start, end });
        }
        let given = self.given(shape)?;
        let Some(image) = &self.image else {
            let latents = match given {
                Some(clean) if self.are_clean => scheduler.add_noise(begin, &clean, &super::noise(shape, random)?),
                given => scaled(noise_or(given, shape, random)?, scheduler.init_noise_sigma()),
            };
            return Ok(Start { latents, keep: None, masked: None, paste: None, controls });
        };
        let image = image.fit(width, height, self.background, cancel)?;
        let mask = match &self.mask {
            Some((mask, of)) => Some(Mask::new(mask.fit_mask(width, height, *of, cancel)?, self.as_diffusers)?),
            None => None,
        };
        let inpainting = model.info().features.inpainting;
        let from_noise = begin == 0 && mask.is_some();
        let original = match inpainting && from_noise {
            true => None,
            false => Some(model.encode_picture(to_signed(&image)?.view(), random, cancel)?),
        };
        let noise = noise_or(given, shape, random)?;
        let latents = match &original {
            Some(original) if !from_noise => scheduler.add_noise(begin, original, &noise),
            _ => scaled(memory::copy(noise.view())?, scheduler.init_noise_sigma()),
        };
        let Some(mask) = mask else {
            return Ok(Start { latents, keep: None, masked: None, paste: None, controls });
        };

        let small = mask.of_latents(model.info().vae_factor)?;
        let (mut keep, mut masked) = (None, None);
        if inpainting {
            let mut seen = to_signed(&image)?;
            mask.cut_out(&mut seen);
            let seen = model.encode_picture(seen.view(), random, cancel)?;
            masked = Some(concatenate![Axis(1), small.mapv(|mask| f32::from(u8::from(mask > 0.0))), seen]);
        } else {
            // Diffusers encodes the masked image here too, and uses nothing of it but these draws.
            let _ = super::noise(shape, random)?;
            keep = original.map(|original| Keep::new(original, noise, small));
        }
        Ok(Start { latents, keep, masked, paste: mask.paste(image, self.feather), controls })
    }

    /// The latents that the caller gave.
    fn given(&self, shape: (usize, usize, usize, usize)) -> Result<Option<Latents>> {
        let Some(numbers) = &self.latents else { return Ok(None) };
        if let Some(i) = numbers.iter().position(|x| !x.is_finite()) {
            bail!(InvalidArgument, "latents has the value {} at {i}; expected finite numbers", numbers[i]);
        }
        let mut copied = memory::vector(numbers.len())?;
        copied.extend_from_slice(numbers);
        match Latents::from_shape_vec(shape, copied) {
            Ok(latents) => Ok(Some(latents)),
            Err(_) => bail!(InvalidArgument, "latents has {} numbers; expected those of {shape:?}", numbers.len()),
        }
    }
}

/// The given noise, or else as much as the shape has.
fn noise_or(given: Option<Latents>, shape: (usize, usize, usize, usize), random: &mut Random) -> Result<Latents> {
    given.map_or_else(|| super::noise(shape, random), Ok)
}

fn scaled(mut noise: Latents, sigma: f32) -> Latents {
    noise *= sigma;
    noise
}

/// Colours of 0 to 1 as the autoencoder takes them, -1 to 1.
fn to_signed(image: &Array3<f32>) -> Result<Array3<f32>> {
    memory::map(image.view(), |x| x * 2.0 - 1.0)
}

impl ControlImage {
    /// The ControlNet in evaluation `i` of `n`, if it takes part.
    pub fn at(&self, i: usize, n: usize) -> Option<Control<'_>> {
        let share = |i: usize| (i as f64 / n as f64) as f32;
        let takes_part = share(i) >= self.start && share(i + 1) <= self.end;
        takes_part.then(|| Control { index: self.index, scale: self.scale, picture: self.image.view() })
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        4 * self.image.len()
    }
}
