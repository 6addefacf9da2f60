"""ONNX directories as `optimum-cli export onnx` writes them."""

import contextlib
import shutil

from optimum.exporters.onnx import main_export


def export(torch_folder, folder):
    shutil.rmtree(folder, ignore_errors=True)
    # The path given is written into model_index.json: a bare name says nothing of this machine.
    with contextlib.chdir(torch_folder.parent):
        main_export(torch_folder.name, str(folder), task="text-to-image", do_validation=True)
    # Optimum saves today's defaults with the scheduler and a tokenizer of its own making; most published
    # directories hold the files of the model's author.
    for name in ["scheduler", "tokenizer", "tokenizer_2"]:
        if (torch_folder / name).exists():
            shutil.copytree(torch_folder / name, folder / name, dirs_exist_ok=True)
