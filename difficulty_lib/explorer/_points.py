"""The samples of the explorer: one row each, with what every run or table says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data import TextData
from difficulty_lib.explorer._side import KEY, Side, Source, side_of

MOST = 200_000  # samples on a page: it holds all of them in memory


@dataclass(frozen=True)
class Points:
    """N samples.

    Attributes:
        index: (split, sample_id), N rows.
        sides: what each run or table says, every table and series on `index`, NaN or None where it
            does not know a sample.
        label: the N given classes by name, None where there is none.
        texts: the text columns by name, each of N texts, "" where one is not known; empty where the
            page may not hold them.
        projection: shape (N, 2), NaN where a sample has none, or None.
    """

    index: pd.MultiIndex = field(repr=False)
    sides: tuple[Side, ...]
    label: list[str | None] = field(repr=False)
    texts: dict[str, list[str]] = field(default_factory=dict, repr=False)
    projection: pd.DataFrame | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.index)


def points_of(
    sources: Source | Sequence[Source] | Mapping[str, Source],
    data: TextData | None = None,
    *,
    texts: bool = True,
    projection: pd.DataFrame | None = None,
    splits: Sequence[str] | None = None,
    scores: Sequence[str] | None = None,
    allow_collapsed: bool = False,
) -> Points:
    """The samples of all runs and tables together, in the order of their splits and ids.

    Args:
        sources: runs, dynamics or tables (see `side_of`), by name if they are to be called so.
        data: with the texts and, of tables, the labels.
        texts: whether the page may hold the texts.
        projection: two columns, indexed by sample_id or (split, sample_id).
        splits: only these; all that the sources have if not given.
        scores: which registered scores; those that differ in their order if not given.
        allow_collapsed: whether to show a run, too, that learnt nothing.

    Raises:
        DataError: if there is no source, nothing that two sources have in common, no such split,
            more than 200,000 samples, or the projection does not fit.
        DynamicsError: if a run's files are damaged, or it collapsed.
    """
    named = _named(sources)
    if not named:
        raise DataError("nothing to explore; expected a run or a table, or more of them")
    names = data.label_names if data is not None else ()
    sides = [
        side_of(s, n, label_names=names, scores=scores, allow_collapsed=allow_collapsed)
        for n, s in named.items()
    ]
    if data is not None:
        sides = [_only_split(side, data) for side in sides]
    index = _union([side.table.index for side in sides])
    if splits is not None:
        index = index[index.get_level_values("split").isin(splits)]
        if index.empty:
            raise DataError(
                f"no sample of {', '.join(splits)}; expected one of the sources' splits"
            )
    if len(index) > MOST:
        raise DataError(f"{len(index):,} samples; expected {MOST:,} or fewer, see splits=")
    fitted = tuple(_on(side, index) for side in sides)
    for other in sides[1:]:
        if not other.table.index.isin(sides[0].table.index).any():
            raise DataError(f"{sides[0].name} and {other.name} have no sample in common")
    return Points(
        index=index,
        sides=fitted,
        label=_labels(fitted, index, data),
        texts=_texts(index, data) if data is not None and texts else {},
        projection=None if projection is None else _projected(projection, index),
    )


def _named(sources: Source | Sequence[Source] | Mapping[str, Source]) -> dict[str, Source]:
    if isinstance(sources, Mapping):
        return dict(sources)
    several = list(sources) if isinstance(sources, list | tuple) else [sources]
    configs = [getattr(source, "config", None) for source in several]
    models = {getattr(config, "model", None) for config in configs}
    seeds = {getattr(config, "seed", None) for config in configs}
    parts = (len(several) == 1 or len(models) > 1, len(several) == 1 or len(seeds) > 1)
    named: dict[str, Source] = {}
    for number, source in enumerate(several, start=1):
        name = _name(source, number, *parts)
        name = name if name not in named else f"{name} ({number})"
        named[name] = source
    return named


def _name(source: Source, number: int, by_model: bool, by_seed: bool) -> str:
    """What tells the runs apart: the model, the seed, or both."""
    config = getattr(source, "config", None)
    if config is not None and (by_model or by_seed):
        model = str(config.model).rstrip("/").split("/")[-1]
        return ", ".join([model] * by_model + [f"seed {config.seed}"] * by_seed)
    return f"table {number}" if isinstance(source, pd.DataFrame) else f"run {number}"


def _only_split(side: Side, data: TextData) -> Side:
    """A table that names no split is of the one split whose ids it has."""
    if set(side.table.index.get_level_values(0)) != {"all"} or "all" in data.splits:
        return side
    ids = side.table.index.get_level_values(1)
    matching = [split for split, frame in data.splits.items() if ids.isin(frame.index).all()]
    if len(matching) != 1:
        raise DataError(
            f"{side.name}: its samples are in {len(matching)} splits of {data.name}; expected a "
            "column 'split'"
        )
    index = pd.MultiIndex.from_product([matching, ids], names=KEY)
    classes = {
        what: None if series is None else series.set_axis(index)
        for what, series in (("label", side.label), ("predicted", side.predicted))
    }
    return Side(**{**side.__dict__, "table": side.table.set_axis(index), **classes})


def _union(indexes: Sequence[pd.MultiIndex]) -> pd.MultiIndex:
    splits = list(dict.fromkeys(s for i in indexes for s in i.get_level_values(0).unique()))
    whole = indexes[0]
    for index in indexes[1:]:
        whole = whole.union(index, sort=False)
    codes = pd.Index(splits).get_indexer(whole.get_level_values(0))
    order = np.lexsort((whole.get_level_values(1).to_numpy(), codes))
    return whole[order].set_names(KEY)


def _on(side: Side, index: pd.MultiIndex) -> Side:
    rows = side.table.index.get_indexer(index)
    loss = None
    if side.loss is not None:
        padded = np.concatenate([side.loss, np.full((len(side.loss), 1), np.nan)], axis=1)
        loss = padded[:, rows]  # −1 is the padding
    return Side(
        **{
            **side.__dict__,
            "table": side.table.reindex(index),
            "label": None if side.label is None else side.label.reindex(index),
            "predicted": None if side.predicted is None else side.predicted.reindex(index),
            "loss": loss,
        }
    )


def _labels(sides: Sequence[Side], index: pd.MultiIndex, data: TextData | None) -> list[str | None]:
    label = pd.Series(None, index=index, dtype=object)
    for side in sides:
        if side.label is not None:
            label = label.where(label.notna(), side.label)
    if data is not None and data.target == "class":
        own = _column(index, data, "label")
        names = dict(enumerate(data.label_names))
        known = [names.get(code) for code in own]
        return [str(a) if not pd.isna(a) else b for a, b in zip(label, known)]
    return [None if pd.isna(value) else str(value) for value in label]


def _column(index: pd.MultiIndex, data: TextData, column: str) -> pd.Series:
    parts = {s: f[column] for s, f in data.splits.items() if s in index.get_level_values(0)}
    if not parts:
        return pd.Series(None, index=index, dtype=object)
    whole = pd.concat({s: p.astype(object) for s, p in parts.items()}, names=KEY)
    return whole.reindex(index)


def _texts(index: pd.MultiIndex, data: TextData) -> dict[str, list[str]]:
    columns = {c: _column(index, data, c) for c in data.text_columns}
    if data.target != "class":
        named = {"text": "reference", "answers": "answers", "tags": "tags"}[data.target]
        own = _column(index, data, "label")
        columns[named] = pd.Series([_as_text(v, data) for v in own], index=index, dtype=object)
    return {
        name: ["" if value is None or isinstance(value, float) else str(value) for value in column]
        for name, column in columns.items()
    }


def _as_text(value: object, data: TextData) -> object:
    if data.target == "answers" and isinstance(value, tuple | list | np.ndarray):
        return " / ".join(dict.fromkeys(str(text) for text, _ in value)) or "(no answer)"
    if data.target == "tags" and isinstance(value, tuple | list | np.ndarray):
        return " ".join(data.label_names[tag] for tag in value)
    return value


def _projected(projection: pd.DataFrame, index: pd.MultiIndex) -> pd.DataFrame:
    if projection.shape[1] != 2:
        raise DataError(f"a projection of {projection.shape[1]} columns; expected two")
    own = projection
    if own.index.nlevels == 1:
        splits = index.get_level_values(0).unique()
        if len(splits) != 1:
            raise DataError(
                f"a projection by sample_id alone, of {len(splits)} splits; expected an index "
                "(split, sample_id)"
            )
        own = own.set_axis(pd.MultiIndex.from_product([splits, own.index], names=KEY))
    if own.index.has_duplicates or not own.index.isin(index).any():
        raise DataError(
            "a projection of other samples, or of one twice; expected those of the runs"
        )
    return own.astype(float).reindex(index)
