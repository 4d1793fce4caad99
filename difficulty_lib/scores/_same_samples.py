"""Several runs are compared or averaged over the same samples only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import StreamDynamics


def same_samples(streams: Sequence[StreamDynamics]) -> None:
    """Check that these are two runs or more of the same samples in the same stream.

    Raises:
        DynamicsError: if not, naming the first ids that a run lacks, or whose labels differ.
    """
    if len(streams) < 2:
        raise DynamicsError(f"number of runs is {len(streams)}; expected two or more")
    first = streams[0]
    for place, other in enumerate(streams[1:], start=2):
        where = f"run {place} of {len(streams)}"
        if (other.split, other.stream) != (first.split, first.stream):
            raise DynamicsError(
                f"{where} is {other.split}/{other.stream}, the first is "
                f"{first.split}/{first.stream}; expected one split and stream"
            )
        _lacks(where, first, other, "the first")
        _lacks("the first run", other, first, where)
        if first.label is None or other.label is None:
            continue
        changed = first.ids[first.label != other.label]
        if len(changed):
            raise DynamicsError(
                f"{where} has other labels than the first for {len(changed)} samples, first: "
                f"{', '.join(map(str, changed[:5]))}; expected the same labels in each"
            )


def same_epochs(streams: Sequence[StreamDynamics]) -> None:
    """Check that these runs were recorded after the same epochs.

    Raises:
        DynamicsError: if not, naming the first run that differs, and its epochs.
    """
    first = streams[0].trained_epochs.tolist()
    for place, other in enumerate(streams[1:], start=2):
        epochs = other.trained_epochs.tolist()
        if epochs != first:
            raise DynamicsError(
                f"run {place} of {len(streams)} has {len(epochs)} epochs {_listed(epochs)}, the first "
                f"{len(first)} {_listed(first)}; expected the same epochs in each"
            )


def _listed(epochs: Sequence[int]) -> str:
    shown = ", ".join(map(str, epochs[:5]))
    return f"({shown}, …, {epochs[-1]})" if len(epochs) > 6 else f"({', '.join(map(str, epochs))})"


def _lacks(name: str, whole: StreamDynamics, part: StreamDynamics, of: str) -> None:
    missing = np.setdiff1d(whole.ids, part.ids)
    if len(missing):
        raise DynamicsError(
            f"{name} lacks {len(missing)} samples of {of}, first: "
            f"{', '.join(map(str, missing[:5]))}; expected the same samples in each"
        )
