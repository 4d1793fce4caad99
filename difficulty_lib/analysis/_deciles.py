"""Error rate by decile of a score: what the vision papers plot of a gradient score."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.analysis._estimate import Estimate, bootstrap


def error_by_decile(
    hardness: ArrayLike, error: ArrayLike, *, bins: int = 10, resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Mean error in each of `bins` equal parts of the samples, from the easiest to the hardest.

    Args:
        hardness: shape (N,), high is hard; ties stay in their order.
        error: shape (N,), 0 or 1, or a share of runs that were wrong.
        bins: number of parts.
        resamples: bootstrap resamples of a part's samples.
        seed: of the resampling.

    Returns:
        A row per part: `decile` from 1 (easiest), `value`, `low`, `high`, `n`.

    Raises:
        DataError: on lengths that differ, or fewer samples than parts.
    """
    hard, wrong = np.asarray(hardness, dtype=float), np.asarray(error, dtype=float)
    if hard.shape != wrong.shape or hard.ndim != 1 or len(hard) < bins:
        raise DataError(
            f"{bins} deciles of shapes {hard.shape} and {wrong.shape}; expected two lists of one "
            f"length, {bins} or more"
        )
    rows = []
    for number, part in enumerate(np.array_split(np.argsort(hard, kind="stable"), bins), start=1):
        found = _mean(wrong[part], resamples, seed)
        rows.append(
            {"decile": number, "value": found.value, "low": found.low, "high": found.high}
            | {"n": found.n}
        )
    return pd.DataFrame(rows)


def _mean(values: NDArray[np.float64], resamples: int, seed: int) -> Estimate:
    return bootstrap(
        lambda rows: values[rows].mean(axis=-1), len(values), resamples=resamples, seed=seed
    )
