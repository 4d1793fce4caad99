"""The runner-up class, for the samples that are the nearest to it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.corruptions._choice import CHOICE, chosen, draws
from difficulty_lib.corruptions._classes import class_labels, flipped
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._truth import Change, corrupted

OWN = "its runner-up is its own label"


@corruption(
    target="class",
    needs=("probabilities",),
    means="the most confusable samples get their runner-up class",
)
def flip_by_instance(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    probabilities: pd.DataFrame | None = None,
    runner_up: pd.Series | None = None,
    margins: pd.Series | None = None,
    classes: int | None = None,
    target: str = "label",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the samples with the smallest margins, a share of `rate`, their runner-up class.

    The margin of a sample is the difference of its two largest probabilities, its runner-up the
    likeliest class that is not its label (of equally likely ones the first). So where the model is
    sure of another class than the label, which may well be wrong already, nothing is changed.
    Probabilities should be out of sample (`training.cross_validate`): a model is sure of what it
    was trained on.

    Exactly round(rate · N) samples are taken: those of a lower rate are among those of a higher
    one. Who they are depends on the others' margins. The seed decides among equal margins only.

    Args:
        frame: with the column of labels, 0 … K − 1, indexed by sample_id.
        rate: share of the samples to be changed, 0.01 to 0.4.
        seed: at least 0.
        probabilities: of the classes, shape (≥ N, K), indexed by sample_id; column j is class j.
        runner_up: instead of them, the class that a sample would become, by sample_id;
        margins: and how far it is from that, any finite numbers, the smallest taken first.
        classes: how many there are, where no probabilities say so; up to the largest label or
            runner-up if not given.
        target: the column of the labels.

    Returns:
        The corrupted frame and the truth, whose `original` and `replacement` are classes. A sample
        whose given runner-up is its own label is as it was, with the problem that says so.

    Raises:
        ConfigError: on a rate, seed or number of classes that cannot be, or if neither or both
            of probabilities, and runner_up with margins, are given.
        DataError: on a missing column, labels that are no classes, samples without probabilities,
            values that are none, or if nothing was changed.

    Source: after the instance-dependent noise of Chen et al. 2021 (Beyond class-conditional
    assumption), who take the samples whose likeliest other class is the most probable; by the
    margin here, so that labels that the model contradicts are not mended.
    """
    chosen(frame, rate, seed, (target,))  # what it refuses is refused here, too
    given = (probabilities is not None, runner_up is not None, margins is not None)
    if given == (True, False, False) and probabilities is not None:
        table = _probabilities(frame, probabilities)
        if classes not in (None, table.shape[1]):
            raise ConfigError(
                f"classes is {classes!r}; probabilities have {table.shape[1]} columns"
            )
        labels, _ = class_labels(frame, target, table.shape[1])
        top = np.partition(table, -2, axis=1)[:, -2:]
        gap = top[:, 1] - top[:, 0]
        others = np.where(np.arange(table.shape[1]) == labels[:, None], -1.0, table)
        new = others.argmax(axis=1)
    elif given == (False, True, True) and runner_up is not None and margins is not None:
        labels, _ = class_labels(frame, target, classes)
        gap = _of_samples(frame, margins, "margins")
        given_classes = _of_samples(frame, runner_up, "runner_up")
        if (given_classes % 1).any():
            raise DataError("runner_up has values that are no whole numbers; expected a class each")
        second = frame[[]].assign(runner_up=given_classes.astype(np.int64))
        new, _ = class_labels(second, "runner_up", classes)
    else:
        raise ConfigError(
            "expected probabilities (samples, classes), or both runner_up and margins, by sample_id"
        )
    places = _smallest(frame, gap, rate, seed)
    same = new[places] == labels[places]
    changes: dict[int, Change | str] = {int(place): OWN for place in places[same]}
    return corrupted(frame, target, changes | flipped(labels, new, places[~same]))


def _smallest(
    frame: pd.DataFrame, gap: NDArray[np.float64], rate: float, seed: int
) -> NDArray[np.int64]:
    """Places of the share of samples with the smallest margins."""
    order = np.lexsort((frame.index.to_numpy(), draws(frame, seed, CHOICE), gap))
    return order[: int(rate * len(frame) + 0.5)]


def _probabilities(frame: pd.DataFrame, given: pd.DataFrame) -> NDArray[np.float64]:
    table = _of_samples(frame, given, "probabilities")
    if table.shape[1] < 2:
        raise DataError(f"probabilities have {table.shape[1]} columns; expected one per class")
    wrong = np.flatnonzero((table < 0).any(axis=1) | (np.abs(table.sum(axis=1) - 1) > 0.01))
    if len(wrong):
        raise DataError(
            f"sample {frame.index[wrong[0]]}: probabilities {table[wrong[0]].round(3).tolist()}; "
            "expected numbers from 0 that sum to 1"
        )
    return table


def _of_samples(
    frame: pd.DataFrame, given: pd.DataFrame | pd.Series, what: str
) -> NDArray[np.float64]:
    """The finite values of the frame's samples, shape (N, columns), or (N,) of a series."""
    if not isinstance(given, pd.DataFrame if what == "probabilities" else pd.Series):
        raise ConfigError(f"{what}: of type {type(given).__name__}; expected pandas, by sample_id")
    if not given.index.is_unique:
        raise DataError(f"the index of {what} is not unique; expected sample_id")
    missing = frame.index[~frame.index.isin(given.index)]
    if len(missing):
        raise DataError(f"{len(missing)} samples have no {what}, first: {missing[:5].tolist()}")
    try:
        table = given.loc[frame.index].to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{what} are no numbers; expected numbers by sample_id") from None
    width = table.shape[1] if table.ndim == 2 else 1
    wrong = np.flatnonzero(~np.isfinite(table).reshape(len(table), width).all(axis=1))
    if len(wrong):
        raise DataError(f"sample {frame.index[wrong[0]]}: {what} not finite; expected numbers")
    return table
