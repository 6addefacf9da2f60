"""An exported model as it lies in the cache when it has been trained there: where a training begins again."""
import shutil

from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

import autoencoder
import graph


def unpack(folder, cache, pictures):
    """The parts that are not in the cache yet. The student lies beside the model, in a folder of its own."""
    student = folder.with_name(folder.name + "-turbo")
    shutil.copytree(folder / "tokenizer", cache / "tokenizer", dirs_exist_ok=True)
    if not (cache / "latents.pt").exists():
        vae = AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae_encoder"))
        graph.read(vae, folder / "vae_encoder/model.onnx", folder / "vae_decoder/model.onnx")
        autoencoder.keep(vae.to(pictures.rgba.device), pictures, cache, vae.config.scaling_factor)
    if not (cache / "text_encoder").exists():
        encoder = CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder"))
        graph.read(encoder, folder / "text_encoder/model.onnx")
        encoder.save_pretrained(cache / "text_encoder")
    for source, name in ((folder, "unet"), (student, "unet_turbo")):
        if source.exists() and not (cache / name).exists():
            unet = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(source / "unet"))
            graph.read(unet, source / "unet/model.onnx")
            unet.save_pretrained(cache / name)
