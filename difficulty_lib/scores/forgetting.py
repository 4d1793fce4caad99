"""Forgetting events, and the samples that were never learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib.scores._score import score

Array = NDArray[np.float64]


def never_learnt(correct: ArrayLike) -> NDArray[np.bool_]:
    """Whether a sample was wrong in every epoch.

    Args:
        correct: shape (E, N), 0 or 1.

    Returns:
        Shape (N,), bool.
    """
    return np.logical_not(np.asarray(correct, dtype=bool).any(axis=0))


@score(
    higher_is_harder=True,
    title="forgetting events",
    formula=r"\left|\{t : \hat y_{t-1} = y \wedge \hat y_t \ne y\}\right|",
    citation="toneva2019",
    default_stream="training",
)
def forgetting_events(correct: ArrayLike) -> Array:
    """How often a sample went from right to wrong between consecutive epochs.

    Args:
        correct: shape (E, N), 0 or 1.

    Returns:
        Shape (N,), a count; high is hard. A sample that was never learnt gets E, above any count
        that can occur (at most E // 2), so that it ranks hardest; `never_learnt` is the flag.
        Has many ties.

    Source: Toneva et al. 2019, section 3.
    """
    right = np.asarray(correct, dtype=bool)
    forgotten = right[:-1] > right[1:]
    # Counted in the smallest integers that hold E: a sum of booleans is several times slower.
    events = forgotten.sum(axis=0, dtype=np.min_scalar_type(len(right))).astype(np.float64)
    events[never_learnt(right)] = len(right)
    return events
