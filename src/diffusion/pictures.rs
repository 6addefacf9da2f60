//! The pictures that a run starts from, keeps or follows, in the size of what is painted.

use ndarray::{concatenate, Array2, Array3, Array4, Axis};

use super::plan::{ControlRequest, Plan, Request};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::model::{Control, Model};
use crate::random::Random;
use crate::scheduler::{Latents, Scheduler};

/// What the caller gave, fitted to the size.
pub struct Pictures {
    /// To start from: `[3, height, width]`, -1 to 1.
    start: Option<Array3<f32>>,
    /// What to repaint: `[height, width]`, 1 or 0.
    mask: Option<Array2<f32>>,
    controls: Vec<ControlPicture>,
}

struct ControlPicture {
    index: usize,
    /// `[3, height, width]`, 0 to 1.
    picture: Array3<f32>,
    scale: f32,
    /// When it counts: shares of the run.
    start: f32,
    end: f32,
}

/// What the VAE made of the pictures.
pub struct Encoded {
    /// The latents to begin with.
    pub latents: Latents,
    /// Keeps what is not to be repainted, where the UNet does not see to it itself.
    pub keep: Option<Keep>,
    /// For a UNet that was trained to repaint: `[1, 1 + channels, height, width]`.
    pub masked: Option<Array4<f32>>,
}

/// The original, which comes back after each step where the mask is dark.
pub struct Keep {
    original: Latents,
    noise: Latents,
    /// `[1, 1, height, width]`: 1 where to repaint.
    mask: Array4<f32>,
}

impl Pictures {
    /// Fits the pictures of a request. What they may be was checked with the plan.
    pub fn new(request: &Request, plan: &Plan) -> Self {
        let (width, height) = (plan.width, plan.height);
        let control = |control: &ControlRequest| ControlPicture {
            index: control.index as usize,
            picture: control.picture.fit(width, height),
            scale: control.scale,
            start: control.start,
            end: control.end,
        };
        Self {
            start: request.picture.as_ref().map(|picture| picture.fit(width, height) * 2.0 - 1.0),
            mask: request.mask.as_ref().map(|mask| mask.fit_mask(width, height)),
            controls: request.controls.iter().map(control).collect(),
        }
    }

    /// Encodes the picture and adds the noise at evaluation `begin`. Draws as diffusers does: for the
    /// picture's latents, for the noise, for the masked picture's latents.
    pub fn encode(
        &self,
        model: &mut dyn Model,
        scheduler: &dyn Scheduler,
        begin: usize,
        shape: (usize, usize, usize, usize),
        random: &mut Random,
        cancel: &Cancel,
    ) -> Result<Option<Encoded>> {
        let Some(picture) = &self.start else { return Ok(None) };
        let inpainting = model.info().features.inpainting;
        let from_noise = begin == 0 && self.mask.is_some();
        let original = match inpainting && from_noise {
            true => None,
            false => Some(model.encode_picture(picture.view(), random, cancel)?),
        };
        let noise = super::noise(shape, random);
        let latents = match &original {
            Some(original) if !from_noise => scheduler.add_noise(begin, original, &noise),
            _ => &noise * scheduler.init_noise_sigma(),
        };
        let Some(mask) = &self.mask else { return Ok(Some(Encoded { latents, keep: None, masked: None })) };

        // The nearest pixel of each latent, as torch's `interpolate` takes it.
        let factor = model.info().vae_factor;
        let small = Array4::from_shape_fn((1, 1, shape.2, shape.3), |(.., y, x)| mask[(y * factor, x * factor)]);
        if inpainting {
            let seen = picture * &(1.0 - mask).insert_axis(Axis(0));
            let seen = model.encode_picture(seen.view(), random, cancel)?;
            let masked = concatenate![Axis(1), small, seen];
            return Ok(Some(Encoded { latents, keep: None, masked: Some(masked) }));
        }
        // Diffusers encodes the masked picture here too, and uses nothing of it but these draws.
        let _ = random.normal(noise.len());
        let keep = original.map(|original| Keep { original, noise, mask: small });
        Ok(Some(Encoded { latents, keep, masked: None }))
    }

    /// The ControlNets that take part in evaluation `i` of `n`.
    pub fn controls(&self, i: usize, n: usize) -> Vec<Control<'_>> {
        let share = |i: usize| (i as f64 / n as f64) as f32;
        let (from, to) = (share(i), share(i + 1));
        let active = self.controls.iter().filter(|control| from >= control.start && to <= control.end);
        active
            .map(|control| Control { index: control.index, scale: control.scale, picture: control.picture.view() })
            .collect()
    }
}

impl Keep {
    /// The latents after an evaluation, with the original where it stays; noisy as they are before
    /// evaluation `next`, or clean after the last.
    pub fn restore(&self, latents: &Latents, scheduler: &dyn Scheduler, next: Option<usize>) -> Latents {
        let original = match next {
            Some(next) => scheduler.add_noise(next, &self.original, &self.noise),
            None => self.original.clone(),
        };
        original * (1.0 - &self.mask) + latents * &self.mask
    }
}
