"""What an audit costs: minutes that one reviewer spends per error found."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import Estimate
from difficulty_lib.audit import _ties
from difficulty_lib.audit._measures import measures_by_name
from difficulty_lib.audit._ranked import Ranked, draws, estimate
from difficulty_lib.audit._ties import Array, Counts

SECONDS = 5.0


def minutes_per_error(
    hard: pd.Series,
    truth: pd.Series,
    *,
    seconds: float = SECONDS,
    rows: int | None = None,
    share: float = 0.8,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Minutes of one reviewer per error found, reading a ranking from its hardest row on.

    Args:
        hard: as `audit_measures`.
        truth: as `audit_measures`.
        seconds: that a row takes.
        rows: how many rows are read; if not given, until `share` of the errors is found.
        share: of the errors.
        resamples: bootstrap resamples of the rows; 0 for no interval.
        seed: of the resampling.
        level: of the interval.

    Returns:
        Minutes, low is good; infinite where the rows hold no error. Ties are in expectation. In a
        random order it is about seconds / 60 / base rate.

    Raises:
        ConfigError: on a setting out of range, or an unknown direction.
        DataError: as `audit_measures`.
    """
    ranked = Ranked.of(hard, truth)
    _check(seconds, rows, len(ranked))
    measures_by_name(share)  # refuses a share out of range
    # Errors per minute have no infinity in them: the interval is theirs, turned over.
    rate = partial(_errors_per_minute, seconds=seconds, first=rows, share=share)
    drawn = draws(ranked, {"rate": rate}, resamples=resamples, seed=seed)["rate"]
    found = estimate(float(rate(*ranked.counts())), drawn, len(ranked), level)
    with np.errstate(divide="ignore"):
        value, low, high = (float(1 / np.float64(x)) for x in (found.value, found.high, found.low))
    return Estimate(value, low, high, n=len(ranked), level=level)


def review_curve(
    hard: pd.Series, truth: pd.Series, *, seconds: float = SECONDS, points: int = 100
) -> pd.DataFrame:
    """What a reviewer has found after so many minutes.

    Args:
        hard: as `audit_measures`.
        truth: as `audit_measures`.
        seconds: that a row takes.
        points: about how many rows the curve has, equally far apart, from none read to all.

    Returns:
        `rows` read, `minutes`, `errors` found (in expectation over ties), `share` of all errors.

    Raises:
        ConfigError: on a setting out of range, or an unknown direction.
        DataError: as `audit_measures`.
    """
    ranked = Ranked.of(hard, truth)
    _check(seconds, None, len(ranked))
    if points < 2:
        raise ConfigError(f"a curve of {points} points; expected 2 or more")
    read = np.unique(np.linspace(0, len(ranked), points).round().astype(np.int64))
    rows, errors = ranked.counts()
    after = np.concatenate([[0], rows.cumsum()])
    found = np.interp(read, after, np.concatenate([[0], errors.cumsum()]))
    return pd.DataFrame(
        {"rows": read, "minutes": read * seconds / 60, "errors": found}
        | {"share": found / errors.sum()}
    )


def _errors_per_minute(
    rows: Counts, errors: Counts, *, seconds: float, first: int | None, share: float
) -> Array:
    if first is not None:
        found = _ties.errors_in_first(rows, errors, np.full(rows.shape[:-1], first))
        rate: Array = found / (first * seconds / 60)
        return rate
    read = _ties.rows_until(rows, errors, share)
    rate = _ties.needed(errors, share) / (read * seconds / 60)
    return rate


def _check(seconds: float, rows: int | None, count: int) -> None:
    if not 0 < seconds < np.inf:
        raise ConfigError(f"seconds a row are {seconds:g}; expected a number above 0")
    if rows is not None and not 1 <= rows <= count:
        raise ConfigError(f"the first {rows} of {count} rows; expected 1 to {count}")
