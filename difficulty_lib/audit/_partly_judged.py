"""The head of a ranking of which only some rows were ever judged: what is known, and its bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import Estimate
from difficulty_lib.audit import _ties
from difficulty_lib.audit._measures import AuditMeasures, audit_measures
from difficulty_lib.audit._oriented import check_values, oriented
from difficulty_lib.audit._ranked import Ranked, check_truth, draws, estimate
from difficulty_lib.audit._ties import Array, Counts


@dataclass(frozen=True)
class PartlyJudged:
    """Three readings of a ranking, to be given together, with bootstrap intervals over the rows.

    Attributes:
        pool: the measures within the judged rows alone.
        judged: share of the first `at` rows that were judged.
        errors_among_judged: share of errors among those; NaN if none was judged. It speaks of the
            rows that were chosen to be judged, not of all.
        lowest: share of errors among the first `at` rows if no unjudged row is one.
        highest: that share if every unjudged row is one.
        at: how many rows.
        n: number of rows that were ranked.
    """

    pool: AuditMeasures
    judged: Estimate
    errors_among_judged: Estimate
    lowest: Estimate
    highest: Estimate
    at: int
    n: int


def partly_judged(
    hard: pd.Series,
    truth: pd.Series,
    at: int,
    *,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> PartlyJudged:
    """Read the first rows of a ranking against judgements of some of all rows.

    Args:
        hard: of all rows, as `audit_measures`.
        truth: by sample_id, of the judged rows alone, True where there is an error.
        at: how many rows of the ranking to read. Ties at its end are in expectation.
        resamples: bootstrap resamples of the rows; 0 for no intervals.
        seed: of the resampling.
        level: of the intervals.

    Raises:
        ConfigError: if the direction is unknown or `at` is not a number of rows.
        DataError: if a judged row was not ranked, or as `audit_measures`.
    """
    turned = oriented(hard)
    check_values(turned)
    errors = check_truth(truth)
    unknown = truth.index.difference(turned.index)
    if len(unknown):
        raise DataError(
            f"{len(unknown)} judged samples are not in '{hard.name}', first: {unknown[:5].tolist()}"
        )
    if not 1 <= at <= len(turned):
        raise ConfigError(f"the first {at} of {len(turned)} rows; expected 1 to {len(turned)}")
    distinct, group = np.unique(-turned.to_numpy(dtype=float), return_inverse=True)
    flags = {"judged": truth.index, "error": truth.index[errors]}
    ranked = {
        name: Ranked(group.astype(np.int64), _among(turned.index, ids), len(distinct))
        for name, ids in flags.items()
    }

    def first(rows: Counts, marked: Counts) -> Array:
        return _ties.errors_in_first(rows, marked, np.full(rows.shape[:-1], at))

    value = {name: first(*one.counts()) for name, one in ranked.items()}
    drawn = {
        name: draws(one, {"first": first}, resamples=resamples, seed=seed)["first"]
        for name, one in ranked.items()
    }
    found = _readings(value["judged"], value["error"], at)
    ends = _readings(drawn["judged"], drawn["error"], at)
    pool = audit_measures(
        turned.loc[truth.index], truth, resamples=resamples, seed=seed, level=level
    )
    return PartlyJudged(
        pool=pool,
        **{name: estimate(found[name], ends[name], len(turned), level) for name in found},
        at=at,
        n=len(turned),
    )


def _readings(judged: Array, errors: Array, at: int) -> dict[str, Array]:
    with np.errstate(invalid="ignore", divide="ignore"):
        among = errors / judged
    return {
        "judged": judged / at,
        "errors_among_judged": among,
        "lowest": errors / at,
        "highest": (errors + at - judged) / at,
    }


def _among(index: pd.Index, ids: pd.Index) -> NDArray[np.bool_]:
    return np.asarray(index.isin(ids))
