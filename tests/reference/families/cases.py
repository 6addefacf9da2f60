"""What is painted with every model, and which mistakes must show."""

APPLE = "a red apple, 3d style, on a blue background"
FOX = "flat illustration of a fox"
BLURRY = "blurry, low quality"


def case(mode, name, model, **settings):
    mistakes = settings.pop("mistakes", [])
    defaults = {"prompt": APPLE, "negative": BLURRY, "seed": 7, "steps": 4, "guidance": 5.0}
    return {"name": name, "model": model, "mode": mode, **defaults, **settings, "mistakes": list(mistakes)}


def txt2img(name, model, **settings):
    return case("txt2img", name, model, **settings)


def img2img(name, model, strength, **settings):
    return case("img2img", name, model, strength=strength, **{"steps": 10, **settings})


def inpaint(name, model, mask, **settings):
    return case("inpaint", name, model, mask=mask, **{"strength": 1.0, "steps": 6, **settings})


CFG = ["swapped", "unguided", "timestep_plus_one", "wrong_padding"]

SD1 = [
    txt2img("sd1", "sd1", mistakes=[*CFG, "wrong_scaling_factor"]),
    txt2img("sd1-empty-negative", "sd1", prompt=FOX, negative="", mistakes=["swapped"]),
    txt2img("sd1-no-negative", "sd1", prompt=FOX, negative=None, seed=42, mistakes=["timestep_plus_one"]),
    txt2img("sd1-euler", "sd1", scheduler="euler", steps=6, mistakes=["timestep_plus_one"]),
    txt2img("sd1-dpmpp_2m", "sd1", scheduler="dpmpp_2m", steps=6, mistakes=["timestep_plus_one"]),
    txt2img("sd1-unguided", "sd1", guidance=1.0, mistakes=["swapped", "timestep_plus_one"]),
    txt2img("sd1-wide", "sd1", width=96, height=32, mistakes=["swapped"]),
    txt2img("sd1-tall", "sd1", width=32, height=80, mistakes=["swapped"]),
    txt2img("sd1-next-seed", "sd1", seed=8, mistakes=["seed_before"]),
]

SDXL_MISTAKES = ["zero_pooled", "pooled_of_negative", "wrong_time_ids", "last_hidden_state", "wrong_padding_2"]

SDXL = [
    txt2img("sdxl", "sdxl", mistakes=[*CFG, *SDXL_MISTAKES, "wrong_scaling_factor"]),
    # An absent negative prompt is all zeros; an empty one is encoded.
    txt2img("sdxl-no-negative", "sdxl", negative=None, mistakes=["empty_negative"]),
    txt2img("sdxl-empty-negative", "sdxl", negative="", mistakes=["no_negative"]),
    # The second tokenizer's padding is a token of its own, which it also finds in a text.
    txt2img("sdxl-exclamation", "sdxl", prompt="a red apple! a fox!!", mistakes=["wrong_padding_2"]),
    txt2img("sdxl-wide", "sdxl", width=48, height=24, mistakes=["wrong_time_ids", "time_ids_turned"]),
    txt2img("sdxl-unguided", "sdxl", guidance=1.0, mistakes=["zero_pooled"]),
    txt2img("sdxl-clip-skip-1", "sdxl", clip_skip=1, mistakes=["no_clip_skip", "clip_skip_both"]),
]

LCM = [
    txt2img("lcm", "lcm", guidance=8.5, mistakes=["no_timestep_cond", "guidance_not_less_one", "timestep_plus_one"]),
    txt2img("lcm-1", "lcm", guidance=8.5, steps=1, mistakes=["no_timestep_cond", "guidance_not_less_one"]),
    txt2img("lcm-8", "lcm", guidance=3.0, steps=8, seed=42, mistakes=["no_timestep_cond", "guidance_not_less_one"]),
    txt2img("lcm-unguided", "lcm", guidance=1.0, mistakes=["guidance_not_less_one"]),
    img2img("lcm-img2img", "lcm", 0.6, guidance=8.5, steps=4, mistakes=["no_timestep_cond", "posterior_mean"]),
]

FEW = ["timestep_plus_one", "wrong_padding", "leading"]

TURBO = [
    txt2img("turbo-1", "turbo", guidance=0.0, steps=1, mistakes=FEW),
    txt2img("turbo-4", "turbo", guidance=0.0, steps=4, mistakes=FEW),
    img2img("turbo-img2img", "turbo", 0.5, guidance=0.0, steps=4, mistakes=["leading", "posterior_mean"]),
    txt2img("sdxl-turbo-1", "sdxl-turbo", guidance=0.0, steps=1, mistakes=[*FEW, "zero_pooled"]),
    txt2img("sdxl-turbo-4", "sdxl-turbo", guidance=0.0, steps=4, mistakes=[*FEW, "zero_pooled"]),
    txt2img("sdxl-lightning-4", "sdxl-lightning", guidance=0.0, steps=4, mistakes=[*FEW, "zero_pooled"]),
]

SD2V_MISTAKES = [*CFG, "epsilon"]

SD2V = [
    txt2img("sd2v", "sd2v", mistakes=[*SD2V_MISTAKES, "wrong_scaling_factor"]),
    txt2img("sd2v-exclamation", "sd2v", prompt="a red apple! a fox!!", mistakes=["wrong_padding"]),
    txt2img("sd2v-euler", "sd2v", scheduler="euler", mistakes=SD2V_MISTAKES),
    txt2img("sd2v-rescale", "sd2v", guidance=9.0, guidance_rescale=0.7, mistakes=["no_rescale", "epsilon"]),
    txt2img("sd2v-zero-snr", "sd2v-zero-snr", guidance_rescale=0.7, mistakes=["no_rescale", "not_zero_snr", "leading"]),
    txt2img("sd2v-zero-snr-euler", "sd2v-zero-snr", scheduler="euler", mistakes=["not_zero_snr"]),
]

IMAGE = ["posterior_mean", "posterior_not_drawn", "wrong_scaling_factor", "timestep_plus_one"]

IMG2IMG = [
    img2img("sd1-img2img-0.3", "sd1", 0.3, mistakes=IMAGE),
    img2img("sd1-img2img-0.6", "sd1", 0.6, mistakes=[*IMAGE, "strength_less"]),
    img2img("sd1-img2img-1.0", "sd1", 1.0, mistakes=["timestep_plus_one"]),
    img2img("sd1-img2img-ddim", "sd1", 0.6, scheduler="ddim", mistakes=IMAGE),
    img2img("sd1-img2img-euler", "sd1", 0.6, scheduler="euler", mistakes=IMAGE),
    img2img("sd1-img2img-euler_a", "sd1", 0.6, scheduler="euler_a", mistakes=IMAGE),
    img2img("sd1-img2img-dpmpp_2m", "sd1", 0.6, scheduler="dpmpp_2m", mistakes=IMAGE),
    img2img("sd1-img2img-wide", "sd1", 0.6, width=96, height=48, mistakes=["swapped"]),
    img2img("sdxl-img2img-0.3", "sdxl", 0.3, mistakes=IMAGE),
    img2img("sdxl-img2img-0.6", "sdxl", 0.6, mistakes=[*IMAGE, "zero_pooled"]),
    img2img("sdxl-img2img-1.0", "sdxl", 1.0, mistakes=["zero_pooled"]),
]

BLEND = ["mask_inverted", "mask_averaged", "posterior_mean", "posterior_not_drawn", "wrong_scaling_factor"]
CHANNELS = ["mask_inverted", "mask_averaged", "image_not_masked", "mask_last", "posterior_mean", "wrong_scaling_factor"]

INPAINT = [
    inpaint("sd1-inpaint", "sd1", "circle", mistakes=BLEND),
    inpaint("sd1-inpaint-0.6", "sd1", "band", strength=0.6, mistakes=BLEND),
    inpaint("sd1-inpaint-euler", "sd1", "circle", strength=0.6, scheduler="euler", mistakes=BLEND),
    inpaint("sdxl-inpaint-0.6", "sdxl", "circle", strength=0.6, mistakes=BLEND),
    inpaint("inpaint9", "inpaint9", "circle", mistakes=CHANNELS),
    inpaint("inpaint9-band", "inpaint9", "band", mistakes=CHANNELS),
    inpaint("inpaint9-0.6", "inpaint9", "circle", strength=0.6, mistakes=CHANNELS),
    inpaint("inpaint9-wide", "inpaint9", "band", width=80, height=48, mistakes=["mask_inverted"]),
    inpaint("inpaint9-unguided", "inpaint9", "circle", guidance=1.0, mistakes=["mask_inverted"]),
]

GIVEN = ["latents_of_the_seed", "timestep_plus_one"]

# The noise of samplers that draw on their way comes from the seed all the same, and is the first that is drawn.
LATENTS = [
    txt2img("latents-ddim", "sd1", scheduler="ddim", latents="noise", mistakes=GIVEN),
    txt2img("latents-euler_a", "sd1", scheduler="euler_a", latents="noise", mistakes=GIVEN),
    txt2img("latents-wide", "sd1", width=96, height=48, latents="noise", mistakes=GIVEN),
    inpaint("latents-inpaint", "sd1", "circle", scheduler="euler_a", latents="noise", mistakes=["mask_inverted"]),
    inpaint("latents-inpaint9", "inpaint9", "band", latents="noise", mistakes=["latents_of_the_seed", "mask_inverted"]),
    img2img("latents-img2img", "sd1", 0.65, latents="image", mistakes=["latents_unscaled", "timestep_plus_one"]),
    img2img("latents-img2img-euler_a", "sd1", 0.35, scheduler="euler_a", latents="image", mistakes=["latents_unscaled"]),
]

SKIP = ["no_clip_skip", "no_final_norm", "clip_skip_both"]

CLIP_SKIP = [
    txt2img("sd1-hidden-0", "sd1-hidden", mistakes=["swapped"]),
    txt2img("sd1-hidden-1", "sd1-hidden", clip_skip=1, mistakes=SKIP),
    txt2img("sd1-hidden-2", "sd1-hidden", clip_skip=2, mistakes=SKIP),
]


def control(image, scale=1.0, start=0.0, end=1.0):
    return {"image": image, "scale": scale, "start": start, "end": end}


EDGES, DEPTH = control("edges"), control("depth")
CONTROL = ["no_residual", "control_inverted", "control_normalised"]

ONE, TWO, XL = "sd1-controlnet", "sd1-controlnets", "sdxl-controlnet"
BOTH = [control("edges", 0.7), control("depth", 0.4)]
MIXED = [control("edges", 0.7, 0.2, 0.8), control("depth", 1.0, 0.0, 0.5)]
SOME_STEPS = [control("edges", 1.0, 0.2, 0.8)]
WEAKER = ["full_scale", "no_residual"]

CONTROLNET = [
    txt2img("controlnet", ONE, controls=[EDGES], mistakes=[*CONTROL, "timestep_plus_one", "swapped"]),
    txt2img("controlnet-0.7", ONE, controls=[control("depth", 0.7)], mistakes=[*CONTROL, "full_scale"]),
    txt2img("controlnet-some-steps", ONE, controls=SOME_STEPS, steps=10, mistakes=["whole_run", "no_residual"]),
    txt2img("controlnet-euler", ONE, scheduler="euler", controls=SOME_STEPS, steps=10, mistakes=["whole_run"]),
    txt2img("controlnet-unguided", ONE, controls=[EDGES], guidance=1.0, mistakes=CONTROL),
    txt2img("controlnet-wide", ONE, controls=[DEPTH], width=96, height=48, mistakes=CONTROL),
    img2img("controlnet-img2img", ONE, 0.6, controls=[control("edges", 0.7)], mistakes=[*WEAKER, "posterior_mean"]),
    txt2img("controlnets", TWO, controls=BOTH, mistakes=[*WEAKER, "first_control_only"]),
    txt2img("controlnets-mixed", TWO, controls=MIXED, steps=10, mistakes=["whole_run", "first_control_only"]),
    txt2img("controlnet-xl", XL, controls=[EDGES], mistakes=[*CONTROL, "zero_pooled"]),
    txt2img("controlnet-xl-0.7", XL, controls=[control("depth", 0.7)], mistakes=[*CONTROL, "full_scale"]),
]

ONE_AXIS = ["not_seamless", "other_axis", "both_axes", "decoder_not_seamless"]
BOTH_AXES = ["not_seamless", "x_alone", "y_alone", "decoder_not_seamless"]

TILING = [
    txt2img("seamless-x", "sd1", seamless="x", mistakes=ONE_AXIS),
    txt2img("seamless-y", "sd1", seamless="y", mistakes=ONE_AXIS),
    txt2img("seamless-xy", "sd1", seamless="xy", mistakes=BOTH_AXES),
    txt2img("seamless-wide", "sd1", seamless="xy", width=96, height=32, mistakes=["not_seamless"]),
    txt2img("seamless-sdxl", "sdxl", seamless="xy", mistakes=BOTH_AXES),
    img2img("seamless-img2img-x", "sd1", 0.6, seamless="x", mistakes=[*ONE_AXIS, "encoder_not_seamless"]),
    img2img("seamless-img2img-xy", "sd1", 0.6, seamless="xy", mistakes=[*BOTH_AXES, "encoder_not_seamless"]),
    inpaint("seamless-inpaint9", "inpaint9", "circle", seamless="xy", mistakes=BOTH_AXES),
    txt2img("seamless-controlnet", ONE, seamless="xy", controls=[EDGES], mistakes=["controlnet_not_seamless"]),
]

FAMILIES = {
    "sd1": SD1,
    "sdxl": SDXL,
    "lcm": LCM,
    "turbo": TURBO,
    "sd2v": SD2V,
    "img2img": IMG2IMG,
    "inpaint": INPAINT,
    "latents": LATENTS,
    "clip_skip": CLIP_SKIP,
    "controlnet": CONTROLNET,
    "seamless": TILING,
}
