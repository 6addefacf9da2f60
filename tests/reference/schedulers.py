"""Whole runs of each scheduler on a made-up model: a formula anyone can evaluate instead of a network."""

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
)

from golden import write_entries, write_tensors

CLASSES = {
    "ddim": DDIMScheduler,
    "pndm": PNDMScheduler,
    "euler": EulerDiscreteScheduler,
    "euler_a": EulerAncestralDiscreteScheduler,
    "dpmpp_2m": DPMSolverMultistepScheduler,
}
DRAWS_NOISE = {"euler_a"}
TAKES_KARRAS = {"euler", "dpmpp_2m"}

STEPS = [1, 2, 3, 5, 10, 20, 50]
START_SEED = 42
NOISE_SEED = 1234

SCALED_LINEAR = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def configs(model_config):
    """What is absent from a configuration is left to the defaults of the class, which differ per class."""
    return {
        # In effect also that of Stable Diffusion 1.5.
        "model": model_config,
        # Stable Diffusion 2.1.
        "v_prediction": {
            "_class_name": "DDIMScheduler",
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "beta_start": 0.00085,
            "clip_sample": False,
            "num_train_timesteps": 1000,
            "prediction_type": "v_prediction",
            "set_alpha_to_one": False,
            "skip_prk_steps": True,
            "steps_offset": 1,
            "trained_betas": None,
        },
        "leading": spaced("leading", steps_offset=1),
        "trailing": spaced("trailing"),
        "linspace": spaced("linspace"),
        # Bare, so that defaults decide: the betas' ends, and DDIM's clipping of its samples.
        "sample": {"_class_name": "DDIMScheduler", "beta_schedule": "linear", "prediction_type": "sample"},
    }


def spaced(spacing, **more):
    return {
        "_class_name": "DDIMScheduler",
        **SCALED_LINEAR,
        "clip_sample": False,
        "prediction_type": "epsilon",
        "skip_prk_steps": True,
        "timestep_spacing": spacing,
        **more,
    }


def make(out, model_config):
    entries, tensors = [], {}
    for config_name, config in configs(model_config).items():
        for scheduler, sigmas in variants():
            for steps in STEPS:
                name = "-".join(filter(None, [config_name, scheduler, sigmas, str(steps)]))
                try:
                    entry, start, end = run(scheduler, config, sigmas, steps)
                except (NotImplementedError, ValueError, IndexError) as refusal:
                    print(f"schedulers: no {name}: {refusal}")
                    continue
                entries.append({"name": name, **entry})
                tensors |= {f"{name}.start": start.flatten(), f"{name}.end": end.flatten()}
    write_entries(out, "schedulers", entries)
    write_tensors(out, "schedulers", tensors)


def variants():
    for scheduler in CLASSES:
        yield scheduler, None
        if scheduler in TAKES_KARRAS:
            yield scheduler, "karras"


def run(name, config, sigmas, steps):
    flags = {"use_karras_sigmas": True} if sigmas == "karras" else {}
    scheduler = CLASSES[name].from_config(config, **flags)
    scheduler.set_timesteps(steps)
    noise = {"generator": torch.Generator().manual_seed(NOISE_SEED)} if name in DRAWS_NOISE else {}

    start = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(START_SEED))
    sample = start * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        output = model(scheduler.scale_model_input(sample, t), t)
        sample = scheduler.step(output, t, sample, **noise).prev_sample
    assert sample.isfinite().all(), "a run without a result proves nothing"

    entry = {
        "scheduler": name,
        "config": config,
        "sigmas": sigmas,
        "steps": steps,
        "timesteps": [float(t) for t in scheduler.timesteps],
        "init_noise_sigma": float(scheduler.init_noise_sigma),
    }
    return entry, start, sample


def model(x, t):
    return 0.4 * x + 0.3 * torch.sin(t.float() / 150) + 0.05 * torch.cos(3 * x)
