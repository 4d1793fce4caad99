"""Many annotators per sample: how much they disagree, how surely that is known, how far a model is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.analysis._estimate import Estimate
from difficulty_lib.analysis._measures import rank_correlation

Array = NDArray[np.float64]


def label_entropy(counts: ArrayLike) -> Array:
    """Entropy of the labels that people gave, in nats; high where they disagree.

    Args:
        counts: how often every class was chosen, shape (…, K).

    Returns:
        Shape (…), from 0 to ln K.
    """
    shares = _shares(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = -np.where(shares > 0, shares * np.log(shares), 0.0).sum(axis=-1)
    return result


def annotators_ceiling(
    counts: ArrayLike,
    measure: Callable[[Array], Array] = label_entropy,
    *,
    splits: int = 20,
    seed: int = 0,
) -> Estimate:
    """How well one half of the annotators predicts what the other half shows of the samples.

    Every sample's annotators are cut into two halves at random; the Spearman of the two halves'
    measures, stepped up to the whole panel by Spearman and Brown, is the measure's reliability r.
    No score can be expected to correlate with it above √r.

    Args:
        counts: how often every class was chosen, shape (N, K).
        measure: of counts, shape (N, K), to one number per sample, shape (N,).
        splits: random halvings.
        seed: of the halvings.

    Returns:
        √r, averaged over the halvings, with their range as its interval; 0 if r is not above 0.

    Raises:
        DataError: on fewer than three samples, or a sample with fewer than two annotators.
    """
    votes = np.asarray(counts, dtype=np.int64)
    if votes.ndim != 2 or len(votes) < 3 or (votes.sum(axis=1) < 2).any():
        raise DataError(
            f"votes of shape {votes.shape}; expected three samples or more, each with two "
            "annotators or more"
        )
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(splits):
        half = np.array([rng.multivariate_hypergeometric(row, row.sum() // 2) for row in votes])
        r = float(rank_correlation(measure(half), measure(votes - half)))
        found.append(np.sqrt(2 * r / (1 + r)) if r > 0 else 0.0 * r)  # NaN stays NaN
    return Estimate(float(np.mean(found)), float(np.min(found)), float(np.max(found)), n=len(votes))


def jensen_shannon_bounds(
    counts: ArrayLike, label: ArrayLike, predicted: ArrayLike, gold: ArrayLike, other: ArrayLike
) -> tuple[Array, Array]:
    """Jensen–Shannon distance of people's labels to a model of three classes, as far as it is known.

    Dynamics hold the gold class's probability and that of the likeliest other class, and so the
    third, too. Which class the likeliest other one is they tell only where it was predicted; where
    the prediction is right, the two others may be either way round.

    Args:
        counts: how often people chose every class, shape (N, 3).
        label: gold classes, shape (N,).
        predicted: predicted classes, shape (N,).
        gold: the model's probability of the gold class, shape (N,).
        other: that of the likeliest other class, shape (N,).

    Returns:
        The least and the greatest distance, each of shape (N,), from 0 to √(ln 2); the same where
        the prediction is wrong. The distance is the root of the divergence in nats.

    Raises:
        DataError: on another number of classes.
    """
    people = _shares(counts)
    y, guess = np.asarray(label, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
    p, q = np.asarray(gold, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if people.ndim != 2 or people.shape[1] != 3:
        raise DataError(f"votes of shape {people.shape}; expected three classes")
    rest = np.clip(1.0 - p - q, 0.0, None)
    rows, both = np.arange(len(y)), []
    for step in (1, 2):
        model = np.empty_like(people)
        model[rows, y], model[rows, (y + step) % 3], model[rows, (y - step) % 3] = p, q, rest
        both.append(_distance(people, model / model.sum(axis=1, keepdims=True)))
    known = np.where(guess == (y + 1) % 3, both[0], both[1])
    right = guess == y
    return (
        np.where(right, np.minimum(*both), known),
        np.where(right, np.maximum(*both), known),
    )


def _shares(counts: ArrayLike) -> Array:
    votes = np.asarray(counts, dtype=np.float64)
    totals = votes.sum(axis=-1, keepdims=True)
    if votes.ndim == 0 or (votes < 0).any() or (totals <= 0).any():
        raise DataError("votes are negative or missing; expected at least one per sample")
    result: Array = votes / totals
    return result


def _distance(p: Array, q: Array) -> Array:
    middle = (p + q) / 2

    def divergence(x: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            result: Array = np.where(x > 0, x * np.log(x / middle), 0.0).sum(axis=-1)
        return result

    result: Array = np.sqrt(np.clip((divergence(p) + divergence(q)) / 2, 0.0, None))
    return result
