"""Trains the autoencoder: 64 x 64 pixels to 16 x 16 latents of 8 channels, and back."""
import torch
from diffusers import AutoencoderKL

from pictures import COLOURS
from training import Run, autocast, begin

# 8 channels rather than Stable Diffusion's 4: drawings have hard edges, and at this size every one of them shows.
# Few groups and no attention, since the gradients of both are what costs most on a CPU.
CONFIG = dict(
    down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3,
    block_out_channels=[16, 32, 64], layers_per_block=1, latent_channels=8, norm_num_groups=8, sample_size=64,
    mid_block_add_attention=False,
)


def batch(pictures, size):
    """Mirrored or not, half of them on the named colours and half on any."""
    device = pictures.rgba.device
    which = torch.randint(len(pictures), (size,), device=device)
    named = COLOURS.to(device)[torch.randint(len(COLOURS), (size,), device=device)]
    colours = torch.where(torch.rand(size, 1, device=device) < 0.5, named, torch.rand(size, 3, device=device) * 2 - 1)
    pixels = pictures.on(which, colours)
    mirrored = torch.rand(size, 1, 1, 1, device=device) < 0.5
    return torch.where(mirrored, pixels.flip(3), pixels).contiguous(memory_format=torch.channels_last)


def difference(made, wanted):
    """Distance of pictures: of their values, and of their steps from pixel to pixel, which are the edges."""
    error = made - wanted
    across = (error[..., 1:] - error[..., :-1]).abs().mean()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    return error.abs().mean() + 0.5 * error.square().mean() + across + down


def psnr(made, wanted):
    return -10 * torch.log10((made.clamp(-1, 1) - wanted).square().mean(dim=(1, 2, 3)) / 4)


def reconstruction(vae, pictures, count=256):
    """Mean PSNR in dB of pictures on their own white background."""
    which = torch.linspace(0, len(pictures) - 1, count).long().to(pictures.rgba.device)
    with torch.no_grad():
        pixels = pictures.on(which, COLOURS[:1].to(which.device).expand(count, 3))
        parts = [psnr(vae.decode(vae.encode(part).latent_dist.mode()).sample, part) for part in pixels.split(32)]
    return float(torch.cat(parts).mean())


def train(cache, pictures, steps, size):
    device = pictures.rgba.device
    vae = AutoencoderKL(**CONFIG).to(device, memory_format=torch.channels_last)
    begin(vae, cache / "vae")
    run, cast = Run(cache / "autoencoder.pt", {"vae": vae}, rate=2e-3, steps=steps), autocast(device)
    while not run.done():
        pixels = batch(pictures, size)
        with cast():
            distribution = vae.encode(pixels).latent_dist
            made = vae.decode(distribution.sample()).sample
        # The divergence keeps the latents near a normal distribution, weakly: detail comes first.
        divergence = distribution.kl().float().mean() / distribution.mean[0].numel()
        run.learn(difference(made.float(), pixels) + 2e-4 * divergence)
        if run.due(minutes=5):
            with run.averaged():
                print(f"reconstruction {reconstruction(vae, pictures):.2f} dB", flush=True)
                if run.done():
                    keep(vae, pictures, cache)
            run.save()


@torch.no_grad()
def keep(vae, pictures, cache, scale=None):
    """Writes the finished autoencoder, and the latents of all pictures on all backgrounds.

    Their deviation is one, unless they are scaled as a UNet is used to.
    """
    count, device = len(pictures), pictures.rgba.device
    latents = torch.stack([
        torch.cat([
            vae.encode(pictures.on(part, colour.to(device).expand(len(part), 3))).latent_dist.mode().half()
            for part in torch.arange(count, device=device).split(64)
        ])
        for colour in COLOURS
    ], dim=1)
    vae.register_to_config(scaling_factor=scale or float(1 / latents.float().std()))
    vae.to(memory_format=torch.contiguous_format).save_pretrained(cache / "vae")
    torch.save(latents * vae.config.scaling_factor, cache / "latents.pt")
