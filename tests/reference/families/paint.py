"""One picture as diffusers' own pipelines paint it."""

import inspect

import torch
from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting, AutoPipelineForText2Image

from pictures import pil


def for_mode(pipe, mode, controlnets):
    """The same parts in the pipeline of another mode, with ControlNets if there are any."""
    kind = {"img2img": AutoPipelineForImage2Image, "inpaint": AutoPipelineForInpainting}.get(mode)
    if controlnets:
        kind = kind or AutoPipelineForText2Image
        return kind.from_pipe(pipe, controlnet=several(controlnets))
    if kind is None or (mode == "inpaint" and "mask_image" in inspect.signature(pipe.__call__).parameters):
        return pipe
    return kind.from_pipe(pipe)


def paint(pipe, settings):
    """The final latents, still scaled by the autoencoder's scaling_factor."""
    arguments = {
        "prompt": settings["prompt"],
        "negative_prompt": settings["negative"],
        "num_inference_steps": settings["steps"],
        "guidance_scale": settings["guidance"],
        "guidance_rescale": settings.get("guidance_rescale"),
        "clip_skip": settings.get("clip_skip"),
        "width": settings.get("width"),
        "height": settings.get("height"),
        "strength": settings.get("strength"),
    }
    if "image" in settings:
        arguments["image"] = pil(settings["image"])
    if "latents" in settings:
        # Noise to start from, or what stands for the latents of an image.
        arguments["latents" if settings["latents"] == "noise" else "image"] = settings["given"]
    if "mask" in settings:
        arguments["mask_image"] = pil(settings["mask"])
    if "controls" in settings:
        controls = settings["controls"]
        argument = "control_image" if "image" in settings else "image"
        arguments[argument] = several([pil(control["image"]) for control in controls])
        arguments["controlnet_conditioning_scale"] = several([float(control["scale"]) for control in controls])
        arguments["control_guidance_start"] = several([control["start"] for control in controls])
        arguments["control_guidance_end"] = several([control["end"] for control in controls])
    accepted = inspect.signature(pipe.__call__).parameters
    known = {key: value for key, value in arguments.items() if value is not None and key in accepted}
    generator = torch.Generator("cpu").manual_seed(settings["seed"])
    return pipe(**known, generator=generator, output_type="latent").images


def several(values):
    return values if len(values) > 1 else values[0]


def decode(pipe, latents):
    """What the pipeline does after the last step, as bytes of [height, width, RGB]."""
    decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(decoded, output_type="np")[0]
    return torch.from_numpy((pixels * 255).round().astype("uint8"))
