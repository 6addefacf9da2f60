//! Which of the trained timesteps a run visits. Each function follows `set_timesteps` of the
//! diffusers classes that are named, since the classes differ in rounding and in their ends.

use super::{Custom, NoiseSchedule, Options, Sigmas, Spacing};
use crate::error::{bail, Result};

/// DDIM, PNDM and the samplers of k-diffusion: `steps` timesteps from noisy to clean. Only the
/// latter keep the fractions.
pub fn spaced(schedule: &NoiseSchedule, options: &Options, class_default: Spacing) -> Result<Vec<f64>> {
    let (train, steps) = (schedule.alphas_cumprod.len(), options.course.steps);
    if let Some(timesteps) = custom(options) {
        return Ok(timesteps);
    }
    Ok(match options.sigmas {
        Some(Sigmas::SgmUniform) => without_last(linspace(train as f64 - 1.0, steps + 1)),
        Some(Sigmas::Simple) => (0..steps).map(|i| (train - 1 - i * train / steps) as f64).collect(),
        _ => match options.spacing_or(class_default) {
            Spacing::Linspace => linspace(train as f64 - 1.0, steps),
            Spacing::Leading => leading(train, steps, options)?,
            Spacing::Trailing => trailing(train, train, steps),
        },
    })
}

/// The multistep solvers: the same spacings of one step more, without the last.
pub fn spaced_without_last(schedule: &NoiseSchedule, options: &Options) -> Result<Vec<f64>> {
    let (train, steps) = (schedule.alphas_cumprod.len(), options.course.steps);
    if let Some(timesteps) = custom(options) {
        return Ok(timesteps);
    }
    let left = train - options.clipped;
    let timesteps = match (options.sigmas, options.spacing_or(Spacing::Linspace)) {
        (None | Some(Sigmas::Spacing(_)), Spacing::Linspace) => without_last(linspace(left as f64 - 1.0, steps + 1)),
        (None | Some(Sigmas::Spacing(_)), Spacing::Leading) => without_last(leading(left, steps + 1, options)?),
        (None | Some(Sigmas::Spacing(_)), Spacing::Trailing) => trailing(left, train, steps),
        _ => spaced(schedule, options, Spacing::Linspace)?,
    };
    Ok(timesteps.iter().map(|t| t.round_ties_even()).collect())
}

/// LCM and TCD: some of the timesteps that the model was distilled on.
pub fn distilled(schedule: &NoiseSchedule, options: &Options) -> Result<Vec<f64>> {
    let (train, steps) = (schedule.alphas_cumprod.len(), options.course.steps);
    if let Some(timesteps) = custom(options) {
        return Ok(timesteps);
    }
    let original = options.config.original_inference_steps.unwrap_or(50);
    if original == 0 || original > train {
        bail!(ModelInvalid, "scheduler_config.json: original_inference_steps is {original}; expected 1 to {train}");
    }
    let reached = ((original as f64 * options.course.reach) as usize).max(1);
    if steps > reached {
        bail!(
            InvalidArgument,
            "steps is {steps}; this model was distilled on {original}, of which strength {} leaves {reached}: use as \
             many or fewer",
            options.course.reach
        );
    }
    let stride = reached as f64 / steps as f64;
    let skipped = |i: usize| (i as f64 * stride) as usize;
    Ok((0..steps).map(|i| ((reached - skipped(i)) * (train / original) - 1) as f64).collect())
}

/// The caller's own timesteps.
fn custom(options: &Options) -> Option<Vec<f64>> {
    match &options.course.custom {
        Custom::Timesteps(timesteps) => Some(timesteps.iter().map(|t| *t as f64).collect()),
        _ => None,
    }
}

fn linspace(from: f64, count: usize) -> Vec<f64> {
    if count == 1 {
        return vec![0.0]; // numpy's linspace(0, n, 1)
    }
    (0..count).rev().map(|i| from * i as f64 / (count - 1) as f64).collect()
}

/// The offset overshoots when every timestep is visited.
fn leading(train: usize, steps: usize, options: &Options) -> Result<Vec<f64>> {
    let (ratio, offset) = (train / steps, options.config.steps_offset.unwrap_or(0));
    let first = (steps - 1) * ratio + offset;
    if first >= train {
        bail!(
            InvalidArgument,
            "steps is {}, which makes a run begin at timestep {first}; this model ends at {}: use fewer steps",
            options.course.steps,
            train - 1
        );
    }
    Ok((0..steps).rev().map(|i| (i * ratio + offset) as f64).collect())
}

/// For some step counts, 61 the smallest, rounding makes diffusers' `arange` go on to a timestep
/// of -1; it is left out here. From `last` down there may be fewer timesteps than steps.
fn trailing(last: usize, train: usize, steps: usize) -> Vec<f64> {
    let ratio = train as f64 / steps as f64;
    let falling = (0..steps).map(|i| last as f64 - i as f64 * ratio).take_while(|t| *t > 0.0);
    falling.map(|t| t.round_ties_even() - 1.0).filter(|t| *t >= 0.0).collect()
}

fn without_last(mut timesteps: Vec<f64>) -> Vec<f64> {
    timesteps.pop();
    timesteps
}
