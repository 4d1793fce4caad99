"""Which training samples are nearest to a sample in a space of features."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError

BLOCK = 8_000_000  # similarities held at a time


def nearest(
    embedding: ArrayLike,
    train_embedding: ArrayLike,
    count: int = 8,
    *,
    own_row: ArrayLike | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The nearest training samples by cosine.

    Args:
        embedding: shape (N, D).
        train_embedding: shape (M, D).
        count: neighbours of each sample; M or fewer.
        own_row: shape (N,), which training row is the sample itself and so no neighbour; −1 for
            none, as for all of them if not given.

    Returns:
        Training rows and their cosine, both of shape (N, count), the nearest first; of equally near
        ones the earlier row. A vector of zeros is like no other: its cosines are 0.

    Raises:
        DataError: on shapes that do not fit, or fewer training samples than neighbours.
    """
    scored, training = _unit(embedding), _unit(train_embedding)
    own = np.full(len(scored), -1) if own_row is None else np.asarray(own_row)
    if scored.shape[1] != training.shape[1] or own.shape != (len(scored),):
        raise DataError(
            f"embeddings of shapes {scored.shape} and {training.shape}, own rows {own.shape}; "
            "expected one width, and an own row for each sample"
        )
    others = len(training) - bool((own >= 0).any())
    if not 1 <= count <= others:
        raise DataError(
            f"{count} neighbours among {others} training samples; expected 1 to {others}"
        )
    rows = np.empty((len(scored), count), dtype=np.int64)
    cosine = np.empty((len(scored), count))
    step = max(1, BLOCK // len(training))
    for start in range(0, len(scored), step):
        part = slice(start, start + step)
        near = scored[part] @ training.T
        itself = np.flatnonzero(own[part] >= 0)
        near[itself, own[part][itself]] = -np.inf
        rows[part] = np.argsort(-near, axis=1, kind="stable")[:, :count]
        cosine[part] = np.take_along_axis(near, rows[part], axis=1)
    return rows, cosine


def _unit(matrix: ArrayLike) -> NDArray[np.float64]:
    dense = np.asarray(matrix, dtype=np.float64)
    if dense.ndim != 2:
        raise DataError(f"embeddings of shape {dense.shape}; expected a row for each sample")
    norm = np.linalg.norm(dense, axis=1, keepdims=True)
    unit: NDArray[np.float64] = dense / np.where(norm > 0, norm, 1)
    return unit
