"""What a recorded run says about a row: its loss and the model's label over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.dynamics import Dynamics, StreamDynamics


class Evidence:
    """The curves of single samples, from one split and stream.

    Args:
        stream: of classes, sequences or labelled tokens; of tokens it is the mean of a sample's.
        ids: the samples that will be asked for, shape (N,).
        names: of the classes; their numbers where there are none.

    Raises:
        DataError: if a sample was not recorded, naming the first.
    """

    def __init__(
        self, stream: StreamDynamics, ids: NDArray[np.int64], names: Sequence[str] = ()
    ) -> None:
        missing = np.setdiff1d(ids, stream.ids)
        if len(missing):
            raise DataError(
                f"{stream.split}/{stream.stream} has no sample {missing[0]} ({len(missing)} of "
                f"{len(ids)} rows were not recorded); expected the run that the ranking is of"
            )
        self.names = tuple(names)
        if stream.tokens is not None:
            stream = stream.take(stream.ids[stream.tokens.lengths > 0])
            stream = stream if stream.reduction is not None else stream.reduce()
        self._place = {int(i): place for place, i in enumerate(stream.ids.tolist())}
        self._stream = stream
        whole = stream.matrix("loss") if len(stream) and stream.available("loss") else None
        self._typical = None if whole is None else np.median(whole, axis=1)

    def of(self, sample_id: int) -> dict[str, Any] | None:
        """The curves of a sample; None where nothing was recorded that could be drawn.

        Returns:
            `epochs` (E numbers), `losses` (E, nats), `typical` (E, nats, the median over all
            samples), `right` (E, whether the model gave the data's label, or None) and `labels`
            (E names, or None).
        """
        place = self._place.get(sample_id)
        if place is None or self._typical is None:
            return None
        one = slice(place, place + 1)
        right = self._once("correct", one)
        predicted = self._once("predicted", one)
        return {
            "epochs": self._stream.trained_epochs.tolist(),
            "losses": self._stream.matrix("loss", one)[:, 0].tolist(),
            "typical": self._typical.tolist(),
            # of a sequence it is the share of its tokens
            "right": None if right is None or predicted is None else [bool(r) for r in right],
            "labels": None if predicted is None else [self._name(int(p)) for p in predicted],
        }

    def _once(self, name: str, one: slice) -> NDArray[np.float64] | None:
        return self._stream.matrix(name, one)[:, 0] if self._stream.available(name) else None

    def _name(self, number: int) -> str:
        return self.names[number] if 0 <= number < len(self.names) else str(number)


def stream_of(run: Any, split: str, stream: str | None) -> tuple[StreamDynamics, tuple[str, ...]]:
    """The stream to draw, and the names of its classes, of a run, dynamics or a stream itself.

    Args:
        run: a `Run`, `Dynamics` or `StreamDynamics`.
        split: the ranked split, where there are several.
        stream: which stream; by default the evaluation stream if it was recorded for the split,
            else the one that was.

    Raises:
        DataError: if it is none of them.
        DynamicsError: if there is no such split or stream.
    """
    if isinstance(run, StreamDynamics):
        return run, ()
    if hasattr(run, "dynamics") and hasattr(run, "label_names"):
        return stream_of(run.dynamics, split, stream)[0], tuple(run.label_names)
    if not isinstance(run, Dynamics):
        raise DataError(f"run is a {type(run).__name__}; expected a Run, Dynamics or a stream")
    recorded = [name for where, name in run.keys if where == split]
    if stream is None and len(recorded) > 1 and "evaluation" in recorded:
        stream = "evaluation"
    return run.stream(split, stream), ()
