"""Calibration: whether a classifier is right as often as it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.ood._score import Array, as_rows


@dataclass(frozen=True)
class Calibration:
    """How far confidence is from accuracy.

    Attributes:
        equal_width: expected calibration error over bins of equal width, from 0 to 1; low is good.
        equal_mass: likewise over bins of as many samples.
        brier: mean squared distance of the probabilities from the gold class, 0 to 2; low is good.
        accuracy: share of right predictions.
        confidence: mean probability of the predicted class; above the accuracy it is overconfident.
        bins: one row per bin of equal width that is not empty: `low`, `high`, `count`,
            `confidence`, `accuracy`.
    """

    equal_width: float
    equal_mass: float
    brier: float
    accuracy: float
    confidence: float
    bins: pd.DataFrame = field(repr=False)


def calibration(probabilities: ArrayLike, labels: ArrayLike, bins: int = 15) -> Calibration:
    """Expected calibration error, in two ways, and Brier's score.

    Args:
        probabilities: shape (N, K), rows adding up to 1.
        labels: shape (N,), the gold classes.
        bins: how many. Those of equal width hold confidences above their lower and up to their
            upper end. Those of equal mass never part samples of one confidence.

    Raises:
        DataError: if shapes do not fit, rows are no probabilities, or labels no classes of theirs.
        ConfigError: on fewer than one bin.

    Source: Guo et al. 2017, Eq. 3; Nixon et al. 2019, section 3; Brier 1950, Eq. 2.
    """
    if bins < 1:
        raise ConfigError(f"bins is {bins!r}; expected 1 or more")
    p, gold = _checked(probabilities, labels)
    top = p.max(axis=1)
    right = (p.argmax(axis=1) == gold).astype(np.float64)
    edges = np.linspace(0, 1, bins + 1)
    width = np.clip(np.searchsorted(edges, top, side="left") - 1, 0, bins - 1)
    error = p.copy()
    error[np.arange(len(p)), gold] -= 1
    table = pd.DataFrame({"bin": width, "confidence": top, "accuracy": right})
    parts = table.groupby("bin")
    found = parts.mean().assign(count=parts.size()).reset_index()
    found = found.assign(low=edges[found["bin"]], high=edges[found["bin"] + 1])
    return Calibration(
        equal_width=_gap(width, top, right),
        equal_mass=_gap(_equal_mass(top, bins), top, right),
        brier=float((error**2).sum(axis=1).mean()),
        accuracy=float(right.mean()),
        confidence=float(top.mean()),
        bins=found[["low", "high", "count", "confidence", "accuracy"]],
    )


def expected_calibration_error(
    probabilities: ArrayLike, labels: ArrayLike, bins: int = 15, *, equal: str = "width"
) -> float:
    """The mean distance of accuracy from confidence over bins: see `calibration`.

    Args:
        probabilities: shape (N, K).
        labels: shape (N,).
        bins: how many.
        equal: what the bins have in common, "width" or "mass".

    Raises:
        ConfigError: on another kind of bins.
    """
    ways: dict[str, Callable[[Calibration], float]] = {
        "width": lambda found: found.equal_width,
        "mass": lambda found: found.equal_mass,
    }
    if equal not in ways:
        raise ConfigError(f"equal is {equal!r}; expected {' or '.join(ways)}")
    return ways[equal](calibration(probabilities, labels, bins))


def brier_score(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Brier's score over all classes, 0 to 2: see `calibration`."""
    return calibration(probabilities, labels).brier


def _checked(probabilities: ArrayLike, labels: ArrayLike) -> tuple[Array, NDArray[np.int64]]:
    p, gold = as_rows("probabilities", probabilities, least=2), np.asarray(labels)
    if not len(p) or gold.shape != (len(p),) or not np.issubdtype(gold.dtype, np.integer):
        raise DataError(
            f"probabilities {p.shape} and {gold.dtype} labels {gold.shape}; expected (samples, "
            "classes) and an integer each"
        )
    if (p < 0).any() or (np.abs(p.sum(axis=1) - 1) > 1e-4).any():
        raise DataError("rows do not add up to 1; expected probabilities, not logits")
    if gold.min() < 0 or gold.max() >= p.shape[1]:
        raise DataError(f"labels from {gold.min()} to {gold.max()}; expected 0 to {p.shape[1] - 1}")
    return p, gold.astype(np.int64)


def _equal_mass(confidence: Array, bins: int) -> NDArray[np.int64]:
    """The bin of every sample: of as many samples each, but those tied go with the first."""
    values, first = np.unique(np.sort(confidence), return_index=True)
    of_value = first * bins // len(confidence)
    result: NDArray[np.int64] = of_value[np.searchsorted(values, confidence)]
    return result


def _gap(place: NDArray[np.int64], confidence: Array, right: Array) -> float:
    return float(np.abs(np.bincount(place, right - confidence)).sum() / len(place))
