//! Samplers and spacings by the names that people type and that diffusers' files carry.

use super::config::Algorithm;
use super::noise_schedule::ZeroSnr;
use super::{SchedulerConfig, Spacing};
use crate::error::{bail, Result};

/// Which sampler, by the name that people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampler {
    /// DDIM.
    Ddim,
    /// DDPM: noise in each step.
    Ddpm,
    /// PNDM, with its start of Runge and Kutta's method unless the model's files leave that out.
    Pndm,
    /// PNDM without it.
    Plms,
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
    /// DPM-Solver multistep, of second order unless the model's files name another.
    Dpm2m,
    /// Its stochastic form.
    Dpm2mSde,
    /// DPM-Solver singlestep, of second order unless the model's files name another.
    Dpm2s,
    /// DPM-Solver++ multistep, of second order unless the model's files name another.
    Dpmpp2m,
    /// Its stochastic form.
    Dpmpp2mSde,
    /// Its stochastic form of second order, as Heun has it.
    Dpmpp2mSdeHeun,
    /// DPM-Solver++ multistep of third order.
    Dpmpp3m,
    /// Its stochastic form.
    Dpmpp3mSde,
    /// DPM-Solver++ singlestep, of second order unless the model's files name another.
    Dpmpp2s,
    /// Its stochastic form.
    Dpmpp2sSde,
    /// DPM-Solver++ (2S) ancestral of k-diffusion: two evaluations a step.
    Dpmpp2sAncestral,
    /// DPM-Solver++ (SDE) of k-diffusion: two evaluations a step.
    DpmppSde,
    /// UniPC, of second order unless the model's files name another.
    UniPc,
    /// DEIS, of second order unless the model's files name another.
    Deis,
    /// Improved PNDM.
    Ipndm,
    /// For latent consistency models.
    Lcm,
    /// For models distilled by trajectory consistency.
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

/// The sampler, its name, and other names as [`plain`] leaves them, of the web UI, ComfyUI, InvokeAI and
/// stable-diffusion.cpp.
const SAMPLERS: [(Sampler, &str, &[&str]); 27] = [
    (Sampler::Ddim, "ddim", &[]),
    (Sampler::Ddpm, "ddpm", &[]),
    (Sampler::Pndm, "pndm", &[]),
    (Sampler::Plms, "plms", &[]),
    (Sampler::Lms, "lms", &[]),
    (Sampler::Euler, "euler", &["eulerdiscrete"]),
    (Sampler::EulerAncestral, "euler_a", &["eulerancestral", "eulerancestraldiscrete"]),
    (Sampler::Heun, "heun", &[]),
    (Sampler::Dpm2, "dpm2", &[]),
    (Sampler::Dpm2Ancestral, "dpm2_a", &["dpm2ancestral"]),
    (Sampler::Dpm2m, "dpm_2m", &[]),
    (Sampler::Dpm2mSde, "dpm_2m_sde", &[]),
    (Sampler::Dpm2s, "dpm_2s", &[]),
    (Sampler::Dpmpp2m, "dpmpp_2m", &["dpmsolverpp", "dpmsolvermultistep"]),
    (Sampler::Dpmpp2mSde, "dpmpp_2m_sde", &[]),
    (Sampler::Dpmpp2mSdeHeun, "dpmpp_2m_sde_heun", &[]),
    (Sampler::Dpmpp3m, "dpmpp_3m", &[]),
    (Sampler::Dpmpp3mSde, "dpmpp_3m_sde", &[]),
    (Sampler::Dpmpp2s, "dpmpp_2s", &["dpmsolversinglestep"]),
    (Sampler::Dpmpp2sSde, "dpmpp_2s_sde", &[]),
    (Sampler::Dpmpp2sAncestral, "dpmpp_2s_a", &["dpmpp2sancestral"]),
    (Sampler::DpmppSde, "dpmpp_sde", &[]),
    (Sampler::UniPc, "unipc", &["unipcmultistep", "unipcbh2"]),
    (Sampler::Deis, "deis", &["deismultistep"]),
    (Sampler::Ipndm, "ipndm", &[]),
    (Sampler::Lcm, "lcm", &[]),
    (Sampler::Tcd, "tcd", &[]),
];

/// diffusers' classes over the noise schedule that Stable Diffusion was trained on. Those that are parallel step alike.
const CLASSES: [(&str, Sampler); 19] = [
    ("DDIMScheduler", Sampler::Ddim),
    ("DDIMParallelScheduler", Sampler::Ddim),
    ("DDPMScheduler", Sampler::Ddpm),
    ("DDPMParallelScheduler", Sampler::Ddpm),
    ("DEISMultistepScheduler", Sampler::Deis),
    ("DPMSolverMultistepScheduler", Sampler::Dpmpp2m),
    ("DPMSolverSDEScheduler", Sampler::DpmppSde),
    ("DPMSolverSinglestepScheduler", Sampler::Dpmpp2s),
    ("EulerAncestralDiscreteScheduler", Sampler::EulerAncestral),
    ("EulerDiscreteScheduler", Sampler::Euler),
    ("HeunDiscreteScheduler", Sampler::Heun),
    ("IPNDMScheduler", Sampler::Ipndm),
    ("KDPM2AncestralDiscreteScheduler", Sampler::Dpm2Ancestral),
    ("KDPM2DiscreteScheduler", Sampler::Dpm2),
    ("LCMScheduler", Sampler::Lcm),
    ("LMSDiscreteScheduler", Sampler::Lms),
    ("PNDMScheduler", Sampler::Pndm),
    ("TCDScheduler", Sampler::Tcd),
    ("UniPCMultistepScheduler", Sampler::UniPc),
];

/// Likewise. "Uniform", "normal" and "discrete" are one spacing of three programs; "polyexponential" is exponential at
/// its default.
const SIGMAS: [(Sigmas, &str, &[&str]); 9] = [
    (Sigmas::Karras, "karras", &[]),
    (Sigmas::Exponential, "exponential", &["polyexponential"]),
    (Sigmas::Beta, "beta", &[]),
    (Sigmas::SgmUniform, "sgm_uniform", &[]),
    (Sigmas::Simple, "simple", &[]),
    (Sigmas::Ays, "ays", &["alignyoursteps"]),
    (Sigmas::Spacing(Spacing::Leading), "leading", &["ddimuniform", "ddim"]),
    (Sigmas::Spacing(Spacing::Linspace), "linspace", &["uniform", "normal", "discrete"]),
    (Sigmas::Spacing(Spacing::Trailing), "trailing", &[]),
];

/// What the model, or the name of the sampler, says.
const AUTOMATIC: [&str; 3] = ["automatic", "auto", "default"];

/// "Karras" as InvokeAI and the web UI's interface for programs shorten it at the end of a name.
const KARRAS: [&str; 2] = ["k", "ka"];

impl Sampler {
    /// The name that `_info` and messages give.
    pub fn name(self) -> &'static str {
        name_of(&SAMPLERS, self)
    }

    /// The names of all samplers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SAMPLERS.iter().map(|(_, name, _)| *name)
    }

    /// Reads a name as people type it and other programs write it: case, spaces, `_`, `-`, `+`/`p`, a `k_` before it
    /// and a `_gpu` after it do not matter, and a spacing may follow (`dpmpp_2m_karras`, "DPM++ 2M Karras").
    pub fn parse(text: &str) -> Result<(Sampler, Option<Sigmas>)> {
        let text_plain = plain(text);
        if let Some(sampler) = find_sampler(&text_plain) {
            return Ok((sampler, None));
        }
        let spacings = SIGMAS.iter().flat_map(|(sigmas, name, others)| {
            others.iter().map(|other| other.to_string()).chain([plain(name)]).map(|end| (end, Some(*sigmas)))
        });
        let karras = KARRAS.map(|end| (end.to_owned(), Some(Sigmas::Karras)));
        let automatic = AUTOMATIC.map(|end| (end.to_owned(), None));
        for (end, sigmas) in spacings.chain(karras).chain(automatic) {
            if let Some(sampler) = text_plain.strip_suffix(&end).and_then(find_sampler) {
                return Ok((sampler, sigmas));
            }
        }
        let known: Vec<_> = Sampler::names().collect();
        bail!(InvalidArgument, "scheduler is \"{text}\"; expected one of {}", known.join(", "))
    }

    /// The sampler that a model's files name by a class of diffusers; DPM++ 2M where they name none.
    pub fn of(config: &SchedulerConfig) -> Result<Sampler> {
        let Some(class) = config.class_name.as_deref() else { return Ok(Sampler::Dpmpp2m) };
        let Some((_, sampler)) = CLASSES.iter().find(|(known, _)| *known == class) else {
            let known = CLASSES.map(|(class, _)| class).join(", ");
            bail!(
                ModelUnsupported,
                "the scheduler's class is \"{class}\", which is of another noise schedule or not known; expected one of {known}"
            )
        };
        let own_betas = config.beta_schedule.is_some() && config.beta_start.is_some() && config.beta_end.is_some();
        Ok(match (*sampler, config.algorithm_type) {
            (Sampler::Ipndm, _) if !own_betas => bail!(
                ModelUnsupported,
                "the scheduler's class is \"{class}\", which has a noise schedule of its own; expected beta_schedule, \
                 beta_start and beta_end, those that the model was trained on"
            ),
            (Sampler::Dpmpp2m, Some(Algorithm::SdeDpmSolverPp)) => Sampler::Dpmpp2mSde,
            (Sampler::Dpmpp2m, Some(Algorithm::DpmSolver)) => Sampler::Dpm2m,
            (Sampler::Dpmpp2m, Some(Algorithm::SdeDpmSolver)) => Sampler::Dpm2mSde,
            (Sampler::Dpmpp2s, Some(Algorithm::SdeDpmSolverPp)) => Sampler::Dpmpp2sSde,
            (Sampler::Dpmpp2s, Some(Algorithm::DpmSolver)) => Sampler::Dpm2s,
            (Sampler::Dpmpp2s, Some(Algorithm::SdeDpmSolver)) => bail!(
                ModelUnsupported,
                "scheduler_config.json: algorithm_type is \"sde-dpmsolver\", which {class} does not have; expected \
                 dpmsolver++, sde-dpmsolver++ or dpmsolver"
            ),
            (sampler, _) => sampler,
        })
    }

    /// Whether it is a form of diffusers' `DPMSolverMultistepScheduler`.
    pub fn is_dpm_multistep(self) -> bool {
        use Sampler::{Dpm2m, Dpm2mSde, Dpmpp2m, Dpmpp2mSde, Dpmpp2mSdeHeun, Dpmpp3m, Dpmpp3mSde};
        matches!(self, Dpm2m | Dpm2mSde | Dpmpp2m | Dpmpp2mSde | Dpmpp2mSdeHeun | Dpmpp3m | Dpmpp3mSde)
    }

    /// Whether it is a form of diffusers' `DPMSolverSinglestepScheduler`.
    pub fn is_dpm_singlestep(self) -> bool {
        matches!(self, Sampler::Dpm2s | Sampler::Dpmpp2s | Sampler::Dpmpp2sSde)
    }

    /// Whether its class follows a key that only some classes know.
    pub fn follows(self, key: &str) -> bool {
        use Sampler::{Ddim, Ddpm, Deis, Euler, EulerAncestral, Lcm, Plms, Pndm, Tcd, UniPc};
        let (multistep, dpm) = (self.is_dpm_multistep(), self.is_dpm_multistep() || self.is_dpm_singlestep());
        match key {
            "thresholding" => dpm || matches!(self, Ddim | Ddpm | Deis | Lcm | UniPc),
            "use_karras_sigmas" | "use_exponential_sigmas" | "use_beta_sigmas" => {
                !matches!(self, Ddim | Ddpm | EulerAncestral | Lcm | Plms | Pndm | Tcd)
            }
            "use_lu_lambdas" => multistep,
            "lambda_min_clipped" => dpm,
            "rescale_betas_zero_snr" => ZeroSnr::of(self) != ZeroSnr::Ignored,
            "interpolation_type" | "timestep_type" => self == Euler,
            "predict_x0" | "disable_corrector" => self == UniPc,
            _ => true,
        }
    }

    /// Whether a caller may choose its timesteps: where diffusers' `set_timesteps` takes them, and with the samplers
    /// that diffusers lacks.
    pub fn takes_timesteps(self) -> bool {
        use Sampler::{Ddpm, Dpmpp2sAncestral, Euler, Heun, Ipndm, Lcm, Tcd};
        let dpm = self.is_dpm_multistep() || self.is_dpm_singlestep();
        dpm || matches!(self, Ddpm | Dpmpp2sAncestral | Euler | Heun | Ipndm | Lcm | Tcd)
    }

    /// Likewise, σ.
    pub fn takes_sigmas(self) -> bool {
        matches!(self, Sampler::Dpmpp2sAncestral | Sampler::Euler | Sampler::Ipndm)
    }

    /// Whether it has an η.
    pub fn takes_eta(self) -> bool {
        matches!(self, Sampler::Ddim | Sampler::Tcd)
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

    /// Reads the name of a spacing. "Automatic" is none: the model's, or that of the sampler's name.
    pub fn parse(text: &str) -> Result<Option<Sigmas>> {
        let text_plain = plain(text);
        if AUTOMATIC.contains(&text_plain.as_str()) {
            return Ok(None);
        }
        if let Some(sigmas) = find(&SIGMAS, &text_plain) {
            return Ok(Some(sigmas));
        }
        let known: Vec<_> = Sigmas::names().collect();
        bail!(InvalidArgument, "sigmas is \"{text}\"; expected one of {}", known.join(", "))
    }
}

fn find_sampler(text: &str) -> Option<Sampler> {
    let class = CLASSES.iter().find(|(class, _)| plain(class) == text).map(|found| found.1);
    let bare = text.strip_suffix("gpu").unwrap_or(text);
    let bare = bare.strip_prefix("sample").unwrap_or(bare);
    let without_k = || bare.strip_prefix('k').and_then(|bare| find(&SAMPLERS, bare));
    class.or_else(|| find(&SAMPLERS, bare)).or_else(without_k)
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
