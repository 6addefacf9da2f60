"""Prompts as the UNet sees them: the text encoder's last hidden state."""

from golden import write_entries, write_tensors
from tokens import tokenise

TEXTS = [
    "",
    "a red apple, 3d style, on a blue background",
    "flat illustration of a fox",
    "a dragon",
    "a castle and a rocket and a cat and a robot and a mushroom and a shield and a crown and a cloud",
]


def make(out, pipe):
    tensors = {}
    for i, text in enumerate(TEXTS):
        ids = tokenise(pipe, text)
        tensors[str(i)] = pipe.text_encoder(ids).last_hidden_state[0]
    write_entries(out, "embeddings", TEXTS)
    write_tensors(out, "embeddings", tensors)
