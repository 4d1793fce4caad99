"""Contestants that read the texts alone, kept beside the run: they take longer than all others together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError, MissingExtraError
from difficulty_lib.audit._cleanlab import cleanlab_contestants
from difficulty_lib.audit._contestants import contestant_table, neighbour_disagreement
from difficulty_lib.audit._embedding_probabilities import embedding_probabilities
from difficulty_lib.audit._oriented import MARK

if TYPE_CHECKING:
    from difficulty_lib.training import Run

FILE = "text_contestants.parquet"
FORM = b"1"  # to be raised when the same texts would give other numbers: older files are ignored
_KEY = b"form"


def text_contestants(labels: pd.Series, embedding: pd.DataFrame) -> pd.DataFrame:
    """Who ranks rows by their texts and labels, without the model that was trained.

    Args:
        labels: by sample_id, classes 0 … K − 1.
        embedding: shape (≥ N, D), by sample_id.

    Returns:
        "neighbour_disagreement/10", and where cleanlab is installed what it makes of a logistic
        regression's probabilities, "confident_learning/embedding" and its three scores of a
        label's quality: shape (N, 1 or 5), high is hard, rounded to float32, in which they are kept.

    Raises:
        DataError: if samples have no embedding.
    """
    vectors = _of_samples(embedding, labels.index)
    parts: list[pd.Series | pd.DataFrame] = [
        *by_cleanlab(labels, embedding_probabilities(labels, vectors), "embedding"),
        neighbour_disagreement(labels, vectors),
    ]
    return _marked(contestant_table(*parts).astype("float32"))


def by_cleanlab(
    labels: pd.Series, probabilities: pd.DataFrame | None, ending: str
) -> list[pd.DataFrame]:
    """cleanlab's contestants as "<name>/<ending>"; none without probabilities, or without cleanlab."""
    if probabilities is None:
        return []
    try:
        found = cleanlab_contestants(labels, probabilities)
    except MissingExtraError:
        return []
    return [renamed(found, {name: f"{name}/{ending}" for name in found})]


def keep_text_contestants(run: Run, found: pd.DataFrame) -> None:
    """Write them beside the run, if all are there and the folder can be written to."""
    import pyarrow as pa

    from difficulty_lib.dynamics._store import write_table

    if not any(name.startswith("confident_learning") for name in found):
        return  # whoever has cleanlab shall not find them incomplete
    numbers = found.astype("float32").reset_index()
    table = pa.Table.from_pandas(numbers, preserve_index=False).replace_schema_metadata(
        {_KEY: FORM}
    )
    with suppress(OSError):
        write_table(table, _path(run))


def kept_text_contestants(run: Run) -> pd.DataFrame | None:
    """What was kept beside the run, as `text_contestants` gave it; None without, or of another form."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(_path(run))
    except (OSError, pa.ArrowInvalid):
        return None
    if (table.schema.metadata or {}).get(_KEY) != FORM:
        return None
    return _marked(table.to_pandas().set_index("sample_id"))


def renamed(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A table of contestants with other names, oriented as before."""
    found = table.rename(columns=dict(names))
    found.attrs[MARK] = table.attrs[MARK]
    return found


def _path(run: Run) -> Path:
    return run.folder / FILE


def _marked(table: pd.DataFrame) -> pd.DataFrame:
    found = table.astype(np.float64)
    found.attrs[MARK] = "high"
    return found


def _of_samples(embedding: pd.DataFrame, ids: pd.Index) -> Any:
    missing = ids.difference(embedding.index)
    if len(missing) or not embedding.index.is_unique:
        raise DataError(
            f"{len(missing)} samples have no embedding of their own, first: "
            f"{missing[:5].tolist()}; expected one row for each"
        )
    return embedding.loc[ids].to_numpy()
