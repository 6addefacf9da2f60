"""Paints every case and its mistakes, in the environment of ../requirements.txt. See ../README.md."""

import argparse
import contextlib
import json
import sys
from pathlib import Path

import diffusers
import torch
from diffusers import ControlNetModel, DiffusionPipeline

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import mistakes
import pictures
import seamless
from cases import FAMILIES
from golden import write_entries, write_tensors
from paint import decode, for_mode, paint
from pictures import pil
from schedulers import CLASSES

TOLERANCE = 1e-3
FACTOR = 20

# The models with ControlNets: what they are without, and the torch twins of their ControlNets.
CONTROLLED = {
    "sd1-controlnet": ("sd1", ["controlnet-a"]),
    "sd1-controlnets": ("sd1", ["controlnet-a", "controlnet-b"]),
    "sdxl-controlnet": ("sdxl", ["controlnet-xl"]),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, required=True, help="where export_all.py left its pipelines")
    parser.add_argument("--out", type=Path, required=True, help="where the golden values go")
    parser.add_argument("families", nargs="*", default=list(FAMILIES))
    arguments = parser.parse_args()

    diffusers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    arguments.out.mkdir(parents=True, exist_ok=True)
    weak = []
    for family in arguments.families:
        entries, tensors = [], {}
        for case in FAMILIES[family]:
            entry, found = run(arguments.scratch, case, weak)
            entries.append(entry)
            tensors |= {f"{case['name']}.{key}": tensor for key, tensor in found.items()}
        write_entries(arguments.out, family, entries)
        write_tensors(arguments.out, family, tensors)
    assert not weak, "a test could not tell these from the right results:\n" + "\n".join(weak)


def run(scratch, case, weak):
    pipe = load(scratch, case)
    width, height = size(pipe, case)
    case = {**case, "width": width, "height": height}
    settings = {**case, **inputs(case)}
    latents = paint(pipe, settings)
    picture = decode(pipe, latents)
    assert picture.shape == (height, width, 3)
    assert latents.isfinite().all() and 0.5 < latents.abs().max() < 100, f"{case['name']}: {latents.abs().max()}"
    tensors = {"latents": latents.flatten(), "picture": picture}
    tensors |= {key: torch.from_numpy(settings[key]) for key in ["image", "mask"] if key in settings}
    if "given" in settings:
        tensors["given"] = settings["given"].flatten()
    for i, control in enumerate(settings.get("controls", [])):
        tensors[f"control.{i}"] = torch.from_numpy(control["image"])
    if "mask" in case:
        tensors["latent_mask"] = latent_mask(pipe, settings)

    factors = []
    for mistake in case["mistakes"]:
        with mistaken(pipe, settings, mistake) as changed:
            wrong = paint(pipe, changed)
            wrong_picture = decode(pipe, wrong)
        in_decoder = mistake == "decoder_not_seamless"
        in_decoder |= mistake == "wrong_scaling_factor" and case["mode"] == "txt2img"
        of = "picture" if in_decoder else "latents"
        right, found = (picture, wrong_picture) if of == "picture" else (latents, wrong)
        factor = distance(found.float(), right.float()) / TOLERANCE
        if factor < FACTOR:
            weak.append(f"{case['name']}: {mistake} moves the {of} by {factor:.1f} tolerances only")
        tensors[f"{mistake}.{of}"] = found.flatten() if of == "latents" else found
        factors.append({"name": mistake, "of": of, "factor": round(factor, 1)})
    entry = {**case, "mistakes": factors}
    print(case["name"], f"{latents.abs().max():.1f}", {mistake["name"]: mistake["factor"] for mistake in factors})
    return entry, tensors


def load(scratch, case):
    base, controlnets = CONTROLLED.get(case["model"], (case["model"], []))
    pipe = DiffusionPipeline.from_pretrained(scratch / "torch" / base)
    # transformers 5 no longer nests the encoder, where diffusers 0.42.1 looks for its last normalisation.
    pipe.text_encoder.__dict__.setdefault("text_model", pipe.text_encoder)
    if "scheduler" in case:
        # As read from the file: loaded, a configuration holds the defaults of the class that it names.
        path = scratch / "torch" / base / "scheduler" / "scheduler_config.json"
        scheduler, settings = CLASSES[case["scheduler"]]
        pipe.scheduler = scheduler.from_config(json.loads(path.read_text(encoding="utf-8")), **settings)
    parts = [ControlNetModel.from_pretrained(scratch / "torch" / name) for name in controlnets]
    pipe = for_mode(pipe, case["mode"], parts)
    pipe.set_progress_bar_config(disable=True)
    for part in seamless.parts(pipe):
        seamless.wrap(part, case.get("seamless", ""))
    return pipe


def size(pipe, case):
    native = pipe.unet.config.sample_size * pipe.vae_scale_factor
    return case.get("width", native), case.get("height", native)


def inputs(case):
    """The pictures that go in, in place of their names."""
    size, given = (case["width"], case["height"]), {}
    if "latents" in case:
        given["given"] = pictures.latents(*size)
    if case["mode"] != "txt2img" and case.get("latents") != "image":
        given["image"] = pictures.image(*size)
    if "mask" in case:
        given["mask"] = pictures.mask(case["mask"], *size)
    if "controls" in case:
        drawn = [pictures.control(control["image"], *size) for control in case["controls"]]
        given["controls"] = [{**control, "image": image} for control, image in zip(case["controls"], drawn)]
    return given


def latent_mask(pipe, settings):
    """The mask as the pipeline reduces it to one number a latent."""
    mask = pipe.mask_processor.preprocess(pil(settings["mask"]))
    size = [settings[side] // pipe.vae_scale_factor for side in ["height", "width"]]
    return torch.nn.functional.interpolate(mask, size=size)[0, 0]


@contextlib.contextmanager
def mistaken(pipe, settings, name):
    """A mistake gives other settings, or is a context in which the pipeline itself is wrong."""
    outcome = getattr(mistakes, name)(pipe, settings)
    if isinstance(outcome, dict):
        yield outcome
    else:
        with outcome:
            yield settings


def distance(a, b):
    return float((a - b).abs().max() / b.abs().max())


if __name__ == "__main__":
    main()
