"""One picture as diffusers' own pipelines paint it."""

import torch


def paint(pipe, settings):
    """The final latents, still scaled by the autoencoder's scaling_factor."""
    return pipe(
        prompt=settings["prompt"],
        negative_prompt=settings["negative"],
        num_inference_steps=settings["steps"],
        guidance_scale=settings["guidance"],
        width=settings.get("width"),
        height=settings.get("height"),
        generator=torch.Generator("cpu").manual_seed(settings["seed"]),
        output_type="latent",
    ).images


def decode(pipe, latents):
    """What the pipeline does after the last step, as bytes of [height, width, RGB]."""
    decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(decoded, output_type="np")[0]
    return torch.from_numpy((pixels * 255).round().astype("uint8"))
