"""Samplers that diffusers lacks, or lacks for Stable Diffusion, over the noise levels of its Euler."""

import torch
from diffusers import EulerDiscreteScheduler, IPNDMScheduler


class Ipndm(EulerDiscreteScheduler):
    """diffusers' IPNDM with the noise levels of the model in place of its own, for which it takes a velocity."""

    inner = None

    def step(self, output, t, sample):
        quotients = self.sigmas
        alphas = 1 / (quotients**2 + 1) ** 0.5
        sigmas = quotients * alphas
        if self.inner is None:
            self.inner = IPNDMScheduler()
            self.inner.set_timesteps(len(self.timesteps))
            self.inner.alphas, self.inner.betas, self.inner.timesteps = alphas, sigmas, self.timesteps
            self.inner.set_begin_index(self.step_index)
        i = self.step_index
        clean = super().step(output, t, sample).pred_original_sample
        noise = (sample - clean) / quotients[i]
        velocity = alphas[i] * noise - sigmas[i] * clean
        prev_sample = self.inner.step(velocity, t, sample * alphas[i]).prev_sample / alphas[i + 1]
        return Output(prev_sample)


class Dpmpp2sAncestral(EulerDiscreteScheduler):
    """k-diffusion's `sample_dpmpp_2s_ancestral` (r = 1/2, eta = 1), one evaluation at a time."""

    order = 2
    begun = None

    def set_timesteps(self, num_inference_steps=None, device=None, timesteps=None, sigmas=None):
        super().set_timesteps(num_inference_steps, device, timesteps, sigmas)
        self.middles = [(from_ * get_ancestral_step(from_, to)[0]) ** 0.5 for from_, to in self.steps()]
        log_sigmas = (((1 - self.alphas_cumprod) / self.alphas_cumprod) ** 0.5).log().numpy()
        between = [float(self._sigma_to_t(sigma.double().numpy(), log_sigmas)) for sigma in self.middles[:-1]]
        between = torch.tensor(between, dtype=torch.float32)
        rest = torch.stack([between, self.timesteps[1:]], dim=-1).flatten()
        self.timesteps = torch.cat([self.timesteps[:1], rest])
        self.evaluation = 0

    def steps(self):
        return list(zip(self.sigmas[:-1], self.sigmas[1:]))

    def set_begin_index(self, begin_index=0):
        super().set_begin_index(begin_index // 2)
        self.evaluation = begin_index

    def sigma(self):
        i = self.evaluation // 2
        return self.sigmas[i] if self.evaluation % 2 == 0 else self.middles[i]

    def scale_model_input(self, sample, t):
        return sample / (self.sigma() ** 2 + 1) ** 0.5

    def step(self, output, t, sample, generator=None):
        sigma = self.sigma()
        if self.config.prediction_type == "epsilon":
            denoised = sample - sigma * output
        elif self.config.prediction_type == "sample":
            denoised = output
        else:
            denoised = sample / (sigma**2 + 1) - output * sigma / (sigma**2 + 1) ** 0.5
        from_, to = self.steps()[self.evaluation // 2]
        down, up = get_ancestral_step(from_, to)
        first = self.evaluation % 2 == 0
        self.evaluation += 1
        if to == 0:
            return Output(sample + (sample - denoised) / sigma * (to - from_))
        h = down.log().neg() - from_.log().neg()
        if first:
            self.begun = sample
            return Output(sigma_fn(from_.log().neg() + h / 2) / from_ * sample - (-h / 2).expm1() * denoised)
        sample = down / from_ * self.begun - (-h).expm1() * denoised
        return Output(sample + torch.randn(sample.shape, generator=generator) * up)


class Output:
    def __init__(self, prev_sample):
        self.prev_sample = prev_sample


def sigma_fn(t):
    return t.neg().exp()


def get_ancestral_step(from_, to):
    """In f64: where the noise falls steeply, f32 leaves nothing of the difference."""
    from_, to = from_.double(), to.double()
    up = (to**2 * (from_**2 - to**2) / from_**2) ** 0.5
    return ((to**2 - up**2) ** 0.5).float(), up.float()
