"""Does one score rank a truth better than another? Over samples, and over seeds as well."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib.analysis._estimate import Estimate, bootstrap
from difficulty_lib.analysis._measures import MEASURES
from difficulty_lib.scores import SCORES, hardness

Array = NDArray[np.float64]


def compare_scores(
    a: pd.Series | pd.DataFrame,
    b: pd.Series | pd.DataFrame,
    truth: pd.Series,
    *,
    measure: str = "spearman",
    higher_is_harder: bool | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """How much better `a` ranks a truth than `b` does, with an interval; above 0 is for `a`.

    Over one run the interval is a percentile bootstrap over samples, the same ones for both. Over
    several runs it covers another draw of seeds as well: the variance between the runs'
    differences is added to the bootstrap's, with Student's t for so few seeds. (A bootstrap over
    the seeds themselves would be too narrow: three seeds have seen a third of their variance
    lost.)

    Args:
        a: scores indexed by sample_id, or a column per run as `seed_scores` gives; its name, or
            its columns', is that of a registered score, which says the direction.
        b: the other score. Both from S runs: column by column the same runs.
        truth: indexed by sample_id, high is hard; for average precision 1 or True is hard.
        measure: "spearman" or "average_precision".
        higher_is_harder: the direction of numbers that are no registered score.
        resamples: bootstrap resamples of the samples.
        seed: of the resampling.
        level: of the interval.

    Returns:
        measure(a, truth) − measure(b, truth), averaged over the runs; `n` counts samples.

    Raises:
        ConfigError: on an unknown measure, or a direction that nothing says.
        DataError: if runs are not paired, fewer than three samples are common, a value is not
            finite, or the truth is not 0 and 1 where it must be.
    """
    if measure not in MEASURES:
        raise ConfigError(f"measure is '{measure}'; expected {' or '.join(MEASURES)}")
    tables = [_turned(x, higher_is_harder) for x in (a, b)]
    runs = tables[0].shape[1]
    if tables[1].shape[1] != runs:
        raise DataError(
            f"scores of {runs} and {tables[1].shape[1]} runs; expected the same runs of both"
        )
    common = tables[0].index.intersection(tables[1].index).intersection(truth.index)
    if len(common) < 3:
        raise DataError(
            f"{len(common)} samples are in both scores and the truth; expected 3 or more"
        )
    y = truth.loc[common].to_numpy(dtype=float)
    x, z = (table.loc[common].to_numpy(dtype=float).T for table in tables)
    for what, values in (("a score", x), ("a score", z), ("the truth", y[None])):
        bad = common[~np.isfinite(values).all(axis=0)]
        if len(bad):
            raise DataError(
                f"{what} is not finite for {len(bad)} samples, first: {bad[:5].tolist()}"
            )
    if measure == "average_precision" and set(np.unique(y)) != {0.0, 1.0}:
        raise DataError("the truth must be 0 and 1, both, for average precision")
    return _difference(x, z, y, measure, resamples=resamples, seed=seed, level=level)


def _turned(scores: pd.Series | pd.DataFrame, higher_is_harder: bool | None) -> pd.DataFrame:
    if isinstance(scores, pd.DataFrame):
        name, table = scores.columns.name, scores
    else:
        name, table = scores.name, scores.to_frame()
    if name in SCORES:
        higher_is_harder = SCORES[str(name)].higher_is_harder
    if higher_is_harder is None:
        raise ConfigError(f"'{name}' is no registered score: say higher_is_harder=True or False")
    turned = hardness(table.to_numpy(dtype=float), higher_is_harder=higher_is_harder)
    return pd.DataFrame(turned, index=table.index)


def _difference(
    x: Array, z: Array, y: Array, measure: str, *, resamples: int, seed: int, level: float
) -> Estimate:
    """Shapes (S, n), (S, n) and (n,)."""
    of = MEASURES[measure]

    def over_samples(rows: NDArray[np.int64]) -> Array:
        truth = y[rows]
        each = [of(first[rows], truth) - of(second[rows], truth) for first, second in zip(x, z)]
        mean: Array = np.mean(each, axis=0)
        return mean

    found = bootstrap(over_samples, len(y), resamples=resamples, seed=seed, level=level)
    if len(x) == 1:
        return found
    each = of(x, np.broadcast_to(y, x.shape)) - of(z, np.broadcast_to(y, z.shape))
    between = float(np.var(each, ddof=1)) / len(x)
    return widened(found, between, len(x))


def widened(found: Estimate, between: float, runs: int) -> Estimate:
    """A bootstrap interval over samples, widened by the variance of its mean between runs.

    Args:
        found: percentile interval over samples.
        between: variance of the runs' mean.
        runs: number of runs S; the variance between them has S − 1 degrees of freedom, and
            Welch and Satterthwaite's formula gives those of the sum.
    """
    stats = require("scipy.stats", "train")
    normal = float(stats.norm.ppf((1 + found.level) / 2))
    ends = []
    for end in (found.low, found.high):
        within = ((end - found.value) / normal) ** 2
        total = within + between
        if total == 0 or not np.isfinite(total):
            ends.append(end)
            continue
        freedom = total**2 / (between**2 / (runs - 1) + within**2 / max(found.n - 1, 1))
        half = float(stats.t.ppf((1 + found.level) / 2, freedom)) * np.sqrt(total)
        ends.append(found.value + np.copysign(half, end - found.value))
    low, high = (found.low, found.high) if not np.isfinite(ends).all() else ends
    return Estimate(found.value, float(low), float(high), n=found.n, level=found.level)
