"""Wrong implementations of a pipeline: each gives other settings, or a context in which the pipeline is wrong."""

import contextlib

import torch

import seamless
from pictures import pil


@contextlib.contextmanager
def replaced(owner, name, value):
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


def other(**changes):
    """Other settings: values, or functions of the settings."""

    def mistake(pipe, settings):
        changed = {key: value(settings) if callable(value) else value for key, value in changes.items()}
        return {**settings, **changed}

    return mistake


swapped = other(prompt=lambda s: s["negative"] or "", negative=lambda s: s["prompt"])
unguided = other(guidance=1.0)
empty_negative = other(negative="")
no_negative = other(negative=None)
seed_before = other(seed=lambda s: s["seed"] - 1)
no_clip_skip = other(clip_skip=None)
no_rescale = other(guidance_rescale=0.0)
strength_less = other(strength=lambda s: s["strength"] - 0.1)
latents_of_the_seed = other(given=None)
latents_unscaled = other(given=lambda s: s["given"] / 0.18215)
# An LCM's guidance is embedded less one.
guidance_not_less_one = other(guidance=lambda s: s["guidance"] + 1)
# White is what is painted anew.
mask_inverted = other(mask=lambda s: 255 - s["mask"])


def controls(change):
    return other(controls=lambda s: [{**control, **change(i, control)} for i, control in enumerate(s["controls"])])


no_residual = controls(lambda i, control: {"scale": 0.0})
full_scale = controls(lambda i, control: {"scale": 1.0})
whole_run = controls(lambda i, control: {"start": 0.0, "end": 1.0})
first_control_only = controls(lambda i, control: {"scale": control["scale"] if i == 0 else 0.0})
control_inverted = controls(lambda i, control: {"image": 255 - control["image"]})


@contextlib.contextmanager
def control_normalised(pipe, settings):
    """A ControlNet takes its picture from 0 to 1, not from -1 to 1."""
    pipe.control_image_processor.register_to_config(do_normalize=True)
    yield
    pipe.control_image_processor.register_to_config(do_normalize=False)


def denoising(change):
    """A mistake in what the UNet is given: `change` takes and gives its positional and keyword arguments."""

    def mistake(pipe, settings):
        forward = pipe.unet.forward

        def wrong(*arguments, **named):
            arguments, named = change(list(arguments), dict(named))
            return forward(*arguments, **named)

        return replaced(pipe.unet, "forward", wrong)

    return mistake


def with_sample(change):
    return denoising(lambda arguments, named: ([change(arguments[0]), *arguments[1:]], named))


def conditions(change):
    """A mistake in what SDXL's UNet is given beside the text."""
    return denoising(
        lambda arguments, named: (arguments, {**named, "added_cond_kwargs": change(named["added_cond_kwargs"])})
    )


timestep_plus_one = denoising(lambda arguments, named: ([arguments[0], arguments[1] + 1, *arguments[2:]], named))
no_timestep_cond = denoising(
    lambda arguments, named: (arguments, {**named, "timestep_cond": named["timestep_cond"] * 0})
)
zero_pooled = conditions(lambda given: {**given, "text_embeds": given["text_embeds"] * 0})
pooled_of_negative = conditions(
    lambda given: {**given, "text_embeds": given["text_embeds"][:1].expand_as(given["text_embeds"])}
)
# Right is (original size, crop, target size), here crop before original size.
wrong_time_ids = conditions(lambda given: {**given, "time_ids": given["time_ids"][:, [2, 3, 0, 1, 4, 5]]})
# Right is height before width.
time_ids_turned = conditions(lambda given: {**given, "time_ids": given["time_ids"][:, [1, 0, 3, 2, 5, 4]]})
# Right is latents, mask, masked image.
mask_last = with_sample(lambda sample: sample[:, [0, 1, 2, 3, 5, 6, 7, 8, 4]])


def padding(name):
    def mistake(pipe, settings):
        tokenizer = getattr(pipe, name)
        return replaced(tokenizer, "pad_token", "<|endoftext|>" if tokenizer.pad_token == "!" else "!")

    return mistake


wrong_padding = padding("tokenizer")
wrong_padding_2 = padding("tokenizer_2")


def scheduling(**changes):
    def mistake(pipe, settings):
        scheduler = type(pipe.scheduler).from_config(pipe.scheduler.config, **changes)
        return replaced(pipe, "scheduler", scheduler)

    return mistake


epsilon = scheduling(prediction_type="epsilon")
leading = scheduling(timestep_spacing="leading")
not_zero_snr = scheduling(rescale_betas_zero_snr=False)


@contextlib.contextmanager
def last_hidden_state(pipe, settings):
    """SDXL's text encoders give the UNet the hidden state before the last."""
    with contextlib.ExitStack() as stack:
        for encoder in [pipe.text_encoder, pipe.text_encoder_2]:
            forward = encoder.forward

            def wrong(*arguments, forward=forward, **named):
                output = forward(*arguments, **named)
                output.hidden_states = (*output.hidden_states[1:], None)
                return output

            stack.enter_context(replaced(encoder, "forward", wrong))
        yield


@contextlib.contextmanager
def clip_skip_both(pipe, settings):
    """Only the positive prompt skips layers. Here both do."""
    encode = pipe.encode_prompt
    negative = settings["negative"]

    def wrong(*arguments, **named):
        right = list(encode(*arguments, **named))
        skipped = {**named, "negative_prompt": None} if "negative_prompt" in named else named
        if arguments:  # Stable Diffusion 1: prompt, device, images per prompt, guided, negative prompt
            right[1] = encode(negative, *arguments[1:3], False, None, **skipped)[0]
        else:
            for other_prompt in ["negative_prompt_2", "prompt_2"]:
                skipped[other_prompt] = None
            right[1] = encode(**{**skipped, "prompt": negative, "do_classifier_free_guidance": False})[0]
        return tuple(right)

    with replaced(pipe, "encode_prompt", wrong):
        yield


def no_final_norm(pipe, settings):
    """A hidden state goes through the text encoder's last normalisation before the UNet sees it."""
    norm = pipe.text_encoder.final_layer_norm.forward
    calls = []

    def wrong(hidden):
        # The first call is the text encoder's own, the second is for the skipped layer.
        calls.append(hidden)
        return hidden if len(calls) == 2 else norm(hidden)

    return replaced(pipe.text_encoder.final_layer_norm, "forward", wrong)


@contextlib.contextmanager
def wrong_scaling_factor(pipe, settings):
    right = pipe.vae.config.scaling_factor
    pipe.vae.register_to_config(scaling_factor=0.13025 if right == 0.18215 else 0.18215)
    yield
    pipe.vae.register_to_config(scaling_factor=right)


def posterior(sample):
    """A mistake in what is drawn from the distribution that the encoder gives, before the noise is drawn."""

    @contextlib.contextmanager
    def mistake(pipe, settings):
        encode = pipe.vae.encode

        def wrong(image):
            output = encode(image)
            right = output.latent_dist.sample
            output.latent_dist.sample = lambda generator=None: sample(output.latent_dist.mean, right, generator)
            return output

        with replaced(pipe.vae, "encode", wrong):
            yield

    return mistake


posterior_not_drawn = posterior(lambda mean, draw, generator: mean)
# The noise that follows is the right one.
posterior_mean = posterior(lambda mean, draw, generator: (draw(generator), mean)[1])


@contextlib.contextmanager
def mask_averaged(pipe, settings):
    """Right is the nearest pixel of a mask cut at half, in place of an average of soft ones."""
    interpolate = torch.nn.functional.interpolate
    pipe.mask_processor.register_to_config(do_binarize=False)

    def wrong(input, size=None, **named):
        return interpolate(input, size=size, mode="area") if input.shape[1] == 1 else interpolate(input, size, **named)

    with replaced(torch.nn.functional, "interpolate", wrong):
        yield
    pipe.mask_processor.register_to_config(do_binarize=True)


@contextlib.contextmanager
def image_not_masked(pipe, settings):
    """The nine channels end with an image whose masked part is grey; here the whole image is there."""
    encode = pipe.vae.encode
    whole = pipe.image_processor.preprocess(pil(settings["image"]))
    with replaced(pipe.vae, "encode", lambda image: encode(whole)):
        yield


def wrapping(change, parts=seamless.parts):
    """A mistake in the axes along which these parts wrap around."""

    @contextlib.contextmanager
    def mistake(pipe, settings):
        right = settings["seamless"]
        for part in parts(pipe):
            seamless.wrap(part, change(right))
        yield
        for part in parts(pipe):
            seamless.wrap(part, right)

    return mistake


not_seamless = wrapping(lambda axes: "")
other_axis = wrapping(lambda axes: "y" if axes == "x" else "x")
both_axes = wrapping(lambda axes: "xy")
x_alone = wrapping(lambda axes: "x")
y_alone = wrapping(lambda axes: "y")
encoder_not_seamless = wrapping(lambda axes: "", lambda pipe: [pipe.vae.encoder])
decoder_not_seamless = wrapping(lambda axes: "", lambda pipe: [pipe.vae.decoder])
controlnet_not_seamless = wrapping(lambda axes: "", lambda pipe: [pipe.controlnet])
