"""Pictures in other sizes, as Pillow resizes them."""

import math

import numpy as np
import torch
from PIL import Image

from golden import write_entries, write_tensors

# From and to, width before height: smaller, larger, one of each, the same shape, other shapes.
SIZES = [
    ((40, 24), (20, 12)),
    ((40, 24), (16, 16)),
    ((24, 40), (16, 16)),
    ((13, 9), (24, 24)),
    ((9, 13), (40, 8)),
    ((64, 64), (8, 8)),
    ((8, 8), (64, 64)),
    ((30, 10), (31, 11)),
]


def centre(size, wanted):
    """The largest part in the middle that has the wanted shape, in whole pixels: never less than that."""
    scale = min(size[0] / wanted[0], size[1] / wanted[1])
    width, height = min(size[0], math.ceil(wanted[0] * scale)), min(size[1], math.ceil(wanted[1] * scale))
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def make(out):
    entries, tensors = [], {}
    random = np.random.default_rng(0)
    for i, (size, wanted) in enumerate(SIZES):
        # In f32, one plane at a time: Pillow's own filter without its rounding to bytes.
        planes = random.random((3, size[1], size[0]), dtype=np.float32)
        box = centre(size, wanted)
        fitted = [Image.fromarray(plane).crop(box).resize(wanted, Image.Resampling.BILINEAR) for plane in planes]
        stretched = [Image.fromarray(plane).resize(wanted, Image.Resampling.BILINEAR) for plane in planes]
        entries.append({"name": str(i), "from": size, "to": wanted})
        tensors[f"{i}.source"] = torch.from_numpy(planes)
        tensors[f"{i}.stretched"] = torch.from_numpy(np.stack([np.asarray(plane) for plane in stretched]))
        tensors[f"{i}.fitted"] = torch.from_numpy(np.stack([np.asarray(plane) for plane in fitted]))
    write_entries(out, "resize", entries)
    write_tensors(out, "resize", tensors)
