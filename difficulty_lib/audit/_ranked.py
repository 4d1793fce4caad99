"""A ranking beside the truth, and its measures in bootstrap resamples that rankings share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import Estimate
from difficulty_lib.audit._oriented import check_values, oriented
from difficulty_lib.audit._ties import Array, Counts

Measure = Callable[[Counts, Counts], Array]
BLOCK = 200_000  # rows drawn at a time: their counts stay in the cache


@dataclass(frozen=True)
class Ranked:
    """Rows in groups of equal hardness.

    Attributes:
        group: shape (N,), a row's group, 0 the hardest.
        error: shape (N,), whether the row is an error.
        groups: their number G.
    """

    group: NDArray[np.int64] = field(repr=False)
    error: NDArray[np.bool_] = field(repr=False)
    groups: int

    @classmethod
    def of(cls, hard: pd.Series, truth: pd.Series, higher_is_harder: bool | None = None) -> Ranked:
        """Of a score by sample_id, and the truth in the order of the truth's ids.

        Raises:
            ConfigError: if nothing says the score's direction.
            DataError: if the two are of other samples, a number is not finite, the truth is not
                boolean, or all rows or none are errors.
        """
        turned = oriented(hard, higher_is_harder=higher_is_harder)
        check_values(turned)
        error = check_truth(truth)
        other = turned.index.symmetric_difference(truth.index)
        if len(other):
            raise DataError(
                f"'{hard.name}' and the truth are of other samples: {len(other)} ids are in one of "
                f"both only, first: {other[:5].tolist()}"
            )
        values = turned.loc[truth.index].to_numpy(dtype=float)
        distinct, group = np.unique(-values, return_inverse=True)
        return cls(group.astype(np.int64), error, len(distinct))

    def __len__(self) -> int:
        return len(self.group)

    def counts(self, drawn: NDArray[np.int64] | None = None) -> tuple[Counts, Counts]:
        """Rows and errors of every group; (G,), or (B, G) for resamples of shape (B, N)."""
        place = 2 * self.group + self.error
        if drawn is not None:
            shift = 2 * self.groups * np.arange(len(drawn))
            place = (place[drawn] + shift[:, None]).ravel()
        repeats = 1 if drawn is None else len(drawn)
        pairs = np.bincount(place, minlength=2 * self.groups * repeats)
        pairs = pairs.reshape(repeats, self.groups, 2)
        errors = pairs[..., 1].copy()
        rows = pairs[..., 0] + errors
        return (rows[0], errors[0]) if drawn is None else (rows, errors)

    def without_ranking(self) -> tuple[Counts, Counts]:
        """The counts where all rows are tied: what a random order gives on average."""
        return np.array([len(self)]), np.array([self.error.sum()])


def check_truth(truth: pd.Series) -> NDArray[np.bool_]:
    """The truth as booleans, shape (N,).

    Raises:
        DataError: if it is of another type, ids are doubled, or all rows or none are errors.
    """
    flags = np.asarray(truth)
    if flags.dtype != bool:
        raise DataError(f"the truth '{truth.name}' is of type {truth.dtype}; expected booleans")
    if not truth.index.is_unique:
        doubled = truth.index[truth.index.duplicated()].unique()
        raise DataError(
            f"the truth: {len(doubled)} sample ids are doubled, first: {doubled[:5].tolist()}"
        )
    if flags.all() or not flags.any():
        raise DataError(
            f"{flags.sum()} of {len(flags)} rows are errors; expected some, and not all"
        )
    return flags


def resamples_of(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Row numbers of bootstrap resamples, shapes (B, n), the same as those of `bootstrap`.

    Raises:
        ConfigError: on a negative number of resamples.
    """
    if resamples < 0:
        raise ConfigError(f"resamples is {resamples}; expected 0 (no interval) or more")
    rng = np.random.default_rng(seed)
    chunk = max(1, BLOCK // n)
    for start in range(0, resamples, chunk):
        yield rng.integers(0, n, size=(min(chunk, resamples - start), n))


def draws(
    ranked: Ranked, measures: Mapping[str, Measure], *, resamples: int, seed: int
) -> dict[str, Array]:
    """Every measure of every resample, by name, shape (resamples,)."""
    found: dict[str, list[Array]] = {name: [np.empty(0)] for name in measures}
    for drawn in resamples_of(len(ranked), resamples, seed):
        counts = ranked.counts(drawn)
        for name, measure in measures.items():
            found[name].append(measure(*counts))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def estimate(value: Array | float, drawn: Array, n: int, level: float) -> Estimate:
    """A value with the percentile interval of its draws; NaN ends where there are none."""
    finite = drawn[~np.isnan(drawn)]  # a resample without an error has no value
    tail = (1 - level) / 2
    low, high = np.quantile(finite, [tail, 1 - tail]) if len(finite) else (np.nan, np.nan)
    return Estimate(float(value), float(low), float(high), n=n, level=level)
