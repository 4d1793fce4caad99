"""How well a score tells out-of-distribution samples from in-distribution ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis._estimate import Estimate
from difficulty_lib.analysis._measures import area_under_roc
from difficulty_lib.ood._score import Array, as_values

LEAST = 10  # samples of either kind that a measure is worth its interval for
HELD = 4_000_000  # resampled values held at a time


@dataclass(frozen=True)
class Detection:
    """How well a score detects what is out of distribution.

    Attributes:
        auroc: how often an out-of-distribution sample has the higher score; ties count half.
        false_positives: share of the out-of-distribution samples that are let in where at least
            `level` of the in-distribution samples are.
        threshold: the highest score that is let in there.
        level: the share of the in-distribution samples, such as 0.95.
        inside: number of in-distribution samples.
        outside: number of out-of-distribution samples.
    """

    auroc: Estimate
    false_positives: Estimate
    threshold: float
    level: float
    inside: int
    outside: int


def detection(
    inside: ArrayLike,
    outside: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Detection:
    """Area under the ROC curve and false positive rate at a true positive rate, with intervals.

    Args:
        inside: shape (N,), the in-distribution samples' score, high is out of distribution (see
            `OodScore.outsideness`).
        outside: shape (M,), that of the out-of-distribution samples.
        level: share of the in-distribution samples to be let in at least, the true positive rate.
        resamples: bootstrap resamples, of both kinds by themselves.
        seed: of the resampling.

    Raises:
        DataError: on fewer than ten samples of either kind, or a value that is not finite.
        ConfigError: on a level that is not between 0 and 1.

    Source: Hendrycks and Gimpel 2017; the false positive rate as in Liu et al. 2020.
    """
    if not 0 < level <= 1:
        raise ConfigError(f"level is {level!r}; expected a share above 0, at most 1")
    known, strange = as_values("inside", inside), as_values("outside", outside)
    for name, values in (("in-distribution", known), ("out-of-distribution", strange)):
        if len(values) < LEAST:
            raise DataError(f"{len(values)} {name} samples; expected {LEAST} or more")
    rng = np.random.default_rng(seed)
    areas, rates = [], []
    step = max(1, HELD // (len(known) + len(strange)))
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        a = known[rng.integers(0, len(known), (count, len(known)))]
        b = strange[rng.integers(0, len(strange), (count, len(strange)))]
        areas.append(_area(a, b))
        rates.append(_let_in(a, b, level)[1])
    threshold, rate = _let_in(known[None], strange[None], level)
    n = len(known) + len(strange)
    return Detection(
        auroc=_estimate(_area(known[None], strange[None])[0], np.concatenate(areas), n),
        false_positives=_estimate(rate[0], np.concatenate(rates), n),
        threshold=float(threshold[0]),
        level=level,
        inside=len(known),
        outside=len(strange),
    )


def _estimate(value: float, draws: Array, n: int) -> Estimate:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(float(value), float(low), float(high), n=n)


def _area(inside: Array, outside: Array) -> Array:
    """Shapes (…, N) and (…, M) to (…)."""
    values = np.concatenate([inside, outside], axis=-1)
    truth = np.zeros(values.shape)
    truth[..., inside.shape[-1] :] = 1
    return area_under_roc(values, truth)


def _let_in(inside: Array, outside: Array, level: float) -> tuple[Array, Array]:
    """Threshold and share of the outside that is not above it, shapes (R, N), (R, M) to (R,)."""
    count = inside.shape[-1]
    # The fewest whose share is at least the level, whatever the rounding of their product.
    least = int(np.ceil(level * count))
    while least > 1 and (least - 1) / count >= level:
        least -= 1
    while least / count < level:
        least += 1
    threshold = np.partition(inside, least - 1, axis=-1)[..., least - 1]
    share: NDArray[np.float64] = (outside <= threshold[..., None]).mean(axis=-1)
    return threshold, share
