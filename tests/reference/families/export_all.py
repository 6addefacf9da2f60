"""Builds every pipeline and exports it, in the environment of requirements-export.txt. See ../README.md."""

import argparse
import shutil
from pathlib import Path

import torch

import export_controlnet
import export_optimum
import export_ports
import export_script
import export_tiny
import overflow
import pipelines
import store

OPTIMUM = [
    "sd1",
    "sd1-hidden",
    "lcm",
    "inpaint9",
    "sd2v",
    "sd2v-zero-snr",
    "turbo",
    "sdxl",
    "sdxl-turbo",
    "sdxl-lightning",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, required=True, help="a folder for the pipelines and the exports")
    parser.add_argument("--models", type=Path, required=True, help="where the committed models go")
    parser.add_argument("--golden", type=Path, required=True, help="where the golden values go")
    arguments = parser.parse_args()

    scratch = arguments.scratch.resolve()
    torch_folder, onnx_folder = scratch / "torch", scratch / "onnx"
    for folder in [torch_folder, onnx_folder]:
        shutil.rmtree(folder, ignore_errors=True)
    pipelines.make_all(torch_folder)
    for name in OPTIMUM:
        export_optimum.export(torch_folder / name, onnx_folder / name)
    controlled(torch_folder, onnx_folder)
    export_script.export(torch_folder / "sd1", onnx_folder / "sd1-script")
    export_ports.export_all(torch_folder / "sd1", onnx_folder / "sd1-script", onnx_folder)
    export_script.export(torch_folder / "sd1-overflow", onnx_folder / "sd1-overflow", torch.float16)
    overflow.write_golden(torch_folder / "sd1-overflow", arguments.golden)
    export_tiny.export(onnx_folder / "sd1", onnx_folder / "sd1-tiny", arguments.golden)

    like = {"sd1-controlnets-merged": "sd1-controlnets", "sd1-hidden": "sd1", "sd1-overflow": "sd1", "sd1-tiny": "sd1"}
    like |= dict.fromkeys(export_ports.NAMES, "sd1")
    store.collect({path.name: path for path in sorted(onnx_folder.iterdir(), key=order)}, arguments.models, like)


def order(path):
    """First those that others are made of: the others keep only what they have of their own."""
    first = [*OPTIMUM, "sd1-script"]
    return first.index(path.name) if path.name in first else len(first), path.name


def controlled(torch_folder, folder):
    sd1, sdxl, one, two = folder / "sd1", folder / "sdxl", ["controlnet-a"], ["controlnet-a", "controlnet-b"]
    export_controlnet.export(torch_folder, sd1, folder / "sd1-controlnet", one, scale=1.0)
    export_controlnet.export(torch_folder, sd1, folder / "sd1-controlnets", two, scale=torch.tensor(1.0))
    export_controlnet.export_merged(torch_folder, sd1, folder / "sd1-controlnets-merged", two)
    export_controlnet.export(torch_folder, sdxl, folder / "sdxl-controlnet", ["controlnet-xl"], torch.tensor([1.0]))


if __name__ == "__main__":
    main()
