"""The noise schedule, and drawing with it."""
import torch
from diffusers import DDIMScheduler

# Stable Diffusion's betas, but with nothing left of the picture at the last step, and the velocity as what is learnt:
# otherwise the mean colour shows through the noise, and a white background comes out tinted.
SCHEDULE = dict(
    num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
    prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing",
    set_alpha_to_one=True, clip_sample=False, steps_offset=1,
)


def schedule():
    return DDIMScheduler(**SCHEDULE)


@torch.no_grad()
def draw(unet, prompt, nothing, steps, guidance, seed):
    """Latents for the embeddings of prompts [n, tokens, width], drawn with DDIM. Guidance 1 asks for no other."""
    scheduler, device = schedule(), prompt.device
    scheduler.set_timesteps(steps)
    shape = (len(prompt), unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(device)
    for step in scheduler.timesteps:
        velocity = guided(unet, latents, step.expand(len(latents)).to(device), prompt, nothing, guidance)
        latents = scheduler.step(velocity, step, latents).prev_sample
    return latents


def guided(unet, latents, steps, prompt, nothing, guidance):
    """The velocity towards the prompt, and away from nothing."""
    latents = latents.contiguous(memory_format=torch.channels_last)
    if guidance == 1:
        return unet(latents, steps, prompt).sample.float()
    both = torch.cat([prompt, nothing.expand_as(prompt)])
    towards, away = unet(latents.repeat(2, 1, 1, 1), steps.repeat(2), both).sample.float().chunk(2)
    return away + guidance * (towards - away)
