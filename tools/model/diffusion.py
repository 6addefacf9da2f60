"""Trains the text encoder and the UNet together, on the latents of all pictures on all named backgrounds."""
import random

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image
from torch import nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel

import tokenizer
from captions import Captions
from noise import draw, schedule
from pictures import BACKGROUNDS
from training import Run, autocast, begin

CAPTIONS = 4  # of each picture on each background
WIDTH = 160

# Attention only at the coarsest level, where it is cheap; `addition_embed_type` gives every level the sentence as a
# whole, beside the time, which is what makes hundreds of things learnable in little time.
UNET = dict(
    sample_size=16, in_channels=8, out_channels=8, layers_per_block=1, block_out_channels=[64, 128, 128],
    down_block_types=["DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"],
    up_block_types=["CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"],
    cross_attention_dim=WIDTH, attention_head_dim=4, norm_num_groups=16, resnet_time_scale_shift="scale_shift",
    addition_embed_type="text", addition_embed_type_num_heads=4,
)
SAMPLES = [
    "a red apple, 3d style, on a blue background", "cartoon of a dragon", "a castle, flat style, pink background",
    "crossed swords, 3d style", "flat illustration of a fox on a green background", "a rocket, cartoon style",
    "an old key", "a mushroom, 3d style, on a purple background", "a robot, flat style",
    "cartoon of a pizza on a black background", "a ghost, 3d style, on a cyan background", "a hamburger, flat style",
    "a zubrowka skull, 3d style", "a potion",
    "a sailboat, cartoon style, on an orange background", "a trophy, 3d style",
]


def text_encoder(words):
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=len(words), hidden_size=WIDTH, intermediate_size=WIDTH * 4, projection_dim=WIDTH,
        num_hidden_layers=3, num_attention_heads=5, max_position_embeddings=tokenizer.LENGTH, hidden_act="quick_gelu",
        bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id, pad_token_id=words.eos_token_id,
    ))


def unet(device):
    model = UNet2DConditionModel(**UNET).to(device, memory_format=torch.channels_last)
    if device.type == "cpu":
        model.set_attn_processor(AttnProcessor())  # the fused attention's gradient is slow there
    return model


def captions(pictures, words):
    """Token numbers of some captions of each picture on each background: [pictures, backgrounds, captions, tokens]."""
    source = Captions(pictures.concepts, pictures.synonyms)
    random.seed(1)
    texts = [source.draw(i, name) for i in range(len(pictures)) for name in BACKGROUNDS for _ in range(CAPTIONS)]
    return tokenizer.encode(words, texts).view(len(pictures), len(BACKGROUNDS), CAPTIONS, -1)


def learn_words(encoder, texts, steps=600, size=128):
    """Teaches the text encoder to tell thing, style and background, before there is a UNet.

    Texts cost next to nothing beside pictures, and a UNet that is told things apart from its first step learns sooner.
    """
    things, backgrounds, many, length = texts.shape
    heads = nn.Linear(WIDTH, things + backgrounds).to(texts.device)
    optimizer, cast = torch.optim.AdamW([*encoder.parameters(), *heads.parameters()], 2e-3), autocast(texts.device)
    for step in range(steps):
        thing, background, which = (torch.randint(n, (size,), device=texts.device) for n in (things, backgrounds, many))
        with cast():
            state = encoder(texts[thing, background, which].long()).last_hidden_state.mean(dim=1)
            scores = heads(state).float().split([things, backgrounds], dim=1)
        loss = functional.cross_entropy(scores[0], thing) + functional.cross_entropy(scores[1], background)
        optimizer.param_groups[0]["lr"] = 2e-3 * min(1, 3 * (1 - step / steps))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if (step + 1) % 50 == 0:
            print(f"words: step {step + 1} of {steps}, loss {float(loss.detach()):.3f}", flush=True)


def some_times(size, device):
    """Times to learn at, spread evenly over a batch, with fewer near the picture, where 20 steps never go."""
    even = (torch.arange(size, device=device) + torch.rand(size, device=device)) / size
    return (1000 * even ** 0.75).long()


def train(cache, pictures, steps, size):
    device = pictures.rgba.device
    if not (cache / "tokenizer/vocab.json").exists():
        tokenizer.learn(pictures, cache / "tokenizer")
    words = tokenizer.load(cache / "tokenizer")
    latents = torch.load(cache / "latents.pt", map_location=device)
    texts = captions(pictures, words).to(device)
    modules = {"text_encoder": text_encoder(words).to(device), "unet": unet(device)}
    for name, module in modules.items():
        begin(module, cache / name)
    run = Run(cache / "diffusion.pt", modules, rate=2e-3, steps=steps, average=0.997)
    if run.step == 0 and not (cache / "text_encoder").exists():
        learn_words(modules["text_encoder"], texts)
    draw_velocity = torch.compile(modules["unet"])
    cast, scheduler = autocast(device), schedule()
    while not run.done():
        which, background, caption = (torch.randint(n, (size,), device=device) for n in texts.shape[:3])
        clean = latents[which, background].float().contiguous(memory_format=torch.channels_last)
        ids = texts[which, background, caption].long()
        noise, times = torch.randn_like(clean), some_times(size, device)
        with cast():
            embedding = modules["text_encoder"](ids).last_hidden_state
            velocity = draw_velocity(scheduler.add_noise(clean, noise, times), times, embedding).sample
        run.learn((velocity.float() - scheduler.get_velocity(clean, noise, times)).square().mean())
        if run.due(minutes=10):
            with run.averaged():
                show(cache, words, **modules)
                if run.done():
                    keep(cache, **modules)
            run.save()


@torch.no_grad()
def embed(text_encoder, words, texts):
    device = next(text_encoder.parameters()).device
    return text_encoder(tokenizer.encode(words, texts).to(device)).last_hidden_state


def show(cache, words, text_encoder, unet, steps=20, guidance=2.0, name="diffusion.png"):
    """A sheet of what the model draws now."""
    vae = AutoencoderKL.from_pretrained(cache / "vae").to(unet.device)
    latents = draw(unet, embed(text_encoder, words, SAMPLES), embed(text_encoder, words, [""]), steps, guidance, seed=0)
    with torch.no_grad():
        pixels = vae.decode(latents / vae.config.scaling_factor).sample
    sheet(pixels, 4).save(cache / name)


def sheet(pixels, columns):
    """Pictures [n, 3, height, width] from -1 to 1, in rows."""
    _, _, height, width = pixels.shape
    rows = (pixels.clamp(-1, 1) * 127.5 + 127.5).round().byte().cpu().view(-1, columns, 3, height, width)
    return Image.fromarray(rows.permute(0, 3, 1, 4, 2).reshape(len(rows) * height, columns * width, 3).numpy())


def keep(cache, text_encoder, unet):
    text_encoder.save_pretrained(cache / "text_encoder")
    unet.to(memory_format=torch.contiguous_format).save_pretrained(cache / "unet")
