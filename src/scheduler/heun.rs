//! Heun's method (Karras et al., 2022, algorithm 1 without churn). Reference: diffusers'
//! `HeunDiscreteScheduler`.

use super::clip::Clip;
use super::sigmas::Table;
use super::{Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

pub struct Heun {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One a step and one more: the last is 0.
    sigmas: Vec<f32>,
    clip: Clip,
    /// Latents and derivative where the step began, from its first evaluation to its second.
    begun: Option<(Latents, Latents)>,
}

impl Heun {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let table = Table::of_k_diffusion(&schedule, options, 0.0)?;
        let levels = table.levels_of_pairs(&table.timesteps[1..], &table.sigmas[1..]);
        Ok(Self { schedule, levels, sigmas: table.sigmas, clip: options.range_or(false), begun: None })
    }
}

impl Scheduler for Heun {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn order(&self) -> usize {
        2
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, _random: &mut Random) -> Step {
        let (sigma, to) = (self.sigmas[i / 2], self.sigmas[i / 2 + 1]);
        let here = if self.begun.is_none() { sigma } else { to };
        let mut clean = self.schedule.clean_at_sigma(here, output, sample);
        self.clip.apply(&mut clean);
        let derivative = (sample - &clean) / here;
        let next = match self.begun.take() {
            None => {
                let next = sample + &derivative * (to - sigma);
                self.begun = Some((sample.clone(), derivative));
                next
            }
            Some((start, first)) => start + (first + derivative) / 2.0 * (to - sigma),
        };
        Step { next, clean }
    }
}
