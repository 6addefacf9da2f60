"""Builds every pipeline and exports it, in the environment of requirements-export.txt. See ../README.md."""

import argparse
import shutil
from pathlib import Path

import export_optimum
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
    arguments = parser.parse_args()

    scratch = arguments.scratch.resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    torch_folder, onnx_folder = scratch / "torch", scratch / "onnx"
    pipelines.make_all(torch_folder)
    for name in OPTIMUM:
        export_optimum.export(torch_folder / name, onnx_folder / name)
    store.collect({name: onnx_folder / name for name in OPTIMUM}, arguments.models)


if __name__ == "__main__":
    main()
