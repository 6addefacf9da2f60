"""How golden values are stored: JSON for people to read, safetensors for the numbers."""

import json

from safetensors.torch import save


def write_entries(folder, name, entries):
    """One entry a line, in ASCII: diffs stay small, and no editor can normalise the Unicode in a prompt."""
    lines = ",\n".join(json.dumps(entry, ensure_ascii=True) for entry in entries)
    (folder / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="ascii")


def write_tensors(folder, name, tensors):
    contiguous = {key: tensor.contiguous() for key, tensor in tensors.items()}
    (folder / f"{name}.safetensors").write_bytes(save(contiguous))
