"""Trains the student that draws in four steps without guidance.

One step of the student learns to do what the teacher does in several, guidance included: the target is the point that
the teacher reaches by DDIM, said as the velocity that leads there at once. Student and teacher meet at the same four
times, so that what the student makes in one step is what it starts the next one from.
"""
import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTextModel

import diffusion
import tokenizer
from noise import guided, schedule
from training import Run, autocast

STEPS, WITHIN, GUIDANCE = 4, 2, 2.0


def leaps(device):
    """The times of a leap's begin, of the teacher's steps within it, and of its end: [leaps, within + 1]."""
    fine = 999 - torch.arange(STEPS * WITHIN, device=device) * 1000 // (STEPS * WITHIN)
    ends = torch.cat([fine[WITHIN::WITHIN], torch.tensor([-1], device=device)])
    return torch.cat([fine.view(STEPS, WITHIN), ends[:, None]], dim=1)


class Curve:
    """Signal and noise by time; time -1 is the finished picture."""

    def __init__(self, device):
        products = torch.cat([schedule().alphas_cumprod, torch.ones(1)]).to(device)
        self.signal, self.noise = products.sqrt(), (1 - products).sqrt()

    def at(self, times):
        return self.signal[times][:, None, None, None], self.noise[times][:, None, None, None]

    def move(self, latents, velocity, start, end):
        """DDIM from one time to another."""
        (a, b), (c, d) = self.at(start), self.at(end)
        return c * (a * latents - b * velocity) + d * (b * latents + a * velocity)

    def velocity(self, latents, reached, start, end):
        """The velocity with which `move` gives what was reached."""
        (a, b), (c, d) = self.at(start), self.at(end)
        return (reached - (a * c + b * d) * latents) / (a * d - b * c)


def train(cache, pictures, steps, size):
    device = pictures.rgba.device
    words = tokenizer.load(cache / "tokenizer")
    latents = torch.load(cache / "latents.pt", map_location=device)
    texts = diffusion.captions(pictures, words).to(device)
    encoder = CLIPTextModel.from_pretrained(cache / "text_encoder").to(device)
    teacher, student = diffusion.unet(device), diffusion.unet(device)
    for unet in (teacher, student):
        unet.load_state_dict(UNet2DConditionModel.from_pretrained(cache / "unet").state_dict())
    run, cast = Run(cache / "turbo.pt", {"unet": student}, rate=5e-4, steps=steps, average=0.99), autocast(device)
    curve, times = Curve(device), leaps(device)
    lead, follow = torch.compile(teacher), torch.compile(student)
    nothing = diffusion.embed(encoder, words, [""])
    while not run.done():
        which, background = (torch.randint(n, (size,), device=device) for n in latents.shape[:2])
        ids = texts[which, background, torch.randint(diffusion.CAPTIONS, (size,), device=device)].long()
        leap = times[torch.randint(STEPS, (size,), device=device)]
        start, end = leap[:, 0], leap[:, -1]
        with torch.no_grad(), cast():
            prompt = encoder(ids).last_hidden_state
            signal, noise = curve.at(start)
            clean = latents[which, background].float()
            given = signal * clean + noise * torch.randn_like(clean)
            reached = given
            for now, then in zip(leap.T[:-1], leap.T[1:]):
                reached = curve.move(reached, guided(lead, reached, now, prompt, nothing, GUIDANCE), now, then)
        with cast():
            velocity = follow(given.contiguous(memory_format=torch.channels_last), start, prompt).sample.float()
        run.learn((velocity - curve.velocity(given, reached, start, end)).square().mean())
        if run.due(minutes=10):
            with run.averaged():
                diffusion.show(cache, words, encoder, student, steps=STEPS, guidance=1, name="turbo.png")
                if run.done():
                    student.to(memory_format=torch.contiguous_format).save_pretrained(cache / "unet_turbo")
            run.save()
