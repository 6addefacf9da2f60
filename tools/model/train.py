"""Trains the parts of the model, all of them or those named. Started again, it goes on from the last checkpoints.

    python tools/model/train.py
    python tools/model/train.py --from models/emblem diffusion
    python tools/model/train.py autoencoder
    python tools/model/train.py diffusion    (text encoder and UNet; needs the autoencoder)
    python tools/model/train.py turbo        (the student of few steps; needs both)
    python tools/model/train.py preview      (tiny decoder and colours of latents; needs the autoencoder)
    python tools/model/train.py features     (the judge of evaluate.py; needs the pictures alone)
"""
import argparse
from pathlib import Path

import torch

import autoencoder
import diffusion
import distill
import features
import preview
import training
from pictures import Pictures
from training import device
from unpack import unpack

# Steps and pictures in a step: what two CPU cores manage in some hours, and what a GPU does in minutes.
PARTS = {
    "autoencoder": (autoencoder.train, {"cpu": (4000, 16), "cuda": (12000, 96)}),
    "diffusion": (diffusion.train, {"cpu": (9000, 64), "cuda": (24000, 768)}),
    "turbo": (distill.train, {"cpu": (1500, 32), "cuda": (3000, 256)}),
    "features": (features.train, {"cpu": (1500, 64), "cuda": (6000, 256)}),
    "preview": (preview.train, {"cpu": (1000, 32), "cuda": (4000, 128)}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}; all when none is given")
    parser.add_argument("--from", type=Path, dest="start", metavar="MODEL", help="exported model to begin from")
    parser.add_argument("--cache", type=Path, default=Path("target/model"), help="folder of `prepare`")
    parser.add_argument("--steps", type=int, help="in all, those of earlier starts included")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="of a part in all: its end, if steps are left")
    options = parser.parse_args()
    training.minutes = options.minutes
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"{', '.join(unknown)}: expected {', '.join(PARTS)}")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    pictures = Pictures(options.cache / "pictures.zip").to(device())
    if options.start:
        unpack(options.start, options.cache, pictures)
    for part in options.parts or PARTS:
        train, sizes = PARTS[part]
        steps, batch = sizes[device().type]
        print(part, flush=True)
        train(options.cache, pictures, options.steps or steps, options.batch or batch)


if __name__ == "__main__":
    main()
