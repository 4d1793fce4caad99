"""Whether the training texts most like a sample have its label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.features._feature import feature

BLOCK = 8_000_000  # similarities held at a time
EQUAL = 1e-6  # similarities that differ by less are equal: they are in single precision


@feature(title="neighbours with the same label", aspect="ambiguity", direction="easier")
def neighbour_agreement(
    label: ArrayLike,
    train_label: ArrayLike,
    embedding: Any,
    train_embedding: Any,
    own_row: ArrayLike,
    k: int = 10,
) -> NDArray[np.float64]:
    """Share of a sample's k nearest training samples, by cosine, that have its label.

    Where several training samples are equally near at the k-th place, each of them counts with
    the same weight, so that nothing depends on an order; a sample that is like no other gets the
    share of its label in training.

    Args:
        label: gold classes, shape (N,).
        train_label: those of the training samples, shape (M,).
        embedding: shape (N, D), an array or a sparse matrix.
        train_embedding: shape (M, D).
        own_row: shape (N,), which row of the training samples is the sample itself and thus no
            neighbour; −1 for none.
        k: number of neighbours; all there are if fewer.

    Returns:
        Shape (N,), from 0 to 1. Low is ambiguous, or labelled wrongly.

    Raises:
        DataError: if shapes do not fit, or there is nothing to be near to.
    """
    gold, learnt, own = np.asarray(label), np.asarray(train_label), np.asarray(own_row)
    expected = ((len(gold), train_embedding.shape[1]), (len(learnt), embedding.shape[1]))
    if (tuple(embedding.shape), tuple(train_embedding.shape)) != expected:
        raise DataError(
            f"embeddings of shapes {tuple(embedding.shape)} and {tuple(train_embedding.shape)}; "
            f"expected {len(gold)} and {len(learnt)} rows of one width"
        )
    if len(learnt) < 2:
        raise DataError(f"{len(learnt)} training samples; expected two or more")
    scored, training = _unit(embedding), _unit(train_embedding)
    columns = training.T.tocsr() if hasattr(training, "tocsr") else training.T
    found = np.empty(len(gold))
    step = max(1, BLOCK // len(learnt))
    for start in range(0, len(gold), step):
        part = slice(start, start + step)
        near = scored[part] @ columns
        near = near.toarray() if hasattr(near, "toarray") else near
        rows = np.flatnonzero(own[part] >= 0)
        near[rows, own[part][rows]] = -np.inf
        found[part] = _agreement(near, gold[part], learnt, min(k, len(learnt) - 1))
    return found


def _agreement(
    near: NDArray[np.float32], gold: NDArray[Any], learnt: NDArray[Any], k: int
) -> NDArray[np.float64]:
    """Similarities of shape (B, M) to shares of shape (B,)."""
    last = np.partition(near, -k, axis=1)[:, -k, None]
    same = learnt[None] == gold[:, None]
    nearer = near > last + EQUAL
    tied = (near >= last - EQUAL) & ~nearer
    left = k - nearer.sum(axis=1)
    among_tied = (tied & same).sum(axis=1) / tied.sum(axis=1)
    share: NDArray[np.float64] = ((nearer & same).sum(axis=1) + left * among_tied) / k
    return share


def _unit(matrix: Any) -> Any:
    """Rows of length 1, in float32; a row of zeros stays."""
    if hasattr(matrix, "multiply"):  # sparse
        norm = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).reshape(-1, 1))
        return matrix.multiply(1 / np.where(norm > 0, norm, 1)).tocsr().astype(np.float32)
    dense = np.asarray(matrix, dtype=np.float32)
    norm = np.linalg.norm(dense, axis=1, keepdims=True)
    return dense / np.where(norm > 0, norm, 1)
