//! DPM-Solver++ multistep (Lu et al., 2022) and its stochastic form, of first to third order.
//! Reference: diffusers' `DPMSolverMultistepScheduler` with `dpmsolver++` and `sde-dpmsolver++`.

use std::collections::VecDeque;

use super::levels::{alpha_sigma, lambda};
use super::sigmas::Table;
use super::{normal_like, FinalSigma, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

pub struct Dpmpp {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One more than the timesteps.
    sigmas: Vec<f32>,
    order: usize,
    stochastic: bool,
    /// Heun's form of the second order, in place of the midpoint's.
    heun: bool,
    /// Whether the last steps are of lower order.
    lower_order_final: bool,
    euler_at_final: bool,
    /// The last predictions of the clean latents, newest first.
    cleans: VecDeque<Latents>,
}

impl Dpmpp {
    pub fn new(schedule: NoiseSchedule, options: &Options, order: usize, stochastic: bool) -> Result<Self> {
        let config = options.config;
        let last_sigma = match config.final_sigmas_type {
            Some(FinalSigma::SigmaMin) => schedule.sigmas[0],
            _ => 0.0,
        };
        let rounds = config.beta_schedule.as_deref() != Some("squaredcos_cap_v2");
        let table = Table::of_solver(&schedule, options, last_sigma, rounds)?;
        Ok(Self {
            levels: Levels::preserving(table.timesteps, &table.sigmas),
            order,
            stochastic,
            heun: config.solver_type.as_deref() == Some("heun"),
            lower_order_final: config.lower_order_final.unwrap_or(true) && options.course.steps < 15,
            euler_at_final: config.euler_at_final.unwrap_or(false),
            cleans: VecDeque::with_capacity(order),
            sigmas: table.sigmas,
            schedule,
        })
    }

    /// The order of step `i`: no more than there are predictions, and lower at the end.
    fn order_of(&self, i: usize) -> usize {
        let left = self.sigmas.len() - 1 - i;
        let (from, to) = (self.sigmas[i], self.sigmas[i + 1]);
        // λ is infinite where the noise ends; and a step may end where it begins, at the smallest σ.
        let first = left == 1 && (self.euler_at_final || self.lower_order_final || to == 0.0 || to == from);
        let highest = match left {
            1 if first => 1,
            2 if self.lower_order_final => 2,
            _ => self.order,
        };
        highest.min(self.order).min(self.cleans.len())
    }
}

impl Scheduler for Dpmpp {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let (from, to) = (alpha_sigma(self.sigmas[i]), alpha_sigma(self.sigmas[i + 1]));
        let (clean, _) = self.schedule.clean_and_noise(from, output, sample);
        self.cleans.truncate(self.order - 1);
        self.cleans.push_front(clean.clone());

        let lambda = |i: usize| lambda(self.sigmas[i]);
        let h = lambda(i + 1) - lambda(i);
        // The stochastic form goes twice as far, and comes back with noise.
        let (h2, decay) = if self.stochastic { (2.0 * h, (-h).exp()) } else { (h, 1.0) };
        let phi_1 = 1.0 - (-h2).exp();
        let mut next = sample * (to.1 / from.1 * decay) + &clean * (to.0 * phi_1);

        let order = self.order_of(i);
        if order >= 2 {
            let phi_2 = 1.0 - phi_1 / h2;
            let r0 = (lambda(i) - lambda(i - 1)) / h;
            let slope = (&self.cleans[0] - &self.cleans[1]) / r0;
            if order == 2 {
                let weight = if self.heun { phi_2 } else { 0.5 * phi_1 };
                next.scaled_add(to.0 * weight, &slope);
            } else {
                // The stochastic form's sign is diffusers', and not k-diffusion's.
                let half = if self.stochastic { -0.5 } else { 0.5 };
                let phi_3 = (phi_1 - h2) / (h2 * h2) + half;
                let r1 = (lambda(i - 1) - lambda(i - 2)) / h;
                let earlier = (&self.cleans[1] - &self.cleans[2]) / r1;
                let bend = &slope - &earlier;
                next.scaled_add(to.0 * phi_2, &(slope + &bend * (r0 / (r0 + r1))));
                next.scaled_add(to.0 * phi_3, &(bend / (r0 + r1)));
            }
        }
        if self.stochastic {
            let noise = normal_like(sample, random);
            next.scaled_add(to.1 * (1.0 - (-2.0 * h).exp()).sqrt(), &noise);
        }
        Step { next, clean }
    }
}
