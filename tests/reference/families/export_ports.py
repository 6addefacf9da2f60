"""The model that the script leaves, with the other inputs, outputs and files that are found in the wild."""

import contextlib
import shutil

import onnx
import torch
from diffusers import StableDiffusionPipeline
from onnx import TensorProto, helper
from transformers import CLIPTokenizerFast

import export_script
from export_script import TOKENS, save_with_data, write


NAMES = [
    "sd1-script",
    "sd1-timestep-int64",
    "sd1-timestep-one",
    "sd1-timestep-int64-scalar",
    "sd1-timestep-float16",
    "sd1-ort-names",
    "sd1-attention-mask",
    "sd1-io16",
    "sd1-io32",
    "sd1-bare",
]


def export_all(torch_folder, script, folder):
    with variant(script, folder / "sd1-timestep-int64") as copy:
        # The script's first version; data under optimum's name.
        retype_timestep(copy, TensorProto.INT64, ["batch"], "model.onnx_data")
    with variant(script, folder / "sd1-timestep-one") as copy:
        retype_timestep(copy, TensorProto.FLOAT, [1], "model.onnx.data")
    with variant(script, folder / "sd1-timestep-int64-scalar") as copy:
        retype_timestep(copy, TensorProto.INT64, [], "weights.pb")
    with variant(script, folder / "sd1-timestep-float16") as copy:
        retype_timestep(copy, TensorProto.FLOAT16, [1], "weights.pb")
    with variant(script, folder / "sd1-ort-names") as copy:
        rename_as_onnxruntime(copy)
    with variant(script, folder / "sd1-attention-mask") as copy:
        export_with_mask(torch_folder, copy / "text_encoder")
    export_script.export(torch_folder, folder / "sd1-io16", torch.float16)
    with variant(script, folder / "sd1-io32") as copy:
        take_single_precision(folder / "sd1-io16" / "unet", copy / "unet")
    with variant(script, folder / "sd1-bare") as copy:
        leave_out(copy)


@contextlib.contextmanager
def variant(script, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(script, folder)
    yield folder


def retype_timestep(folder, element, shape, data):
    """In front of a graph that takes float32 [batch]."""
    model = onnx.load(folder / "unet" / "model.onnx")
    graph = model.graph
    place = next(i for i, port in enumerate(graph.input) if port.name == "timestep")
    for node in graph.node:
        node.input[:] = ["timestep.vector" if name == "timestep" else name for name in node.input]
    graph.input[place].CopyFrom(helper.make_tensor_value_info("timestep", element, shape))
    graph.initializer.append(helper.make_tensor("timestep.shape", TensorProto.INT64, [1], [-1]))
    graph.node.insert(0, helper.make_node("Reshape", ["timestep.float", "timestep.shape"], ["timestep.vector"]))
    graph.node.insert(0, helper.make_node("Cast", ["timestep"], ["timestep.float"], to=TensorProto.FLOAT))
    save_with_data(model, folder / "unet", data)


def rename_as_onnxruntime(folder):
    """The names that ONNX Runtime's own Stable Diffusion builds use (its diffusion_models.py)."""
    names = {
        "text_encoder": {"last_hidden_state": "text_embeddings"},
        "unet": {"out_sample": "latent"},
        "vae_decoder": {"latent_sample": "latent", "sample": "images"},
        "vae_encoder": {"sample": "images", "latent_sample": "latent"},
    }
    for part, renamed in names.items():
        path = folder / part / "model.onnx"
        model = onnx.load(path, load_external_data=False)
        graph = model.graph
        for port in [*graph.input, *graph.output]:
            port.name = renamed.get(port.name, port.name)
        for node in graph.node:
            node.input[:] = [renamed.get(name, name) for name in node.input]
            node.output[:] = [renamed.get(name, name) for name in node.output]
        if part == "text_encoder":
            del graph.output[1]  # these builds give no pooled output
        onnx.save(model, path)


def export_with_mask(torch_folder, folder):
    shutil.rmtree(folder)
    encoder = StableDiffusionPipeline.from_pretrained(torch_folder).text_encoder
    axes = {0: "batch", 1: "sequence"}
    write(
        encoder,
        (torch.zeros(2, TOKENS, dtype=torch.int64), torch.ones(2, TOKENS, dtype=torch.int64)),
        folder,
        ["input_ids", "attention_mask"],
        ["last_hidden_state", "pooler_output"],
        {"input_ids": axes, "attention_mask": axes},
    )


def take_single_precision(half, folder):
    """A graph that computes in float16 between ports of float32."""
    model = onnx.load(half / "model.onnx")
    graph = model.graph
    for node in graph.node:
        node.input[:] = [f"{name}.half" if name in ports(graph.input) else name for name in node.input]
        node.output[:] = [f"{name}.half" if name in ports(graph.output) else name for name in node.output]
    for name in ports(graph.input):
        graph.node.insert(0, helper.make_node("Cast", [name], [f"{name}.half"], to=TensorProto.FLOAT16))
    for name in ports(graph.output):
        graph.node.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    for port in [*graph.input, *graph.output]:
        port.type.tensor_type.elem_type = TensorProto.FLOAT
    save_with_data(model, folder, "weights.pb")


def ports(values):
    return [value.name for value in values]


def leave_out(folder):
    """No model_index.json, no scheduler, a tokenizer in one file, and each part in a folder of its precision."""
    (folder / "model_index.json").unlink()
    shutil.rmtree(folder / "scheduler")
    for part in ["text_encoder", "unet", "vae_decoder", "vae_encoder"]:
        files = list((folder / part).iterdir())
        (folder / part / "fp32").mkdir()
        for file in files:
            file.rename(folder / part / "fp32" / file.name)
    tokenizer = CLIPTokenizerFast.from_pretrained(folder / "tokenizer")
    shutil.rmtree(folder / "tokenizer")
    tokenizer.save_pretrained(folder / "tokenizer")
    for name in ["vocab.json", "merges.txt", "special_tokens_map.json"]:
        (folder / "tokenizer" / name).unlink(missing_ok=True)
