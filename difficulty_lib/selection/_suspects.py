"""The training data without the samples whose labels are suspected."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.curriculum._checked import check_same_samples, checked_ids

Ids = NDArray[np.int64]


def drop_suspects(
    ids: ArrayLike, suspects: ArrayLike, labels: pd.Series | None = None, *, floor: int = 1
) -> Ids:
    """The samples that are not suspected.

    By a ranking, the suspects are its hardest share: `select(scores, share, "hardest")`. With the
    truth known, they are the planted errors: pruning as well as it can be done.

    Args:
        ids: shape (N,), the data's samples.
        suspects: shape (K,), the ids of those to be dropped; some of the data's.
        labels: indexed by sample_id, each one's class, of which `floor` must be left.
        floor: so many samples of every class, at least 0.

    Returns:
        Shape (N − K,), ids, ascending.

    Raises:
        DataError: on suspects that the data do not have (naming the first), if nothing is left, or
            too few of a class.
    """
    data = checked_ids(ids)
    given = np.asarray(suspects)
    dropped = checked_ids(given, "suspects") if given.size else np.empty(0, dtype=np.int64)
    foreign = np.setdiff1d(dropped, data)
    if len(foreign):
        raise DataError(
            f"{len(foreign)} of {len(dropped)} suspects are not in the data, first: "
            f"{foreign[:5].tolist()}; expected ids of the data's samples"
        )
    kept = np.setdiff1d(data, dropped)
    if not len(kept):
        raise DataError(f"all {len(data)} samples are suspects; expected some that are left")
    if labels is not None:
        check_same_samples("labels", checked_ids(labels.index, "labels"), data, what="label")
        left = labels.loc[kept].value_counts()
        for name in sorted(labels.unique().tolist()):
            if left.get(name, 0) < floor:
                raise DataError(
                    f"of class {name!r} {left.get(name, 0)} samples are left; expected at least "
                    f"{floor}"
                )
    return kept
