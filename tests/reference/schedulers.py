"""Whole runs of each scheduler on a made-up model: a formula anyone can evaluate instead of a network."""

import inspect
from contextlib import contextmanager
from unittest import mock

import diffusers.schedulers.scheduling_dpmsolver_sde as dpmsolver_sde
import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSDEScheduler,
    DPMSolverSinglestepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    KDPM2AncestralDiscreteScheduler,
    KDPM2DiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)
from diffusers.schedulers import AysSchedules

from golden import write_entries, write_tensors
from other_samplers import Dpmpp2sAncestral, Ipndm

SDE = {"algorithm_type": "sde-dpmsolver++"}
PP = {"algorithm_type": "dpmsolver++"}
NOISE = {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"}
CLASSES = {
    "ddim": (DDIMScheduler, {}),
    "plms": (PNDMScheduler, {"skip_prk_steps": True}),
    "lms": (LMSDiscreteScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "heun": (HeunDiscreteScheduler, {}),
    "dpm2": (KDPM2DiscreteScheduler, {}),
    "dpm2_a": (KDPM2AncestralDiscreteScheduler, {}),
    "dpmpp_2m": (DPMSolverMultistepScheduler, PP),
    "dpmpp_2m_sde": (DPMSolverMultistepScheduler, SDE),
    "dpmpp_3m_sde": (DPMSolverMultistepScheduler, {**SDE, "solver_order": 3}),
    "dpmpp_sde": (DPMSolverSDEScheduler, {}),
    "unipc": (UniPCMultistepScheduler, {}),
    "deis": (DEISMultistepScheduler, {}),
    "lcm": (LCMScheduler, {}),
    "tcd": (TCDScheduler, {}),
}
# Run in fewer cases: they share most of their code with one of those above.
MORE_CLASSES = {
    "ddpm": (DDPMScheduler, {}),
    "pndm": (PNDMScheduler, {}),
    "dpm_2m": (DPMSolverMultistepScheduler, NOISE),
    "dpm_2m_sde": (DPMSolverMultistepScheduler, {**NOISE, "algorithm_type": "sde-dpmsolver"}),
    "dpm_2s": (DPMSolverSinglestepScheduler, NOISE),
    "dpmpp_2m_sde_heun": (DPMSolverMultistepScheduler, {**SDE, "solver_order": 2, "solver_type": "heun"}),
    "dpmpp_3m": (DPMSolverMultistepScheduler, {**PP, "solver_order": 3}),
    "dpmpp_2s": (DPMSolverSinglestepScheduler, PP),
    "dpmpp_2s_sde": (DPMSolverSinglestepScheduler, SDE),
    "dpmpp_2s_a": (Dpmpp2sAncestral, {"final_sigmas_type": "zero"}),
    "ipndm": (Ipndm, {"final_sigmas_type": "zero"}),
}
ALL = {**CLASSES, **MORE_CLASSES}
WHOLE_TIMESTEPS = {"ddim", "ddpm", "pndm", "plms", "lcm", "tcd"}
FIXED_TIMESTEPS = {"lcm", "tcd"}

SPACINGS = ["leading", "linspace", "trailing"]
CURVES = ["karras", "exponential", "beta"]
FORMULAS = ["sgm_uniform", "simple"]

START_SEED = 42
NOISE_SEED = 1234
SHAPE = (1, 4, 2, 2)

SCALED_LINEAR = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
PLAIN = {"_class_name": "DDIMScheduler", **SCALED_LINEAR, "clip_sample": False}


def configs(model_config):
    """What is absent from a configuration is left to the defaults of the class, which differ per class."""
    return {
        # In effect also that of Stable Diffusion 1.5.
        "model": model_config,
        # Stable Diffusion 2.1.
        "v": {**PLAIN, "prediction_type": "v_prediction", "set_alpha_to_one": False, "steps_offset": 1},
        "zero_snr": {
            **PLAIN,
            "prediction_type": "v_prediction",
            "rescale_betas_zero_snr": True,
            "timestep_spacing": "trailing",
        },
        "turbo": {
            **SCALED_LINEAR,
            "_class_name": "EulerDiscreteScheduler",
            "prediction_type": "epsilon",
            "timestep_spacing": "trailing",
            "use_karras_sigmas": False,
        },
        "sdxl": {
            **SCALED_LINEAR,
            "_class_name": "EulerDiscreteScheduler",
            "clip_sample": False,
            "set_alpha_to_one": False,
            "steps_offset": 1,
            "timestep_spacing": "leading",
        },
        "lcm": {
            **SCALED_LINEAR,
            "_class_name": "LCMScheduler",
            "original_inference_steps": 50,
            "rescale_betas_zero_snr": False,
            "set_alpha_to_one": True,
            "timestep_scaling": 10.0,
            "timestep_spacing": "leading",
        },
        # Clipped by those whose default it is.
        "sample": {"_class_name": "DDIMScheduler", **SCALED_LINEAR, "prediction_type": "sample"},
        # Bare, so that defaults decide, the betas' ends among them.
        "bare": {"_class_name": "DDIMScheduler"},
        "cosine": {**PLAIN, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"},
        "clip": {**PLAIN, "clip_sample": True, "clip_sample_range": 0.8},
        **{f"use_{curve}": {**PLAIN, f"use_{curve}_sigmas": True} for curve in CURVES},
        # Keys of the multistep solvers, which the others do not know.
        "order_1": {**PLAIN, "solver_order": 1},
        "order_3": {**PLAIN, "solver_order": 3},
        "order_3_bh1": {
            **PLAIN,
            "final_sigmas_type": "sigma_min",  # with zero, the last step is NaN
            "solver_order": 3,
            "solver_type": "bh1",
        },
        "heun": {**PLAIN, "solver_type": "heun"},
        "sigma_min": {**PLAIN, "final_sigmas_type": "sigma_min"},
        "sigma_min_karras": {**PLAIN, "final_sigmas_type": "sigma_min", "use_karras_sigmas": True},
        "euler_at_final": {**PLAIN, "final_sigmas_type": "sigma_min", "euler_at_final": True},
        "no_lower_order": {**PLAIN, "final_sigmas_type": "sigma_min", "lower_order_final": False},
        **more_configs(),
    }


def more_configs():
    v = {**PLAIN, "prediction_type": "v_prediction"}
    sigma_min = {**PLAIN, "final_sigmas_type": "sigma_min"}
    ends = {"sigma_min": 0.1, "sigma_max": 9.0}
    return {
        "order_3_heun": {**PLAIN, "solver_order": 3, "solver_type": "heun"},
        "thresholding": {
            **PLAIN,
            "thresholding": True,
            "clip_sample": True,
            "dynamic_thresholding_ratio": 0.7,
            "sample_max_value": 1.3,
        },
        "lambda_clipped": {**PLAIN, "beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1},
        "lambda_clipped_leading": {**v, "lambda_min_clipped": -1.5, "timestep_spacing": "leading", "steps_offset": 1},
        "lambda_clipped_trailing": {**v, "lambda_min_clipped": -1.5, "timestep_spacing": "trailing"},
        "lu": {**PLAIN, "use_lu_lambdas": True},
        "log_linear": {**PLAIN, "interpolation_type": "log_linear"},
        "log_linear_v": {**v, "interpolation_type": "log_linear", "timestep_spacing": "leading", "steps_offset": 1},
        "continuous": {**v, "timestep_type": "continuous"},
        # As of Stable Video Diffusion, but for its betas.
        "continuous_log_linear": {
            **v,
            "interpolation_type": "log_linear",
            "timestep_type": "continuous",
            "timestep_spacing": "leading",
        },
        "continuous_karras": {**v, "timestep_type": "continuous", "use_karras_sigmas": True},
        "karras_ends": {**PLAIN, "use_karras_sigmas": True, **ends},
        "exponential_ends": {**sigma_min, "use_exponential_sigmas": True, **ends},
        "beta_ends": {**sigma_min, "use_beta_sigmas": True, **ends},
        "disable_corrector": {**PLAIN, "disable_corrector": [0, 2], "solver_order": 3},
        "predict_noise": {**sigma_min, "predict_x0": False},
        "predict_noise_bh1": {**sigma_min, "predict_x0": False, "solver_order": 3, "solver_type": "bh1"},
        "original_sample": {"_class_name": "EulerDiscreteScheduler", **SCALED_LINEAR, "prediction_type": "original_sample"},
        "sigmoid": {**PLAIN, "beta_schedule": "sigmoid"},
        "laplace": {**PLAIN, "beta_schedule": "laplace", "prediction_type": "v_prediction"},
        "exp": {**PLAIN, "beta_schedule": "exp"},
        "fixed_large": {**PLAIN, "variance_type": "fixed_large", "steps_offset": 1},
        "fixed_small_log": {**PLAIN, "variance_type": "fixed_small_log"},
    }


def cases():
    """Configuration, spacing, step counts, and how much of a run is left out at its beginning."""
    for config in ["model", "v", "sample"]:
        yield config, None, [1, 2, 4, 5, 20, 50], None
        for sigmas in SPACINGS + CURVES + FORMULAS:
            yield config, sigmas, [2, 5, 20], None
        yield config, "ays", [2, 5, 10, 20], None
        for strength in [0.3, 0.6, 0.8]:
            yield config, None, [10], strength
    yield "sdxl", None, [1, 4, 20], None
    yield "sdxl", "ays", [4, 10, 25], None
    yield "sdxl", "karras", [10], 0.6
    for config in ["zero_snr", "turbo", "lcm", "bare", "cosine"]:
        yield config, None, [1, 2, 4, 20], None
    yield "cosine", "karras", [5], None
    yield "clip", None, [5], None
    for key in ["use_karras", "use_exponential", "use_beta", "order_1", "order_3", "order_3_bh1", "heun"]:
        yield key, None, [5, 20], None
    for key in ["sigma_min", "sigma_min_karras", "euler_at_final", "no_lower_order"]:
        yield key, None, [5, 20], None


def entries_of_cases():
    for config, sigmas, step_counts, strength in cases():
        for name in CLASSES:
            for steps in step_counts:
                yield entry_of(config, name, sigmas, steps), strength


def more_entries():
    """Other settings with all samplers, and other samplers with some of the settings above."""
    for config in more_configs():
        for name in names_of(config):
            for steps in [5, 16]:
                yield entry_of(config, name, None, steps), None
    for config, sigmas, step_counts, strength in cases():
        few = [steps for steps in step_counts if steps in (1, 5, 10)] or step_counts[-1:]
        for name in MORE_CLASSES:
            for steps in few:
                yield entry_of(config, name, sigmas, steps), strength
    for name in ["ddim", "tcd"]:
        for config, eta, steps in [("model", 0.0, 4), ("model", 1.0, 20), ("v", 0.7, 5), ("thresholding", 0.35, 5)]:
            yield {**entry_of(config, name, None, steps), "eta": eta}, None
    yield {**entry_of("model", "ddim", None, 10), "eta": 0.7}, 0.6
    for timesteps in [[999, 800, 555, 210, 35], [759, 752]]:
        for name in ALL:
            yield {**entry_of("model", name, None, len(timesteps)), "timesteps": timesteps}, None
    for sigma_values in [[14.6, 5.5, 2.25, 0.7, 0.0], [3.5, 0.35, 0.1]]:
        for name in ["euler", "ipndm", "dpmpp_2s_a"]:
            yield {**entry_of("sdxl", name, None, len(sigma_values) - 1), "sigma_values": sigma_values}, None


def names_of(config):
    if "log_linear" in config or "continuous" in config:
        return [name for name in ALL if name not in ("dpmpp_2s_a", "ipndm")]  # they only borrow Euler's class
    return {
        **dict.fromkeys(["sigmoid", "laplace", "fixed_large", "fixed_small_log"], ["ddpm"]),
        **dict.fromkeys(["original_sample"], ["euler"]),
        "exp": ["heun"],
    }.get(config, ALL)


def entry_of(config, name, sigmas, steps):
    entry = {"config": config, "scheduler": name, "sigmas": sigmas, "steps": steps}
    # The default of diffusers' class. Its pipelines call it with 0.
    return {**entry, "eta": 0.3} if name == "tcd" else entry


def make(out, model_config):
    known = configs(model_config)
    normal = torch.Generator().manual_seed(START_SEED)
    start, clean = torch.randn(SHAPE, generator=normal), torch.randn(SHAPE, generator=normal)
    make_runs(out, "schedulers", entries_of_cases(), known, start, clean)
    make_runs(out, "more_schedulers", more_entries(), known, start, clean)
    make_noise(out, known, start, clean)
    write_entries(out, "scheduler_configs", [{"name": name, "config": config} for name, config in known.items()])
    # A file as diffusers saves it, which is not quite JSON.
    saved = DPMSolverMultistepScheduler.from_config(known["model"], **SDE, use_karras_sigmas=True).to_json_string()
    (out / "scheduler_config.json").write_text(saved, encoding="ascii")


def make_runs(out, file, runs, known, start, clean):
    entries, timesteps, inits, ends = [], [], [], []
    for entry, strength in runs:
        config, name, sigmas, steps = (entry[key] for key in ["config", "scheduler", "sigmas", "steps"])
        try:
            scheduler = make_scheduler(name, known[config], sigmas, steps, config == "sdxl", given_levels(entry))
            if strength is None:
                begin, sample = 0, start * scheduler.init_noise_sigma
            else:
                begin = (steps - min(int(steps * strength), steps)) * scheduler.order
                sample = add_noise(scheduler, begin, clean, start)
                entry["begin"] = begin
            if config == "cosine" and name in ("deis", "ipndm"):
                # Differences of large σ are all that it takes steps with: f32 leaves two digits of them.
                scheduler.sigmas, sample = scheduler.sigmas.double(), sample.double()
            end = run(scheduler, begin, sample, entry.get("eta", 0.0)).float()
        except (IndexError, RuntimeError, UnboundLocalError, ValueError, ZeroDivisionError) as refusal:
            print(f"{file}: no {entry}: {refusal}")
            continue
        if not end.isfinite().all():
            print(f"{file}: no {entry}: not finite")
            continue
        present = {key: value for key, value in entry.items() if value is not None}
        entries.append({**present, "evaluations": len(scheduler.timesteps)})
        timesteps.append(scheduler.timesteps.to(torch.float32))
        inits.append(float(scheduler.init_noise_sigma))
        ends.append(end.flatten())
    write_entries(out, file, entries)
    tensors = {
        "start": start,
        "clean": clean,
        "timesteps": torch.cat(timesteps),
        "init_noise_sigmas": torch.tensor(inits),
        "ends": torch.stack(ends),
    }
    write_tensors(out, file, tensors)


def make_noise(out, known, start, clean):
    noised = []
    noise_entries = []
    for name in CLASSES:
        for sigmas in [None] if name in WHOLE_TIMESTEPS else [None, "karras"]:
            count = len(make_scheduler(name, known["model"], sigmas, 5).timesteps)
            noise_entries.append({"scheduler": name, "sigmas": sigmas, "steps": 5, "evaluations": count})
            for i in range(count):
                scheduler = make_scheduler(name, known["model"], sigmas, 5)
                noised.append(add_noise(scheduler, i, clean, start).flatten())
    write_entries(out, "scheduler_noise", noise_entries)
    write_tensors(out, "scheduler_noise", {"noised": torch.stack(noised)})


def given_levels(entry):
    return {to: entry[key] for key, to in [("timesteps", "timesteps"), ("sigma_values", "sigmas")] if key in entry}


def make_scheduler(name, config, sigmas, steps, sdxl=False, levels=None):
    if sigmas in SPACINGS and name in FIXED_TIMESTEPS or sigmas in CURVES + FORMULAS + ["ays"] and name in WHOLE_TIMESTEPS:
        raise ValueError(f"{name} does not take {sigmas}")
    if name == "euler_a" and sigmas in CURVES + ["ays"]:
        # This class lacks the curves. Its sigmas are Euler's in all else.
        scheduler = make_scheduler(name, config, None, steps)
        euler = make_scheduler("euler", config, sigmas, steps, sdxl)
        scheduler.timesteps, scheduler.sigmas = euler.timesteps, euler.sigmas
        return scheduler

    scheduler_class, fixed = ALL[name]
    if sigmas in SPACINGS and "timestep_spacing" not in inspect.signature(scheduler_class.__init__).parameters:
        raise ValueError(f"{name} does not take {sigmas}")
    choice = {}
    if sigmas in SPACINGS:
        choice = {"timestep_spacing": sigmas}
    elif sigmas in CURVES:
        choice = {f"use_{sigmas}_sigmas": True}
    scheduler = scheduler_class.from_config(config, **fixed, **choice)
    if sigmas == "ays":
        align_your_steps(scheduler, steps, "StableDiffusionXLTimesteps" if sdxl else "StableDiffusionTimesteps")
    elif sigmas in FORMULAS:
        set_timesteps_by_formula(scheduler, sigmas, steps)
    elif levels:
        accepted = set(levels) <= set(inspect.signature(scheduler.set_timesteps).parameters)
        if not accepted:
            raise ValueError(f"{name} does not take {levels}")
        scheduler.set_timesteps(**levels)
    else:
        scheduler.set_timesteps(steps)
    return scheduler


def set_timesteps_by_formula(scheduler, sigmas, steps):
    """Most classes take no timesteps of the caller's, but all make those of their linspace spacing with numpy."""
    train = scheduler.config.num_train_timesteps
    if sigmas == "sgm_uniform":
        falling = np.linspace(train - 1, 0, steps + 1)[:-1]
    else:
        falling = np.array([train - 1 - i * train // steps for i in range(steps)], dtype=float)
    rising = falling[::-1]
    rising_from_0 = np.concatenate([[0.0], rising])

    def given(first, last, count, dtype=float):
        return np.asarray(rising if count == steps else rising_from_0, dtype=dtype)

    with temporarily(scheduler, timestep_spacing="linspace"), mock.patch.object(np, "linspace", given):
        scheduler.set_timesteps(steps)


def align_your_steps(scheduler, steps, table):
    timesteps = AysSchedules[table]
    if steps == len(timesteps) and "timesteps" in inspect.signature(scheduler.set_timesteps).parameters:
        scheduler.set_timesteps(timesteps=timesteps)
        return
    # Other numbers of steps: NVIDIA's interpolation, in place of Karras'.
    alphas = scheduler.alphas_cumprod.double().numpy()
    log_sigmas = np.log((1 - alphas) / alphas)[timesteps + [0]] / 2
    at = np.interp(np.linspace(0, 1, steps + 1), np.linspace(0, 1, len(log_sigmas)), log_sigmas)
    with temporarily(scheduler, use_karras_sigmas=True):
        with mock.patch.object(type(scheduler), "_convert_to_karras", lambda *_, **__: np.exp(at[:-1])):
            scheduler.set_timesteps(steps)
    if isinstance(scheduler, DEISMultistepScheduler):
        # It repeats the last σ of a curve, which is the smallest on all curves but this.
        scheduler.sigmas[-1] = np.exp(at[-1])


@contextmanager
def temporarily(scheduler, **settings):
    before = {key: scheduler.config.get(key) for key in settings}
    scheduler.register_to_config(**settings)
    yield
    scheduler.register_to_config(**before)


def add_noise(scheduler, i, clean, noise):
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(i)
    return scheduler.add_noise(clean, noise, scheduler.timesteps[i : i + 1])


def run(scheduler, begin, sample, eta=0.0):
    noise = torch.Generator().manual_seed(NOISE_SEED)

    class Normal:
        """In place of the Brownian tree: the noise of all other samplers."""

        def __init__(self, x, *_):
            self.shape = x.shape

        def __call__(self, *_):
            return torch.randn(self.shape, generator=noise)

    parameters = inspect.signature(scheduler.step).parameters
    draws = {key: value for key, value in [("generator", noise), ("eta", eta)] if key in parameters}
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)
    with mock.patch.object(dpmsolver_sde, "BrownianTreeNoiseSampler", Normal):
        for t in scheduler.timesteps[begin:]:
            output = model(scheduler.scale_model_input(sample, t), t)
            sample = scheduler.step(output, t, sample, **draws).prev_sample
    return sample


def model(x, t):
    return 0.4 * x + 0.3 * torch.sin(t.float() / 150) + 0.05 * torch.cos(3 * x)
