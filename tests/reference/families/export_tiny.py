"""A tiny decoder beside the autoencoder's: diffusers' AutoencoderTiny, which is TAESD's architecture, and what
torch makes of some latents."""

import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderTiny

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from export_script import write
from golden import write_tensors
from weights import randomise


def export(sd1, folder, golden):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sd1, folder)
    widths = {"encoder_block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4}
    depths = {"num_encoder_blocks": (1,) * 4, "num_decoder_blocks": (1,) * 4}
    model = randomise(AutoencoderTiny(latent_channels=4, **widths, **depths), 16)
    write_decoder(model, folder / "vae_decoder_tiny")

    latents = 2 * torch.randn((1, 4, 5, 7), generator=torch.Generator().manual_seed(17))
    with torch.no_grad():
        picture = model.decode(latents / model.config.scaling_factor).sample
    write_tensors(golden, "tiny_decoder", {"latents": latents, "picture": picture})


def write_decoder(model, folder):
    """With the names of optimum, whose own exporter knows no AutoencoderTiny."""
    model.save_config(folder)
    model.forward = lambda latent_sample: model.decode(latent_sample, return_dict=False)[0]
    axes = {0: "batch_size", 2: "height", 3: "width"}
    example = torch.randn(1, model.config.latent_channels, 8, 8)
    write(model, (example,), folder, ["latent_sample"], ["sample"], {"latent_sample": axes, "sample": axes})
