"""What goes into image-to-image, inpainting and ControlNet, as bytes of [height, width, channels]."""

import numpy as np
import torch
from PIL import Image

# Hard edges, and slopes through every value: what is taken from a mask is decided at half of 255.
CIRCLE, BAND = "circle", "band"


def image(width, height):
    """Smooth colours with a hard-edged square: something for an encoder to see."""
    y, x = np.mgrid[0:height, 0:width]
    red = 127 + 120 * np.sin(x / 9)
    green = 255 * y / height
    blue = 127 + 120 * np.cos((x + y) / 7)
    pixels = np.stack([red, green, blue], axis=-1)
    pixels[height // 4 : height // 2, width // 4 : width // 2] = [250, 240, 20]
    return pixels.round().astype(np.uint8)


def mask(shape, width, height):
    """White is painted anew. No border lies on a border between latents, and most are soft."""
    y, x = np.mgrid[0:height, 0:width]
    if shape == CIRCLE:
        distance = np.hypot(x - 0.45 * width, y - 0.55 * height) / min(width, height)
        value = 127.5 + 255 * (0.3 - distance) * 4
    else:
        value = np.where(x > 0.6 * width + 1, 255.0, 127.5 + 16 * (y - 0.4 * height))
    return value.clip(0, 255).round().astype(np.uint8)


def control(kind, width, height):
    """Outlines or a slope, as an edge detector or a depth estimator would draw."""
    y, x = np.mgrid[0:height, 0:width]
    if kind == "edges":
        value = 255 * ((np.abs(np.hypot(x - width / 2, y - height / 2) - width / 4) < 1.5) | (x == y))
    else:
        value = 255 * (x + 2 * y) / (width + 2 * height)
    return np.repeat(value.round().astype(np.uint8)[..., None], 3, axis=-1)


def latents(width, height):
    """Numbers of deviation 1 in the shape of the latents of eight pixels."""
    return torch.randn((1, 4, height // 8, width // 8), generator=torch.Generator().manual_seed(2))


def pil(pixels):
    return Image.fromarray(pixels)
