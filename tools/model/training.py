"""What every training here shares: the device, the number format, the learning rate, averages, checkpoints."""
import contextlib
import os
import time

import torch

deadline = float("inf")  # of this process: a training that reaches it stops at a checkpoint


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def autocast(device):
    """bfloat16 where it is faster. Some CPUs have units for it; on the others it is a hundred times slower."""
    if device.type == "cpu":
        single = torch.randn(512, 512)
        half = single.bfloat16()
        times = [min(seconds(lambda: matrix @ matrix) for _ in range(5)) for matrix in (single, half)]
        if times[1] > times[0]:
            return contextlib.nullcontext
    return lambda: torch.autocast(device.type, torch.bfloat16)


class Run:
    """One training: parameters, their optimizer and their moving average, resumed from its checkpoint if there is one.

    The rate rises over 200 steps, stays, and falls to nothing over the last third. So a run may be stopped, and
    started again with more steps or fewer, at any time before that third.
    """

    def __init__(self, path, modules, rate, steps, average=0.999):
        self.path, self.modules, self.rate, self.steps, self.average = path, modules, rate, steps, average
        self.parameters = [p for module in modules.values() for p in module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, rate, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
        self.averages = [p.detach().clone() for p in self.parameters]
        self.step, self.seconds, self.loss = 0, 0.0, None
        if path.exists():
            self.load(torch.load(path, map_location=self.parameters[0].device))
        self.started = self.saved = time.time()

    def load(self, state):
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        for mine, stored in zip(self.averages, state["averages"]):
            mine.copy_(stored)
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self):
        state = {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizer": self.optimizer.state_dict(), "averages": self.averages,
            "step": self.step, "seconds": self.elapsed(),
        }
        part = self.path.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.path)
        self.saved = time.time()
        if self.saved > deadline and self.step < self.steps:
            raise SystemExit(f"{self.path} holds step {self.step} of {self.steps}; start again to go on")

    def elapsed(self):
        return self.seconds + time.time() - self.started

    def learn(self, loss):
        """One step down the gradient of the loss."""
        fall = (self.steps - self.step) / (self.steps / 3)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * min(1, (self.step + 1) / 200, fall)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, self.parameters, 1 - min(self.average, self.step / (self.step + 20)))
        if self.step % 100 == 0:
            now = float(loss.detach())
            self.loss = now if self.loss is None else 0.9 * self.loss + 0.1 * now
            print(f"step {self.step} of {self.steps}, {self.elapsed() / 60:.1f} min, loss {self.loss:.4f}", flush=True)

    def due(self, minutes):
        """Whether it is time to save: so long after the last time, or at the end."""
        now = time.time()
        return self.step >= self.steps or now > deadline or now - self.saved > 60 * minutes

    @contextlib.contextmanager
    def averaged(self):
        """The modules with their averaged parameters, for looking at them and for keeping them."""
        with torch.no_grad():
            own = [p.clone() for p in self.parameters]
            torch._foreach_copy_(self.parameters, self.averages)
            yield
            torch._foreach_copy_(self.parameters, own)
