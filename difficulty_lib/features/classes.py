"""How often a sample's class occurs in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.features._feature import feature


@feature(title="class frequency (log)", aspect="other")
def class_frequency(label: ArrayLike, train_label: ArrayLike) -> NDArray[np.float64]:
    """Log of the share of the training samples that have the sample's class.

    Args:
        label: gold classes, shape (N,), from 0.
        train_label: those of the training samples, shape (M,).

    Returns:
        Shape (N,), in nats, at most 0; high is frequent.

    Raises:
        DataError: on a class that training lacks.
    """
    gold, learnt = np.asarray(label), np.asarray(train_label)
    counts = np.bincount(learnt, minlength=int(gold.max(initial=0)) + 1)
    strange = gold[counts[gold] == 0]
    if len(strange):
        raise DataError(
            f"class {strange[0]} of {len(strange)} samples does not occur in training; "
            f"expected one of {', '.join(map(str, np.flatnonzero(counts)))}"
        )
    frequency: NDArray[np.float64] = np.log(counts[gold] / len(learnt))
    return frequency
