"""The judge's eye: a small network that tells every training picture from all others.

It learns from the training pictures alone, moved, scaled, blurred, recoloured a little, and on any background, and
never sees what the generator drew. So two pictures are near in its space when they show the same thing in the same
style, wherever it stands and whatever is behind it; pixels would compare place and background first.
"""
import torch
from torch import nn
from torch.nn import functional

from pictures import COLOURS
from training import Run, autocast


class Eye(nn.Module):
    """64 x 64 pixels to a direction of 128 numbers."""

    def __init__(self, pictures):
        super().__init__()
        widths, layers = [3, 32, 64, 128, 192], []
        for before, after in zip(widths, widths[1:]):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * 16, 128))
        self.classes = nn.Parameter(torch.randn(pictures, 128))

    def forward(self, pixels):
        return functional.normalize(self.body(pixels).float(), dim=1)

    def scores(self, pixels):
        return 16 * self(pixels) @ functional.normalize(self.classes, dim=1).T


def altered(pictures, which):
    """Training pictures as the generator might draw them: not quite in place, in size, in colour, or sharp."""
    device, count = which.device, len(which)

    def between(low, high, *shape):
        return torch.rand(count, *shape, device=device) * (high - low) + low

    named = COLOURS.to(device)[torch.randint(len(COLOURS), (count,), device=device)]
    pixels = pictures.on(which, torch.where(between(0, 1, 1) < 0.7, named, between(-1, 1, 3)))
    scale, turn = between(0.9, 1.15), between(-0.15, 0.15)
    matrix = torch.stack([
        torch.stack([scale * turn.cos(), -scale * turn.sin(), between(-0.12, 0.12)], dim=1),
        torch.stack([scale * turn.sin(), scale * turn.cos(), between(-0.12, 0.12)], dim=1),
    ], dim=1)
    grid = functional.affine_grid(matrix, pixels.shape, align_corners=False)
    pixels = functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    coarse = functional.interpolate(functional.avg_pool2d(pixels, 3, 2, 1), size=pixels.shape[2:], mode="bilinear")
    pixels = torch.lerp(pixels, coarse, between(0, 1, 1, 1, 1))
    pixels = pixels * between(0.8, 1.2, 1, 1, 1) + between(-0.15, 0.15, 3, 1, 1)
    return (pixels + between(0, 0.1, 1, 1, 1) * torch.randn_like(pixels)).clamp(-1, 1)


def train(cache, pictures, steps, size):
    device = pictures.rgba.device
    eye = Eye(len(pictures)).to(device, memory_format=torch.channels_last)
    run, cast = Run(cache / "features.pt", {"eye": eye}, rate=2e-3, steps=steps), autocast(device)
    while not run.done():
        which = torch.randint(len(pictures), (size,), device=device)
        pixels = altered(pictures, which).contiguous(memory_format=torch.channels_last)
        with cast():
            scores = eye.scores(pixels)
        run.learn(functional.cross_entropy(scores.float(), which, label_smoothing=0.1))
        if run.due(minutes=5):
            run.save()


class Judge:
    """Finds the training picture that is nearest to a given one."""

    @torch.no_grad()
    def __init__(self, cache, pictures):
        device = pictures.rgba.device
        self.eye = Eye(len(pictures)).to(device)
        self.eye.load_state_dict(torch.load(cache / "features.pt", map_location=device)["modules"]["eye"])
        self.eye.eval()
        known = sum(self.seen(pictures, colour.to(device)) for colour in COLOURS)
        self.known = functional.normalize(known, dim=1)

    def seen(self, pictures, colour):
        every = torch.arange(len(pictures), device=colour.device)
        return torch.cat([self.eye(pictures.on(part, colour.expand(len(part), 3))) for part in every.split(256)])

    @torch.no_grad()
    def nearest(self, pixels):
        return torch.cat([(self.eye(part) @ self.known.T).argmax(dim=1) for part in pixels.split(256)])
