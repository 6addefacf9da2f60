"""A CLIP tokenizer with a vocabulary of 768: all single bytes, then the first merges of the bundled model's."""

import json
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "models" / "emblem-64" / "tokenizer"

CONTEXT = 24
VOCABULARY = 768
START, END = "<|startoftext|>", "<|endoftext|>"


def write(folder, pad=END):
    """The files that Stable Diffusion's own tokenizer folders hold; SD 2 and SDXL pad with "!"."""
    folder.mkdir(parents=True, exist_ok=True)
    known = json.loads((SOURCE / "vocab.json").read_text(encoding="utf-8"))
    single = sorted((token for token in known if len(token) == 1), key=known.get)
    merges = (SOURCE / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
    merges = merges[: VOCABULARY - 2 * len(single) - 2]
    tokens = single + [f"{byte}</w>" for byte in single] + ["".join(pair.split()) for pair in merges] + [START, END]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    assert len(vocabulary) == VOCABULARY

    specials = {"bos_token": START, "eos_token": END, "pad_token": pad, "unk_token": END}
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": CONTEXT, **specials, "do_lower_case": True}
    write_json(folder / "vocab.json", vocabulary)
    write_json(folder / "special_tokens_map.json", specials, indent=2)
    write_json(folder / "tokenizer_config.json", {**config, "add_prefix_space": False}, indent=2)
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")


def write_json(path, value, **layout):
    path.write_text(json.dumps(value, ensure_ascii=False, **layout), encoding="utf-8")
