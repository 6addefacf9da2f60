"""diffusers' pipelines, made to tile: convolutions pad with the opposite edge where they padded with zeros."""

from functools import partial

from diffusers.models.downsampling import Downsample2D
from torch import nn
from torch.nn import functional as F


def wrap(module, axes):
    """Along "x" (left and right), "y" (top and bottom), both, or neither, whatever it was before."""
    asymmetric = {id(part.conv) for part in module.modules() if isinstance(part, Downsample2D) and pads_itself(part)}
    for conv in module.modules():
        if not isinstance(conv, nn.Conv2d):
            continue
        above, left = conv.padding
        # torch's own way, where it has one: along both axes, the same on both sides.
        conv.padding_mode = "circular" if axes == "xy" and above > 0 else "zeros"
        conv.__dict__.pop("_conv_forward", None)
        if id(conv) in asymmetric:
            conv._conv_forward = partial(forward, conv, axes, (0, 1), (0, 1))
        elif len(axes) == 1:
            conv._conv_forward = partial(forward, conv, axes, (left, left), (above, above))


def pads_itself(downsample):
    """The VAE encoder's pad on the right and below alone, before their convolution. From here on they leave it
    to that."""
    if downsample.padding == 0:
        downsample.padding = "left to its convolution"
    return downsample.padding == "left to its convolution"


def forward(conv, axes, columns, rows, input, weight, bias):
    input = F.pad(input, (*columns, 0, 0), mode="circular" if "x" in axes else "constant")
    input = F.pad(input, (0, 0, *rows), mode="circular" if "y" in axes else "constant")
    return F.conv2d(input, weight, bias, conv.stride, 0, conv.dilation, conv.groups)


def parts(pipe):
    """What is wrapped: all that sees a picture."""
    return [pipe.unet, pipe.vae, *filter(None, [getattr(pipe, "controlnet", None)])]
