"""Token ids with tokens besides the vocabulary: textual inversion's, and special ones, as each file names them."""

import json
import shutil
import tempfile
from pathlib import Path

from diffusers.loaders import TextualInversionLoaderMixin
from golden import write_entries
from transformers import CLIPTokenizer

TEXTS = [
    "a photo of a <cat-toy>, oil painting",
    "a<cat-toy>b <CAT-TOY> <cat-toy>_1 <cat-toy>",
    "gold leaf, Gold Leaf, golden leaf and gold  leaf",
    "MyStyle mystyle MYSTYLE inMyStyle MyStyles, MyStyle.",
    "red   <left>   blue   <right>   green   <both>   end",
    "<left><right><both>",
    "sks dog, asksb sks, _sks_ sks",
    "[MARK] <image> <extra> <|endoftext|> a",
    "<five> <six> <seven>",
    "",
]

SPECIAL = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
CONFIG = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 24, "unk_token": "<|endoftext|>", **SPECIAL}
ENDS = [("2046", "<|startoftext|>"), ("2047", "<|endoftext|>")]


def token(content, **flags):
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    return {"content": content, **plain, **flags}


FLAGS = {
    **{id: token(content, special=True) for id, content in ENDS},
    "2048": token("<left>", lstrip=True),
    "2049": token("<right>", rstrip=True),
    "2050": token("<both>", lstrip=True, rstrip=True, special=True),
    "2051": token("sks", single_word=True),
    "2052": token("MyStyle", normalized=True),
    "2053": token("<CAT-TOY>"),
    "2054": {"content": "gold leaf"},
    "2055": {"content": "[MARK]", "special": True},
}

# What each directory has besides vocab.json and merges.txt; `whole`: the added tokens of a tokenizer.json in their place.
DIRECTORIES = {
    "added_tokens.json": {
        "tokenizer_config.json": CONFIG,
        "added_tokens.json": {"MyStyle": 2051, "<cat-toy>": 2048, "<cat-toy>_1": 2049, "gold leaf": 2050},
    },
    "flags": {"tokenizer_config.json": {**CONFIG, "added_tokens_decoder": FLAGS}},
    "ids that are not the next": {
        "tokenizer_config.json": {
            **CONFIG,
            "added_tokens_decoder": {"3000": token("<five>"), "900": token("<six>"), "10000": token("<seven>")},
        }
    },
    "special_tokens_map.json": {
        "tokenizer_config.json": CONFIG,
        "special_tokens_map.json": {
            **SPECIAL,
            "eos_token": token("<|endoftext|>", lstrip=True, normalized=True),
            "mask_token": {"content": "[MARK]", "lstrip": True},
            "pad_token": "!",
            "additional_special_tokens": ["<extra>", "<five>"],
        },
        "added_tokens.json": {"<five>": 2048, "<six>": 2049},
    },
    "special tokens of its own": {
        "tokenizer_config.json": {**CONFIG, "image_token": "<image>", "extra_special_tokens": ["<extra>"]}
    },
    "both files count": {
        "tokenizer_config.json": {**CONFIG, "added_tokens_decoder": FLAGS},
        "added_tokens.json": {"<five>": 2056},
        "special_tokens_map.json": {**SPECIAL, "pad_token": "!", "mask_token": "<six>"},
    },
    "tokenizer.json": {
        "tokenizer_config.json": CONFIG,
        "added_tokens.json": {"<six>": 2049},
        "whole": [
            {"id": 2046, **token("<|startoftext|>", special=True)},
            {"id": 2047, **token("<|endoftext|>", special=True)},
            {"id": 2048, **token("<cat-toy>", rstrip=True)},
        ],
    },
    "tokenizer.json and flags": {
        "tokenizer_config.json": {**CONFIG, "added_tokens_decoder": FLAGS},
        "whole": [
            {"id": 2046, **token("<|startoftext|>", special=True)},
            {"id": 2047, **token("<|endoftext|>", special=True)},
            {"id": 2048, **token("<five>")},
        ],
    },
}


def make(out, tokenizer, whole):
    entries = []
    for name, files in DIRECTORIES.items():
        with tempfile.TemporaryDirectory() as temporary:
            directory = Path(temporary)
            write(directory, tokenizer, files, whole)
            loaded = CLIPTokenizer.from_pretrained(directory)
            mixin = TextualInversionLoaderMixin()
            # As StableDiffusionPipeline.encode_prompt does.
            prompts = [mixin.maybe_convert_prompt(text, loaded) for text in TEXTS]
            ids = loaded(prompts, padding="max_length", max_length=24, truncation=True).input_ids
            entries.append({"directory": name, "files": files, "texts": TEXTS, "ids": ids})
    write_entries(out, "added_tokens", entries)


def write(directory, tokenizer, files, whole):
    vocabulary = json.loads((tokenizer / "vocab.json").read_text(encoding="utf-8"))
    if "whole" in files:
        merges = (tokenizer / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
        saved = json.loads(whole.read_text(encoding="utf-8"))
        saved["model"]["vocab"] = vocabulary
        saved["model"]["merges"] = [line.split(" ") for line in merges]
        saved["added_tokens"] = files["whole"]
        (directory / "tokenizer.json").write_text(json.dumps(saved), encoding="utf-8")
    else:
        for file in ("vocab.json", "merges.txt"):
            shutil.copy(tokenizer / file, directory / file)
    for file, content in files.items():
        if file != "whole":
            (directory / file).write_text(json.dumps(content), encoding="utf-8")
