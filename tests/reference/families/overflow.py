"""An autoencoder that overflows in float16, as that of SDXL does: what flows from block to block is beyond 65504,
and comes back where it is normalised. In float32 it is the autoencoder that it was."""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from diffusers.models.attention_processor import Attention
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pictures
import seamless
from golden import write_tensors

# A power of two: weights of float16 lose nothing by it, as long as they are weights of float16 then.
GAIN = 2**15
HEIGHT, WIDTH = 5, 7


def amplify(vae):
    """Rounds the weights to float16, and makes all that flows between normalisations larger."""
    vae.half()
    for half in [vae.encoder, vae.decoder]:
        scale(half.conv_in.weight, half.conv_in.bias)
        for part in half.modules():
            # What is added to the flow grows with it; what only passes it on has a bias to grow.
            if isinstance(part, ResnetBlock2D):
                scale(part.conv2.weight, part.conv2.bias)
            elif isinstance(part, Attention):
                scale(part.to_out[0].weight, part.to_out[0].bias)
            elif isinstance(part, (Downsample2D, Upsample2D)):
                scale(part.conv.bias)
    assert all(parameter.isfinite().all() for parameter in vae.parameters())
    return vae.float()


def scale(*parameters):
    for parameter in parameters:
        parameter.data *= GAIN


def write_golden(torch_folder, golden):
    """What torch makes in float32 of some latents and of a picture; in float16 it makes nothing but NaN."""
    vae = AutoencoderKL.from_pretrained(torch_folder / "vae")
    latents = torch.randn((1, 4, HEIGHT, WIDTH), generator=torch.Generator().manual_seed(18))
    unscaled = latents / vae.config.scaling_factor
    image = torch.from_numpy(pictures.image(8 * WIDTH, 8 * HEIGHT)).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        posterior = vae.encode(image).latent_dist
        tensors = {"latents": latents, "picture": vae.decode(unscaled).sample}
        tensors |= {"image": image, "mean": posterior.mean, "deviation": posterior.std}
        seamless.wrap(vae, "xy")
        tensors["picture.seamless"] = vae.decode(unscaled).sample
        seamless.wrap(vae, "")
        vae.half()
        assert vae.decode(unscaled.half()).sample.isnan().all()
        assert vae.encode(image.half()).latent_dist.mean.isnan().all()
    write_tensors(golden, "overflow", tensors)
