"""Another class, each of the others as likely."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.corruptions._choice import OTHER, chosen, draws
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._truth import Change, corrupted


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
    if not pd.api.types.is_integer_dtype(frame[target].dtype):
        raise DataError(
            f"'{target}' is of type {frame[target].dtype}; expected integers, a class each"
        )
    labels = frame[target].to_numpy()
    if classes is not None and (isinstance(classes, bool) or not isinstance(classes, int)):
        raise ConfigError(f"classes is {classes!r}; expected a whole number of at least 2")
    count = int(labels.max(initial=1)) + 1 if classes is None else classes
    if count < 2:
        raise ConfigError(f"classes is {classes}; expected at least 2")
    outside = frame.index[(labels < 0) | (labels >= count)]
    if len(outside):
        raise DataError(
            f"sample {outside[0]}: label {labels[frame.index.get_loc(outside[0])]}; "
            f"expected 0 to {count - 1}"
        )
    # One of the classes that follow, in a ring, so that the own one is left out.
    step = 1 + (draws(frame, seed, OTHER) * (count - 1)).astype(np.int64)
    changes: dict[int, Change | str] = {}
    for place in picked:
        old = int(labels[place])
        new = int((old + step[place]) % count)
        changes[int(place)] = Change(new, -1, -1, "class", old, new)
    return corrupted(frame, target, changes)
