"""A model of the true size: Stable Diffusion 1.5's shapes with random weights (UNet of 860 M parameters,
77 x 768 to 4 x 64 x 64 to 3 x 512 x 512), painted by Scumble, by optimum-onnx on the same files, and by
diffusers in torch on the same weights.

    cargo build --release --example txt2img
    python tools/bench/real_size.py make DIR      # 9 GB in DIR, some minutes
    python tools/bench/real_size.py run DIR [--steps 4] [--threads 2]

Run it with a Python that has the packages of tests/reference/requirements-export.txt. Each engine runs in a
process of its own, one after the other, files warm; memory is the largest that was resident. Time per step is
that of the longer run less that of a run of one step, so that loading and decoding do not count.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests" / "reference"
PROMPT, SEED, GUIDANCE = "a photo of an astronaut riding a horse on mars", "7", "7.5"

DIFFUSERS = """
import sys, torch
from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline
model, steps, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
pipe = StableDiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32, local_files_only=True)
pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
pipe.set_progress_bar_config(disable=True)
pipe(%r, num_inference_steps=int(steps), guidance_scale=%s, generator=torch.Generator().manual_seed(%s))
"""

OPTIMUM = """
import sys, onnxruntime, torch
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from optimum.onnxruntime import ORTStableDiffusionPipeline
model, steps, threads = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(threads)
pipe = ORTStableDiffusionPipeline.from_pretrained(model, session_options=options)
pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
pipe.set_progress_bar_config(disable=True)
pipe(%r, num_inference_steps=int(steps), guidance_scale=%s, generator=torch.Generator().manual_seed(%s))
"""


# What the parts of Stable Diffusion have in common, and where its versions differ.
VAE = {"sample_size": 512, "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2}
SD15 = {
    "unet": {"sample_size": 64, "block_out_channels": (320, 640, 1280, 1280), "attention_head_dim": 8},
    "vae": VAE,
    "text": {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
}


def make(folder):
    from diffusers import AutoencoderTiny
    from optimum.exporters.onnx import main_export

    pipeline(folder, SD15).save_pretrained(folder / "torch")
    main_export(str(folder / "torch"), str(folder / "onnx"), task="text-to-image", do_validation=False)

    import export_tiny

    export_tiny.write_decoder(AutoencoderTiny(), folder / "onnx" / "vae_decoder_tiny")


def pipeline(folder, shape):
    """diffusers' pipeline of such a shape, with random weights. Its tokenizer lies in the folder."""
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
    from diffusers.pipelines.stable_diffusion import StableDiffusionPipeline
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    sys.path[:0] = [str(REFERENCE), str(REFERENCE / "families")]
    import clip_vocabulary

    (folder / "tokenizer").mkdir(parents=True, exist_ok=True)
    clip_vocabulary.write_directory(REFERENCE / "golden", folder / "tokenizer", clip_vocabulary.END)

    torch.manual_seed(0)
    width = shape["text"]["hidden_size"]
    unet = UNet2DConditionModel(cross_attention_dim=width, **shape["unet"])
    levels = len(shape["vae"]["block_out_channels"])
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        latent_channels=4,
        **shape["vae"],
    )
    text = CLIPTextConfig(projection_dim=width, **shape["text"])
    scheduler = PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    print("UNet: %.0f M parameters" % (sum(p.numel() for p in unet.parameters()) / 1e6))
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def measured(command):
    """Seconds, and the most memory that was resident, in GB."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen([str(part) for part in command], stdout=messages, stderr=messages)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            messages.seek(0)
            sys.exit(f"{messages.read()}\n{command[0]} failed with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024 / 1e9


def run(folder, steps, threads):
    def python(program, model):
        return lambda n: [sys.executable, "-c", program % (PROMPT, GUIDANCE, SEED), folder / model, n, threads]

    def scumble(n):
        program = ROOT / "target" / "release" / "examples" / "txt2img"
        options = ["--model", folder / "onnx", "--scheduler", "euler", "--steps", n, "--guidance", GUIDANCE]
        out = pathlib.Path(tempfile.gettempdir()) / "real_size.png"
        return [program, PROMPT, *options, "--seed", SEED, "--threads", threads, "--out", out]

    engines = [
        ("Scumble", scumble),
        ("optimum-onnx", python(OPTIMUM, "onnx")),
        ("diffusers (torch)", python(DIFFUSERS, "torch")),
    ]
    print(f"512 x 512, guidance {GUIDANCE} (two UNet passes a step), {threads} threads, {steps} steps less 1")
    print(f"{'':18} {'s per step':>10} {'whole run, s':>13} {'peak memory, GB':>16}")
    for name, command in engines:
        measured(command(1))  # brings the files into memory
        one, _ = measured(command(1))
        whole, memory = measured(command(steps))
        print(f"{name:18} {(whole - one) / (steps - 1):10.2f} {whole:13.1f} {memory:16.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["make", "run"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if arguments.command == "make":
        make(arguments.folder)
    else:
        run(arguments.folder, max(arguments.steps, 2), arguments.threads)


if __name__ == "__main__":
    main()
