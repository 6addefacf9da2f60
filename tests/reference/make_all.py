"""Makes every golden file. See README.md."""

import argparse
import json
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

import added_tokens
import clip_tokens
import prompt_syntax
import random_numbers
import resize
import schedulers
import strength
import text_encoder
import tokens
import txt2img
import vae

HERE = Path(__file__).resolve().parent
MODEL = HERE / "models" / "emblem-64"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-model", type=Path, required=True, help="the model as diffusers stores it")
    parser.add_argument(
        "--scheduler-config",
        type=Path,
        default=MODEL / "scheduler" / "scheduler_config.json",
        help="the scheduler's file of the ONNX twin",
    )
    parser.add_argument("--out", type=Path, default=HERE / "golden")
    arguments = parser.parse_args()

    # Sums over several threads are split by the number of threads, and so differ from machine to machine.
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)

    # The torch directory's own scheduler file names a `timestep_spacing`, which the ONNX twin's leaves to
    # the class. Scumble reads the twin's, so the twin's is what the reference must run.
    config = json.loads(arguments.scheduler_config.read_text(encoding="utf-8"))
    pipe = StableDiffusionPipeline.from_pretrained(arguments.torch_model, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)

    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    tokens.make(out, pipe)
    added_tokens.make(out, MODEL / "tokenizer", out / "tokenizer.json")
    clip_tokens.make(out)
    prompt_syntax.make(out)
    random_numbers.make(out)
    resize.make(out)
    schedulers.make(out, config)
    strength.make(out)
    text_encoder.make(out, pipe)
    pictures = txt2img.make(out, pipe, config)
    vae.make(out, pipe, pictures)


if __name__ == "__main__":
    main()
