"""torch.randn on the CPU: the numbers behind every seed."""

import torch

from golden import write_entries, write_tensors

SEEDS = [0, 7, 42, 2**31, 2**32 + 5, 2**63 - 1, 2**63 + 5, 2**64 - 1]

# Each is drawn one shape after the other from a single generator. Sixteen numbers or more are made in
# blocks; fewer are made in pairs, and the unused half of a pair waits in the generator, past any blocks
# drawn in between.
DRAWS = {
    "latents": [(1, 4, 16, 16)],
    "few": [(5,)],
    "block": [(16,)],
    "block_and_one": [(17,)],
    "few_block_few": [(15,), (33,), (3,)],
    "latents_twice": [(1, 4, 12, 20), (1, 4, 12, 20)],
    "odd": [(1,), (3,), (5,), (7,), (1,), (15,)],
}


def make(out):
    entries, tensors = [], {}
    for seed in SEEDS:
        for draw, shapes in DRAWS.items():
            name = f"{draw}-{seed}"
            generator = torch.Generator("cpu").manual_seed(seed)
            drawn = [torch.randn(shape, generator=generator).flatten() for shape in shapes]
            entries.append({"name": name, "seed": seed, "counts": [len(numbers) for numbers in drawn]})
            tensors.update({f"{name}.{i}": numbers for i, numbers in enumerate(drawn)})
    write_entries(out, "random", entries)
    write_tensors(out, "random", tensors)
