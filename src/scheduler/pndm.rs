//! PNDM without its Runge-Kutta start, also called PLMS (Liu et al., 2022).
//! Reference: diffusers' `PNDMScheduler` with `skip_prk_steps`, the only form in use with
//! Stable Diffusion. It evaluates the model once more than it has steps.

use std::collections::VecDeque;

use super::{timesteps, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Spacing, Step};
use crate::error::Result;

pub struct Pndm {
    schedule: NoiseSchedule,
    levels: Levels,
    stride: isize,
    final_alpha_cumprod: f32,
    /// The first evaluation of the run: the second starts there again, wherever that is.
    begin: usize,
    /// The last four model outputs, newest last.
    outputs: VecDeque<Latents>,
    /// The sample of the first evaluation, from which the second starts again.
    first_sample: Option<Latents>,
}

impl Pndm {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let spaced = timesteps::spaced(&schedule, options, Spacing::Leading)?;
        let mut timesteps: Vec<f64> = spaced.iter().map(|t| t.round_ties_even()).collect();
        if timesteps.len() > 1 {
            timesteps.insert(1, timesteps[1]);
        }
        let to_one = options.config.set_alpha_to_one.unwrap_or(false); // unlike DDIM's
        Ok(Self {
            levels: Levels::trained(timesteps, &schedule),
            stride: (schedule.alphas_cumprod.len() / options.course.steps) as isize,
            final_alpha_cumprod: if to_one { 1.0 } else { schedule.alphas_cumprod[0] },
            begin: 0,
            outputs: VecDeque::with_capacity(4),
            first_sample: None,
            schedule,
        })
    }

    fn alpha_cumprod(&self, timestep: isize) -> f32 {
        match usize::try_from(timestep) {
            Ok(t) => self.schedule.alphas_cumprod[t.min(self.schedule.alphas_cumprod.len() - 1)],
            Err(_) => self.final_alpha_cumprod,
        }
    }
}

impl Scheduler for Pndm {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn begin_at(&mut self, i: usize) {
        self.begin = i;
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, _random: &mut Random) -> Step {
        let mut timestep = self.levels.timesteps[i] as isize;
        let (clean, _) = self.schedule.clean_and_noise(self.schedule.alpha_sigma(timestep as usize), output, sample);
        let mut previous = timestep - self.stride;
        let mut sample = sample.clone();
        let count = i - self.begin;
        if count == 1 {
            previous = timestep;
            timestep += self.stride;
        } else {
            if self.outputs.len() == 4 {
                self.outputs.pop_front();
            }
            self.outputs.push_back(output.clone());
        }

        let e = |back: usize| &self.outputs[self.outputs.len() - back];
        let combined = match (count, self.outputs.len()) {
            (0, _) => {
                self.first_sample = Some(sample.clone());
                output.clone()
            }
            (1, _) => {
                sample = self.first_sample.take().expect("kept by the first evaluation");
                (output + e(1)) / 2.0
            }
            (_, 2) => (e(1) * 3.0 - e(2)) / 2.0,
            (_, 3) => (e(1) * 23.0 - e(2) * 16.0 + e(3) * 5.0) / 12.0,
            _ => (e(1) * 55.0 - e(2) * 59.0 + e(3) * 37.0 - e(4) * 9.0) / 24.0,
        };

        let alpha = self.alpha_cumprod(timestep);
        let alpha_previous = self.alpha_cumprod(previous);
        let (_, noise) = self.schedule.clean_and_noise((alpha.sqrt(), (1.0 - alpha).sqrt()), &combined, &sample);
        // Formula 9 of the paper.
        let denominator = alpha * (1.0 - alpha_previous).sqrt() + (alpha * (1.0 - alpha) * alpha_previous).sqrt();
        let next = sample * (alpha_previous / alpha).sqrt() - noise * ((alpha_previous - alpha) / denominator);
        Step { next, clean }
    }
}
