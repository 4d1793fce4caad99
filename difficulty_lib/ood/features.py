"""Scores of features: how far a sample is from those of the training samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._whole import whole_number
from difficulty_lib.ood._score import Array, as_rows, ood_score

BLOCK = 8_000_000  # distances held at a time


@ood_score(
    higher_is_outside=True,
    title="Mahalanobis distance",
    formula=r"\min_c (h - \mu_c)^\top \Sigma^{-1} (h - \mu_c)",
    citation="lee2018",
)
def mahalanobis(
    features: ArrayLike,
    train_features: ArrayLike,
    train_labels: ArrayLike,
    shrinkage: float = 0.0,
) -> Array:
    """Squared Mahalanobis distance to the nearest class mean, with a covariance that they share.

    Args:
        features: shape (N, D).
        train_features: shape (M, D), of training samples.
        train_labels: shape (M,), their classes.
        shrinkage: share, from 0 to 1, of a multiple of the identity with the same trace in the
            covariance; above 0, fewer training samples than dimensions will do.

    Returns:
        Shape (N,), 0 or more; high is out of distribution.

    Raises:
        DataError: if shapes do not fit, the features never differ within a class, or there are
            too few training samples for a covariance without shrinkage.
        ConfigError: on a shrinkage that is no share.

    Source: Lee et al. 2018, Eq. 1 and 2, for one layer and without input perturbation.
    """
    if not 0 <= shrinkage <= 1:
        raise ConfigError(f"shrinkage is {shrinkage!r}; expected 0 to 1")
    x, train = _pair(features, train_features)
    labels = np.asarray(train_labels)
    if labels.shape != (len(train),):
        raise DataError(f"{labels.shape} train labels for {len(train)} features; expected as many")
    classes, place = np.unique(labels, return_inverse=True)
    width = train.shape[1]
    if not shrinkage and len(train) < width + len(classes):
        raise DataError(
            f"{len(train)} training samples for a covariance of {width} dimensions; expected "
            f"{width + len(classes)} or more, or a shrinkage above 0"
        )
    means = np.stack([train[place == c].mean(axis=0) for c in range(len(classes))])
    within = train - means[place]
    covariance = within.T @ within / len(train)
    scale = np.trace(covariance) / width
    if not scale > 0:
        raise DataError("the training features do not differ within a class; expected some spread")
    covariance = (1 - shrinkage) * covariance + shrinkage * scale * np.eye(width)
    precision = np.linalg.pinv(covariance, hermitian=True)
    distances = [np.einsum("nd,nd->n", (x - m) @ precision, x - m) for m in means]
    # The pseudo-inverse may leave a rounding error below 0.
    result: Array = np.maximum(np.min(distances, axis=0), 0.0)
    return result


@ood_score(
    higher_is_outside=True,
    title="distance to the k-th nearest neighbour",
    formula=r"\lVert h / \lVert h \rVert - h_{(k)} / \lVert h_{(k)} \rVert \rVert_2",
    citation="sun2022",
)
def nearest_neighbours(features: ArrayLike, train_features: ArrayLike, k: int = 50) -> Array:
    """Euclidean distance to the k-th nearest training sample, of features of length 1.

    Args:
        features: shape (N, D). None of them may be of a training sample, which would be its own
            neighbour.
        train_features: shape (M, D).
        k: which neighbour, from 1 to M.

    Returns:
        Shape (N,), from 0 to 2; high is out of distribution.

    Raises:
        DataError: if shapes do not fit, or there are fewer than k training samples.
        ConfigError: on a k below 1.

    Source: Sun et al. 2022, Eq. 3.
    """
    whole_number("k", k, 1)
    x, train = (_unit(rows) for rows in _pair(features, train_features))
    if len(train) < k:
        raise DataError(f"{len(train)} training samples; expected {k} or more, or a smaller k")
    found = np.empty(len(x))
    step = max(1, BLOCK // len(train))
    for start in range(0, len(x), step):
        cosine = x[start : start + step] @ train.T
        kth = -np.partition(-cosine, k - 1, axis=1)[:, k - 1]
        found[start : start + step] = np.sqrt(np.maximum(2 - 2 * kth, 0.0))
    return found


def _pair(features: ArrayLike, train_features: ArrayLike) -> tuple[Array, Array]:
    x, train = as_rows("features", features), as_rows("train_features", train_features)
    if x.shape[1] != train.shape[1] or not len(train):
        raise DataError(
            f"features of shape {x.shape} and train features of shape {train.shape}; expected one "
            "width, and some training samples"
        )
    return x, train


def _unit(rows: Array) -> Array:
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    result: Array = rows / np.where(norm > 0, norm, 1)
    return result
