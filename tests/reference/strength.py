"""How many steps image-to-image does: diffusers' two rules, which multiply and cut as Python does."""

from types import SimpleNamespace

import torch
from diffusers import LCMScheduler, StableDiffusionImg2ImgPipeline

from golden import write_entries

MOST_STEPS = 150


def make(out):
    """Of every hundredth and all steps, those that whole numbers (steps × hundredths ÷ 100) would give otherwise."""
    entries = []
    for steps in range(1, MOST_STEPS + 1):
        for hundredths in range(101):
            strength = float(f"{hundredths / 100:.2f}")
            done = len(get_timesteps(steps, strength))
            if hundredths:
                assert distilled(steps, strength) in (done, None), "both rules cut alike"
            if done != steps * hundredths // 100:
                entries.append({"steps": steps, "hundredths": hundredths, "done": done})
    write_entries(out, "strength", entries)


def get_timesteps(steps, strength):
    pipeline = SimpleNamespace(scheduler=SimpleNamespace(timesteps=torch.arange(steps), order=1))
    return StableDiffusionImg2ImgPipeline.get_timesteps(pipeline, steps, strength, None)[0]


def distilled(original_steps, strength):
    """How many of the timesteps that LCM was distilled on a run may visit; None where that is none."""
    scheduler = LCMScheduler(original_inference_steps=original_steps)
    try:
        scheduler.set_timesteps(1, strength=strength)
    except ValueError:
        return None
    return (int(scheduler.timesteps[0]) + 1) // (1000 // original_steps)
