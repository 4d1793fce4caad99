"""What a run's `intervention` does to its data: errors, empty inputs, a fold held out, or halves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.data import TextData
from difficulty_lib.data._hashing import FOLDS, unit_hash
from difficulty_lib.training._corrupting import NAME as CORRUPTED
from difficulty_lib.training._corrupting import corrupt
from difficulty_lib.training._planting import plant

if TYPE_CHECKING:
    from difficulty_lib.training._config import RunConfig

HELD_OUT = "held_out"  # the split of the samples that a fold's run does not train on
SECOND = "second_half"  # the split that the second stage trains on


def fold_of(ids: ArrayLike, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold, 0 … folds − 1, that holds each sample out: of its id and the seed alone.

    Args:
        ids: shape (N,), integers.
        folds: how many folds there are.
        seed: other seeds give other folds.
    """
    return (unit_hash(ids, salt=FOLDS + 2 * seed) * folds).astype(np.int64)


def half_of(ids: ArrayLike, seed: int) -> NDArray[np.int64]:
    """The half, 0 or 1, of each sample: of its id and the seed alone.

    Args:
        ids: shape (N,), integers.
        seed: other seeds give other halves.
    """
    return (unit_hash(ids, salt=FOLDS + 2 * seed + 1) >= 0.5).astype(np.int64)


def intervene(data: TextData, config: RunConfig) -> TextData:
    """The data that a run of this configuration sees.

    `{"empty_inputs": True}` replaces every text by the empty one, `{"empty_field": column}` those of
    one of several text columns (the premise of a pair, say). `{"fold": [i, k]}` moves the
    training samples of fold i of k into the split `held_out`, and `{"second_split": h}` those that
    are not of half h into `second_half`; both leave no other split. `{"planted": [corruption, rate]}`
    adds the split `<split>_planted` of corrupted copies to an evaluated one (see `plant`).
    `{"corrupted": [corruption, rate]}` plants errors in the training split itself (see `corrupt`),
    before all else, so that folds and halves are of corrupted data.
    `{"only": …}` and `{"also_evaluated": …}` are of `_elsewhere.py`.
    Interventions of other names are the caller's, who gives the data as they shall be.

    Raises:
        ConfigError: on a value that is none of these, or a fold together with a second split.
        DataError: if a fold or a half is empty.
    """
    return intervened(data, config)[0]


def intervened(data: TextData, config: RunConfig) -> tuple[TextData, pd.DataFrame | None]:
    """What `intervene` gives, and the truth about the errors that it planted in the training split."""
    chosen = config.intervention
    truth = None
    if CORRUPTED in chosen:
        data, truth = corrupt(data, config)
    if "fold" in chosen and "second_split" in chosen:
        raise ConfigError("intervention has both fold and second_split; expected one of them")
    if "fold" in chosen:
        number, folds = _fold(chosen["fold"])
        data = _parted(data, fold_of(data["train"].index, folds, config.seed) != number, HELD_OUT)
    if "second_split" in chosen:
        half = _whole("second_split", chosen["second_split"], 2)
        data = _parted(data, half_of(data["train"].index, config.seed) == half, SECOND)
    if "planted" in chosen:
        data = plant(data, chosen["planted"], config.evaluation_splits)
    if "empty_inputs" in chosen:
        if chosen["empty_inputs"] is not True:
            raise ConfigError(
                f"intervention empty_inputs is {chosen['empty_inputs']!r}; expected true"
            )
        data = replace(data, splits={s: _emptied(f, data) for s, f in data.splits.items()})
    if "empty_field" in chosen:
        field = _field(chosen["empty_field"], data)
        data = replace(data, splits={s: f.assign(**{field: ""}) for s, f in data.splits.items()})
    return data, truth


def _emptied(frame: pd.DataFrame, data: TextData) -> pd.DataFrame:
    if data.target == "tags":  # as many empty words as there are tags
        (column,) = data.text_columns
        return frame.assign(**{column: frame[column].map(lambda text: " " * text.count(" "))})
    return frame.assign(**dict.fromkeys(data.text_columns, ""))


def _field(value: Any, data: TextData) -> str:
    if len(data.text_columns) < 2:
        raise ConfigError(
            f"intervention empty_field is {value!r}, and {data.name} has one text column, "
            f"{data.text_columns[0]}; expected empty_inputs instead"
        )
    if value not in data.text_columns:
        raise ConfigError(
            f"intervention empty_field is {value!r}; expected one of {', '.join(data.text_columns)}"
        )
    return str(value)


def _parted(data: TextData, trained: NDArray[np.bool_], other: str) -> TextData:
    frame = data["train"]
    parts = {"train": frame[trained], other: frame[~trained]}
    for name, part in parts.items():
        if part.empty:
            raise DataError(
                f"{data.name}/{name}: none of the {len(frame)} training samples falls into it; "
                "expected more samples, fewer folds or another seed"
            )
    return replace(data, splits=parts)


def _fold(value: Any) -> tuple[int, int]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ConfigError(f"intervention fold is {value!r}; expected [number, folds]")
    folds = value[1]
    if not isinstance(folds, int) or isinstance(folds, bool) or folds < 2:
        raise ConfigError(f"intervention fold is {value!r}; expected at least 2 folds")
    return _whole("fold", value[0], folds), folds


def _whole(name: str, value: Any, below: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
        raise ConfigError(f"intervention {name} is {value!r}; expected 0 to {below - 1}")
    return value
