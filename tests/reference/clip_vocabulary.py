"""CLIP's real vocabulary, from the copy of OpenAI's merges in the open_clip package."""

import gzip
import importlib.util
import json
from pathlib import Path

# 49408 tokens less two alphabets of bytes and two special tokens.
MERGES = 49408 - 2 * 256 - 2

START, END = "<|startoftext|>", "<|endoftext|>"


def write_merges(out):
    """Where a package lies can be asked without importing it, and with it torch and the rest."""
    package = Path(importlib.util.find_spec("open_clip").origin).parent
    lines = gzip.decompress((package / "bpe_simple_vocab_16e6.txt.gz").read_bytes()).decode("utf-8").split("\n")
    text = "\n".join(["#version: 0.2", *lines[1 : MERGES + 1]]) + "\n"
    (out / "clip_merges.txt").write_text(text, encoding="utf-8")


def write_directory(out, directory, padding):
    """A tokenizer directory as Stable Diffusion 1 and 2 ship it; they differ in the padding, which stands in
    special_tokens_map.json alone."""
    merges = (out / "clip_merges.txt").read_text(encoding="utf-8")
    tokens = bytes_as_letters()
    tokens += [letter + "</w>" for letter in tokens]
    tokens += [merge.replace(" ", "") for merge in merges.splitlines()[1:]]
    tokens += [START, END]
    (directory / "merges.txt").write_text(merges, encoding="utf-8")
    write_json(directory / "vocab.json", {token: i for i, token in enumerate(tokens)})

    flags = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    begin, end = {"content": START, **flags}, {"content": END, **flags}
    typed = {"__type": "AddedToken"}
    config = {
        "add_prefix_space": False,
        "bos_token": begin | typed,
        "do_lower_case": True,
        "eos_token": end | typed,
        "errors": "replace",
        "model_max_length": 77,
        "pad_token": END,
        "tokenizer_class": "CLIPTokenizer",
        "unk_token": end | typed,
    }
    special = {"bos_token": begin, "eos_token": end, "pad_token": padding, "unk_token": end}
    write_json(directory / "tokenizer_config.json", config)
    write_json(directory / "special_tokens_map.json", special)


def bytes_as_letters():
    """OpenAI's simple_tokenizer: bytes that print stand for themselves, the others for letters from U+0100."""
    printing = [*range(ord("!"), ord("~") + 1), *range(ord("\u00a1"), ord("\u00ac") + 1), *range(ord("\u00ae"), 256)]
    return [chr(byte) for byte in printing] + [chr(256 + i) for i in range(256 - len(printing))]


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
