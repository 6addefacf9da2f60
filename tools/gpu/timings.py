"""Times of Scumble on a GPU beside those of diffusers in torch, eager and compiled, with the same weights on the same
machine. run.sh calls it:

    timings.py model DIR NAME      makes DIR/models/NAME: torch's weights and the ONNX export, both in half precision
    timings.py fused DIR NAME      the same graphs as ONNX Runtime's own tools rewrite them for CUDA
    timings.py times DIR NAME [ENGINE…]    measures these (eager, exported and recorded), one after the other, each in a process of
                                   its own; what was measured of others before is kept
    timings.py table DIR           prints what was measured as Markdown

NAME: emblem (emblem-64 of the tests, float32; torch has random weights of its shapes), sd15 or turbo (shapes of Stable
Diffusion 1.5 and SD-Turbo, 512 x 512, random weights). A time is the median of the pictures after the first. A step
takes what 20 steps take longer than 4, by 16. Memory is what the whole GPU holds more than before the process began. Of what
is copied in a step, the share of its time is what torch takes to send the latents there and back.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools" / "bench"), str(ROOT / "tests" / "reference" / "families")]
EMBLEM = ROOT / "tests" / "reference" / "models" / "emblem-64"
PROMPT, SEED = "a red apple, 3d style, on a blue background", 7
STEPS = (1, 4, 20)
ENGINES = {
    "eager": "diffusers, eager",
    "exported": "Scumble, as exported",
    "recorded": "Scumble, as exported, recorded",
    "fused": "Scumble, fused",
    "compiled": "diffusers, compiled",
}
OURS = ("exported", "recorded", "fused")
SMALL = bool(os.environ.get("SCUMBLE_GPU_SMALL"))  # to try the script itself
PICTURES = 1 if SMALL else 5
GUIDANCE = {"emblem": 4.0, "sd15": 7.5, "turbo": 1.0}
# Of the picture's own deviation: what half precision and other orders of sums may make of it. Another picture is 1.4.
FARTHEST = 0.3


def shape(name):
    from real_size import SD15, VAE

    if SMALL:
        return {
            "unet": {"sample_size": 16, "block_out_channels": (32, 32, 64, 64), "attention_head_dim": 8},
            "vae": {"sample_size": 128, "block_out_channels": (32, 32, 32, 32), "layers_per_block": 1},
            "text": {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2},
        }
    if name == "sd15":
        return SD15
    # Stable Diffusion 2.1's, which SD-Turbo keeps.
    heads = {"attention_head_dim": (5, 10, 20, 20), "use_linear_projection": True}
    text = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16}
    return {"unet": SD15["unet"] | heads, "vae": VAE, "text": text | {"hidden_act": "gelu"}}


def size(name):
    return 64 if name == "emblem" else 8 * shape(name)["unet"]["sample_size"]


def torch_device(device):
    return device if device.startswith("cuda") else "cpu"


def make_model(folder, name, device):
    import torch
    from export_script import export
    from real_size import pipeline

    shutil.rmtree(folder, ignore_errors=True)
    if name == "emblem":
        from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
        from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

        text = json.loads((EMBLEM / "text_encoder" / "config.json").read_text())
        torch.manual_seed(0)
        StableDiffusionPipeline(
            vae=AutoencoderKL.from_config(AutoencoderKL.load_config(EMBLEM / "vae_decoder")),
            text_encoder=CLIPTextModel(CLIPTextConfig(**text)),
            tokenizer=CLIPTokenizer.from_pretrained(EMBLEM / "tokenizer"),
            unet=UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(EMBLEM / "unet")),
            scheduler=DDIMScheduler.from_pretrained(EMBLEM / "scheduler"),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        ).save_pretrained(folder / "torch")
        return
    pipeline(folder, shape(name)).to(torch.float16).save_pretrained(folder / "torch")
    export(folder / "torch", folder / "onnx", torch.float16, torch_device(device))


def fuse(folder, device):
    """ONNX Runtime's tools fuse in single precision, and convert then."""
    import numpy
    import onnxruntime
    import torch
    from export_script import export

    tools = pathlib.Path(onnxruntime.__file__).parent / "transformers"
    sys.path[:0] = [str(tools), str(tools / "models" / "stable_diffusion")]
    import fusion_attention_unet
    import fusion_attention_vae
    import optimize_pipeline

    class Int(int):
        """NumPy 2.4 makes no number of an array that holds one, as the tools would have it."""

        def __new__(cls, value):
            return super().__new__(cls, numpy.asarray(value).item())

    fusion_attention_unet.int = fusion_attention_vae.int = Int

    single = folder / "onnx-single"
    export(folder / "torch", single, torch.float32, torch_device(device))
    shutil.rmtree(folder / "fused", ignore_errors=True)
    optimize_pipeline.main(["--float16", "-i", str(single), "-o", str(folder / "fused")])
    shutil.rmtree(single)


class Memory:
    """The most that the GPU held, in MB, more than at first; None where nobody tells. A process of its own cannot be
    told apart in a container."""

    def __init__(self, device):
        self.values, self.process = [], None
        if device.startswith("cuda") and shutil.which("nvidia-smi"):
            query = ["--query-gpu=memory.used", "--format=csv,noheader,nounits", "-lms", "50"]
            command = ["nvidia-smi", "-i", device.partition(":")[2] or "0", *query]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self.values.append(int(self.process.stdout.readline()))
            self.thread = threading.Thread(target=lambda: self.values.extend(map(int, self.process.stdout)))
            self.thread.start()

    def most(self):
        if self.process is None:
            return None
        self.process.terminate()
        self.thread.join()
        return max(self.values) - self.values[0]


class Failed(Exception):
    pass


def run(command, device):
    """What it prints, and the memory that it took."""
    memory = Memory(device)
    ended = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    most = memory.most()
    if ended.returncode != 0:
        raise Failed(f"{ended.stdout}\n{' '.join(map(str, command))} failed with status {ended.returncode}")
    return ended.stdout, most


def scumble(program, model, name, device, out, recorded=False):
    pictures, copied, most = {}, {}, None
    for steps in STEPS:
        options = ["--model", model, "--device", device, "--scheduler", "euler", "--guidance", GUIDANCE[name]]
        options += ["--steps", steps, "--seed", SEED, "--repeat", PICTURES + 2, "--out", out / f"{steps}.png"]
        options += ["--width", size(name), "--height", size(name)]
        if recorded:
            options += ["--device-options", "enable_cuda_graph=1"]
        text, most = run([program, PROMPT, *options], device)
        found = re.findall(r"^picture +([\d.]+) ms, .* (\d+) bytes copied$", text, re.M)
        pictures[steps] = [float(ms) for ms, _ in found[1:]]
        copied[steps] = int(found[-1][1])
    return {"pictures": pictures, "memory": most, "copied": (copied[20] - copied[4]) / 16}


def torch_engine(folder, name, device, compiled, out):
    """In a process of its own; prints JSON."""
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

    # As Scumble has it.
    torch.backends.cudnn.allow_tf32 = False
    # torch is slow at halves on the CPU.
    half = name != "emblem" and device.startswith("cuda")
    dtype = torch.float16 if half else torch.float32
    pipe = StableDiffusionPipeline.from_pretrained(folder / "torch", torch_dtype=dtype, local_files_only=True)
    pipe = pipe.to(torch_device(device))
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    if compiled:  # as diffusers' guide has it
        for part in (pipe.unet, pipe.vae):
            part.to(memory_format=torch.channels_last)
        pipe.unet = torch.compile(pipe.unet, mode="reduce-overhead", fullgraph=True)
        pipe.vae.decode = torch.compile(pipe.vae.decode, mode="reduce-overhead", fullgraph=True)
    guidance = GUIDANCE[name]
    positive, negative = pipe.encode_prompt(PROMPT, torch_device(device), 1, guidance > 1)
    pictures = {}
    for steps in STEPS:
        times = []
        for _ in range(PICTURES + 1):
            begin = time.perf_counter()
            picture = pipe(
                prompt_embeds=positive,
                negative_prompt_embeds=negative,
                num_inference_steps=steps,
                guidance_scale=guidance,
                width=size(name),
                height=size(name),
                generator=torch.Generator().manual_seed(SEED),
            ).images[0]
            times.append(1000 * (time.perf_counter() - begin))
        pictures[steps] = times[1:]
        picture.save(out / f"{steps}.png")
    side = size(name) // pipe.vae_scale_factor
    latents = torch.zeros(2 if guidance > 1 else 1, pipe.unet.config.in_channels, side, side, dtype=dtype)
    crossings = []
    for _ in range(100):
        begin = time.perf_counter()
        latents.to(torch_device(device)).cpu()
        crossings.append(1000 * (time.perf_counter() - begin))
    print(json.dumps({"pictures": pictures, "crossing": statistics.median(crossings)}))


def deviation(ours, theirs):
    """How far the pictures are from each other, in deviations of theirs."""
    import numpy
    from PIL import Image

    a, b = (numpy.asarray(Image.open(path).convert("RGB"), dtype=float) for path in (ours, theirs))
    return float(numpy.sqrt(numpy.mean((a - b) ** 2)) / max(b.std(), 1e-9))


def times(folder, name, device, program, engines):
    model, pictures = folder / "models" / name, folder / "pictures" / name
    path = folder / "results" / f"times-{name}.json"
    path.parent.mkdir(exist_ok=True)
    results = json.loads(path.read_text()) if path.is_file() else {}
    wrong = []
    for engine in engines:
        if engine == "recorded" and not device.startswith("cuda"):
            print("recorded: not on", device)
            continue
        out = pictures / engine
        out.mkdir(parents=True, exist_ok=True)
        try:
            if engine in OURS:
                graphs = EMBLEM if name == "emblem" else model / ("fused" if engine == "fused" else "onnx")
                result = scumble(program, graphs, name, device, out, engine == "recorded")
            else:
                command = [sys.executable, __file__, "torch", folder, name, engine, "--device", device, "--out", out]
                text, most = run(command, device)
                result = json.loads(text.splitlines()[-1]) | {"memory": most}
        except Failed as error:
            wrong.append(str(error))
            continue
        # torch has other weights of emblem-64's shapes.
        if engine != "eager" and name != "emblem" and (pictures / "eager" / "4.png").is_file():
            result["deviation"] = deviation(out / "4.png", pictures / "eager" / "4.png")
            if not result["deviation"] < FARTHEST:  # NaN counts
                wrong.append(f"{engine}: {result['deviation']:.2f} deviations from torch's picture, over {FARTHEST}")
        results[engine] = result
        print(engine, json.dumps(result), flush=True)
        # Now, since the next engine may be ended.
        path.write_text(json.dumps(results, indent=1))
    if wrong:
        sys.exit("\n".join(wrong))


def step(result):
    return (statistics.median(result["pictures"]["20"]) - statistics.median(result["pictures"]["4"])) / 16


def machine():
    gpu = "no NVIDIA GPU"
    if shutil.which("nvidia-smi"):
        query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
        answer = subprocess.run(query, stdout=subprocess.PIPE, text=True)
        if answer.returncode == 0:
            gpu = answer.stdout.splitlines()[0].replace(", ", ", driver ")
    models = re.findall(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return f"{gpu}; {os.cpu_count()} cores of {models[0] if models else platform.machine()}"


def versions():
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"torch {version('torch')}, diffusers {version('diffusers')}"
    except PackageNotFoundError:
        return "no torch"


def table(folder, device):
    files = [path for path in sorted((folder / "results").glob("*.json")) if path.read_text().strip()]
    if not files:
        return
    titles = {"emblem": "emblem-64, 64 × 64, float32", "sd15": "SD 1.5's shapes, guided", "turbo": "SD-Turbo's shapes"}
    print(f"Measured with `tools/gpu/run.sh` on {machine()} (device {device}; {versions()}):\n")
    if any(path.stem.startswith("times-") for path in files):
        table_of_times(folder, titles)
    files = [path for path in files if path.stem.startswith("frames-")]
    if files:
        table_of_frames(files, titles)


def table_of_times(folder, titles):
    heads = [f"a picture of {n} step{'s' * (n > 1)}" for n in STEPS]
    heads = ["", "", "a step", *heads, "of Scumble's time", "device memory", "copied a step", "off by"]
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for name, title in titles.items():
        path = folder / "results" / f"times-{name}.json"
        results = json.loads(path.read_text()) if path.is_file() else {}
        best = min((step(results[engine]) for engine in OURS if engine in results), default=0)
        for engine, result in sorted(results.items(), key=lambda item: list(ENGINES).index(item[0])):
            cells = [title, ENGINES[engine], f"{step(result):.2f} ms"]
            cells += [f"{statistics.median(result['pictures'][str(n)]):.1f} ms" for n in STEPS]
            cells.append(f"{step(result) / best:.2f} times" if best > 0 else "")
            cells.append(f"{result['memory']} MB" if result.get("memory") is not None else "")
            share = results.get("eager", {}).get("crossing", 0) / step(result) if step(result) > 0 else 0
            cells.append(f"{result['copied'] / 1000:.1f} KB, {share:.2%}" if "copied" in result else "")
            cells.append(f"{result['deviation']:.3f} σ" if "deviation" in result else "")
            print(f"| {' | '.join(cells)} |")


def table_of_frames(files, titles):
    parts = {path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in files}
    game = next(iter(parts.values()))[0]
    print(f"\nA game of 60 frames a second on the same GPU ({game['renderer']}; {game['load_ms']:.1f} ms a frame alone):\n")
    print("| | frame p50 | frame p99 | until drawn, p50 | until drawn, p99 | frames missed | a picture takes |")
    print("|---|---|---|---|---|---|---|")
    for name, lines in parts.items():
        for part in lines[1:]:
            cells = [f"{titles[name.partition('-')[2]]}: {part['part']}"]
            frames = [f"{part[key]:.2f} ms" for key in ("p50", "p99", "work_p50", "work_p99") if key in part]
            cells += frames or [""] * 4
            cells.append(f"{100 * part['missed'] / part['frames']:.2f} %" if "frames" in part else "")
            cells.append(f"{part['picture_ms']:.0f} ms" if part["picture_ms"] else "")
            print(f"| {' | '.join(cells)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["model", "fused", "times", "torch", "table"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("name", nargs="?", choices=GUIDANCE)
    parser.add_argument("engines", nargs="*", metavar="ENGINE", default=["eager", "exported", "recorded"])
    parser.add_argument("--device", default="cuda:0", help="as Scumble names it")
    parser.add_argument("--program", type=pathlib.Path, help="the example txt2img")
    parser.add_argument("--out", type=pathlib.Path, help="for torch's pictures")
    arguments = parser.parse_args()
    folder, name, device = arguments.folder, arguments.name, arguments.device
    model = folder / "models" / (name or "")
    if arguments.command == "model":
        make_model(model, name, device)
    elif arguments.command == "fused":
        fuse(model, device)
    elif arguments.command == "times":
        times(folder, name, device, arguments.program, arguments.engines)
    elif arguments.command == "torch":
        torch_engine(model, name, device, arguments.engines == ["compiled"], arguments.out)
    else:
        table(folder, device)


if __name__ == "__main__":
    main()
