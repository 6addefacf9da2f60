"""A torch module as an ONNX file, its weights stored as fp16 and computed with in fp32."""
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

HALF = "_f16"


def write(folder, module, inputs, outputs):
    """`inputs`: name to example and names of its free sizes; `outputs`: name to names of its free sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    free = {name: sizes for name, (_, sizes) in inputs.items()} | outputs
    torch.onnx.export(
        module, tuple(example for example, _ in inputs.values()), path, dynamic_axes=free, opset_version=17,
        input_names=list(inputs), output_names=list(outputs), dynamo=False,
        do_constant_folding=False,  # so that every weight keeps its name and shape, and `read` finds it
    )
    model = onnx.load(path)
    halve(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    agree(path, module, {name: example for name, (example, _) in inputs.items()})


def read(module, *paths):
    """Puts the weights of files that `write` made back into the module that they are of."""
    stored = {
        weight.name.removesuffix(HALF): torch.from_numpy(numpy_helper.to_array(weight).astype(np.float32))
        for path in paths for weight in onnx.load(path).graph.initializer
    }
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(stored["model." + name])


def halve(graph):
    """Puts a cast from fp16 in front of each use of a large weight."""
    kept, casts = [], []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size >= 256:
            stored = weight.name + HALF
            kept.append(numpy_helper.from_array(values.astype(np.float16), stored))
            casts.append(helper.make_node("Cast", [stored], [weight.name], f"cast_{weight.name}", to=TensorProto.FLOAT))
        else:
            kept.append(weight)
    nodes = casts + list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


def agree(path, module, inputs):
    """The file computes what the module does, to the error of fp32."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    got = session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]
    with torch.no_grad():
        wanted = module(*inputs.values())
    wanted = (wanted[0] if isinstance(wanted, tuple) else wanted).numpy()
    error = np.abs(got - wanted).max() / np.abs(wanted).max()
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, differs by {error:.1e}")
    assert error < 1e-4, f"{path} differs from what was trained by {error:.1e}"
