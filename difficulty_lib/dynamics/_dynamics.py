"""`Dynamics`: the one contract between training and everything that comes after it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics._columns import STORED
from difficulty_lib.dynamics._from_logits import columns_from_logits
from difficulty_lib.dynamics._integers import integers
from difficulty_lib.dynamics._load import keyed, load_stream
from difficulty_lib.dynamics._store import ROOT, write_part, write_samples, write_static
from difficulty_lib.dynamics._stream import StreamDynamics
from difficulty_lib.dynamics._tokens import TokenDynamics, from_token_lists

STREAMS = ("evaluation", "training", "cross_validated", "second_split")


class Dynamics:
    """Recorded training dynamics, by split and stream.

    A *stream* says how a value was observed. `evaluation`: in a pass in eval mode after the epoch.
    `training`: in the forward pass that trains, in train mode and before the update.
    `cross_validated`: in eval mode, by the model of the fold that held the sample out.
    `second_split`: in eval mode, while a model trained on these samples is trained on others.

    >>> dynamics = Dynamics.from_arrays([7, 8], loss=[[1.0, 0.5], [0.5, 0.25]])
    >>> dynamics.stream().matrix("loss").sum(axis=0)
    array([1.5 , 0.75])
    """

    def __init__(self, streams: Mapping[tuple[str, str], StreamDynamics]) -> None:
        if not streams:
            raise DynamicsError("no dynamics: expected at least one split and stream")
        self._streams = dict(streams)

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{split}/{stream}: {len(s.trained_epochs)} epochs × {len(s)} samples"
            for (split, stream), s in self._streams.items()
        )
        return f"Dynamics({parts})"

    @property
    def keys(self) -> list[tuple[str, str]]:
        """The (split, stream) pairs that were recorded."""
        return list(self._streams)

    def stream(self, split: str | None = None, stream: str | None = None) -> StreamDynamics:
        """One split and stream; either may be left out where only one was recorded.

        Raises:
            DynamicsError: if nothing or more than one thing matches, listing what there is.
        """
        matching = [
            key
            for key in self._streams
            if (split is None or key[0] == split) and (stream is None or key[1] == stream)
        ]
        if len(matching) != 1:
            known = ", ".join("/".join(key) for key in self._streams)
            asked = f"split={split!r}, stream={stream!r}"
            raise DynamicsError(
                f"{len(matching)} recorded streams match {asked}; recorded: {known}"
            )
        return self._streams[matching[0]]

    @classmethod
    def load(
        cls,
        folder: str | Path,
        split: str | None = None,
        stream: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> Dynamics:
        """Read the dynamics of a run's folder.

        Args:
            folder: a run's folder, the one that holds `dynamics/`.
            split: only this split.
            stream: only this stream.
            columns: only what these columns, stored or derived, are made of, and always labels,
                static columns, and the loss and predictions that `check_health` reads.

        Warns:
            CollapsedRunWarning: if a run learnt nothing.

        Raises:
            DynamicsError: if a file is missing or damaged, or a sample is missing from an epoch,
                doubled, or foreign to the split; the message lists the first of them.
        """
        folder = Path(folder)
        root = folder / ROOT
        if not root.is_dir():
            raise DynamicsError(f"{folder}: no dynamics; expected a folder {root}")
        streams = {
            (s, t): load_stream(folder, s, t, columns)
            for s, path in keyed(root, "split").items()
            if split in (None, s)
            for t in keyed(path, "stream")
            if stream in (None, t)
        }
        if not streams:
            raise DynamicsError(f"{folder}: no dynamics of split={split!r}, stream={stream!r}")
        return cls(streams)

    def save(self, folder: str | Path) -> None:
        """Write everything into `folder`, in the layout that `load` reads."""
        folder = Path(folder)
        for (split, stream), part in self._streams.items():
            # Epochs and ranks of an earlier, longer recording must not survive.
            shutil.rmtree(folder / ROOT / f"split={split}" / f"stream={stream}", ignore_errors=True)
            write_samples(folder, split, part.ids, part.label)
            for row, epoch in enumerate(part.epochs):
                columns: dict[str, Any] = {n: values[row] for n, values in part.recorded.items()}
                if part.tokens is not None:
                    columns |= part.tokens.stored(row)
                write_part(folder, split, stream, int(epoch), {"sample_id": part.ids, **columns})
            if part.static:
                write_static(folder, split, stream, part.ids, part.static)

    @classmethod
    def from_arrays(
        cls,
        ids: ArrayLike,
        *,
        label: ArrayLike | None = None,
        epochs: ArrayLike | None = None,
        split: str = "train",
        stream: str = "evaluation",
        tokens: TokenDynamics | None = None,
        **columns: ArrayLike,
    ) -> Dynamics:
        """Dynamics from numbers made elsewhere.

        Args:
            ids: shape (N,), unique integers.
            label: shape (N,), gold class indices.
            epochs: shape (E,); 1 … E if not given. Epoch 0 is the model before its first update.
            split: name of the split.
            stream: how the values were observed, one of `STREAMS`.
            tokens: of sequences, in the order of `ids` and `epochs`.
            columns: stored columns by name (`loss`, `margin`, `entropy`, `error_norm`,
                `predicted`, …), each of shape (E, N).
        """
        if stream not in STREAMS:
            raise DynamicsError(f"stream is '{stream}'; expected one of {', '.join(STREAMS)}")
        unknown = sorted(set(columns) - set(STORED))
        if unknown:
            raise DynamicsError(f"unknown columns {unknown}; expected some of {', '.join(STORED)}")
        id_array = np.asarray(ids)
        if id_array.ndim != 1 or not np.issubdtype(id_array.dtype, np.integer):
            raise DynamicsError(
                f"ids must be a list of integers, not {id_array.dtype} {id_array.shape}"
            )
        arrays = {name: _typed(name, values) for name, values in columns.items()}
        for name, values in arrays.items():
            if values.ndim != 2:
                raise DynamicsError(
                    f"column '{name}' must have shape (epochs, samples), not {values.shape}"
                )
        count = next(iter(arrays.values())).shape[0] if arrays else tokens.epochs if tokens else 0
        epoch_array = np.arange(1, count + 1) if epochs is None else integers(epochs, "epochs")
        order = np.argsort(id_array, kind="stable")
        rows = np.argsort(epoch_array, kind="stable")
        for name, values in arrays.items():
            if values.shape != (len(epoch_array), len(id_array)):
                raise DynamicsError(
                    f"column '{name}' has shape {values.shape}; expected (epochs, samples) = "
                    f"({len(epoch_array)}, {len(id_array)})"
                )
        if tokens is not None and (tokens.epochs, len(tokens)) != (len(rows), len(order)):
            raise DynamicsError(
                f"tokens of {tokens.epochs} epochs and {len(tokens)} samples; "
                f"expected {len(rows)} and {len(order)}"
            )
        label_array = None if label is None else integers(label, "label")
        if label_array is not None and label_array.shape != id_array.shape:
            raise DynamicsError(f"{label_array.size} labels for {id_array.size} ids")
        return cls(
            {
                (split, stream): StreamDynamics(
                    ids=id_array.astype(np.int64)[order],
                    epochs=epoch_array[rows].astype(np.int64),
                    columns={name: values[rows][:, order] for name, values in arrays.items()},
                    label=None if label_array is None else label_array[order],
                    split=split,
                    stream=stream,
                    tokens=None if tokens is None else tokens.take(order, rows),
                )
            }
        )

    @classmethod
    def from_logits(
        cls,
        ids: ArrayLike,
        logits: Iterable[ArrayLike],
        label: ArrayLike,
        *,
        epochs: ArrayLike | None = None,
        split: str = "train",
        stream: str = "evaluation",
    ) -> Dynamics:
        """Dynamics of a classifier from its logits, wherever they were made: Keras, XGBoost, an API.

        Args:
            ids: shape (N,), unique integers.
            logits: shape (E, N, K), or E arrays of shape (N, K), in the order of `epochs`.
            label: shape (N,), gold class indices 0 … K − 1.
            epochs: as for `from_arrays`.
            split: as for `from_arrays`.
            stream: as for `from_arrays`.

        Raises:
            DynamicsError: on another shape, a label out of range or a logit that is not finite,
                naming the epoch and the first ids.

        >>> dynamics = Dynamics.from_logits([7, 8], [[[2.0, 0.0], [0.0, 1.0]]], label=[0, 0])
        >>> dynamics.stream().matrix("margin")
        array([[ 2., -1.]])
        """
        columns: dict[str, Any] = dict(columns_from_logits(logits, label, ids))
        return cls.from_arrays(
            ids, label=label, epochs=epochs, split=split, stream=stream, **columns
        )

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Dynamics:
        """Dynamics from a table in long form: one row per (split, stream, epoch, sample_id).

        `split` and `stream` may be absent (then `train` and `evaluation`).
        """
        for column in ("epoch", "sample_id"):
            if column not in frame.columns:
                raise DynamicsError(
                    f"no column '{column}'; there are {', '.join(map(str, frame.columns))}"
                )
        frame = frame.assign(
            split=frame.get("split", "train"),
            stream=frame.get("stream", "evaluation"),
        )
        names = [name for name in STORED if name in frame.columns]
        streams: dict[tuple[str, str], StreamDynamics] = {}
        for (split, stream), part in frame.groupby(["split", "stream"], sort=False):
            key = (str(split), str(stream))
            streams[key] = _pivot(part, names, *key)
        return cls(streams)

    def to_frame(self) -> pd.DataFrame:
        """Everything in long form, as `from_frame` reads it."""
        return pd.concat([part.to_frame() for part in self._streams.values()], ignore_index=True)


def _typed(name: str, values: ArrayLike) -> NDArray[np.generic]:
    """A column in the type in which it is stored."""
    dtype = STORED[name]
    if dtype.kind == "i":
        return integers(values, f"column '{name}'").astype(dtype)
    return np.asarray(values, dtype=dtype)


def _pivot(part: pd.DataFrame, names: list[str], split: str, stream: str) -> StreamDynamics:
    where = f"{split}/{stream}"
    part = part.dropna(axis="columns", how="all")  # columns that other streams have
    for key in ("sample_id", "epoch"):
        if key not in part.columns:
            raise DynamicsError(f"{where}: column '{key}' is empty")
        part = part.assign(**{key: integers(part[key].to_numpy(), f"{where}, column '{key}'")})
    part = part.sort_values(["epoch", "sample_id"], kind="stable")
    ids = np.unique(part["sample_id"].to_numpy())
    epochs = np.unique(part["epoch"].to_numpy())
    doubled = part.duplicated(["epoch", "sample_id"])
    if doubled.any():
        row = part[doubled].iloc[0]
        raise DynamicsError(
            f"{where}: sample {row['sample_id']} is there more than once in epoch {row['epoch']}"
        )
    if len(part) != len(ids) * len(epochs):
        seen = set(zip(part["epoch"], part["sample_id"]))
        gap = next((e, i) for e in epochs for i in ids if (e, i) not in seen)
        raise DynamicsError(f"{where}: sample {gap[1]} is missing from epoch {gap[0]}")
    shape = (len(epochs), len(ids))
    label: NDArray[np.int64] | None = None
    if "label" in part.columns:
        labels = integers(part["label"].to_numpy(), f"{where}, column 'label'").reshape(shape)
        changing = (labels != labels[0]).any(axis=0)
        if changing.any():
            raise DynamicsError(
                f"{where}: the label of sample {ids[changing][0]} changes between epochs; "
                "expected one label per sample"
            )
        label = labels[0]
    present = [name for name in names if name in part.columns]
    return StreamDynamics(
        ids=ids,
        epochs=epochs,
        columns={name: _typed(name, part[name].to_numpy()).reshape(shape) for name in present},
        label=label,
        split=split,
        stream=stream,
        tokens=from_token_lists(part, shape, where),
    )
