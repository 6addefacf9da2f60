"""Random weights that keep the signal: each layer's output has about the size of its input.

The defaults of torch shrink it layer by layer, until a network ignores its prompt and its timestep, and a
reader who forgets one of them would still pass.
"""

import torch

# Parts whose influence has to be felt in the result, and by how much more than the rest.
GAINS = {
    "attn2.to_k": 2.0,
    "attn2.to_v": 2.0,
    "time_emb_proj": 1.5,
    "conv_out": 0.7,
}


def randomise(module, seed, gains={}):
    """Names are looked up in `gains` before they are in `GAINS`."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "embedding" in name and "position" in name:
            noise *= 0.5
        elif name.endswith("bias") or "class_embedding" in name:
            noise *= 0.2
        elif parameter.dim() == 1:  # the scale of a normalisation
            noise = 1 + 0.2 * noise
        elif "token_embedding" not in name:
            noise *= gain(name, [*gains.items(), *GAINS.items()]) / parameter[0].numel() ** 0.5
        with torch.no_grad():
            parameter.copy_(noise)
    return module.eval()


def gain(name, gains):
    return next((factor for part, factor in gains if part in name), 1.0)
