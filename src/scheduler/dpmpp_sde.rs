//! DPM-Solver++ (SDE) of k-diffusion (`sample_dpmpp_sde`, r = 1/2). Reference: diffusers'
//! `DPMSolverSDEScheduler`, but for the noise: there it comes from a Brownian tree with a seed of its
//! own, here from the picture's seed like that of all other samplers, two independent draws a step.

use super::euler::ancestral_step;
use super::sigmas::Table;
use super::{normal_like, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

pub struct DpmppSde {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One a step and one more: the last is 0.
    sigmas: Vec<f32>,
    /// σ in the middle of each step, evenly on ln σ; 0 in the last, which is one of Euler's.
    middles: Vec<f32>,
    /// The latents where the step began, from its first evaluation to its second.
    begun: Option<Latents>,
}

impl DpmppSde {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let table = Table::of_k_diffusion(&schedule, options, 0.0)?;
        let middles: Vec<f32> = table.sigmas.windows(2).map(|pair| (pair[0] * pair[1]).sqrt()).collect();
        let between: Vec<f64> = middles.iter().map(|sigma| schedule.timestep_at(f64::from(*sigma))).collect();
        let levels = table.levels_of_pairs(&between, &middles);
        Ok(Self { schedule, levels, sigmas: table.sigmas, middles, begun: None })
    }
}

impl Scheduler for DpmppSde {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn order(&self) -> usize {
        2
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let (sigma, middle) = (self.sigmas[i / 2], self.middles[i / 2]);
        let (here, to, start) = match self.begun.take() {
            None => (sigma, middle, None),
            Some(start) => (middle, self.sigmas[i / 2 + 1], Some(start)),
        };
        let clean = self.schedule.clean_at_sigma(here, output, sample);
        if to == 0.0 {
            return Step { next: clean.clone(), clean };
        }
        let (up, down) = ancestral_step(sigma, to);
        let kept = down / sigma;
        let next = start.as_ref().unwrap_or(sample) * kept + &clean * (1.0 - kept) + normal_like(sample, random) * up;
        if start.is_none() {
            self.begun = Some(sample.clone());
        }
        Step { next, clean }
    }
}
