//! Linear multistep (k-diffusion's `sample_lms`), of fourth order. Reference: diffusers'
//! `LMSDiscreteScheduler`.

use std::collections::VecDeque;

use super::sigmas::Table;
use super::{Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

const ORDER: usize = 4;

pub struct Lms {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One more than the timesteps: the last is 0.
    sigmas: Vec<f32>,
    /// The last four derivatives, newest first.
    derivatives: VecDeque<Latents>,
}

impl Lms {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let table = Table::of_k_diffusion(&schedule, options, 0.0)?;
        let derivatives = VecDeque::with_capacity(ORDER);
        Ok(Self { schedule, levels: table.levels(), sigmas: table.sigmas, derivatives })
    }

    /// The weight of the derivative `back` steps ago: the integral over the step of the polynomial
    /// that is 1 there and 0 at the other derivatives' σ.
    fn weight(&self, i: usize, order: usize, back: usize) -> f32 {
        let sigma = |back: usize| f64::from(self.sigmas[i - back]);
        let polynomial = |x: f64| -> f64 {
            let others = (0..order).filter(|other| *other != back);
            others.map(|other| (x - sigma(other)) / (sigma(back) - sigma(other))).product()
        };
        // Gauss and Legendre's two points are exact up to degree three.
        let (from, to) = (sigma(0), f64::from(self.sigmas[i + 1]));
        let (middle, half) = ((from + to) / 2.0, (to - from) / 2.0);
        let offset = half / 3f64.sqrt();
        (half * (polynomial(middle - offset) + polynomial(middle + offset))) as f32
    }
}

impl Scheduler for Lms {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, _random: &mut Random) -> Step {
        let clean = self.schedule.clean_at_sigma(self.sigmas[i], output, sample);
        self.derivatives.truncate(ORDER - 1);
        self.derivatives.push_front((sample - &clean) / self.sigmas[i]);
        // As in diffusers, a run that begins late has these weights before it has the derivatives.
        let order = ORDER.min(i + 1);
        let mut next = sample.clone();
        for (back, derivative) in self.derivatives.iter().enumerate() {
            next.scaled_add(self.weight(i, order, back), derivative);
        }
        Step { next, clean }
    }
}
