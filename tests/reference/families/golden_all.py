"""Paints every case and its mistakes, in the environment of ../requirements.txt. See ../README.md."""

import argparse
import contextlib
import json
import sys
from pathlib import Path

import torch
from diffusers import DiffusionPipeline

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import mistakes
from cases import FAMILIES
from golden import write_entries, write_tensors
from paint import decode, paint
from schedulers import CLASSES

TOLERANCE = 1e-3
FACTOR = 20


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, required=True, help="where export_all.py left its pipelines")
    parser.add_argument("--out", type=Path, required=True, help="where the golden values go")
    parser.add_argument("families", nargs="*", default=list(FAMILIES))
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for family in arguments.families:
        entries, tensors = [], {}
        for case in FAMILIES[family]:
            entry, found = run(arguments.scratch, case)
            entries.append(entry)
            tensors |= {f"{case['name']}.{key}": tensor for key, tensor in found.items()}
        write_entries(arguments.out, family, entries)
        write_tensors(arguments.out, family, tensors)


def run(scratch, case):
    pipe = load(scratch, case)
    latents = paint(pipe, case)
    picture = decode(pipe, latents)
    assert latents.isfinite().all() and 0.5 < latents.abs().max() < 100, f"{case['name']}: {latents.abs().max()}"
    tensors = {"latents": latents.flatten(), "picture": picture}

    factors = []
    for mistake in case["mistakes"]:
        wrong = err(pipe, case, mistake)
        wrong_picture = decode_mistaken(pipe, case, mistake, wrong)
        of = "picture" if mistake == "wrong_scaling_factor" else "latents"
        right, found = (picture, wrong_picture) if of == "picture" else (latents, wrong)
        factor = distance(found.float(), right.float()) / TOLERANCE
        assert factor >= FACTOR, f"{case['name']}: {mistake} moves the {of} by {factor:.1f} tolerances only"
        tensors[f"{mistake}.{of}"] = found.flatten() if of == "latents" else found
        factors.append({"name": mistake, "of": of, "factor": round(factor, 1)})
    height, width = picture.shape[:2]
    entry = {**case, "width": width, "height": height, "mistakes": factors}
    print(case["name"], f"{latents.abs().max():.1f}", picture.float().mean((0, 1)).tolist(), picture.float().std())
    print("   ", {mistake["name"]: mistake["factor"] for mistake in factors})
    return entry, tensors


def load(scratch, case):
    pipe = DiffusionPipeline.from_pretrained(scratch / "torch" / case["model"], safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    if "scheduler" in case:
        # As read from the file: loaded, a configuration holds the defaults of the class that it names.
        path = scratch / "torch" / case["model"] / "scheduler" / "scheduler_config.json"
        pipe.scheduler = CLASSES[case["scheduler"]].from_config(json.loads(path.read_text(encoding="utf-8")))
    return pipe


@contextlib.contextmanager
def mistaken(pipe, case, mistake):
    """A mistake gives other settings, or is a context in which the pipeline itself is wrong."""
    outcome = getattr(mistakes, mistake)(pipe, case)
    if isinstance(outcome, dict):
        yield outcome
    else:
        with outcome:
            yield case


def err(pipe, case, mistake):
    with mistaken(pipe, case, mistake) as settings:
        return paint(pipe, settings)


def decode_mistaken(pipe, case, mistake, latents):
    with mistaken(pipe, case, mistake):
        return decode(pipe, latents)


def distance(a, b):
    return float((a - b).abs().max() / b.abs().max())


if __name__ == "__main__":
    main()
