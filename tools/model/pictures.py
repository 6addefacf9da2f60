"""The prepared pictures in memory, and how they are laid on a background."""
import io
import json
import zipfile

import numpy as np
import torch
from PIL import Image

STYLES = ("3d", "flat", "cartoon")
BACKGROUNDS = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (220, 40, 40), "green": (60, 160, 70),
    "blue": (60, 110, 220), "yellow": (250, 210, 60), "orange": (240, 140, 40), "purple": (150, 80, 190),
    "pink": (250, 160, 190), "gray": (128, 128, 128), "cyan": (60, 200, 210), "brown": (120, 80, 50),
}
COLOURS = torch.tensor(list(BACKGROUNDS.values())) / 127.5 - 1


class Pictures:
    """All pictures, three of each concept: picture // 3 is the number of its concept, picture % 3 of its style."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            self.synonyms = json.loads(archive.read("synonyms.json"))
            self.concepts = sorted(self.synonyms)
            files = [archive.read(f"{concept}/{style}.webp") for concept in self.concepts for style in STYLES]
        rgba = np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGBA")) for file in files])
        self.rgba = torch.from_numpy(rgba).permute(0, 3, 1, 2).contiguous()

    def __len__(self):
        return len(self.rgba)

    def to(self, device):
        self.rgba = self.rgba.to(device)
        return self

    def on(self, which, colours):
        """Pictures laid on colours [n, 3], from -1 to 1: [n, 3, 64, 64]."""
        rgba = self.rgba[which].float()
        alpha = rgba[:, 3:] / 255
        return (rgba[:, :3] / 127.5 - 1) * alpha + colours[:, :, None, None] * (1 - alpha)
