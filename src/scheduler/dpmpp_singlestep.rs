//! DPM-Solver and DPM-Solver++ singlestep: each group of up to three steps begins where the group began. Reference:
//! diffusers' `DPMSolverSinglestepScheduler`, which evaluates once a step.

use std::collections::VecDeque;

use super::clip::Clip;
use super::dpmpp_multistep::last_sigma;
use super::exponential::Integral;
use super::levels::lambda;
use super::sigmas::Table;
use super::{normal_like, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::Result;

pub struct Singlestep {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One more than the timesteps.
    sigmas: Vec<f32>,
    order: usize,
    /// The order of each step.
    orders: Vec<usize>,
    integral: Integral,
    /// Heun's form of the third order and of the second, in place of the midpoint's.
    heun: bool,
    clip: Clip,
    /// The last predictions, newest first.
    predictions: VecDeque<Latents>,
    /// The latents where the group of steps began.
    begun: Option<Latents>,
}

impl Singlestep {
    pub fn new(schedule: NoiseSchedule, options: &Options, integral: Integral) -> Result<Self> {
        let last_sigma = last_sigma(&schedule, options, integral)?;
        let order = options.solver_order()?;
        let table = Table::of_solver(&schedule, options, last_sigma, true)?;
        // As diffusers corrects it: groups that do not fill the steps, or end without noise, end at lower orders.
        let whole = table.timesteps.len().is_multiple_of(order) && last_sigma > 0.0;
        let lower_order_final = options.config.lower_order_final.unwrap_or(false) || !whole;
        Ok(Self {
            orders: orders(table.timesteps.len(), order, lower_order_final, last_sigma == 0.0),
            levels: Levels::preserving(table.timesteps, &table.sigmas),
            order,
            integral,
            heun: options.is_heun(),
            clip: options.threshold(),
            predictions: VecDeque::with_capacity(order),
            begun: None,
            sigmas: table.sigmas,
            schedule,
        })
    }
}

/// The orders of all steps (diffusers' `get_order_list`).
fn orders(steps: usize, order: usize, lower_order_final: bool, to_zero: bool) -> Vec<usize> {
    let mut orders: Vec<usize> = (0..steps).map(|i| i % order + 1).collect();
    if lower_order_final && steps.is_multiple_of(order) && order > 1 {
        // The last group is cut into one of one step less, and one of one step.
        orders[steps - 1] = 1;
    }
    if to_zero {
        orders[steps - 1] = 1;
    }
    orders
}

impl Scheduler for Singlestep {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, random: &mut Random) -> Step {
        let (clean, prediction) = self.integral.predict(&self.schedule, self.clip, self.sigmas[i], output, sample);
        self.predictions.truncate(self.order - 1);
        self.predictions.push_front(prediction);

        // A run that begins late may begin within a group.
        let order = self.orders[i].min(self.predictions.len());
        if order == 1 || self.begun.is_none() {
            self.begun = Some(sample.clone());
        }
        let begin = i + 1 - order;
        let weights = self.integral.weights(self.sigmas[begin], self.sigmas[i + 1]);
        let start = self.begun.as_ref().unwrap_or(sample);
        let first = &self.predictions[order - 1];
        let mut next = start * weights.sample + first * weights.first;
        // The slope from where the group began to an earlier or the newest prediction.
        let distance = |i: usize| (lambda(self.sigmas[i]) - lambda(self.sigmas[begin])) / weights.h;
        let slope = |back: usize| (&self.predictions[back] - first) / distance(i - back);
        match (order, self.heun) {
            (2, true) => next.scaled_add(weights.second, &slope(0)),
            (2, false) => next.scaled_add(0.5 * weights.first, &slope(0)),
            (3, false) => next.scaled_add(weights.second, &slope(0)),
            (3, true) => {
                let (r0, r1) = (distance(i), distance(i - 1));
                let (near, far) = (slope(1), slope(0));
                next.scaled_add(weights.second, &((&near * r0 - &far * r1) / (r0 - r1)));
                next.scaled_add(weights.third, &((far - near) * (2.0 / (r0 - r1))));
            }
            _ => (),
        }
        if self.integral.is_stochastic() {
            next.scaled_add(weights.noise, &normal_like(sample, random));
        }
        Step { next, clean }
    }
}
