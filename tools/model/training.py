"""What every training here shares: the device, the number format, the learning rate, averages, checkpoints."""
import contextlib
import functools
import os
import time

import torch
from torch import nn

minutes = float("inf")  # how long a training may take in all: it ends then, whatever its steps


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


@functools.cache
def half_is_fast(device):
    """Whether bfloat16 is faster. Some CPUs have units for it; on the others it is a hundred times slower."""
    if device.type != "cpu":
        return True
    single = torch.randn(512, 512)
    half = single.bfloat16()
    times = [min(seconds(lambda: matrix @ matrix) for _ in range(5)) for matrix in (single, half)]
    return times[1] < times[0]


def autocast(device):
    return lambda: torch.autocast(device.type, torch.bfloat16, enabled=half_is_fast(device))


def kernels(modules):
    """The weights that are matrices between two layers: those that Muon is for. It computes in bfloat16."""
    layers = [layer for module in modules for layer in module.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    return [layer.weight for layer in layers if layer.weight.requires_grad and min(layer.weight.shape[:2]) > 8]


def view(weight):
    """A weight, or its gradient, as a matrix that shares its memory."""
    return (weight.detach().permute(0, 2, 3, 1) if weight.dim() == 4 else weight.detach()).flatten(1)


def begin(module, folder):
    """The weights of a finished part, if there is one, as where to begin."""
    if folder.exists():
        module.load_state_dict(type(module).from_pretrained(folder).state_dict())


class Run:
    """One training: parameters, their optimizers and their moving average, resumed from its checkpoint if there is one.

    The rate rises over 200 steps, stays, and falls to nothing over the last third, of its steps or of its time.
    """

    def __init__(self, path, modules, rate, steps, average=0.999):
        self.path, self.modules, self.rate, self.steps, self.average = path, modules, rate, steps, average
        self.parameters = [p for module in modules.values() for p in module.parameters() if p.requires_grad]
        self.kernels = kernels(modules.values()) if half_is_fast(self.parameters[0].device) else []
        views = [view(kernel).requires_grad_() for kernel in self.kernels]
        known = {id(kernel) for kernel in self.kernels}
        rest = [p for p in self.parameters if id(p) not in known]
        self.optimizers = [torch.optim.AdamW(rest, rate, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)]
        if views:
            self.optimizers.append(torch.optim.Muon(views, rate, weight_decay=1e-3, adjust_lr_fn="match_rms_adamw"))
        self.views, self.averages = views, [p.detach().clone() for p in self.parameters]
        self.step, self.seconds, self.loss = 0, 0.0, None
        if path.exists():
            self.load(torch.load(path, map_location=self.parameters[0].device))
        self.started = self.saved = time.time()

    def load(self, state):
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
        for mine, stored in zip(self.optimizers, state["optimizers"]):
            mine.load_state_dict(stored)
        for mine, stored in zip(self.averages, state["averages"]):
            mine.copy_(stored)
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self):
        state = {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers], "averages": self.averages,
            "step": self.step, "seconds": self.elapsed(),
        }
        part = self.path.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.path)
        self.saved = time.time()

    def elapsed(self):
        return self.seconds + time.time() - self.started

    def left(self):
        """What is left of the training, from 1 to 0."""
        return max(0, min(1 - self.step / self.steps, 1 - self.elapsed() / 60 / minutes))

    def done(self):
        return self.left() == 0

    def learn(self, loss):
        """One step down the gradient of the loss."""
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = self.rate * min(1, (self.step + 1) / 200, 3 * self.left())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for kernel, flat in zip(self.kernels, self.views):
            flat.grad = view(kernel.grad)
        for optimizer in self.optimizers:
            optimizer.step()
        for parameter in self.parameters:
            parameter.grad = None
        self.step += 1
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, self.parameters, 1 - min(self.average, self.step / (self.step + 20)))
        if self.step % 100 == 0:
            now = float(loss.detach())
            self.loss = now if self.loss is None else 0.9 * self.loss + 0.1 * now
            print(f"step {self.step} of {self.steps}, {self.elapsed() / 60:.1f} min, loss {self.loss:.4f}", flush=True)

    def due(self, minutes):
        """Whether it is time to save: so long after the last time, or at the end."""
        return self.done() or time.time() - self.saved > 60 * minutes

    @contextlib.contextmanager
    def averaged(self):
        """The modules with their averaged parameters, for looking at them and for keeping them."""
        with torch.no_grad():
            own = [p.clone() for p in self.parameters]
            torch._foreach_copy_(self.parameters, self.averages)
            yield
            torch._foreach_copy_(self.parameters, own)
