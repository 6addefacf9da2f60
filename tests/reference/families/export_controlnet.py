"""UNets that take what ControlNets give, and ControlNets, exported in the two ways that are in use.

Apart, as Olive does it in the recipes that Amuse and OnnxStack use; or merged into one graph, as diffusers'
convert_stable_diffusion_controlnet_to_onnx.py does it.
"""

import contextlib
import json
import shutil

import torch
from diffusers import ControlNetModel, UNet2DConditionModel

OPSET = 14
SIZE, TOKENS = 8, 24
TEXT = {0: "batch", 1: "sequence"}
CONDITIONS = {"text_embeds": {0: "batch"}, "time_ids": {0: "batch"}}


def export(torch_folder, base, folder, controlnets, scale):
    """The model `base` with a UNet that takes residuals, and each of `controlnets` beside it.

    `scale` is an example of what conditioning_scale is given as: a float becomes a double.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    unet, parts = load(torch_folder, base.name, controlnets)
    export_unet(unet, parts[0], folder / "unet")
    for i, part in enumerate(parts):  # under the names that diffusers gives the folders of several
        export_part(part, folder / (f"controlnet_{i}" if i else "controlnet"), scale)
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    index["controlnet"] = ["diffusers", "ControlNetModel" if len(controlnets) == 1 else "MultiControlNetModel"]
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="ascii")


def export_merged(torch_folder, base, folder, controlnets):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    unet, parts = load(torch_folder, base.name, controlnets)
    write(
        Merged(unet, parts),
        folder / "unet",
        {
            "sample": torch.randn(2, 4, SIZE, SIZE),
            "timestep": torch.tensor([1.0]),
            "encoder_hidden_states": torch.randn(2, TOKENS, unet.config.cross_attention_dim),
            "controlnet_conds": torch.randn(len(parts), 2, 3, 8 * SIZE, 8 * SIZE),
            "conditioning_scales": torch.randn(len(parts), 1),
        },
        ["noise_pred"],
        {
            "sample": {0: "2B", 2: "H", 3: "W"},
            "encoder_hidden_states": {0: "2B"},
            "controlnet_conds": {1: "2B", 3: "8H", 4: "8W"},
        },
    )


def load(torch_folder, base, controlnets):
    # The path given is written into config.json: a bare name says nothing of this machine.
    with contextlib.chdir(torch_folder):
        unet = UNet2DConditionModel.from_pretrained(base, subfolder="unet").eval()
        return unet, [ControlNetModel.from_pretrained(name).eval() for name in controlnets]


def export_unet(unet, controlnet, folder):
    inputs = unet_inputs(unet)
    controlled = [*inputs.values()]
    controlled[3:3] = [picture_for(controlnet, inputs["sample"]), 1.0]
    residuals = dict(zip(residual_names(controlnet), Part(controlnet)(*controlled), strict=True))
    axes = pictures("out_sample", *residuals) | axes_of(inputs)
    write(WithResiduals(unet), folder, {**inputs, **residuals}, ["out_sample"], axes)


def export_part(controlnet, folder, scale):
    names, inputs = residual_names(controlnet), unet_inputs(controlnet)
    inputs |= {"controlnet_cond": picture_for(controlnet, inputs["sample"]), "conditioning_scale": scale}
    order = ["sample", "timestep", "encoder_hidden_states", "controlnet_cond", "conditioning_scale", *CONDITIONS]
    inputs = {name: inputs[name] for name in order if name in inputs}
    axes = pictures("controlnet_cond", *names) | axes_of(inputs)
    write(Part(controlnet), folder, inputs, names, axes)
    controlnet.save_config(folder)


def picture_for(controlnet, sample):
    factor = 2 ** (len(controlnet.config.conditioning_embedding_out_channels) - 1)
    return torch.rand(sample.shape[0], 3, factor * sample.shape[2], factor * sample.shape[3])


def unet_inputs(model):
    config = model.config
    inputs = {
        "sample": torch.randn(2, 4, SIZE, SIZE),
        "timestep": torch.rand(2),
        "encoder_hidden_states": torch.randn(2, TOKENS, config.cross_attention_dim),
    }
    if config.addition_embed_type == "text_time":
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        inputs |= {"text_embeds": torch.randn(2, pooled), "time_ids": torch.rand(2, 6)}
    return inputs


def pictures(*names):
    """Axes of the same name would promise equal sizes."""
    return {name: {0: "batch", 2: f"{name}_height", 3: f"{name}_width"} for name in names}


def axes_of(inputs):
    known = {**pictures("sample"), "timestep": {0: "batch"}, "encoder_hidden_states": TEXT, **CONDITIONS}
    return {name: axes for name, axes in known.items() if name in inputs}


def residual_names(model):
    """One of the first convolution, and of each block one a layer and one of its downsampler, if it has one."""
    blocks = len(model.config.block_out_channels)
    count = 1 + blocks * model.config.layers_per_block + blocks - 1
    return [f"down_block_{i}_additional_residual" for i in range(count)] + ["mid_block_additional_residual"]


def conditions(rest):
    return {"text_embeds": rest[0], "time_ids": rest[1]} if rest else None


class WithResiduals(torch.nn.Module):
    def __init__(self, unet):
        super().__init__()
        self.unet = unet
        self.conditions = 2 if unet.config.addition_embed_type == "text_time" else 0

    def forward(self, sample, timestep, text, *rest):
        given, residuals = rest[: self.conditions], rest[self.conditions :]
        return self.unet(
            sample,
            timestep,
            text,
            added_cond_kwargs=conditions(given),
            down_block_additional_residuals=residuals[:-1],
            mid_block_additional_residual=residuals[-1],
            return_dict=False,
        )[0]


class Part(torch.nn.Module):
    def __init__(self, controlnet):
        super().__init__()
        self.controlnet = controlnet

    def forward(self, sample, timestep, text, image, scale, *rest):
        down, mid = self.controlnet(
            sample, timestep, text, image, scale, added_cond_kwargs=conditions(rest), return_dict=False
        )
        return *down, mid


class Merged(torch.nn.Module):
    def __init__(self, unet, controlnets):
        super().__init__()
        self.unet, self.controlnets = unet, torch.nn.ModuleList(controlnets)

    def forward(self, sample, timestep, text, images, scales):
        down, mid = None, None
        for image, scale, controlnet in zip(images, scales, self.controlnets, strict=True):
            more_down, more_mid = controlnet(sample, timestep, text, image, scale, return_dict=False)
            down = more_down if down is None else [a + b for a, b in zip(down, more_down, strict=True)]
            mid = more_mid if mid is None else mid + more_mid
        return self.unet(
            sample,
            timestep,
            text,
            down_block_additional_residuals=down,
            mid_block_additional_residual=mid,
            return_dict=False,
        )[0]


def write(module, folder, inputs, outputs, axes):
    folder.mkdir(exist_ok=True)
    with torch.no_grad():
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            folder / "model.onnx",
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
