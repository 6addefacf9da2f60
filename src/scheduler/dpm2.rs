//! DPM-Solver-2 as k-diffusion has it (`sample_dpm_2`, after Karras et al., 2022) and its ancestral
//! form. References: diffusers' `KDPM2DiscreteScheduler` and `KDPM2AncestralDiscreteScheduler`.

use super::euler::ancestral_step;
use super::sigmas::{Curve, Table};
use super::{normal_like, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

pub struct Dpm2 {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One a step and one more: the last is 0.
    sigmas: Vec<f32>,
    /// σ in the middle of each step; 0 in the last, which is one of Euler's.
    middles: Vec<f32>,
    ancestral: bool,
    /// The latents where the step began, from its first evaluation to its second.
    begun: Option<Latents>,
}

impl Dpm2 {
    pub fn new(schedule: NoiseSchedule, options: &Options, ancestral: bool) -> Result<Self> {
        let mut table = Table::of_k_diffusion(&schedule, options, 0.0)?;
        if options.curve.is_some_and(Curve::rounds) {
            table.timesteps.iter_mut().for_each(|t| *t = t.round_ties_even());
        }
        let middle = |pair: &[f32]| {
            let end = if ancestral { ancestral_step(pair[0], pair[1]).1 } else { pair[1] };
            ((pair[0].ln() + end.ln()) * 0.5).exp()
        };
        let middles: Vec<f32> = table.sigmas.windows(2).map(middle).collect();
        let between: Vec<f64> = middles.iter().map(|sigma| schedule.timestep_at(f64::from(*sigma))).collect();
        let levels = table.levels_of_pairs(&between, &middles);
        Ok(Self { schedule, levels, sigmas: table.sigmas, middles, ancestral, begun: None })
    }
}

impl Scheduler for Dpm2 {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn order(&self) -> usize {
        2
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let (sigma, to, middle) = (self.sigmas[i / 2], self.sigmas[i / 2 + 1], self.middles[i / 2]);
        let here = if self.begun.is_none() { sigma } else { middle };
        let clean = self.schedule.clean_at_sigma(here, output, sample);
        let derivative = (sample - &clean) / here;
        let next = match self.begun.take() {
            None => {
                self.begun = Some(sample.clone());
                sample + derivative * (middle - sigma)
            }
            Some(start) if self.ancestral => {
                let (up, down) = ancestral_step(sigma, to);
                start + derivative * (down - sigma) + normal_like(sample, random) * up
            }
            Some(start) => start + derivative * (to - sigma),
        };
        Step { next, clean }
    }
}
