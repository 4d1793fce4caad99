"""Cells of steered trainings whose accuracies are made, so that it is known what must come out."""

import numpy as np

from difficulty_lib.study import SteeredCell

SEEDS = (1, 2, 3, 4, 5)


def cell(condition, method, seed, gain=0.0, *, splits=("test",), base=0.8, noise=0.0005, **more):
    """A training whose last accuracy is base + gain + what the seed brings + a little noise."""
    rng = np.random.default_rng([seed, *map(ord, condition + method)])
    of_seed = 0.01 * np.sin(seed)
    curves = {
        split: [base + gain + of_seed + noise * rng.normal() - late for late in (0.2, 0.1, 0.0)]
        for split in splits
    }
    return SteeredCell(condition, method, seed, curves, more.get("rows", 960))


def cells(condition, gains, seeds=SEEDS, **more):
    """Every method of `gains`, a mapping to what it gains, with every seed."""
    return [
        cell(condition, method, seed, gain, **more)
        for method, gain in gains.items()
        for seed in seeds
    ]
