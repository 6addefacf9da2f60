"""Token ids of CLIP's real vocabulary, with the padding of Stable Diffusion 1 and of 2."""

import tempfile
from pathlib import Path

from transformers import CLIPTokenizer

import clip_texts
import clip_vocabulary
import tokens
from golden import write_entries

PADDING = {"sd1": "<|endoftext|>", "sd2": "!"}


def tokenizers(out):
    """As StableDiffusionPipeline.from_pretrained loads them."""
    loaded = {}
    for family, padding in PADDING.items():
        with tempfile.TemporaryDirectory() as directory:
            clip_vocabulary.write_directory(out, Path(directory), padding)
            loaded[family] = CLIPTokenizer.from_pretrained(directory)
    return loaded


def make(out):
    clip_vocabulary.write_merges(out)
    families = tokenizers(out)
    entries = []
    for text in dict.fromkeys(clip_texts.TEXTS + tokens.TEXTS):
        ids = {
            family: tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids
            for family, tokenizer in families.items()
        }
        assert all(len(row) == 77 for row in ids.values())
        entries.append({"text": text, **{family: shorten(row) for family, row in ids.items()}})
    write_entries(out, "clip_tokens", entries)


def shorten(row):
    """Without the repetitions of its last number: padding, and the normal weight."""
    while len(row) > 1 and row[-1] == row[-2]:
        row = row[:-1]
    return row
