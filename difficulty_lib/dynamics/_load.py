"""Reading recorded dynamics back, and refusing them unless every sample is there once per epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics._columns import STATIC, STORED, sources
from difficulty_lib.dynamics._copies import without_copies
from difficulty_lib.dynamics._features import ANSWERED, FEATURE, chosen_features
from difficulty_lib.dynamics._health import TELLING, warn_of_findings
from difficulty_lib.dynamics._ranks import by_rank, listed_samples
from difficulty_lib.dynamics._store import ROOT, read_table, samples_path
from difficulty_lib.dynamics._stream import StreamDynamics
from difficulty_lib.dynamics._token_store import TokenReader
from difficulty_lib.dynamics._tokens import STORED_TOKENS


def keyed(folder: Path, key: str) -> dict[str, Path]:
    """Sub-folders `key=value` by value."""
    return {
        p.name.removeprefix(f"{key}="): p for p in sorted(folder.glob(f"{key}=*")) if p.is_dir()
    }


def _epochs(folder: Path, where: str) -> dict[int, Path]:
    try:
        found = {int(name): path for name, path in keyed(folder, "epoch").items()}
    except ValueError:
        raise DynamicsError(f"{folder}: epoch folders must be named epoch=<number>") from None
    if not found:
        raise DynamicsError(f"{folder}: no epochs recorded for {where}")
    first, last = min(found), max(found)
    gaps = sorted(set(range(first, last + 1)) - set(found))
    if first > 1 or gaps:
        missing = gaps if first <= 1 else [*range(1, first), *gaps]
        raise DynamicsError(f"{folder}: epoch {missing[0]} of {where} is missing")
    return dict(sorted(found.items()))


def _check(ids: NDArray[np.int64], expected: NDArray[np.int64], where: str) -> None:
    """Refuse ids that are not the expected ones; both are sorted, and the latter unique."""
    if np.array_equal(ids, expected) and (ids[1:] > ids[:-1]).all():
        return
    unique, counts = np.unique(ids, return_counts=True)
    for problem, some in (
        ("are missing", np.setdiff1d(expected, unique)),
        ("are there more than once", unique[counts > 1]),
        ("do not belong to the split", np.setdiff1d(unique, expected)),
    ):
        if len(some):
            raise DynamicsError(
                f"{where}: {len(some)} of {len(expected)} samples {problem}, "
                f"first: {', '.join(map(str, some[:5]))}"
            )


def _sorted_ids(table: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """The ids in increasing order, and the rows in that order or None where they are already."""
    ids = table["sample_id"].to_numpy()
    if (ids[1:] >= ids[:-1]).all():
        return ids, None
    order = np.argsort(ids, kind="stable")  # merges the ranks' sorted runs
    return ids[order], order


def _parts(path: Path, epoch: int, where: str, wanted: Sequence[str] | None) -> pa.Table:
    """What all ranks observed in one epoch, in the order of the files."""
    parts = by_rank(path.glob("rank-*.parquet"))
    if not parts:
        raise DynamicsError(f"{path}: no rank-*.parquet; epoch {epoch} of {where} is missing")
    tables = [read_table(part, wanted) for part in parts]
    # A rank with no rows, where there are fewer rows than ranks, has no columns to agree on.
    filled = [(p, t) for p, t in zip(parts, tables) if t.num_rows] or [(parts[0], tables[0])]
    parts, tables = [p for p, _ in filled], [t for _, t in filled]
    for part, read in zip(parts, tables):
        if "sample_id" not in read.column_names:
            raise DynamicsError(f"{part}: no column 'sample_id'; record it again")
        if read.schema.names != tables[0].schema.names:
            raise DynamicsError(f"{part}: its columns differ from those of {parts[0].name}")
    if ANSWERED in tables[0].column_names:
        return _questions(tables, f"{path}: epoch {epoch} of {where}")
    return pa.concat_tables(without_copies(tables))


def _questions(tables: Sequence[pa.Table], where: str) -> pa.Table:
    """A row per question, from the ranks' rows of features."""
    numbered = FEATURE in tables[0].column_names
    table = pa.concat_tables(without_copies(tables, FEATURE) if numbered else tables)
    ids, answered, loss = (table[n].to_numpy() for n in ("sample_id", ANSWERED, "loss"))
    if numbered:
        numbers, counts = np.unique(table[FEATURE].to_numpy(), return_counts=True)
        if (twice := numbers[counts > 1]).size:
            of = np.unique(ids[np.isin(table[FEATURE].to_numpy(), twice)])
            raise DynamicsError(
                f"{where}: {len(twice)} features are there more than once, first: of sample "
                f"{', '.join(map(str, of[:5]))}; expected each in one rank's batches"
            )
        table = table.drop_columns(FEATURE)
    return table.take(pa.array(chosen_features(ids, answered, loss))).drop_columns(ANSWERED)


def _fill(
    columns: dict[str, NDArray[np.generic]],
    name: str,
    row: int,
    values: NDArray[np.generic],
    count: int,
) -> None:
    """Put one epoch's values into the matrix of `count` epochs, made at the first of them."""
    if name not in columns:
        columns[name] = np.empty((count, len(values)), dtype=values.dtype)
    elif columns[name].dtype != values.dtype:
        columns[name] = columns[name].astype(np.promote_types(columns[name].dtype, values.dtype))
    columns[name][row] = values


def load_stream(
    folder: Path, split: str, stream: str, columns: Sequence[str] | None = None
) -> StreamDynamics:
    """One split and stream of a run's folder, complete or not at all.

    Of `columns`, stored or derived, only what they are made of is read, and what tells a collapsed
    run from a healthy one.
    """
    where = f"{split}/{stream}"
    root = folder / ROOT / f"split={split}" / f"stream={stream}"
    if not root.is_dir():
        raise DynamicsError(f"{folder}: no dynamics of {where}; expected {root}")
    wanted = None if columns is None else ["sample_id", *sources([*columns, *TELLING])]
    if wanted is not None:
        # Any column of a sequence follows from those of its tokens.
        wanted += [*STORED_TOKENS, ANSWERED, FEATURE]
    ids: NDArray[np.int64] | None = None
    label: NDArray[np.int64] | None = None
    listed = samples_path(folder, split)
    samples = listed_samples(folder, split)
    if samples is not None:
        if "sample_id" not in samples.column_names:
            raise DynamicsError(f"{listed}: no column 'sample_id'; record the run again")
        ids, order = _sorted_ids(samples)
        if "label" in samples.column_names:
            label = samples["label"].to_numpy()
            label = label if order is None else label[order]

    epochs = _epochs(root, where)
    observed: dict[str, NDArray[np.generic]] = {}
    tokens = TokenReader()
    for row, (epoch, path) in enumerate(epochs.items()):
        table = _parts(path, epoch, where, wanted)
        found, order = _sorted_ids(table)
        ids = found if ids is None else ids
        _check(found, ids, f"{path.parent.parent.parent.parent.name}: epoch {epoch} of {where}")
        names = [name for name in STORED if name in table.column_names]
        if row and set(names) != set(observed):
            raise DynamicsError(f"{path}: its columns differ from those of the epochs before")
        for name in names:
            values = table[name].to_numpy()
            _fill(observed, name, row, values if order is None else values[order], len(epochs))
        tokens.add(table, found, order, f"{folder.name}: epoch {epoch} of {where}")
    assert ids is not None
    static: dict[str, NDArray[np.float64]] = {}
    if once := sorted(root.glob("static/rank-*.parquet")):
        table = pa.concat_tables([read_table(part) for part in once]).sort_by("sample_id")
        _check(table["sample_id"].to_numpy(), ids, f"{folder.name}: static columns of {where}")
        static = {
            name: table[name].to_numpy().astype(np.float64)
            for name in STATIC
            if name in table.column_names
        }
    made = StreamDynamics(
        ids=ids,
        epochs=np.array(list(epochs), dtype=np.int64),
        columns=observed,
        label=label,
        split=split,
        stream=stream,
        static=static,
        tokens=tokens.tokens(ids),
    )
    warn_of_findings(made, stacklevel=4)
    return made
