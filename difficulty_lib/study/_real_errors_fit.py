"""Choosing the best of many rankings on one half of the judged rows, to measure it on the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.audit import audit_measures, partly_judged
from difficulty_lib.audit._oriented import marked
from difficulty_lib.data import unit_hash

SALT = 31  # of the halves
Measure = Callable[[pd.Series, pd.Series], float]


def average_precision(hard: pd.Series, truth: pd.Series) -> float:
    """Of the judged rows alone."""
    return audit_measures(hard.loc[truth.index], truth, resamples=0).average_precision.value


def errors_in_head(share: float) -> Measure:
    """Errors that are known among the first rows, so many of all: `lowest` of `partly_judged`.

    Args:
        share: of the rows that are read.
    """

    def measure(hard: pd.Series, truth: pd.Series) -> float:
        at = max(1, round(share * len(hard)))
        return partly_judged(hard, truth, at, resamples=0).lowest.value

    return measure


@dataclass(frozen=True)
class CrossFitted:
    """The best contestant of each half, ranking the other.

    Attributes:
        hard: by sample_id, high is hard: a row's place within its half, 0 to 1, by the contestant
            that was best in the other half.
        chosen: names of the contestants that were best in the first and in the second half.
        oracle: name of the contestant that is best on all judged rows, which only the truth tells.
    """

    hard: pd.Series = field(repr=False)
    chosen: tuple[str, str]
    oracle: str


def cross_fitted(contestants: pd.DataFrame, truth: pd.Series, measure: Measure) -> CrossFitted:
    """Choose a contestant without the rows that it is then measured on.

    All rows are cut in two by their ids alone. The contestant that is best by `measure` in one half
    ranks the other; places within a half are comparable between them, as the halves are random.

    Args:
        contestants: oriented, of all rows, a column each; the first of equals is taken.
        truth: by sample_id, of the judged rows alone, True where there is an error.
        measure: of a ranking and the truth within a half; higher is better.

    Raises:
        DataError: if a half has no error, or no judged row without one, or a judged row is unknown.
    """
    unknown = truth.index.difference(contestants.index)
    if len(unknown):
        raise DataError(
            f"{len(unknown)} judged samples were not ranked, first: {unknown[:5].tolist()}"
        )
    second = unit_hash(contestants.index.to_numpy(), salt=SALT) >= 0.5
    judged_second = unit_hash(truth.index.to_numpy(), salt=SALT) >= 0.5
    halves = [
        (contestants[~second], truth[~judged_second]),
        (contestants[second], truth[judged_second]),
    ]
    for number, (_, known) in enumerate(halves, start=1):
        if not known.any() or known.all():
            raise DataError(
                f"half {number} of the judged rows has {int(known.sum())} errors among {len(known)}; "
                "expected some, and not all"
            )
    best = [_best(rows, known, measure) for rows, known in halves]
    places = []
    for (rows, _), name in zip(halves, best[::-1]):
        places.append((rows[name].rank() - 0.5) / len(rows))
    joined = pd.concat(places).loc[contestants.index]
    return CrossFitted(
        hard=marked(joined.to_numpy(), contestants.index, "cross-fitted"),
        chosen=(best[0], best[1]),
        oracle=_best(contestants, truth, measure),
    )


def _best(contestants: pd.DataFrame, truth: pd.Series, measure: Measure) -> str:
    values = [measure(_column(contestants, name), truth) for name in contestants]
    return str(contestants.columns[int(np.argmax(values))])


def _column(contestants: pd.DataFrame, name: object) -> pd.Series:
    column = contestants[name]
    return marked(column.to_numpy(), column.index, str(name))
