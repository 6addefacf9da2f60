//! Samplers and spacings by the names that people type and that diffusers' files carry.

use super::{SchedulerConfig, Spacing};
use crate::error::{bail, Result};

/// Which sampler, by the name that people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampler {
    /// DDIM, η = 0.
    Ddim,
    /// PNDM without Runge-Kutta steps, also called PLMS.
    Pndm,
    /// Linear multistep of fourth order.
    Lms,
    /// Euler.
    Euler,
    /// Euler ancestral, which adds noise at each step.
    EulerAncestral,
    /// Heun: two evaluations a step.
    Heun,
    /// DPM-Solver-2 as k-diffusion has it: two evaluations a step.
    Dpm2,
    /// The same, ancestral.
    Dpm2Ancestral,
    /// DPM-Solver++ multistep, of second order unless the model's files name another.
    Dpmpp2m,
    /// Its stochastic form.
    Dpmpp2mSde,
    /// Its stochastic form of third order.
    Dpmpp3mSde,
    /// DPM-Solver++ (SDE) of k-diffusion: two evaluations a step.
    DpmppSde,
    /// UniPC, of second order unless the model's files name another.
    UniPc,
    /// DEIS, of second order unless the model's files name another.
    Deis,
    /// For latent consistency models.
    Lcm,
    /// For models distilled by trajectory consistency, γ = 0.3.
    Tcd,
}

/// How sigmas or timesteps are spaced, where the model's own choice is overruled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sigmas {
    /// One of the spacings of timesteps.
    Spacing(Spacing),
    /// Karras et al. (2022).
    Karras,
    /// Evenly on ln σ.
    Exponential,
    /// Quantiles of a beta distribution (Lee et al., 2024).
    Beta,
    /// Timesteps evenly from the last to the first, which is left out (Stability AI's generative models).
    SgmUniform,
    /// Every so many of the trained σ (ComfyUI).
    Simple,
    /// Align Your Steps (Sabour et al., 2024).
    Ays,
}

/// The sampler, its name, and other names as [`plain`] leaves them.
const SAMPLERS: [(Sampler, &str, &[&str]); 16] = [
    (Sampler::Ddim, "ddim", &["ddimscheduler"]),
    (Sampler::Pndm, "pndm", &["plms", "pndmscheduler"]),
    (Sampler::Lms, "lms", &["lmsdiscretescheduler"]),
    (Sampler::Euler, "euler", &["eulerdiscrete", "eulerdiscretescheduler"]),
    (
        Sampler::EulerAncestral,
        "euler_a",
        &["eulerancestral", "eulerancestraldiscrete", "eulerancestraldiscretescheduler"],
    ),
    (Sampler::Heun, "heun", &["heundiscretescheduler"]),
    (Sampler::Dpm2, "dpm2", &["kdpm2discretescheduler"]),
    (Sampler::Dpm2Ancestral, "dpm2_a", &["dpm2ancestral", "kdpm2ancestraldiscretescheduler"]),
    (Sampler::Dpmpp2m, "dpmpp_2m", &["dpmsolverpp", "dpmsolvermultistep", "dpmsolvermultistepscheduler"]),
    (Sampler::Dpmpp2mSde, "dpmpp_2m_sde", &[]),
    (Sampler::Dpmpp3mSde, "dpmpp_3m_sde", &[]),
    (Sampler::DpmppSde, "dpmpp_sde", &["dpmsolversdescheduler"]),
    (Sampler::UniPc, "unipc", &["unipcmultistep", "unipcmultistepscheduler"]),
    (Sampler::Deis, "deis", &["deismultistep", "deismultistepscheduler"]),
    (Sampler::Lcm, "lcm", &["lcmscheduler"]),
    (Sampler::Tcd, "tcd", &["tcdscheduler"]),
];

const SIGMAS: [(Sigmas, &str, &[&str]); 9] = [
    (Sigmas::Karras, "karras", &[]),
    (Sigmas::Exponential, "exponential", &[]),
    (Sigmas::Beta, "beta", &[]),
    (Sigmas::SgmUniform, "sgm_uniform", &[]),
    (Sigmas::Simple, "simple", &[]),
    (Sigmas::Ays, "ays", &["alignyoursteps"]),
    (Sigmas::Spacing(Spacing::Leading), "leading", &[]),
    (Sigmas::Spacing(Spacing::Linspace), "linspace", &[]),
    (Sigmas::Spacing(Spacing::Trailing), "trailing", &[]),
];

impl Sampler {
    /// The name that `_info` and messages give.
    pub fn name(self) -> &'static str {
        name_of(&SAMPLERS, self)
    }

    /// The names of all samplers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SAMPLERS.iter().map(|(_, name, _)| *name)
    }

    /// Reads a name as people type it: case, spaces, `_`, `-` and `+`/`p` do not matter, and a
    /// spacing may follow (`dpmpp_2m_karras`, "DPM++ 2M Karras").
    pub fn parse(text: &str) -> Result<(Sampler, Option<Sigmas>)> {
        let text_plain = plain(text);
        if let Some(sampler) = find(&SAMPLERS, &text_plain) {
            return Ok((sampler, None));
        }
        for (sigmas, name, others) in SIGMAS {
            let ends = others.iter().map(|other| other.to_string()).chain([plain(name)]);
            let sampler = ends.filter_map(|end| find(&SAMPLERS, text_plain.strip_suffix(&end)?)).next();
            if let Some(sampler) = sampler {
                return Ok((sampler, Some(sigmas)));
            }
        }
        let known: Vec<_> = Sampler::names().collect();
        bail!(InvalidArgument, "scheduler is \"{text}\"; expected one of {}", known.join(", "))
    }

    /// The sampler that a model's file was saved from; DPM++ 2M where it names one that is not known.
    pub fn of(config: &SchedulerConfig) -> Sampler {
        let class = config.class_name.as_deref().and_then(|class| find(&SAMPLERS, &plain(class)));
        match class.unwrap_or(Sampler::Dpmpp2m) {
            Sampler::Dpmpp2m if config.algorithm_type.as_deref() == Some("sde-dpmsolver++") => Sampler::Dpmpp2mSde,
            sampler => sampler,
        }
    }
}

impl Sigmas {
    /// The name that messages give.
    pub fn name(self) -> &'static str {
        name_of(&SIGMAS, self)
    }

    /// The names of all spacings.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SIGMAS.iter().map(|(_, name, _)| *name)
    }

    /// Reads the name of a spacing.
    pub fn parse(text: &str) -> Result<Sigmas> {
        if let Some(sigmas) = find(&SIGMAS, &plain(text)) {
            return Ok(sigmas);
        }
        let known: Vec<_> = Sigmas::names().collect();
        bail!(InvalidArgument, "sigmas is \"{text}\"; expected one of {}", known.join(", "))
    }
}

fn find<T: Copy>(table: &[(T, &str, &[&str])], text: &str) -> Option<T> {
    table.iter().find(|(_, name, others)| plain(name) == text || others.contains(&text)).map(|found| found.0)
}

fn name_of<T: PartialEq>(table: &[(T, &'static str, &[&str])], of: T) -> &'static str {
    table.iter().find(|(item, ..)| *item == of).map_or("", |(_, name, _)| name)
}

fn plain(text: &str) -> String {
    text.to_lowercase().replace('+', "p").chars().filter(|c| c.is_ascii_alphanumeric()).collect()
}
