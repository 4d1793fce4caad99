"""What the page shows of each row, from a fresh ranking or from a ranked table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError
from difficulty_lib.review import ours, ranked_rows
from difficulty_lib.scores import SCORES, hardness
from difficulty_lib.suspicion import Suspicion


@dataclass(frozen=True)
class PageRows:
    """Rows in the order of their rank, N in all.

    Attributes:
        number: shape (N,), the row's number in the user's table, from 1.
        texts: the text columns by the user's names, each of N texts.
        label: the N given labels.
        label_column: the user's name of that column.
        predicted: the N labels that the model gives, or None where the table has none.
        scores: columns of `SCORES`, N values each.
        by: the score that ranks.
        ids: the user's own ids with their column's name, or None.
        loss: shape (E, N), in nats, or None where no run comes with the rows.
        epochs: shape (E,), the epochs of `loss`.
    """

    number: NDArray[np.int64] = field(repr=False)
    texts: dict[str, list[str]] = field(repr=False)
    label: list[str] = field(repr=False)
    label_column: str
    predicted: list[str] | None = field(repr=False)
    scores: pd.DataFrame = field(repr=False)
    by: str
    ids: tuple[str, list[str]] | None = field(default=None, repr=False)
    loss: NDArray[np.float64] | None = field(default=None, repr=False)
    epochs: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.number)


def rows_of_ranking(
    found: Suspicion,
    label_column: str = "label",
    ids: tuple[str, Sequence[object]] | None = None,
) -> PageRows:
    """The rows of a fresh ranking, with their losses.

    Args:
        found: the ranking.
        label_column: what the user calls the labels.
        ids: a column's name and its values in the order of the user's table.
    """
    table, dynamics = found.table, found.dynamics
    order = table.index.to_numpy(dtype=np.int64)
    frame = found.data["train"].loc[order]
    # `table_data` renames a text column that is called as its own column of labels is.
    named = {c: "label" if c == "text: label" else c for c in found.data.text_columns}
    loss = pd.DataFrame(dynamics.matrix("loss"), columns=dynamics.ids)[order].to_numpy()
    own = None
    if ids is not None:
        own = (ids[0], [str(ids[1][number - 1]) for number in order])
    return PageRows(
        number=order,
        texts={named[c]: frame[c].astype(str).tolist() for c in found.data.text_columns},
        label=table["label"].astype(str).tolist(),
        label_column=label_column,
        predicted=table["predicted"].astype(str).tolist(),
        scores=table[[name for name in SCORES if name in table]],
        by=found.by,
        ids=own,
        loss=loss,
        epochs=tuple(int(e) for e in dynamics.epochs),
    )


def rows_of_table(
    table: pd.DataFrame,
    text: Sequence[str],
    label: str,
    *,
    by: str | None = None,
    id_column: str | None = None,
) -> PageRows:
    """The rows of a table that `difficulty rank` wrote; they have no losses, as no run is there.

    Args:
        table: with a column `suspicion_rank`; rows in any order, numbered from 1 in it.
        text: its columns of texts.
        label: its column of labels.
        by: the score that ranks; found by the order of the rows if not given.
        id_column: its column of unique ids, if any.

    Raises:
        DataError: on missing columns or ranks, or without a score that orders rows as the ranks do.
    """
    numbered = table.reset_index(drop=True)
    rows = ranked_rows(numbered, text, label, id_column).table
    rank = pd.to_numeric(numbered[str(ours(numbered, "suspicion_rank"))]).to_numpy(dtype=float)
    scores = pd.DataFrame(
        {
            name: pd.to_numeric(rows[column], errors="coerce").to_numpy(dtype=float)
            for name in SCORES
            if (column := ours(rows, name)) is not None
        }
    )
    by = by or next((name for name in scores if _orders(scores[name], str(name))), None)
    if by is None or by not in scores:
        raise DataError(
            f"no score orders the rows as column 'suspicion_rank' does; there are "
            f"{', '.join(scores) or 'none'}; expected a table as `difficulty rank` wrote it"
        )
    predicted = ours(rows, "predicted")
    return PageRows(
        number=np.argsort(rank).astype(np.int64) + 1,
        texts={name: rows[name].astype(str).tolist() for name in text},
        label=rows[label].astype(str).tolist(),
        label_column=label,
        predicted=None if predicted is None else rows[predicted].astype(str).tolist(),
        scores=scores,
        by=by,
        ids=None if id_column is None else (id_column, rows[id_column].astype(str).tolist()),
    )


def _orders(values: pd.Series, name: str) -> bool:
    """Whether the rows come hardest first by this score."""
    harder = hardness(values, higher_is_harder=SCORES[name].higher_is_harder)
    return bool(len(harder) and np.isfinite(harder).all() and (np.diff(harder) <= 0).all())
