//! Which timesteps and sigmas a run visits. Each function follows `set_timesteps` of the
//! diffusers class that is named, since the classes differ in rounding and in their ends.

use super::Spacing;

/// DDIM, PNDM and Euler: `steps` timesteps from noisy to clean. Only Euler keeps the fractions
/// of the linspace spacing.
pub fn spaced(spacing: Spacing, train: usize, steps: usize, offset: usize) -> Vec<f64> {
    match spacing {
        Spacing::Linspace => linspace(train as f64 - 1.0, steps),
        Spacing::Leading => {
            let ratio = train / steps;
            (0..steps).rev().map(|i| (i * ratio + offset) as f64).collect()
        }
        Spacing::Trailing => trailing(train, train, steps),
    }
}

/// DPM++ multistep: the same spacings of one step more, without the last.
pub fn spaced_without_last(spacing: Spacing, train: usize, steps: usize, offset: usize) -> Vec<f64> {
    let mut timesteps = match spacing {
        Spacing::Linspace => linspace(train as f64 - 1.0, steps + 1),
        Spacing::Leading => spaced(Spacing::Leading, train, steps + 1, offset),
        Spacing::Trailing => return trailing(train, train, steps),
    };
    timesteps.truncate(steps);
    timesteps.iter().map(|t| t.round_ties_even()).collect()
}

fn linspace(from: f64, count: usize) -> Vec<f64> {
    if count == 1 {
        return vec![0.0]; // numpy's linspace(0, n, 1)
    }
    (0..count).rev().map(|i| from * i as f64 / (count - 1) as f64).collect()
}

fn trailing(from: usize, train: usize, steps: usize) -> Vec<f64> {
    let ratio = train as f64 / steps as f64;
    (0..steps).map(|i| (from as f64 - i as f64 * ratio).round_ties_even() - 1.0).collect()
}

/// Karras et al. (2022), equation 5, ρ = 7.
pub fn karras(sigma_max: f64, sigma_min: f64, steps: usize) -> Vec<f64> {
    const RHO: f64 = 7.0;
    let (max, min) = (sigma_max.powf(1.0 / RHO), sigma_min.powf(1.0 / RHO));
    let ramp = |i: usize| if steps == 1 { 0.0 } else { i as f64 / (steps - 1) as f64 };
    (0..steps).map(|i| (max + ramp(i) * (min - max)).powf(RHO)).collect()
}
