"""What diffusers' convert_stable_diffusion_checkpoint_to_onnx.py leaves behind: its calls, made with today's torch."""

import json
import shutil

import onnx
import torch
from diffusers import StableDiffusionPipeline

OPSET = 14
TOKENS = 24
PICTURE = {0: "batch", 1: "channels", 2: "height", 3: "width"}


def export(torch_folder, folder, dtype=torch.float32, device="cpu"):
    shutil.rmtree(folder, ignore_errors=True)
    pipe = StableDiffusionPipeline.from_pretrained(torch_folder, torch_dtype=dtype).to(device)

    def example(*shape):
        return torch.randn(*shape).to(device, dtype)

    width, size = pipe.unet.config.cross_attention_dim, pipe.unet.config.sample_size
    write(
        pipe.text_encoder,
        (torch.zeros(1, TOKENS, dtype=torch.int32, device=device),),
        folder / "text_encoder",
        ["input_ids"],
        ["last_hidden_state", "pooler_output"],
        {"input_ids": {0: "batch", 1: "sequence"}},
    )
    write(
        pipe.unet,
        (example(2, 4, size, size), example(2), example(2, TOKENS, width), False),
        folder / "unet",
        ["sample", "timestep", "encoder_hidden_states", "return_dict"],
        ["out_sample"],
        {"sample": PICTURE, "timestep": {0: "batch"}, "encoder_hidden_states": {0: "batch", 1: "sequence"}},
    )
    save_with_data(onnx.load(folder / "unet" / "model.onnx"), folder / "unet", "weights.pb")

    vae = pipe.vae
    decode = vae.decode
    vae.forward = lambda sample, return_dict: vae.encode(sample, return_dict)[0].sample()
    picture = example(1, 3, 8 * size, 8 * size)
    write(
        vae, (picture, False), folder / "vae_encoder", ["sample", "return_dict"], ["latent_sample"], {"sample": PICTURE}
    )
    vae.forward = decode
    write(
        vae,
        (example(1, 4, size, size), False),
        folder / "vae_decoder",
        ["latent_sample", "return_dict"],
        ["sample"],
        {"latent_sample": PICTURE},
    )
    for name in ["tokenizer", "scheduler"]:
        shutil.copytree(torch_folder / name, folder / name)
    parts = ["text_encoder", "unet", "vae_decoder", "vae_encoder"]
    index = {
        "_class_name": "OnnxStableDiffusionPipeline",
        "_diffusers_version": "0.39.0",
        "feature_extractor": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "PNDMScheduler"],
        **{part: ["diffusers", "OnnxRuntimeModel"] for part in parts},
        "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="ascii")


def write(module, arguments, folder, inputs, outputs, axes):
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        torch.onnx.export(
            module,
            arguments,
            str(folder / "model.onnx"),  # over 2 GiB, only a string will do
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def save_with_data(model, folder, name):
    """All weights in one file beside the graph, the small ones too, for there are no others here."""
    shutil.rmtree(folder)
    folder.mkdir()
    options = {"all_tensors_to_one_file": True, "size_threshold": 0, "convert_attribute": False}
    onnx.save_model(model, folder / "model.onnx", save_as_external_data=True, location=name, **options)
