//! DEIS (Zhang and Chen, 2022), multistep in ln ρ, of first to third order. Reference: diffusers'
//! `DEISMultistepScheduler`.

use std::collections::VecDeque;

use super::clip::Clip;
use super::levels::alpha_sigma;
use super::sigmas::Table;
use super::{Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

pub struct Deis {
    schedule: NoiseSchedule,
    levels: Levels,
    /// σ/α, the paper's ρ: one more than the timesteps, and the last is the smallest trained.
    sigmas: Vec<f32>,
    order: usize,
    /// Whether the last steps are of lower order.
    lower_order_final: bool,
    clip: Clip,
    /// The last predictions of the noise, newest first.
    noises: VecDeque<Latents>,
}

impl Deis {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let mut table = Table::of_solver(&schedule, options, schedule.sigmas[0], true)?;
        table.end_with_curve(options);
        let few = table.timesteps.len() < 15;
        Ok(Self {
            schedule,
            levels: Levels::preserving(table.timesteps, &table.sigmas),
            sigmas: table.sigmas,
            order: options.solver_order()?,
            lower_order_final: options.config.lower_order_final.unwrap_or(true) && few,
            clip: options.threshold(),
            noises: VecDeque::new(),
        })
    }

    /// The weight of the noise `back` steps ago: the integral over step `i` of the polynomial in ln ρ
    /// that is 1 there and 0 at the other noises' ρ.
    fn weight(&self, i: usize, order: usize, back: usize) -> f32 {
        let log = |back: usize| f64::from(self.sigmas[i - back]).ln();
        let others: Vec<f64> = (0..order).filter(|other| *other != back).map(log).collect();
        let divisor: f64 = others.iter().map(|other| log(back) - other).product();
        let integral = |rho: f64| {
            let x = rho.ln();
            rho * match others[..] {
                [c, d] => (x - 1.0) * (x - 1.0) + 1.0 - (c + d) * (x - 1.0) + c * d,
                _ => x - 1.0 - others[0],
            }
        };
        ((integral(f64::from(self.sigmas[i + 1])) - integral(f64::from(self.sigmas[i]))) / divisor) as f32
    }
}

impl Scheduler for Deis {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, _random: &mut Random) -> Step {
        let from = alpha_sigma(self.sigmas[i]);
        let (mut clean, mut noise) = self.schedule.clean_and_noise(from, output, sample);
        if self.clip != Clip::Nothing {
            self.clip.apply(&mut clean);
            noise = (sample - &clean * from.0) / from.1;
        }
        self.noises.truncate(self.order - 1);
        self.noises.push_front(noise.clone());

        let left = self.sigmas.len() - 1 - i;
        let highest = if self.lower_order_final { left } else { self.order };
        let order = highest.min(self.noises.len());
        // The weights sum to the difference of ρ. Without the newest they are small, and nothing cancels.
        let to = alpha_sigma(self.sigmas[i + 1]);
        let mut next = &clean * to.0 + &noise * to.1;
        for (back, earlier) in self.noises.iter().enumerate().take(order).skip(1) {
            next.scaled_add(to.0 * self.weight(i, order, back), &(earlier - &noise));
        }
        Step { next, clean }
    }
}
