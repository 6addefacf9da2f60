"""Wrong implementations of a pipeline: each changes the settings, or a part of the pipeline, for one run."""

import contextlib


def swapped(pipe, settings):
    prompt, negative = settings["prompt"], settings["negative"] or ""
    return {**settings, "prompt": negative, "negative": prompt}


def unguided(pipe, settings):
    return {**settings, "guidance": 1.0}


def empty_negative(pipe, settings):
    return {**settings, "negative": ""}


def no_negative(pipe, settings):
    return {**settings, "negative": None}


def seed_before(pipe, settings):
    return {**settings, "seed": settings["seed"] - 1}


@contextlib.contextmanager
def replaced(owner, name, value):
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


def denoising(change):
    """A mistake in what the UNet is given: `change` takes and gives its positional and keyword arguments."""

    def mistake(pipe, settings):
        forward = pipe.unet.forward

        def wrong(*arguments, **named):
            arguments, named = change(list(arguments), dict(named))
            return forward(*arguments, **named)

        return replaced(pipe.unet, "forward", wrong)

    return mistake


def conditions(change):
    """A mistake in what SDXL's UNet is given beside the text."""

    def with_conditions(arguments, named):
        return arguments, {**named, "added_cond_kwargs": change(dict(named["added_cond_kwargs"]))}

    return denoising(with_conditions)


timestep_plus_one = denoising(lambda arguments, named: ([arguments[0], arguments[1] + 1, *arguments[2:]], named))
zero_pooled = conditions(lambda given: {**given, "text_embeds": given["text_embeds"] * 0})
pooled_of_negative = conditions(
    lambda given: {**given, "text_embeds": given["text_embeds"][:1].expand_as(given["text_embeds"])}
)
# (original size, crop, target size), not (crop, original size, target size).
wrong_time_ids = conditions(lambda given: {**given, "time_ids": given["time_ids"][:, [2, 3, 0, 1, 4, 5]]})
# Height before width, not after.
time_ids_turned = conditions(lambda given: {**given, "time_ids": given["time_ids"][:, [1, 0, 3, 2, 5, 4]]})
no_timestep_cond = denoising(
    lambda arguments, named: (arguments, {**named, "timestep_cond": named["timestep_cond"] * 0})
)


def padding(tokenizer):
    def mistake(pipe, settings):
        wrong = "!" if getattr(pipe, tokenizer).pad_token != "!" else "<|endoftext|>"
        return replaced(getattr(pipe, tokenizer), "pad_token", wrong)

    return mistake


wrong_padding = padding("tokenizer")
wrong_padding_2 = padding("tokenizer_2")


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
def wrong_scaling_factor(pipe, settings):
    right = pipe.vae.config.scaling_factor
    pipe.vae.register_to_config(scaling_factor=0.13025 if right == 0.18215 else 0.18215)
    yield
    pipe.vae.register_to_config(scaling_factor=right)
