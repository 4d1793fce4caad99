"""Another class, as often as the two are taken for each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib.corruptions._choice import OTHER, chosen, draws
from difficulty_lib.corruptions._classes import class_labels, flipped
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._truth import Change, corrupted

ALONE = "its class is taken for no other"


@corruption(
    target="class",
    needs=("confusion",),
    means="a label becomes another class, as likely as a given confusion matrix says",
)
def flip_by_class(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    confusion: ArrayLike | None = None,
    target: str = "label",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every chosen sample a class that its own is taken for.

    A sample is chosen whatever its class; of class i it becomes j ≠ i with probability
    confusion[i, j] / Σ confusion[i, k ≠ i]. The diagonal is left out.

    Args:
        frame: with the column of labels, 0 … K − 1, indexed by sample_id.
        rate: probability of a sample to be chosen, 0.01 to 0.4; by a hash of its id and the seed.
        seed: at least 0.
        confusion: counts or probabilities, shape (K, K): row the true class, column what it is
            taken for. It must be given; of all classes alike is `flip_labels`.
        target: the column of the labels.

    Returns:
        The corrupted frame and the truth, whose `original` and `replacement` are classes. A chosen
        sample whose class is taken for no other is as it was, with the problem that says so.

    Raises:
        ConfigError: on a rate or seed that cannot be, or a confusion that is no such matrix.
        DataError: on a missing column, labels that are no classes, or if nothing was changed.

    Source: class-conditional noise, Natarajan et al. 2013; as a matrix, Northcutt et al. 2021.
    """
    places = np.flatnonzero(chosen(frame, rate, seed, (target,)))
    ends = np.cumsum(_off_diagonal(confusion), axis=1)  # (K, K)
    labels, _ = class_labels(frame, target, len(ends))
    own = ends[labels]  # (N, K)
    number = draws(frame, seed, OTHER) * own[:, -1]
    # The first class whose share of the row ends after the number; one without a share never does.
    new = (own <= number[:, None]).sum(axis=1)
    alone = own[:, -1] == 0
    changes: dict[int, Change | str] = {int(place): ALONE for place in places if alone[place]}
    return corrupted(frame, target, changes | flipped(labels, new, places[~alone[places]]))


def _off_diagonal(confusion: ArrayLike | None) -> NDArray[np.float64]:
    """The matrix without its diagonal, rows summing to 1 or 0: shape (K, K)."""
    if confusion is None:
        raise ConfigError(
            "confusion is not given; expected a matrix (classes, classes) of counts or "
            "probabilities; flip_labels takes all classes alike"
        )
    try:
        matrix = np.array(confusion, dtype=np.float64)
    except (TypeError, ValueError):
        raise ConfigError(
            "confusion is no matrix of numbers; expected (classes, classes)"
        ) from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise ConfigError(
            f"confusion has the shape {matrix.shape}; expected (classes, classes), at least 2"
        )
    if not np.isfinite(matrix).all() or (matrix < 0).any():
        raise ConfigError("confusion has values below 0 or not finite; expected counts")
    np.fill_diagonal(matrix, 0.0)
    largest = matrix.max(axis=1, keepdims=True)
    if not largest.any():
        raise ConfigError("confusion is 0 off its diagonal; expected a class taken for another")
    matrix /= np.where(largest > 0, largest, 1.0)  # first, so that no sum overflows
    total = matrix.sum(axis=1, keepdims=True)
    normalised: NDArray[np.float64] = matrix / np.where(total > 0, total, 1.0)
    return normalised
