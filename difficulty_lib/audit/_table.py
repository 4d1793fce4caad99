"""All contestants measured on the same resamples, and how far each is from one of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib.analysis import Estimate
from difficulty_lib.audit._measures import LOWER_IS_BETTER, audit_measures, measures_by_name
from difficulty_lib.audit._ranked import Ranked, draws, estimate


def measure_table(
    contestants: pd.DataFrame,
    truth: pd.Series,
    *,
    at: int | None = None,
    share: float = 0.8,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """`audit_measures` of every contestant.

    Args:
        contestants: a column each, high is hard, as `contestant_table` gives it; or registered
            scores by name, turned as the registry says.
        truth: by sample_id, True where there is an error.
        at: as `audit_measures`.
        share: as `audit_measures`.
        resamples: bootstrap resamples, the same for all.
        seed: of the resampling.

    Returns:
        A row per contestant, the best average precision first: `contestant`; `average_precision`,
        `auroc`, `precision`, `recall`, `effort`, each with `<measure>_low` and `<measure>_high`; and
        `base_rate`, `errors`, `n`. `attrs["chance"]` is what a random order gives, by measure.

    Raises:
        ConfigError: if a column's direction is unknown.
        DataError: as `audit_measures`.
    """
    settings = {"at": at, "share": share, "resamples": resamples, "seed": seed}
    found = {name: audit_measures(contestants[name], truth, **settings) for name in contestants}  # type: ignore[arg-type]
    if not found:
        raise DataError("no contestant is given; expected a column each")
    rows = []
    for name, measured in found.items():
        row: dict[str, object] = {"contestant": name}
        for part in measured.table().itertuples(index=False):
            row |= {part.measure: part.value}
            row |= {f"{part.measure}_low": part.low, f"{part.measure}_high": part.high}
        rows.append(
            row | {"base_rate": measured.base_rate, "errors": measured.errors, "n": measured.n}
        )
    table = pd.DataFrame(rows).sort_values("average_precision", ascending=False, kind="stable")
    table = table.reset_index(drop=True)
    table.attrs["chance"] = dict(measured.chance)
    return table


def measure_difference(
    first: pd.Series,
    second: pd.Series,
    truth: pd.Series,
    measure: str = "average_precision",
    *,
    at: int | None = None,
    share: float = 0.8,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """A measure of `first` minus that of `second`, paired over the same resamples of the rows.

    Arguments as for `audit_measures`; `measure` is average_precision, auroc, precision, recall or
    effort. Above 0 speaks for `first`, for the effort below 0.

    Raises:
        ConfigError: on an unknown measure or direction.
        DataError: as `audit_measures`.
    """
    measures = measures_by_name(share, at)
    if measure not in measures:
        raise ConfigError(f"measure is '{measure}'; expected one of {', '.join(measures)}")
    chosen = {measure: measures[measure]}
    both = [Ranked.of(series, truth) for series in (first, second)]
    values = [float(measures[measure](*ranked.counts())) for ranked in both]
    drawn = [draws(r, chosen, resamples=resamples, seed=seed)[measure] for r in both]
    return estimate(values[0] - values[1], drawn[0] - drawn[1], len(truth), level)


def over_seeds(values: Sequence[Estimate | float], level: float = 0.95) -> Estimate:
    """The mean of a measure, or of a difference, over seeds, with Student's t interval.

    A seed plants other errors and trains another model: the spread between seeds holds both, so
    that the intervals within the seeds are not added.

    Args:
        values: one per seed, two or more.
        level: of the interval.

    Returns:
        `n` is the number of seeds.

    Raises:
        DataError: on fewer than two values, or one that is not finite.
    """
    numbers = np.array([v.value if isinstance(v, Estimate) else v for v in values], dtype=float)
    if len(numbers) < 2 or not np.isfinite(numbers).all():
        raise DataError(f"values of the seeds are {numbers.tolist()}; expected two numbers or more")
    stats = require("scipy.stats", "train")
    spread = float(numbers.std(ddof=1)) / np.sqrt(len(numbers))
    half = float(stats.t.ppf((1 + level) / 2, len(numbers) - 1)) * spread
    mean = float(numbers.mean())
    return Estimate(mean, mean - half, mean + half, n=len(numbers), level=level)


def is_better(measure: str) -> int:
    """1 where a higher value of the measure is better, −1 where a lower one is."""
    return -1 if measure in LOWER_IS_BETTER else 1
