//! Decoding whatever happens: an image that was sampled took minutes, and its decoding may fail for want of memory or of a
//! device. It is then tried in tiles, which take less of both, and at last on the CPU.

use ndarray::{Array3, ArrayView4};

use super::directory::StableDiffusion;
use super::memory::budget::{Part, SMALLEST_TILE};
use super::options::Device;
use super::Model;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::log::{self, LogLevel};
use crate::runtime::{Place, ProviderOptions};

/// The side of the tiles that are tried first on the CPU when a device has failed, in latents.
const TILE_ON_CPU: usize = 64;

impl StableDiffusion {
    /// Decodes latents: at once if there is room, else in tiles; if that fails, in smaller ones and on the CPU.
    pub(super) fn decode_anyhow(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>> {
        let (_, _, height, width) = latents.dim();
        let side = self.info.budget.as_ref().map_or(height.max(width), |budget| budget.tile(height, width));
        let mut result = self.decode_by(latents, side, cancel);
        for (on_cpu, side) in self.attempts(side) {
            let Err(error) = &result else { break };
            if !error.is_of_the_machine() {
                break;
            }
            let place = if on_cpu { "on the CPU, " } else { "" };
            log::push(
                LogLevel::Warning,
                format!("the image could not be decoded and is tried again, {place}at most {side} latents a side at once: {error}"),
            );
            self.trim(); // all the memory that there is
            result = match on_cpu {
                false => self.decode_by(latents, side, cancel),
                true => self.decode_on_cpu(latents, side, cancel),
            };
        }
        result
    }

    /// Decodes latents at most so many along each side at once.
    fn decode_by(&mut self, latents: ArrayView4<f32>, side: usize, cancel: &Cancel) -> Result<Array3<f32>> {
        let (_, _, height, width) = latents.dim();
        self.make_room(Part::VaeDecoder, 1, side.min(height) * side.min(width));
        match side >= height.max(width) {
            true => self.decoder.decode(latents, cancel),
            false => self.decoder.decode_tiles(latents, side, cancel),
        }
    }

    fn decode_on_cpu(&mut self, latents: ArrayView4<f32>, side: usize, cancel: &Cancel) -> Result<Array3<f32>> {
        let own = self.decoder.component.options().device.clone();
        let place = Some(Place::cpu());
        self.decoder.component.move_to(Device { place, provider_options: ProviderOptions::new(), ..own.clone() });
        let result = self.decode_by(latents, side, cancel);
        self.decoder.component.move_to(own);
        result
    }

    /// What to try after a failure: whether on the CPU, and how much at once.
    fn attempts(&self, side: usize) -> Vec<(bool, usize)> {
        let own_is_cpu = self.decoder.component.options().place() == Place::cpu();
        let sides = |first: usize| match self.decoder.has_fixed_size() || side <= SMALLEST_TILE {
            true => vec![side],
            false if first <= SMALLEST_TILE => vec![SMALLEST_TILE],
            false => vec![first, SMALLEST_TILE],
        };
        let own = sides(side / 2).into_iter().map(|side| (false, side));
        let on_cpu = sides(side.min(TILE_ON_CPU)).into_iter().map(|side| (true, side));
        own.chain(on_cpu.filter(|_| !own_is_cpu)).collect()
    }
}
