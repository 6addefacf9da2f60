"""What previews are made with: a colour of each latent, fitted, and a tiny decoder, trained."""
import json

import torch
from torch import nn

from autoencoder import difference, psnr
from pictures import COLOURS
from training import Run, autocast


class TinyDecoder(nn.Sequential):
    """Latents as the UNet has them to pixels from -1 to 1, at a hundredth of the decoder's cost.

    In place of AutoencoderTiny's: this UNet is so small that a decoder of that kind would cost as much as a step.
    """

    def __init__(self, channels, width=48, factor=4):
        super().__init__(
            nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, 3 * factor * factor, 3, padding=1), nn.PixelShuffle(factor),
        )


def pairs(pictures, latents, size):
    """Latents with the pictures that they are of, on named backgrounds."""
    which, background = (torch.randint(n, (size,), device=latents.device) for n in latents.shape[:2])
    return latents[which, background].float(), pictures.on(which, COLOURS.to(latents.device)[background])


def train(cache, pictures, steps, size):
    device = pictures.rgba.device
    latents = torch.load(cache / "latents.pt", map_location=device)
    fit_colours(cache, pictures, latents)
    decoder = TinyDecoder(latents.shape[2]).to(device, memory_format=torch.channels_last)
    run, cast = Run(cache / "preview.pt", {"decoder": decoder}, rate=2e-3, steps=steps), autocast(device)
    while not run.done():
        given, pixels = pairs(pictures, latents, size)
        with cast():
            made = decoder(given.contiguous(memory_format=torch.channels_last))
        run.learn(difference(made.float(), pixels))
        if run.due(minutes=5):
            with run.averaged():
                given, pixels = pairs(pictures, latents, 256)
                print(f"tiny decoder {float(psnr(decoder(given), pixels).mean()):.2f} dB", flush=True)
                torch.save(decoder.state_dict(), cache / "tiny_decoder.pt")
            run.save()


def fit_colours(cache, pictures, latents):
    """The linear map from a latent's channels, and an offset, to the mean colour of its pixels: least squares."""
    given, pixels = pairs(pictures, latents, 2048)
    colours = nn.functional.avg_pool2d(pixels, pixels.shape[2] // given.shape[2]).permute(0, 2, 3, 1).reshape(-1, 3)
    rows = given.permute(0, 2, 3, 1).reshape(len(colours), -1)
    rows = torch.cat([rows, torch.ones_like(rows[:, :1])], dim=1)
    factors = torch.linalg.lstsq(rows.double(), colours.double()).solution
    error = (rows.double() @ factors - colours).square().mean().sqrt()
    print(f"colours of latents: off by {float(error) * 127.5:.1f} of 255")
    (cache / "latent_rgb.json").write_text(json.dumps([[round(value, 4) for value in row] for row in factors.tolist()]))
