"""Weighted prompts as AUTOMATIC1111's web UI reads them: pieces, chunks of token ids, and emphasis.

The web UI is no package. stablepy carries its code (by way of Forge) in a file that needs nothing else of
it; this is what runs here. Read beside modules/prompt_parser.py (at 28bd8e142d5f), sd_hijack_clip.py and
sd_emphasis.py of AUTOMATIC1111/stable-diffusion-webui, the parts that run are the same but for names and
textual inversion, which is left out."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import torch

from clip_tokens import shorten, tokenizers
from golden import write_entries, write_tensors
from prompts import DIFFERENT, PROMPTS

SEED = 17
WIDTH = 4
MAX_CHUNKS = 8


def web_ui():
    """Loaded by its path: stablepy itself would import a dozen packages."""
    package = Path(importlib.util.find_spec("stablepy").origin).parent
    spec = importlib.util.spec_from_file_location("web_ui", package / "diffusers_vanilla" / "multi_emphasis_prompt.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["web_ui"] = module
    spec.loader.exec_module(module)
    return module


def make(out):
    module = web_ui()
    # CLIP's last hidden states: around a mean that is not 0, so that it can be restored.
    generator = torch.Generator().manual_seed(SEED)
    hidden_states = torch.randn(MAX_CHUNKS, 77, WIDTH, generator=generator) - 0.5

    class Engine(module.ClassicTextProcessingEngine):
        """Writes down the ids that the text encoder would see, and answers made-up hidden states."""

        def __init__(self, tokenizer):
            super().__init__(SimpleNamespace(device=torch.device("cpu")), tokenizer)
            self.seen = []

        def encode_with_transformers(self, tokens):
            assert tokens.shape == (1, 77)
            self.seen.append(tokens[0].tolist())
            return hidden_states[len(self.seen) - 1][None]

    families = tokenizers(out)
    entries, tensors = [], {"hidden_states": hidden_states}
    for index, text in enumerate(PROMPTS):
        entry = {"text": text, "pieces": pieces(module, text)}
        for family, tokenizer in families.items():
            engine = Engine(tokenizer)
            tensors[f"{index}"] = engine(text)[0]
            entry[family] = [shorten(row) for row in engine.seen]
            # Where prompts of a batch differ in length, the shorter is filled up with these.
            assert engine.empty_chunk().tokens == engine.tokenize_line("")[0][0].tokens
        chunks, _ = engine.tokenize_line(text)
        entry["weights"] = [shorten(chunk.multipliers) for chunk in chunks]
        entries.append(entry)
    write_entries(out, "prompt_syntax", entries)
    write_entries(out, "prompt_differences", [{"text": text, "pieces": pieces(module, text)} for text in DIFFERENT])
    write_tensors(out, "prompt_syntax", tensors)


def pieces(module, text):
    """Weights as text, since not every reader of JSON keeps the last bit; None where the web UI fails."""
    try:
        return [(words, repr(weight)) for words, weight in module.parse_prompt_attention(text)]
    except ValueError:
        return None
