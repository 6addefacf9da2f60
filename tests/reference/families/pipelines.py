"""Tiny Stable Diffusion pipelines with random weights, one of each family, saved as diffusers saves them."""

import json

import diffusers
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    LatentConsistencyModelPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

import schedulers_of
import tiny_tokenizer
from overflow import amplify
from weights import randomise

SD1_WIDTH, SD2_WIDTH, SDXL_WIDTHS, SDXL_POOLED = 16, 24, (16, 24), 20


def make_all(folder):
    autoencoder = vae(2, factor=8)
    sd1 = {"text": text_encoder(1, SD1_WIDTH), "vae": autoencoder}
    sd1_unet = unet(4, SD1_WIDTH)
    hidden = {"text": text_encoder(1, SD1_WIDTH, output_hidden_states=True), "vae": autoencoder}
    save_sd(folder / "sd1", sd1, sd1_unet, schedulers_of.SD1)
    save_sd(folder / "sd1-hidden", hidden, sd1_unet, schedulers_of.SD1)
    save_sd(folder / "sd1-overflow", {**sd1, "vae": amplify(vae(2, factor=8))}, sd1_unet, schedulers_of.SD1)
    save_sd(folder / "lcm", sd1, unet(7, SD1_WIDTH, time_cond_proj_dim=16), schedulers_of.LCM)
    save_sd(folder / "inpaint9", sd1, unet(8, SD1_WIDTH, in_channels=9), schedulers_of.SD1)

    sd2 = {"text": text_encoder(3, SD2_WIDTH, hidden_act="gelu"), "vae": autoencoder}
    sd2_unet = unet(5, SD2_WIDTH, use_linear_projection=True)
    save_sd(folder / "sd2v", sd2, sd2_unet, schedulers_of.SD2, pad="!")
    save_sd(folder / "sd2v-zero-snr", sd2, sd2_unet, schedulers_of.SD2_ZERO_SNR, pad="!")
    save_sd(folder / "turbo", sd2, sd2_unet, schedulers_of.TURBO, pad="!")

    for name, seed in {"controlnet-a": 13, "controlnet-b": 14}.items():
        controlnet(seed, sd1_unet, factor=8).save_pretrained(folder / name)

    sdxl = sdxl_parts()
    controlnet(15, sdxl["unet"], factor=4).save_pretrained(folder / "controlnet-xl")
    save_sdxl(folder / "sdxl", sdxl, schedulers_of.SDXL)
    save_sdxl(folder / "sdxl-turbo", sdxl, schedulers_of.SDXL_TURBO)
    save_sdxl(folder / "sdxl-lightning", sdxl, schedulers_of.SDXL_LIGHTNING)


def text_encoder(seed, width, kind=CLIPTextModel, **settings):
    """The real configurations name 2 as the end token, and so the pooled output is that of the highest id."""
    config = {
        "vocab_size": tiny_tokenizer.VOCABULARY,
        "max_position_embeddings": tiny_tokenizer.CONTEXT,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        **settings,
    }
    return randomise(kind(CLIPTextConfig(**config)), seed)


def unet(seed, width, **settings):
    config = {
        "sample_size": 8,
        "block_out_channels": (4, 8),
        "layers_per_block": 1,
        "norm_num_groups": 2,
        "attention_head_dim": 2,
        "cross_attention_dim": width,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        **settings,
    }
    return randomise(UNet2DConditionModel(**config), seed)


def controlnet(seed, unet, factor):
    """Its last convolutions begin as zeros before training; here they are as random as the rest."""
    model = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4,) * factor.bit_length())
    return randomise(model, seed, {"controlnet_cond_embedding": 2.0})


def vae(seed, factor, scaling_factor=0.18215):
    blocks = factor.bit_length()
    model = AutoencoderKL(
        sample_size=8 * factor,
        block_out_channels=(4,) * blocks,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        latent_channels=4,
        norm_num_groups=2,
        scaling_factor=scaling_factor,
    )
    # Means and deviations of the size that the scaling factor undoes; and in the decoder, biases that latents
    # of that size are weighed against, so that a wrong scaling factor shows.
    randomise(model, seed, {"encoder.conv_out": 1.0, "conv_out": 0.5})
    model.post_quant_conv.bias.data *= 8 / scaling_factor
    model.quant_conv.weight.data[:4] /= scaling_factor
    model.quant_conv.bias.data[4:] += 2
    return model


def save_sd(folder, parts, unet, scheduler, pad=tiny_tokenizer.END):
    pipe = StableDiffusionPipeline
    if unet.config.time_cond_proj_dim:
        pipe = LatentConsistencyModelPipeline
    if unet.config.in_channels == 9:
        pipe = StableDiffusionInpaintPipeline
    pipe(
        vae=parts["vae"],
        text_encoder=parts["text"],
        tokenizer=tokenizer(folder / "tokenizer", pad),
        unet=unet,
        scheduler=scheduler_of(scheduler),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    finish(folder, scheduler, {"tokenizer": pad})


def sdxl_parts():
    first, second = SDXL_WIDTHS
    projected = {"hidden_act": "gelu", "projection_dim": SDXL_POOLED}
    return {
        "vae": vae(9, factor=4, scaling_factor=0.13025),
        "text_encoder": text_encoder(10, first),
        "text_encoder_2": text_encoder(11, second, CLIPTextModelWithProjection, **projected),
        "unet": unet(
            12,
            first + second,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=SDXL_POOLED + 6 * 8,
        ),
    }


def save_sdxl(folder, parts, scheduler):
    StableDiffusionXLPipeline(
        **parts,
        tokenizer=tokenizer(folder / "tokenizer", tiny_tokenizer.END),
        tokenizer_2=tokenizer(folder / "tokenizer_2", "!"),
        scheduler=scheduler_of(scheduler),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    ).save_pretrained(folder)
    finish(folder, scheduler, {"tokenizer": tiny_tokenizer.END, "tokenizer_2": "!"})


def scheduler_of(config):
    return getattr(diffusers, config["_class_name"]).from_config(config)


def tokenizer(folder, pad):
    tiny_tokenizer.write(folder, pad)
    return CLIPTokenizer.from_pretrained(folder)


def finish(folder, scheduler, pads):
    """Published files in place of those that saving has filled up with today's defaults."""
    text = json.dumps(scheduler, indent=2) + "\n"
    (folder / "scheduler" / "scheduler_config.json").write_text(text, encoding="ascii")
    for name, pad in pads.items():
        for leftover in (folder / name).iterdir():
            leftover.unlink()
        tiny_tokenizer.write(folder / name, pad)
