"""One run or table as the explorer shows it: scores, losses and predictions of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.dynamics import Dynamics, StreamDynamics
from difficulty_lib.scores import SCORES, distinct_scores, score_table
from difficulty_lib.training import Run

Source: TypeAlias = Run | Dynamics | StreamDynamics | pd.DataFrame
KEY = ["split", "sample_id"]
MAP = ("variability", "confidence")
OWN = ("label", "predicted")


@dataclass(frozen=True)
class Side:
    """What one run, or one table, says of its samples, N in all.

    Attributes:
        name: as people call it.
        table: indexed by (split, sample_id); a column per score.
        label: on the same index, the given class by name, or None.
        predicted: on the same index, the class that the model gave last, or None.
        loss: shape (E, N), in nats, NaN where a split was not observed; or None.
        epochs: shape (E,), the epochs of `loss`.
        streams: how each split was observed, by split.
        run: the run's record, or None.
        classes: their names, in the order of the data set, as far as known.
    """

    name: str
    table: pd.DataFrame = field(repr=False)
    label: pd.Series | None = field(default=None, repr=False)
    predicted: pd.Series | None = field(default=None, repr=False)
    loss: NDArray[np.float64] | None = field(default=None, repr=False)
    epochs: tuple[int, ...] = ()
    streams: dict[str, str] = field(default_factory=dict)
    run: dict[str, object] | None = field(default=None, repr=False)
    classes: tuple[str, ...] = ()


def side_of(
    source: Source,
    name: str,
    *,
    label_names: Sequence[str] = (),
    scores: Sequence[str] | None = None,
    allow_collapsed: bool = False,
) -> Side:
    """A run, dynamics or a table, as the explorer shows it.

    Of a run, every split is read from its evaluation stream, or from the only one there is.

    Args:
        source: the run; or a table indexed by sample_id, or with columns `sample_id` and, of
            several splits, `split`; its numeric columns are scores, and `label` and `predicted`
            are classes.
        name: as people call it.
        label_names: of the classes, for dynamics that do not know them.
        scores: which registered scores; those that differ in their order if not given.
        allow_collapsed: whether to show a run, too, that learnt nothing.

    Raises:
        DataError: if a table has no scores, or a sample twice.
        DynamicsError: if a run's files are damaged, or it collapsed.
    """
    if isinstance(source, pd.DataFrame):
        return _of_table(source, name)
    names = source.label_names if isinstance(source, Run) else list(label_names)
    if isinstance(source, StreamDynamics):
        streams = [source]
    else:
        streams = _streams(source.dynamics if isinstance(source, Run) else source)
    if scores is None:
        first = score_table(streams[0], allow_collapsed=allow_collapsed)
        scores = list(dict.fromkeys([*distinct_scores(first), *(n for n in MAP if n in first)]))
    parts = [_of_stream(s, names, scores, allow_collapsed) for s in streams]
    epochs = np.unique(np.concatenate([s.trained_epochs for s in streams])).tolist()
    return Side(
        name=name,
        table=pd.concat([part[0] for part in parts]),
        label=_joined([part[1] for part in parts]),
        predicted=_joined([part[2] for part in parts]),
        loss=_losses(streams, epochs),
        epochs=tuple(epochs),
        streams={s.split: s.stream for s in streams},
        run=source.record if isinstance(source, Run) else None,
        classes=tuple(names),
    )


def _streams(dynamics: Dynamics) -> list[StreamDynamics]:
    found: dict[str, StreamDynamics] = {}
    for split, stream in dynamics.keys:
        if split not in found or stream == "evaluation":
            found[split] = dynamics.stream(split, stream)
    order = {"train": 0, "validation": 1, "dev_matched": 1, "test": 2}
    return [found[split] for split in sorted(found, key=lambda s: (order.get(s, 3), s))]


def _of_stream(
    stream: StreamDynamics, names: Sequence[str], scores: Sequence[str], collapsed: bool
) -> tuple[pd.DataFrame, pd.Series | None, pd.Series | None]:
    index = pd.MultiIndex.from_product([[stream.split], stream.ids], names=KEY)
    wanted = [name for name in scores if SCORES[name].available(stream)]
    table = score_table(stream, wanted, allow_collapsed=collapsed).set_axis(index)

    def named(codes: NDArray[np.int64]) -> pd.Series:
        known = all(0 <= code < len(names) for code in np.unique(codes))
        texts = [names[code] if known else str(code) for code in codes.tolist()]
        return pd.Series(texts, index=index, dtype=object)

    label = None if stream.label is None else named(stream.label)
    predicted = None
    if label is not None and stream.available("predicted"):
        predicted = named(stream.matrix("predicted")[-1].astype(np.int64))
    return table, label, predicted


def _joined(parts: Sequence[pd.Series | None]) -> pd.Series | None:
    there = [part for part in parts if part is not None]
    return pd.concat(there) if there else None


def _losses(streams: Sequence[StreamDynamics], epochs: list[int]) -> NDArray[np.float64] | None:
    if not any(stream.available("loss") for stream in streams):
        return None
    loss = np.full((len(epochs), sum(len(stream) for stream in streams)), np.nan)
    at = 0
    for stream in streams:
        if stream.available("loss"):
            rows = np.searchsorted(epochs, stream.trained_epochs)
            loss[rows, at : at + len(stream)] = stream.matrix("loss")
        at += len(stream)
    return loss


def _of_table(table: pd.DataFrame, name: str) -> Side:
    rows = table if "sample_id" in table.columns else table.reset_index(names=_index_names(table))
    split = rows["split"].astype(str) if "split" in rows else pd.Series("all", index=rows.index)
    ids = pd.to_numeric(rows["sample_id"], errors="coerce")
    if ids.isna().any() or (ids % 1 != 0).any():
        raise DataError(f"{name}: column 'sample_id' is not of integers; expected one per sample")
    index = pd.MultiIndex.from_arrays([split, ids.astype(np.int64)], names=KEY)
    if index.has_duplicates:
        again = index[index.duplicated()][0]
        raise DataError(f"{name}: sample {again[1]} of split '{again[0]}' is there more than once")
    left = rows.drop(columns=[c for c in (*KEY, *OWN) if c in rows])
    scores = left.select_dtypes(["number", "bool"]).astype(float).set_axis(index)
    if scores.columns.empty:
        raise DataError(f"{name}: no numeric column; expected a score or more")
    classes = {
        column: pd.Series([str(v) for v in rows[column]], index=index, dtype=object)
        for column in OWN
        if column in rows
    }
    return Side(name, scores, classes.get("label"), classes.get("predicted"))


def _index_names(table: pd.DataFrame) -> list[str]:
    if table.index.nlevels > 2:
        raise DataError(f"an index of {table.index.nlevels} levels; expected sample_id, or {KEY}")
    return KEY[-table.index.nlevels :]
