"""Cold start beside diffusers: process start to written picture, as a ratio.

    cargo build --release --example txt2img
    python tools/bench/cold_start.py --torch-model DIR [--rounds 5]

DIR is the same model for diffusers (safetensors). Run it with a Python that has the packages of
tests/reference/requirements.txt. The two are run in turn, so that a noisy machine disturbs both
alike; both paint the same prompt, seed, scheduler and steps on the CPU with all cores, files warm.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMPT, SEED, STEPS, GUIDANCE = "a red apple, 3d style, on a blue background", "14", "20", "4"
DIFFUSERS = """
import sys, torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
model, out, prompt, seed, steps, guidance = sys.argv[1:]
pipeline = StableDiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32, local_files_only=True)
pipeline.set_progress_bar_config(disable=True)
pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
generator = torch.Generator("cpu").manual_seed(int(seed))
picture = pipeline(prompt, num_inference_steps=int(steps), guidance_scale=float(guidance), generator=generator)
picture.images[0].save(out)
"""


def seconds(command):
    start = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch-model", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        out = pathlib.Path(work) / "out.png"
        example = ROOT / "target/release/examples/txt2img"
        ours = [example, PROMPT, "--seed", SEED, "--steps", STEPS, "--guidance", GUIDANCE,
                "--scheduler", "dpmpp_2m", "--out", out]
        theirs = [sys.executable, "-c", DIFFUSERS, arguments.torch_model, out, PROMPT, SEED, STEPS, GUIDANCE]
        rounds = [(seconds(ours), seconds(theirs)) for _ in range(arguments.rounds + 1)][1:]  # the first warms files
    for name, times in zip(("Scumble", "diffusers"), zip(*rounds)):
        print(f"{name:10} median {statistics.median(times):6.2f} s  ({min(times):.2f} to {max(times):.2f})")
    ratios = [theirs / ours for ours, theirs in rounds]
    print(f"diffusers takes {statistics.median(ratios):.1f} times as long ({min(ratios):.1f} to {max(ratios):.1f})")


main()
