//! Which σ a run visits, and the timesteps that belong to them.

use statrs::function::beta::inv_beta_reg;

use super::{timesteps, Custom, Levels, NoiseSchedule, Options, Spacing};
use crate::error::{bail, Result};

/// The timesteps of ten steps in diffusers' `AysSchedules`, from NVIDIA's project page.
const AYS_STABLE_DIFFUSION: [f64; 10] = [999.0, 850.0, 736.0, 645.0, 545.0, 455.0, 343.0, 233.0, 124.0, 24.0];
const AYS_SDXL: [f64; 10] = [999.0, 845.0, 730.0, 587.0, 443.0, 310.0, 193.0, 116.0, 53.0, 13.0];

/// A curve that the σ of a run lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Karras et al. (2022), equation 5, ρ = 7.
    Karras,
    /// Evenly on ln σ.
    Exponential,
    /// Quantiles of the beta distribution with both parameters 0.6 (Lee et al., 2024).
    Beta,
    /// Sabour et al. (2024): a table of ten steps, and for other numbers of steps what their project
    /// page advises: its σ, and the smallest after them, interpolated on ln σ.
    AlignYourSteps,
    /// Evenly on λ, as DPM-Solver proposes (Lu et al., 2022): the exponential curve, of rounded timesteps.
    Lu,
}

impl Curve {
    /// One σ a step. All curves but the table's run from the largest to the smallest.
    fn sigmas(self, max: f64, min: f64, schedule: &NoiseSchedule, options: &Options) -> Vec<f64> {
        let (min, max) = (options.curve_ends.0.unwrap_or(min), options.curve_ends.1.unwrap_or(max));
        const RHO: f64 = 7.0;
        let steps = options.course.steps;
        let ramp = |i: usize| if steps == 1 { 0.0 } else { i as f64 / (steps - 1) as f64 };
        let at = |i: usize| match self {
            Curve::Karras => {
                let (max, min) = (max.powf(1.0 / RHO), min.powf(1.0 / RHO));
                (max + ramp(i) * (min - max)).powf(RHO)
            }
            Curve::Exponential | Curve::Lu => (max.ln() + ramp(i) * (min.ln() - max.ln())).exp(),
            Curve::Beta => min + inv_beta_reg(0.6, 0.6, 1.0 - ramp(i)) * (max - min),
            Curve::AlignYourSteps => {
                let table = if options.course.sdxl { AYS_SDXL } else { AYS_STABLE_DIFFUSION };
                let log = |k: usize| schedule.sigma_at(table.get(k).copied().unwrap_or(0.0)).ln();
                let position = (i * table.len()) as f64 / steps as f64;
                let low = position as usize;
                (log(low) + (log(low + 1) - log(low)) * position.fract()).exp()
            }
        };
        (0..steps).map(at).collect()
    }

    /// Where timesteps must be whole, diffusers rounds those of Karras' curve and cuts those of others.
    pub fn rounds(self) -> bool {
        matches!(self, Curve::Karras | Curve::AlignYourSteps | Curve::Lu)
    }
}

/// One timestep and one σ a step.
pub struct Table {
    pub timesteps: Vec<f64>,
    /// One more than the timesteps: where the last step ends.
    pub sigmas: Vec<f32>,
    init_noise_sigma: f32,
}

impl Table {
    /// For the samplers of k-diffusion: curves run between the ends of the spaced timesteps, whose
    /// fractions are kept.
    pub fn of_k_diffusion(schedule: &NoiseSchedule, options: &Options, last_sigma: f32) -> Result<Self> {
        let mut table = match &options.course.custom {
            Custom::Sigmas(sigmas) => Self::of_sigmas(schedule, sigmas),
            _ => Self::of_spacing(schedule, options, last_sigma)?,
        };
        table.begin_with_noise(options);
        Ok(table)
    }

    fn begin_with_noise(&mut self, options: &Options) {
        let max = self.sigmas[0];
        self.init_noise_sigma = match options.spacing_or(Spacing::Linspace) {
            Spacing::Linspace | Spacing::Trailing => max,
            Spacing::Leading => (max * max + 1.0).sqrt(),
        };
    }

    fn of_spacing(schedule: &NoiseSchedule, options: &Options, last_sigma: f32) -> Result<Self> {
        let spaced = timesteps::spaced(schedule, options, Spacing::Linspace)?;
        let mut timesteps: Vec<f64> = spaced.iter().map(|t| f64::from(*t as f32)).collect();
        let mut sigmas: Vec<f64> = timesteps.iter().map(|t| schedule.sigma_at(*t)).collect();
        if let Some(curve) = options.curve {
            sigmas = curve.sigmas(sigmas[0], sigmas[sigmas.len() - 1], schedule, options);
            timesteps = sigmas.iter().map(|s| schedule.timestep_at(*s)).collect();
        }
        Self::checked(timesteps, &sigmas, last_sigma, options)
    }

    /// The caller's own σ, with the one that the last step ends at.
    fn of_sigmas(schedule: &NoiseSchedule, sigmas: &[f32]) -> Self {
        let steps = &sigmas[..sigmas.len() - 1];
        let timesteps = steps.iter().map(|sigma| schedule.timestep_at(f64::from(*sigma))).collect();
        Self { timesteps, sigmas: sigmas.to_vec(), init_noise_sigma: 1.0 }
    }

    /// Euler's `log_linear`: without a curve, the trained σ from the largest to the smallest evenly on ln σ, one more
    /// than there are timesteps; `last_sigma` comes after them.
    pub fn interpolate_log_linearly(&mut self, schedule: &NoiseSchedule, options: &Options, last_sigma: f32) {
        if options.curve.is_some() || matches!(options.course.custom, Custom::Sigmas(_)) {
            return;
        }
        let steps = self.timesteps.len();
        let log = |sigma: &f32| f64::from(sigma.ln());
        let (max, min) = (schedule.sigmas.last().map_or(0.0, log), schedule.sigmas.first().map_or(0.0, log));
        let at = |i: usize| (max + (min - max) * i as f64 / steps as f64).exp() as f32;
        self.sigmas = (0..=steps).map(at).chain([last_sigma]).collect();
        self.begin_with_noise(options);
    }

    /// Has the UNet told ln σ / 4 in place of timesteps, as models of continuous time want it (Karras et al., 2022).
    pub fn tell_noise(&mut self) {
        let told = self.sigmas[..self.sigmas.len() - 1].iter().map(|sigma| f64::from(0.25 * sigma.ln()));
        self.timesteps = told.collect();
    }

    /// For the classes that repeat the last σ of a curve, which a file may set to another than the smallest trained.
    pub fn end_with_curve(&mut self, options: &Options) {
        if options.curve.is_some_and(|curve| curve != Curve::AlignYourSteps) {
            let end = self.timesteps.len();
            self.sigmas[end] = self.sigmas[end - 1];
        }
    }

    /// For the multistep solvers: curves run between the ends of the trained σ, and timesteps are
    /// whole: rounded where the curve and the class (`rounds`) do so, and else cut.
    pub fn of_solver(schedule: &NoiseSchedule, options: &Options, last_sigma: f32, rounds: bool) -> Result<Self> {
        let Some(curve) = options.curve else {
            let timesteps = timesteps::spaced_without_last(schedule, options)?;
            let sigmas: Vec<f64> = timesteps.iter().map(|t| schedule.sigma_at(*t)).collect();
            return Self::checked(timesteps, &sigmas, last_sigma, options);
        };
        let (min, max) = (schedule.sigmas[0], schedule.sigmas[schedule.sigmas.len() - 1]);
        let sigmas = curve.sigmas(f64::from(max), f64::from(min), schedule, options);
        // What is cut may be nearly whole: Stable Diffusion's first timestep becomes 998, as in diffusers.
        let round = |t: f64| if curve.rounds() && rounds { t.round_ties_even() } else { t.trunc() };
        let timesteps = sigmas.iter().map(|s| round(schedule.timestep_at(*s))).collect();
        Self::checked(timesteps, &sigmas, last_sigma, options)
    }

    fn checked(timesteps: Vec<f64>, sigmas: &[f64], last_sigma: f32, options: &Options) -> Result<Self> {
        let mut sigmas: Vec<f32> = sigmas.iter().map(|s| *s as f32).collect();
        if sigmas.windows(2).any(|pair| pair[0] <= pair[1]) {
            bail!(
                InvalidArgument,
                "steps is {}, so many that a noise level comes twice: use fewer steps",
                options.course.steps
            );
        }
        sigmas.push(last_sigma);
        Ok(Self { timesteps, sigmas, init_noise_sigma: 1.0 })
    }

    /// Levels of samplers that evaluate once a step.
    pub fn levels(&self) -> Levels {
        Levels::exploding(self.timesteps.clone(), &self.sigmas, self.init_noise_sigma)
    }

    /// Levels of samplers that evaluate twice a step, but once in the last: at each timestep and,
    /// between it and the next, at one of `between`, of which the σ are `seen`. Noise is added as
    /// for the next timestep there, as diffusers does.
    pub fn levels_of_pairs(&self, between: &[f64], seen: &[f32]) -> Levels {
        let evaluations = 2 * self.timesteps.len() - 1;
        let timesteps = (0..evaluations).map(|i| if i % 2 == 0 { self.timesteps[i / 2] } else { between[i / 2] });
        let sigmas: Vec<f32> = (0..evaluations).map(|i| self.sigmas[i.div_ceil(2)]).collect();
        let seen: Vec<f32> =
            (0..evaluations).map(|i| if i % 2 == 0 { self.sigmas[i / 2] } else { seen[i / 2] }).collect();
        Levels::exploding(timesteps.collect(), &sigmas, self.init_noise_sigma).seen_at(&seen)
    }
}
