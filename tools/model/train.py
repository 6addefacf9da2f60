"""Trains the parts of the model, one after the other. Started again, it goes on from its last checkpoint.

    python tools/model/train.py autoencoder
    python tools/model/train.py diffusion    (text encoder and UNet; needs the autoencoder)
    python tools/model/train.py turbo        (the student of few steps; needs both)
    python tools/model/train.py preview      (tiny decoder and colours of latents; needs the autoencoder)
"""
import argparse
from pathlib import Path

import torch

import autoencoder
import diffusion
import distill
import preview
from pictures import Pictures
from training import device

# Steps and pictures in a step: what two CPU cores manage in some hours, and what a GPU does in minutes.
PARTS = {
    "autoencoder": (autoencoder.train, {"cpu": (8000, 8), "cuda": (6000, 128)}),
    "diffusion": (diffusion.train, {"cpu": (20000, 64), "cuda": (24000, 512)}),
    "turbo": (distill.train, {"cpu": (1500, 32), "cuda": (3000, 256)}),
    "preview": (preview.train, {"cpu": (1000, 32), "cuda": (4000, 128)}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--cache", type=Path, default=Path("target/model"), help="folder of `prepare`; checkpoints go there")
    parser.add_argument("--steps", type=int, help="in all, those of earlier starts included")
    parser.add_argument("--batch", type=int)
    options = parser.parse_args()
    train, sizes = PARTS[options.part]
    steps, batch = sizes[device().type]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    train(options.cache, Pictures(options.cache / "pictures.zip").to(device()), options.steps or steps, options.batch or batch)


if __name__ == "__main__":
    main()
