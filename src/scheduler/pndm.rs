//! PNDM (Liu et al., 2022), with its start of Runge and Kutta's method or without it, when it is also called PLMS.
//! Reference: diffusers' `PNDMScheduler`. It evaluates the model more often than it has steps: 9 times more with that
//! start, once more without.

use std::collections::VecDeque;

use super::ipndm::adams_bashforth;
use super::{timesteps, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Spacing, Step};
use crate::error::{bail, Result};

/// Steps that Runge and Kutta's method takes at the start, the last of them by one evaluation.
const START: usize = 4;

pub struct Pndm {
    schedule: NoiseSchedule,
    levels: Levels,
    stride: isize,
    final_alpha_cumprod: f32,
    /// Evaluations of the start, in groups of four.
    started: usize,
    /// The first evaluation of the run: the second starts there again, wherever that is.
    begin: usize,
    /// The last four model outputs, newest first.
    outputs: VecDeque<Latents>,
    /// The sample that a group of the start, or the run without one, began with.
    first_sample: Option<Latents>,
    /// The outputs of a group of the start, added up.
    sum: Option<Latents>,
}

impl Pndm {
    pub fn new(schedule: NoiseSchedule, options: &Options, runge_kutta: bool) -> Result<Self> {
        let (train, steps) = (schedule.alphas_cumprod.len(), options.course.steps);
        let spaced = timesteps::spaced(&schedule, options, Spacing::Leading)?;
        let mut timesteps: Vec<f64> = spaced.iter().map(|t| t.round_ties_even()).collect();
        let mut started = 0;
        if runge_kutta {
            if steps < START {
                bail!(
                    InvalidArgument,
                    "steps is {steps}; the scheduler \"pndm\" takes {START} or more (skip_prk_steps is false; \"plms\" takes any)"
                );
            }
            let half = (train / steps / 2) as f64;
            // Each step's timestep, its middle twice and its end, which is the next step's timestep.
            let group = |i: usize| [timesteps[i], timesteps[i + 1] + half, timesteps[i + 1] + half, timesteps[i + 1]];
            let start: Vec<f64> = (0..START - 1).flat_map(group).collect();
            started = start.len();
            timesteps.splice(..START - 1, start);
        } else if timesteps.len() > 1 {
            timesteps.insert(1, timesteps[1]);
        }
        let to_one = options.config.set_alpha_to_one.unwrap_or(false); // unlike DDIM's
        Ok(Self {
            levels: Levels::trained(timesteps, &schedule),
            stride: (train / steps) as isize,
            final_alpha_cumprod: if to_one { 1.0 } else { schedule.alphas_cumprod[0] },
            started,
            begin: 0,
            outputs: VecDeque::with_capacity(4),
            first_sample: None,
            sum: None,
            schedule,
        })
    }

    fn alpha_cumprod(&self, timestep: isize) -> f32 {
        match usize::try_from(timestep) {
            Ok(t) => self.schedule.alphas_cumprod[t.min(self.schedule.alphas_cumprod.len() - 1)],
            Err(_) => self.final_alpha_cumprod,
        }
    }

    /// Evaluation `count` of the start, at this timestep: the fourth of a group has them all (diffusers' `step_prk`).
    fn start(&mut self, count: usize, timestep: isize, output: &Latents, sample: &Latents) -> Latents {
        let half = if count.is_multiple_of(2) { self.stride / 2 } else { 0 };
        let weight = if matches!(count % 4, 0 | 3) { 6.0 } else { 3.0 };
        if count.is_multiple_of(4) {
            self.remember(output);
            self.first_sample = Some(sample.clone());
        }
        let part = output / weight;
        let sum = self.sum.take().map_or(part.clone(), |sum| sum + part);
        let from = self.levels.timesteps[count / 4 * 4] as isize;
        let start = self.first_sample.as_ref().unwrap_or(sample).clone();
        if count % 4 == 3 {
            return self.transfer(from, timestep - half, &sum, start);
        }
        self.sum = Some(sum);
        self.transfer(from, timestep - half, output, start)
    }

    /// Evaluation `count` without a start, or after it (diffusers' `step_plms`).
    fn multistep(&mut self, count: usize, timestep: isize, output: &Latents, sample: &Latents) -> Latents {
        if self.started == 0 && count == 1 {
            let start = self.first_sample.take().expect("kept by the first evaluation");
            let mean = (output + &self.outputs[0]) / 2.0;
            return self.transfer(timestep + self.stride, timestep, &mean, start);
        }
        if count == 0 {
            self.first_sample = Some(sample.clone());
        }
        self.remember(output);
        let mut combined = Latents::zeros(output.dim());
        for (output, weight) in self.outputs.iter().zip(adams_bashforth(self.outputs.len())) {
            combined.scaled_add(weight, output);
        }
        self.transfer(timestep, timestep - self.stride, &combined, sample.clone())
    }

    fn remember(&mut self, output: &Latents) {
        self.outputs.truncate(3);
        self.outputs.push_front(output.clone());
    }

    /// Formula 9 of the paper.
    fn transfer(&self, from: isize, to: isize, output: &Latents, sample: Latents) -> Latents {
        let (alpha, alpha_to) = (self.alpha_cumprod(from), self.alpha_cumprod(to));
        let (_, noise) = self.schedule.clean_and_noise((alpha.sqrt(), (1.0 - alpha).sqrt()), output, &sample);
        let denominator = alpha * (1.0 - alpha_to).sqrt() + (alpha * (1.0 - alpha) * alpha_to).sqrt();
        sample * (alpha_to / alpha).sqrt() - noise * ((alpha_to - alpha) / denominator)
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
        let timestep = self.levels.timesteps[i] as isize;
        let (clean, _) = self.schedule.clean_and_noise(self.schedule.alpha_sigma(timestep as usize), output, sample);
        let count = i - self.begin;
        let next = match count < self.started {
            true => self.start(count, timestep, output, sample),
            false => self.multistep(count, timestep, output, sample),
        };
        Step { next, clean }
    }
}
