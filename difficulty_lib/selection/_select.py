"""Which part of the training data is kept: the easiest, hardest, most ambiguous, or at random."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._whole import whole_number
from difficulty_lib.curriculum._checked import check_same_samples, checked_ids
from difficulty_lib.curriculum._order import ordered

Ids = NDArray[np.int64]

# How: the order in which samples are kept.
SELECTIONS = {
    "easiest": "easy_first",
    "hardest": "hard_first",
    "most_ambiguous": "ambiguous_first",
    "random": "random",
    "class_balanced": "random",
}


def select(
    scores: pd.Series,
    fraction: float,
    how: str,
    labels: pd.Series | None = None,
    seed: int = 0,
    *,
    floor: int = 0,
    ids: ArrayLike | None = None,
    higher_is_harder: bool | None = None,
) -> Ids:
    """The samples that are kept: exactly a share of the data, rounded to whole samples.

    Args:
        scores: indexed by sample_id; its name is that of a registered score unless
            `higher_is_harder` is given. "random" and "class_balanced" do not look at the values.
        fraction: of the samples to keep, above 0 and at most 1.
        how: "easiest", "hardest", "most_ambiguous" (by a score of ambiguity), "random", or
            "class_balanced": at random as many of every class, one more of the first classes where
            they do not go up.
        labels: indexed by sample_id, each one's class; for "class_balanced" and `floor`.
        seed: of the random ones, and of ties.
        floor: so many samples of every class are kept at least, its first in the order of `how`, and
            the others by the order alone.
        ids: shape (N,), the data's samples, where there are no labels to say them.
        higher_is_harder: the direction, for numbers that are not of a registered score; for
            "most_ambiguous", whether high is ambiguous.

    Returns:
        Shape (K,), K = `fraction` · N to the nearest, halves upwards; ids, ascending. What is kept
        of a smaller share is among what is kept of a larger one.

    Raises:
        ConfigError: on an unknown `how`, or a fraction, floor or seed that cannot be.
        DataError: on scores of other samples than the data's (naming the first), a share that
            leaves nothing, or a class with too few samples.
    """
    if how not in SELECTIONS:
        raise ConfigError(f"unknown selection '{how}'; known: {', '.join(SELECTIONS)}")
    scored = checked_ids(scores.index, f"'{scores.name}'")
    count = kept_count(fraction, len(scored))
    if ids is not None:
        check_same_samples(str(scores.name), scored, checked_ids(ids))
    sequence = ordered(scores, SELECTIONS[how], seed=seed, higher_is_harder=higher_is_harder)
    whole_number("floor", floor, 0)
    if labels is None:
        if how == "class_balanced" or floor:
            raise ConfigError("a floor per class, or balanced classes, need the labels")
        return np.sort(sequence[:count])
    check_same_samples(str(scores.name), scored, checked_ids(labels.index, "labels"))
    codes, classes = pd.factorize(labels.loc[sequence], sort=True)
    if (codes < 0).any():
        missing = sequence[codes < 0]
        raise DataError(
            f"{len(missing)} samples have no label, first: {missing[:5].tolist()}; expected a class"
        )
    if how == "class_balanced":
        each = np.full(len(classes), count // len(classes))
        each[: count % len(classes)] += 1
        if floor > each.min():
            raise DataError(
                f"{count} samples of {len(classes)} balanced classes are {each.min()} of the "
                f"smallest; expected a floor of at most that, not {floor}"
            )
    else:
        each = np.full(len(classes), floor)
        if each.sum() > count:
            raise DataError(
                f"a floor of {floor} in each of {len(classes)} classes is more than the {count} "
                "samples that are kept; expected a smaller floor or a larger share"
            )
    sizes = np.bincount(codes, minlength=len(classes))
    for name, size, wanted in zip(classes.tolist(), sizes, each):
        if size < wanted:
            raise DataError(
                f"class {name!r} has {size} samples, and {wanted} are to be kept; expected a smaller "
                "share or floor"
            )
    place = pd.Series(codes).groupby(codes).cumcount().to_numpy()  # within its class
    first = place < each[codes]
    rest = np.flatnonzero(~first)[: count - int(each.sum())]
    return np.sort(np.concatenate([sequence[first], sequence[rest]]))


def kept_count(fraction: Any, samples: int) -> int:
    """How many samples a share is, to the nearest, halves upwards.

    Raises:
        ConfigError: on a fraction that is not above 0 and at most 1.
        DataError: if it is none.
    """
    number = isinstance(fraction, int | float | np.number) and not isinstance(fraction, bool)
    if not number or not 0 < fraction <= 1:
        raise ConfigError(f"fraction is {fraction!r}; expected above 0, at most 1")
    count = math.floor(fraction * samples + 0.5 + 1e-9)
    if not count:
        raise DataError(
            f"a share of {fraction:g} of {samples} samples leaves nothing; expected a larger one"
        )
    return count
