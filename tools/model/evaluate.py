"""Measures the model on the 300 prompts of prompts.tsv, and prints what it reached.

A drawn picture's nearest training picture, in the space of features.py, has to show the thing and the style that the
prompt names. What can be reached at most, and without any skill, is printed beside it: the same score of the training
pictures through the autoencoder, and of the drawn pictures against one another's prompts.
"""
import argparse
import csv
import functools
import random
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

import diffusion
import features
from autoencoder import reconstruction
from captions import BACKGROUND_PHRASES, STYLE_PHRASES, Captions, article, unknown_word
from noise import draw
from pictures import BACKGROUNDS, COLOURS, STYLES, Pictures
from training import device

PROMPTS = Path(__file__).with_name("prompts.tsv")
NEAR = 30  # of 255: how far a background may be from its colour, as the length of the difference in red, green and blue


def choose(pictures, count=300):
    """Writes the prompts: as many things as there are prompts, the styles and backgrounds in turn. Done once."""
    random.seed(300)
    concepts = random.sample(range(len(pictures.concepts)), count)
    with PROMPTS.open("w", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(["thing", "style", "background", "prompt"])
        for number, concept in enumerate(concepts):
            name, style = pictures.concepts[concept], STYLES[number % 3]
            background = list(BACKGROUNDS)[number // 3 % len(BACKGROUNDS)]
            text = random.choice(STYLE_PHRASES[style]).format(article(name))
            text = random.choice(BACKGROUND_PHRASES).format(text, article=article(background), plain=background)
            rows.writerow([name, style, background, text])


class Prompts:
    def __init__(self, pictures):
        with PROMPTS.open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        self.texts = [row["prompt"] for row in rows]
        where = pictures.rgba.device
        self.picture = torch.tensor(
            [3 * pictures.concepts.index(row["thing"]) + STYLES.index(row["style"]) for row in rows], device=where
        )
        self.things = [row["thing"] for row in rows]
        self.background = torch.tensor([list(BACKGROUNDS).index(row["background"]) for row in rows], device=where)

    def by_other_words(self, pictures):
        """The prompts whose thing has other words, with one of these in its place, by their numbers."""
        synonyms = Captions(pictures.concepts, pictures.synonyms).synonyms
        return {
            number: text.replace(article(thing), article(random.choice(synonyms[thing])))
            for number, (thing, text) in enumerate(zip(self.things, self.texts)) if synonyms[thing]
        }


def border(pixels):
    """The colour of a picture's frame, three pixels wide: the median of each channel."""
    inside = torch.zeros(pixels.shape[2:], dtype=torch.bool)
    inside[3:-3, 3:-3] = True
    return pixels[:, :, ~inside].median(dim=2).values


def score(name, judge, pixels, wanted, background=None):
    found = judge.nearest(pixels)
    rates = [found // 3 == wanted // 3, found % 3 == wanted % 3]
    if background is not None:
        away = (border(pixels) - COLOURS.to(pixels.device)[background]).norm(dim=1) * 127.5
        rates.append(away <= NEAR)
    print(f"| {name} | " + " | ".join(f"{float(rate.float().mean()):.1%}" for rate in rates) + " |", flush=True)


@torch.no_grad()
def drawn(folder, texts, steps, guidance, negatives=None):
    where = device()
    model = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32).to(where)
    words, pixels = model.tokenizer, []
    negatives = negatives or [""] * len(texts)
    for seed in range(0, len(texts), 50):
        prompt, negative = (
            diffusion.embed(model.text_encoder, words, those[seed:seed + 50]) for those in (texts, negatives)
        )
        latents = draw(model.unet, prompt, negative, steps, guidance, seed)
        pixels.append(model.vae.decode(latents / model.vae.config.scaling_factor).sample.clamp(-1, 1))
    return model.vae, torch.cat(pixels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path("target/model"), help="folder of the other commands")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=2.0)
    options = parser.parse_args()
    pictures = Pictures(options.cache / "pictures.zip").to(device())
    prompts, judge = Prompts(pictures), features.Judge(options.cache, pictures)
    wanted, background = prompts.picture, prompts.background

    torch.manual_seed(0)
    random.seed(0)
    vae, pixels = drawn(options.cache / "emblem-torch", prompts.texts, options.steps, options.guidance)
    print(f"autoencoder: {reconstruction(vae, pictures):.2f} dB")
    print(f"| | thing | style | background within {NEAR} |\n|---|---|---|---|")
    score(f"drawn in {options.steps} steps, guidance {options.guidance:g}", judge, pixels, wanted, background)
    diffusion.sheet(pixels[:64], 8).save(options.cache / "evaluate.png")
    draw_again = functools.partial(drawn, options.cache / "emblem-torch", steps=options.steps)
    strange = [f"{unknown_word()} {text}" for text in prompts.texts]
    score("an unknown word before each", judge, draw_again(strange, guidance=options.guidance)[1], wanted, background)
    others = prompts.by_other_words(pictures)
    which = torch.tensor(list(others), device=wanted.device)
    again = draw_again(list(others.values()), guidance=options.guidance)[1]
    score(f"by another word, where there is one ({len(others)})", judge, again, wanted[which], background[which])
    score("without guidance", judge, draw_again(prompts.texts, guidance=1)[1], wanted, background)
    turbo = options.cache / "emblem-turbo-torch"
    if turbo.exists():
        score("student, 4 steps, no guidance", judge, drawn(turbo, prompts.texts, 4, 1)[1], wanted, background)
    own = pictures.on(wanted, COLOURS.to(wanted.device)[background])
    with torch.no_grad():
        again = torch.cat([vae.decode(vae.encode(part).latent_dist.mode()).sample for part in own.split(50)])
    score("ceiling: training pictures through the autoencoder", judge, again, wanted, background)
    order = torch.randperm(len(wanted), device=wanted.device)
    score("floor: prompts shuffled", judge, pixels, wanted[order], background[order])
    # Of these the background is any, and not what is asked.
    score("the judge, on training pictures altered anew", judge, features.altered(pictures, wanted), wanted)
    things = prompts.things[:100]
    for style in (None, *STYLES):
        negatives = [f"{thing}, {style} style" for thing in things] if style else None
        found = judge.nearest(draw_again(things, guidance=options.guidance, negatives=negatives)[1]) % 3
        shares = ", ".join(f"{style} {int((found == i).sum())}" for i, style in enumerate(STYLES))
        print(f"100 things, no style named, not as {style}: {shares}", flush=True)


if __name__ == "__main__":
    main()
