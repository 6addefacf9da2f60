//! DPM++ 2S a: DPM-Solver++ of second order with ancestral noise, two evaluations a step. Reference: k-diffusion's
//! `sample_dpmpp_2s_ancestral`; diffusers has no such class.

use super::sigmas::Table;
use super::{normal_like, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

pub struct Dpmpp2sAncestral {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One a step and one more: the last is 0.
    sigmas: Vec<f32>,
    /// σ in the middle of each step down, evenly on ln σ; 0 in the last, which is one of Euler's.
    middles: Vec<f32>,
    /// The latents where the step began, from its first evaluation to its second.
    begun: Option<Latents>,
}

impl Dpmpp2sAncestral {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let table = Table::of_k_diffusion(&schedule, options, 0.0)?;
        let middle = |pair: &[f32]| (pair[0] * down(pair[0], pair[1])).sqrt();
        let middles: Vec<f32> = table.sigmas.windows(2).map(middle).collect();
        let between: Vec<f64> = middles.iter().map(|sigma| schedule.timestep_at(f64::from(*sigma))).collect();
        let levels = table.levels_of_pairs(&between, &middles);
        Ok(Self { schedule, levels, sigmas: table.sigmas, middles, begun: None })
    }
}

impl Scheduler for Dpmpp2sAncestral {
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
        let next = match self.begun.take() {
            None if to == 0.0 => clean.clone(),
            None => {
                self.begun = Some(sample.clone());
                let kept = middle / sigma;
                sample * kept + &clean * (1.0 - kept)
            }
            Some(start) => {
                let down = down(sigma, to);
                let (kept, up) = (down / sigma, (to * to - down * down).sqrt());
                start * kept + &clean * (1.0 - kept) + normal_like(sample, random) * up
            }
        };
        Step { next, clean }
    }
}

/// The σ that an ancestral step takes the latents down to before it adds noise: k-diffusion's √(to² − up²), in which f32
/// leaves little of the difference.
fn down(from: f32, to: f32) -> f32 {
    to * to / from
}
