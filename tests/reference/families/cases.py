"""What is painted with every model, and which mistakes must show."""

APPLE = "a red apple, 3d style, on a blue background"
FOX = "flat illustration of a fox"
BLURRY = "blurry, low quality"


def text_to_image(name, model, *, mistakes=(), **settings):
    return {
        "name": name,
        "model": model,
        "mode": "txt2img",
        "prompt": APPLE,
        "negative": BLURRY,
        "seed": 7,
        "steps": 4,
        "guidance": 5.0,
        **settings,
        "mistakes": list(mistakes),
    }


CFG = ["swapped", "unguided", "timestep_plus_one", "wrong_padding"]

SD1 = [
    text_to_image("sd1", "sd1", mistakes=[*CFG, "wrong_scaling_factor"]),
    text_to_image("sd1-empty-negative", "sd1", prompt=FOX, negative="", mistakes=["swapped"]),
    text_to_image("sd1-no-negative", "sd1", prompt=FOX, negative=None, seed=42, mistakes=["timestep_plus_one"]),
    text_to_image("sd1-euler", "sd1", scheduler="euler", steps=6, mistakes=["timestep_plus_one"]),
    text_to_image("sd1-dpmpp_2m", "sd1", scheduler="dpmpp_2m", steps=6),
    text_to_image("sd1-unguided", "sd1", guidance=1.0, mistakes=["swapped", "timestep_plus_one"]),
    text_to_image("sd1-wide", "sd1", width=96, height=32, mistakes=["swapped"]),
    text_to_image("sd1-tall", "sd1", width=32, height=80, mistakes=["swapped"]),
    text_to_image("sd1-next-seed", "sd1", seed=8, mistakes=["seed_before"]),
]

SDXL_MISTAKES = ["zero_pooled", "pooled_of_negative", "wrong_time_ids", "last_hidden_state", "wrong_padding_2"]

SDXL = [
    text_to_image("sdxl", "sdxl", mistakes=[*CFG, *SDXL_MISTAKES, "wrong_scaling_factor"]),
    # An absent negative prompt is all zeros; an empty one is encoded.
    text_to_image("sdxl-no-negative", "sdxl", negative=None, mistakes=["empty_negative"]),
    text_to_image("sdxl-empty-negative", "sdxl", negative="", mistakes=["no_negative"]),
    # The second tokenizer's padding is a token of its own, which it also finds in a text.
    text_to_image("sdxl-exclamation", "sdxl", prompt="a red apple! a fox!!", mistakes=["wrong_padding_2"]),
    text_to_image("sdxl-wide", "sdxl", width=48, height=24, mistakes=["wrong_time_ids", "time_ids_turned"]),
    text_to_image("sdxl-unguided", "sdxl", guidance=1.0, mistakes=["zero_pooled"]),
]

FAMILIES = {"sd1": SD1, "sdxl": SDXL}
