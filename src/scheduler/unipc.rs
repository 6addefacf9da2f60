//! UniPC (Zhao et al., 2023): a multistep predictor, and a corrector that costs no evaluation.
//! Reference: diffusers' `UniPCMultistepScheduler`.

use std::collections::VecDeque;

use super::clip::Clip;
use super::config::SolverType;
use super::levels::{alpha_sigma, lambda};
use super::sigmas::Table;
use super::{FinalSigma, Latents, Levels, NoiseSchedule, Options, Random, Scheduler, Step};
use crate::error::{bail, Result};

pub struct UniPc {
    schedule: NoiseSchedule,
    levels: Levels,
    /// One more than the timesteps.
    sigmas: Vec<f32>,
    order: usize,
    lower_order_final: bool,
    /// The paper's B₁(h) = h, in place of B₂(h) = eʰ − 1.
    bh1: bool,
    /// Whether the clean latents are extrapolated, in place of the noise.
    predict_clean: bool,
    clip: Clip,
    /// Steps whose latents are not corrected.
    uncorrected: Vec<usize>,
    /// The last predictions, newest first.
    predictions: VecDeque<Latents>,
    /// Where the last step began, and its order.
    last: Option<(Latents, usize)>,
}

impl UniPc {
    pub fn new(schedule: NoiseSchedule, options: &Options) -> Result<Self> {
        let config = options.config;
        let last_sigma = match config.final_sigmas_type {
            Some(FinalSigma::SigmaMin) => schedule.sigmas[0],
            _ => 0.0,
        };
        let predict_clean = config.predict_x0.unwrap_or(true);
        if !predict_clean && last_sigma == 0.0 {
            bail!(
                ModelUnsupported,
                "scheduler_config.json: predict_x0 is false, which needs final_sigmas_type \"sigma_min\""
            );
        }
        let mut table = Table::of_solver(&schedule, options, last_sigma, true)?;
        if last_sigma > 0.0 {
            table.end_with_curve(options);
        }
        Ok(Self {
            schedule,
            levels: Levels::preserving(table.timesteps, &table.sigmas),
            sigmas: table.sigmas,
            order: options.solver_order()?,
            lower_order_final: config.lower_order_final.unwrap_or(true),
            bh1: config.solver_type == Some(SolverType::Bh1),
            predict_clean,
            clip: options.threshold(),
            uncorrected: config.disable_corrector.clone().unwrap_or_default(),
            predictions: VecDeque::new(),
            last: None,
        })
    }

    /// The order of step `i`: no more than there are predictions, and lower at the end.
    fn order_of(&self, i: usize) -> usize {
        let (from, to) = (self.sigmas[i], self.sigmas[i + 1]);
        // λ is infinite where the noise ends; and a step may end where it begins, at the smallest σ.
        let highest = if to == 0.0 || to == from { 1 } else { self.order };
        let left = if self.lower_order_final { self.sigmas.len() - 1 - i } else { highest };
        highest.min(left).min(self.predictions.len())
    }

    /// The latents after the step that begins at σ number `i`, by what is known of its past; `there`,
    /// the prediction at its end, corrects it.
    fn update(&self, i: usize, order: usize, start: &Latents, there: Option<&Latents>) -> Latents {
        let lambda = |i: usize| f64::from(lambda(self.sigmas[i]));
        let (from, to) = (alpha_sigma(self.sigmas[i]), alpha_sigma(self.sigmas[i + 1]));
        let h = lambda(i + 1) - lambda(i);
        // Of the clean latents or of the noise: both are integrated over λ, in opposite directions.
        let (hh, kept, rate) = match self.predict_clean {
            true => (-h, to.1 / from.1, to.0),
            false => (h, to.0 / from.0, to.1),
        };
        let phi_1 = hh.exp_m1();
        let scale = if self.bh1 { hh } else { phi_1 };

        let here = &self.predictions[0];
        let mut ratios: Vec<f64> = (1..order).map(|back| (lambda(i - back) - lambda(i)) / h).collect();
        let pasts = ratios.iter().zip(self.predictions.iter().skip(1));
        let mut slopes: Vec<Latents> = pasts.map(|(ratio, past)| (past - here) / *ratio as f32).collect();
        if let Some(there) = there {
            ratios.push(1.0);
            slopes.push(there - here);
        }

        let mut next = start * kept - here * (rate * phi_1 as f32);
        for (weight, slope) in weights(&ratios, hh, scale).iter().zip(&slopes) {
            next.scaled_add(-rate * (scale * weight) as f32, slope);
        }
        next
    }
}

impl Scheduler for UniPc {
    fn levels(&self) -> &Levels {
        &self.levels
    }

    fn step(&mut self, i: usize, output: &Latents, sample: &Latents, _random: &mut Random) -> Step {
        let (mut clean, noise) = self.schedule.clean_and_noise(alpha_sigma(self.sigmas[i]), output, sample);
        let prediction = match self.predict_clean {
            true => {
                self.clip.apply(&mut clean);
                clean.clone()
            }
            false => noise,
        };
        let corrected = match &self.last {
            Some((start, order)) if !self.uncorrected.contains(&(i - 1)) => {
                self.update(i - 1, *order, start, Some(&prediction))
            }
            _ => sample.clone(),
        };
        self.predictions.truncate(self.order - 1);
        self.predictions.push_front(prediction);
        let order = self.order_of(i);
        let next = self.update(i, order, &corrected, None);
        self.last = Some((corrected, order));
        Step { next, clean }
    }
}

/// The weights of the slopes at these ratios of the step: Σⱼ wⱼ·rⱼⁱ = bᵢ (the paper's theorem 3.1).
fn weights(ratios: &[f64], h: f64, scale: f64) -> Vec<f64> {
    let count = ratios.len();
    if count == 1 {
        return vec![0.5]; // which the paper's appendix F advises
    }
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(count);
    let (mut phi, mut factorial) = (h.exp_m1() / h - 1.0, 1.0);
    for i in 0..count {
        let powers = ratios.iter().map(|ratio| ratio.powi(i as i32));
        rows.push(powers.chain([phi * factorial / scale]).collect());
        factorial *= (i + 2) as f64;
        phi = phi / h - 1.0 / factorial;
    }
    solve(rows)
}

/// Gauss and Jordan's elimination. The rows are Vandermonde's, of distinct ratios: no pivot is 0.
fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    for pivot in 0..rows.len() {
        let scale = rows[pivot][pivot];
        rows[pivot].iter_mut().for_each(|x| *x /= scale);
        let chosen = rows[pivot].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != pivot) {
            let factor = row[pivot];
            row.iter_mut().zip(&chosen).for_each(|(x, y)| *x -= factor * y);
        }
    }
    rows.iter().filter_map(|row| row.last().copied()).collect()
}
