"""Writes the trained model as directories that Scumble opens, and as ones that diffusers opens.

    python tools/model/export.py models

gives models/emblem and models/emblem-turbo (ONNX), and in the cache the same two for diffusers (safetensors).
All weights are rounded to fp16 first, so that every form holds the same numbers.
"""
import argparse
import json
import shutil
import zipfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel

import graph
import tokenizer
from captions import Captions
from noise import SCHEDULE
from preview import TinyDecoder

NAME = "emblem"
DEFAULTS = {"": {"steps": 20, "guidance_scale": 2.0}, "-turbo": {"steps": 4, "guidance_scale": 1.0}}


class TextEncoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        output = self.model(input_ids, output_hidden_states=True)
        return output.last_hidden_state, output.pooler_output, *output.hidden_states


class UNet(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, sample, timestep, encoder_hidden_states):
        return self.model(sample, timestep, encoder_hidden_states, return_dict=False)[0]


class Encoder(nn.Module):
    """Mean and logarithm of the variance: drawing from them is left to who runs it."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, sample):
        return self.model.quant_conv(self.model.encoder(sample))


class Decoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, latent_sample):
        return self.model.decode(latent_sample, return_dict=False)[0]


def load(cache, unet):
    tiny = torch.load(cache / "tiny_decoder.pt", map_location="cpu")
    decoder = TinyDecoder(tiny["0.weight"].shape[1])
    decoder.load_state_dict(tiny)
    parts = dict(
        text_encoder=CLIPTextModel.from_pretrained(cache / "text_encoder"),
        unet=UNet2DConditionModel.from_pretrained(cache / unet, low_cpu_mem_usage=False),
        vae=AutoencoderKL.from_pretrained(cache / "vae", low_cpu_mem_usage=False), tiny=decoder,
    )
    for part in parts.values():
        part.eval().half().float()
    return parts


def write_graphs(folder, text_encoder, unet, vae, tiny):
    """One model.onnx a part, with names and free sizes as diffusers' own exporter gives them."""
    batch, text = {0: "batch"}, {0: "batch", 1: "sequence"}
    small, large = {0: "batch", 2: "height", 3: "width"}, {0: "batch", 2: "h", 3: "w"}
    layers = [f"hidden_states.{layer}" for layer in range(text_encoder.config.num_hidden_layers + 1)]
    channels, width = unet.config.in_channels, unet.config.cross_attention_dim
    latents, pixels = torch.randn(2, channels, 16, 16), torch.randn(1, 3, 64, 64)
    embedding = torch.randn(2, tokenizer.LENGTH, width)
    graph.write(
        folder / "text_encoder", TextEncoder(text_encoder),
        {"input_ids": (torch.zeros(1, tokenizer.LENGTH).long(), text)},
        {"last_hidden_state": text, "pooler_output": batch, **dict.fromkeys(layers, text)},
    )
    graph.write(
        folder / "unet", UNet(unet),
        {
            "sample": (latents, small), "timestep": (torch.tensor([1.0]), {0: "steps"}),
            "encoder_hidden_states": (embedding, text),
        },
        {"out_sample": small},
    )
    graph.write(folder / "vae_encoder", Encoder(vae), {"sample": (pixels, large)}, {"latent_parameters": small})
    graph.write(folder / "vae_decoder", Decoder(vae), {"latent_sample": (latents[:1], small)}, {"sample": large})
    graph.write(folder / "vae_decoder_tiny", tiny, {"latent_sample": (latents[:1], small)}, {"sample": large})


def write_json(path, content):
    path.write_text(json.dumps(content, indent=2, default=str) + "\n")


def write_config(folder, config):
    """Without the name of the folder that it was read from."""
    write_json(folder / "config.json", {**config, "_name_or_path": ""})


def write_configs(folder, text_encoder, unet, vae):
    write_config(folder / "text_encoder", text_encoder.config.to_dict())
    write_config(folder / "unet", unet.config)
    for part in ("vae_encoder", "vae_decoder"):
        write_config(folder / part, vae.config)
    write_json(folder / "vae_decoder_tiny/config.json", {
        "_class_name": "AutoencoderTiny", "latent_channels": unet.config.in_channels, "scaling_factor": 1.0,
    })
    DDIMScheduler(**SCHEDULE).save_pretrained(folder / "scheduler")
    onnx = ["diffusers", "OnnxRuntimeModel"]
    write_json(folder / "model_index.json", {
        "_class_name": "OnnxStableDiffusionPipeline", "feature_extractor": [None, None], "safety_checker": [None, None],
        "requires_safety_checker": False, "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": onnx,
        "tokenizer": ["transformers", "CLIPTokenizer"], "unet": onnx, "vae_decoder": onnx, "vae_encoder": onnx,
    })


def write_things(path, cache):
    """What the model has been taught to draw: one thing a line, and after it the other words for it."""
    with zipfile.ZipFile(cache / "pictures.zip") as archive:
        synonyms = json.loads(archive.read("synonyms.json"))
    known = Captions(sorted(synonyms), synonyms).synonyms
    path.write_text("".join(", ".join([name, *words]) + "\n" for name, words in sorted(known.items())))


def write(cache, target, kind):
    folder = target / (NAME + kind)
    shutil.rmtree(folder, ignore_errors=True)
    parts = load(cache, "unet" + kind.replace("-", "_"))
    shutil.copytree(cache / "tokenizer", folder / "tokenizer")
    write_graphs(folder, **parts)
    parts.pop("tiny")
    write_configs(folder, **parts)
    write_things(folder / "things.txt", cache)
    write_json(folder / "scumble.json", {
        **DEFAULTS[kind], "scheduler": "ddim", "latent_rgb": json.loads((cache / "latent_rgb.json").read_text()),
    })
    StableDiffusionPipeline(
        **parts, tokenizer=tokenizer.load(folder / "tokenizer"), scheduler=DDIMScheduler(**SCHEDULE),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).to(dtype=torch.float16).save_pretrained(cache / f"{NAME}{kind}-torch")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, help="folder of the ONNX directories")
    parser.add_argument("--cache", type=Path, default=Path("target/model"), help="folder of `prepare` and `train`")
    options = parser.parse_args()
    for kind in DEFAULTS:
        if (options.cache / ("unet" + kind.replace("-", "_"))).exists():
            write(options.cache, options.target, kind)


if __name__ == "__main__":
    main()
