"""Errors planted in copies of evaluated samples, beside which the samples themselves stay."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.corruptions import CORRUPTIONS
from difficulty_lib.data import TextData

SUFFIX = "_planted"  # a split's samples with an error each, in a split beside it
SEED = 0  # the errors are the same whatever seed the model has


def plant(data: TextData, value: Any, splits: Sequence[str]) -> TextData:
    """Add, to each split that has a `<split>_planted` among `splits`, its corrupted samples.

    The corrupted copies keep their sample_id, and the splits themselves stay as they are: one run
    observes both, and a sample can be compared with its own corrupted copy.

    Args:
        data: the data.
        value: [name of a corruption, rate], the share of the samples to be corrupted.
        splits: the evaluated splits.

    Raises:
        ConfigError: on a value that is no such list, a corruption of other targets, or no planted
            split among the evaluated ones.
        DataError: if nothing can be corrupted.
    """
    wanted = [split for split in splits if split.endswith(SUFFIX)]
    if not wanted:
        raise ConfigError(
            f"intervention planted is {value!r}, and no split with the ending {SUFFIX} is evaluated; "
            f"expected one among {', '.join(splits) or 'no splits'}"
        )
    more = {}
    for split in wanted:
        frame, truth = planted(data, value, split.removesuffix(SUFFIX))
        more[split] = frame[truth["corrupted"]]
    return replace(data, splits=data.splits | more)


def planted(data: TextData, value: Any, split: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A split with errors planted in some of its samples, and the truth about them.

    Args:
        data: the data, of the sizes that the run had.
        value: the intervention's, [name of a corruption, rate].
        split: the split beside which the corrupted samples are.

    Returns:
        The corrupted frame, and on its index what was planted (`corruptions.TRUTH`).

    Raises:
        ConfigError: on a value that is no such list, or a corruption of other targets, or one that
            needs to be told more.
        DataError: if nothing can be corrupted.
    """
    if (
        not isinstance(value, list | tuple)
        or len(value) != 2
        or not isinstance(value[0], str)
        or isinstance(value[1], bool)
        or not isinstance(value[1], int | float)
    ):
        raise ConfigError(f"intervention planted is {value!r}; expected [corruption, rate]")
    entry = CORRUPTIONS[value[0]]
    if entry.target != data.target:
        raise ConfigError(
            f"the corruption '{entry.name}' is of a {entry.target}; {data.name} has {data.target}"
        )
    if entry.needs:
        raise ConfigError(
            f"intervention planted is {value!r}, and '{entry.name}' needs {', '.join(entry.needs)}; "
            "expected a corruption that needs no more than a rate"
        )
    takes_text = data.target == "text" and "text" in inspect.signature(entry.function).parameters
    settings = {"text": data.text_columns[0]} if takes_text else {}
    return entry(data[split], float(value[1]), SEED, **settings)
