"""Whole pictures from prompts, with several schedulers."""

import torch

from golden import write_entries, write_tensors
from schedulers import make_scheduler

# A few of those that schedulers.py compares.
SCHEDULERS = ["ddim", "pndm", "euler", "euler_a", "dpmpp_2m"]
GUIDANCE = 4.0
SEEDS = [7, 42, 2**40 + 1]

APPLE = {"prompt": "a red apple, 3d style, on a blue background", "negative": "", "steps": 20}
MUSHROOM = {"prompt": "flat illustration of a mushroom, green background", "negative": "", "steps": 12}
CASTLE = {"prompt": "3d render of a castle", "negative": "blurry, flat illustration", "steps": 7}


def cases():
    square = {"guidance": GUIDANCE, "width": 64, "height": 64}
    for scheduler in SCHEDULERS:
        for subject, prompt in {"apple": APPLE, "mushroom": MUSHROOM, "castle": CASTLE}.items():
            for seed in SEEDS:
                yield case(f"{scheduler}-{subject}-{seed}", scheduler, seed, **prompt, **square)
        yield case(f"{scheduler}-wide", scheduler, 7, **APPLE, guidance=GUIDANCE, width=80, height=48)
        # Without guidance the unconditional half is not run at all.
        yield case(f"{scheduler}-unguided", scheduler, 7, **MUSHROOM, **{**square, "guidance": 1.0})


def case(name, scheduler, seed, *, prompt, negative, steps, guidance, width, height):
    return {
        "name": name,
        "prompt": prompt,
        "negative": negative,
        "seed": seed,
        "steps": steps,
        "guidance": guidance,
        "scheduler": scheduler,
        "width": width,
        "height": height,
    }


def make(out, pipe, config):
    """Returns the pictures by name."""
    entries, tensors, pictures = list(cases()), {}, {}
    for entry in entries:
        name = entry["name"]
        pipe.scheduler = make_scheduler(entry["scheduler"], config, None, entry["steps"])
        latents = paint(pipe, entry)
        pictures[name] = decode(pipe, latents)
        tensors |= {f"{name}.latents": latents.flatten(), f"{name}.picture": pictures[name]}
    write_entries(out, "txt2img", entries)
    write_tensors(out, "txt2img", tensors)
    return pictures


def paint(pipe, entry):
    """The final latents, still scaled by the autoencoder's scaling_factor."""
    return pipe(
        prompt=entry["prompt"],
        negative_prompt=entry["negative"],
        num_inference_steps=entry["steps"],
        guidance_scale=entry["guidance"],
        width=entry["width"],
        height=entry["height"],
        generator=torch.Generator("cpu").manual_seed(entry["seed"]),
        output_type="latent",
    ).images


def decode(pipe, latents):
    """What the pipeline does after the last step, as bytes of [height, width, RGB]."""
    decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(decoded, output_type="np")[0]
    return torch.from_numpy((pixels * 255).round().astype("uint8"))
