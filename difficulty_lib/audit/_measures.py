"""How well a ranking finds the errors: average precision, AUROC, precision, recall and effort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import Estimate
from difficulty_lib.audit import _ties
from difficulty_lib.audit._ranked import Measure, Ranked, draws, estimate

LOWER_IS_BETTER = ("effort",)
MEASURE_NAMES = ("average_precision", "auroc", "precision", "recall", "effort")


@dataclass(frozen=True)
class AuditMeasures:
    """How well a ranking finds the errors, with bootstrap intervals over the rows.

    Attributes:
        average_precision: of the errors, 0 to 1, high is good.
        auroc: how often an error ranks before a row that is none; high is good.
        precision: share of errors among the first `at` rows; high is good.
        recall: share of the errors that are among the first `at` rows; high is good. At the true
            number it is the precision.
        effort: share of the rows that are read, the hardest first, to find `share` of the errors;
            low is good.
        base_rate: share of errors among the rows.
        chance: what a random order gives on average, by measure.
        errors: their number.
        n: number of rows.
        at: how many rows precision and recall look at.
        share: of the errors, for the effort.
    """

    average_precision: Estimate
    auroc: Estimate
    precision: Estimate
    recall: Estimate
    effort: Estimate
    base_rate: float
    chance: Mapping[str, float]
    errors: int
    n: int
    at: int
    share: float

    def table(self) -> pd.DataFrame:
        """A row per measure: `measure`, `value`, `low`, `high`, `chance`."""
        rows = []
        for name in MEASURE_NAMES:
            found: Estimate = getattr(self, name)
            rows.append(
                {"measure": name, "value": found.value, "low": found.low, "high": found.high}
                | {"chance": self.chance[name]}
            )
        return pd.DataFrame(rows)


def measures_by_name(share: float = 0.8, at: int | None = None) -> dict[str, Measure]:
    """The five measures as functions of the groups' rows and errors (see `_ties`).

    Raises:
        ConfigError: on a share outside (0, 1], or fewer than one row.
    """
    if not 0 < share <= 1:
        raise ConfigError(f"share of the errors is {share:g}; expected above 0 and at most 1")
    if at is not None and at < 1:
        raise ConfigError(f"precision at {at} rows; expected 1 or more")
    return {
        "average_precision": _ties.average_precision,
        "auroc": _ties.area_under_roc,
        "precision": partial(_ties.precision_at, count=at),
        "recall": partial(_ties.recall_at, count=at),
        "effort": partial(_ties.effort, share=share),
    }


def audit_measures(
    hard: pd.Series,
    truth: pd.Series,
    *,
    higher_is_harder: bool | None = None,
    at: int | None = None,
    share: float = 0.8,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> AuditMeasures:
    """Measure how well a ranking finds the errors.

    Tied rows count as in a random order: every measure is its exact expectation over all orders of
    them. (scikit-learn's average precision has tied rows enter together, and differs there.)

    Args:
        hard: by sample_id, high is hard: a contestant, or what `oriented` gave. A registered score
            by its own name is turned as the registry says.
        truth: by sample_id, True where there is an error; of the same samples.
        higher_is_harder: the direction of numbers that are neither.
        at: rows that precision and recall look at; as many as there are errors if not given (in
            every resample its own number).
        share: of the errors, that the effort is to find.
        resamples: bootstrap resamples of the rows; 0 for no intervals.
        seed: of the resampling; rankings measured with the same seed share the resamples.
        level: of the intervals.

    Raises:
        ConfigError: if nothing says the direction, or a setting is out of range.
        DataError: if the two are of other samples, a number is not finite, the truth is not
            boolean, or all rows or none are errors.

    Source: ties, McSherry and Najork 2008.
    """
    ranked = Ranked.of(hard, truth, higher_is_harder)
    if at is not None and at > len(ranked):
        raise ConfigError(
            f"precision at {at} of {len(ranked)} rows; expected no more than there are"
        )
    measures = measures_by_name(share, at)
    drawn = draws(ranked, measures, resamples=resamples, seed=seed)
    counts, tied = ranked.counts(), ranked.without_ranking()
    found = {
        name: estimate(measure(*counts), drawn[name], len(ranked), level)
        for name, measure in measures.items()
    }
    errors = int(ranked.error.sum())
    return AuditMeasures(
        **found,
        base_rate=errors / len(ranked),
        chance={name: float(measure(*tied)) for name, measure in measures.items()},
        errors=errors,
        n=len(ranked),
        at=errors if at is None else at,
        share=share,
    )
