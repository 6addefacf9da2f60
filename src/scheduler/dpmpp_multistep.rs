//! DPM-Solver and DPM-Solver++ multistep and their stochastic forms, of first to third order. Reference:
//! diffusers' `DPMSolverMultistepScheduler`.

use std::collections::VecDeque;

use super::clip::Clip;
use super::exponential::Integral;
use super::levels::lambda;
use super::sigmas::Table;
use super::{normal_like, FinalSigma, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::{bail, Result};

pub struct Dpmpp {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One more than the timesteps.
    sigmas: Vec<f32>,
    order: usize,
    integral: Integral,
    /// Heun's form of the second order, in place of the midpoint's.
    heun: bool,
    /// Whether the last steps are of lower order.
    lower_order_final: bool,
    euler_at_final: bool,
    clip: Clip,
    /// The last predictions, newest first.
    predictions: VecDeque<Latents>,
}

impl Dpmpp {
    pub fn new(
        schedule: NoiseSchedule,
        options: &Options,
        order: usize,
        integral: Integral,
        heun: bool,
    ) -> Result<Self> {
        let config = options.config;
        let last_sigma = last_sigma(&schedule, options, integral)?;
        if integral == Integral::NoiseSde && order == 3 {
            bail!(ModelUnsupported, "scheduler_config.json: sde-dpmsolver has no solver_order 3; expected 1 or 2");
        }
        let rounds = config.beta_schedule.as_deref() != Some("squaredcos_cap_v2");
        let table = Table::of_solver(&schedule, options, last_sigma, rounds)?;
        let few = table.timesteps.len() < 15;
        Ok(Self {
            levels: Levels::preserving(table.timesteps, &table.sigmas),
            order,
            integral,
            heun,
            lower_order_final: config.lower_order_final.unwrap_or(true) && few,
            euler_at_final: config.euler_at_final.unwrap_or(false),
            clip: options.threshold(),
            predictions: VecDeque::with_capacity(order),
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
        highest.min(self.order).min(self.predictions.len())
    }
}

/// Where the last step ends. The integral of the noise is infinite down to no noise at all: files that say nothing are
/// of a time when all solvers ended at the smallest σ.
pub fn last_sigma(schedule: &NoiseSchedule, options: &Options, integral: Integral) -> Result<f32> {
    match options.config.final_sigmas_type {
        Some(FinalSigma::SigmaMin) => Ok(schedule.sigmas[0]),
        _ if matches!(integral, Integral::Clean | Integral::CleanSde) => Ok(0.0),
        None => Ok(schedule.sigmas[0]),
        Some(FinalSigma::Zero) => bail!(
            ModelUnsupported,
            "scheduler_config.json: final_sigmas_type is \"zero\"; expected \"sigma_min\" with algorithm_type dpmsolver \
             and sde-dpmsolver"
        ),
    }
}

impl Scheduler for Dpmpp {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let (from, to) = (self.sigmas[i], self.sigmas[i + 1]);
        let (clean, prediction) = self.integral.predict(&self.schedule, self.clip, from, output, sample);
        self.predictions.truncate(self.order - 1);
        self.predictions.push_front(prediction);

        let weights = self.integral.weights(from, to);
        let mut next = sample * weights.sample + &self.predictions[0] * weights.first;
        let order = self.order_of(i);
        if order >= 2 {
            let distance = |i: usize| lambda(self.sigmas[i]) - lambda(self.sigmas[i - 1]);
            let r0 = distance(i) / weights.h;
            let slope = (&self.predictions[0] - &self.predictions[1]) / r0;
            if order == 2 {
                next.scaled_add(if self.heun { weights.second } else { 0.5 * weights.first }, &slope);
            } else {
                let r1 = distance(i - 1) / weights.h;
                let earlier = (&self.predictions[1] - &self.predictions[2]) / r1;
                let bend = &slope - &earlier;
                next.scaled_add(weights.second, &(slope + &bend * (r0 / (r0 + r1))));
                next.scaled_add(weights.third, &(bend / (r0 + r1)));
            }
        }
        if self.integral.is_stochastic() {
            next.scaled_add(weights.noise, &normal_like(sample, random));
        }
        Step { next, clean }
    }
}
