"""Scores of samples, refused where they cannot be ordered or are of other samples than the data's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError


def checked_ids(ids: ArrayLike | pd.Index, what: str = "ids") -> NDArray[np.int64]:
    """Ids as an array, shape (N,).

    Raises:
        DataError: if there are none, or one is doubled or no whole number, naming the first.
    """
    index = pd.Index(np.asarray(ids))
    if not len(index):
        raise DataError(f"{what}: there is no sample; expected one or more")
    if not pd.api.types.is_integer_dtype(index.dtype):
        raise DataError(f"{what}: the index is of {index.dtype}; expected sample_id, whole numbers")
    if not index.is_unique:
        doubled = index[index.duplicated()].unique()
        raise DataError(f"{what}: {len(doubled)} ids are doubled, first: {doubled[:5].tolist()}")
    return index.to_numpy(dtype=np.int64)


def checked_values(scores: pd.Series) -> NDArray[np.float64]:
    """A score's values, shape (N,).

    Raises:
        DataError: if one is not finite, naming the first.
    """
    try:
        values = scores.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise DataError(f"'{scores.name}' holds {scores.dtype}; expected numbers") from None
    bad = scores.index[~np.isfinite(values)]
    if len(bad):
        raise DataError(
            f"'{scores.name}' is not finite for {len(bad)} samples, first: {bad[:5].tolist()}"
        )
    return values


def check_same_samples(
    name: str, scored: ArrayLike, data: ArrayLike, *, subset: bool = False, what: str = "score"
) -> None:
    """Refuse a score of other samples than the data's.

    Args:
        name: of the score, for the message.
        scored: ids that have a score.
        data: ids of the data.
        subset: whether the data may be some of the samples that have one.
        what: they have, for the message.

    Raises:
        DataError: naming the first ids that only one of them has.
    """
    without = np.setdiff1d(data, scored)
    foreign = np.setdiff1d(scored, data)
    if len(without):
        raise DataError(
            f"'{name}': {len(without)} of {np.size(data)} samples of the data have no {what}, first: "
            f"{without[:5].tolist()}; expected {what}s of the data's samples"
        )
    if len(foreign) and not subset:
        raise DataError(
            f"'{name}': {len(foreign)} of {np.size(scored)} {what}s are of samples that the data do "
            f"not have, first: {foreign[:5].tolist()}; expected {what}s of the data's samples"
        )
