"""Another class, each of the others as likely."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib.corruptions._choice import chosen
from difficulty_lib.corruptions._classes import any_other, class_labels, flipped
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._truth import corrupted


@corruption(target="class", means="a label becomes any of the other classes, each as likely")
def flip_labels(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    classes: int | None = None,
    target: str = "label",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every chosen sample another class, uniformly among the others.

    Args:
        frame: with the column of labels, 0 … classes − 1, indexed by sample_id.
        rate: probability of a sample to be chosen, 0.01 to 0.4; by a hash of its id and the seed.
        seed: at least 0.
        classes: how many there are; up to the frame's largest label, at least 2, if not given.
        target: the column of the labels.

    Returns:
        The corrupted frame and the truth, whose `original` and `replacement` are classes.

    Raises:
        ConfigError: on a rate, seed or number of classes that cannot be.
        DataError: on a missing column, labels that are no classes, or if nothing was changed.
    """
    picked = np.flatnonzero(chosen(frame, rate, seed, (target,)))
    labels, count = class_labels(frame, target, classes)
    return corrupted(frame, target, flipped(labels, any_other(frame, labels, count, seed), picked))
