"""`AuditSession`: the widget around a desk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary, finalize

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError, DifficultyError
from difficulty_lib._extras import require
from difficulty_lib.book._token_style import STYLE
from difficulty_lib.review import Decisions, RankedRows, plain
from difficulty_lib.widget._desk import Desk
from difficulty_lib.widget._evidence import Evidence, stream_of
from difficulty_lib.widget._export import export_all
from difficulty_lib.widget._neighbours import Neighbours
from difficulty_lib.widget._rows import rows_of, sample_ids
from difficulty_lib.widget._shading import Shading

if TYPE_CHECKING:
    from anywidget import AnyWidget
else:
    AnyWidget = require("anywidget", "book").AnyWidget

_HERE = files("difficulty_lib.widget")
# The sessions of this process by file and person: a cell that is run again takes over from itself.
_OPEN: WeakValueDictionary[tuple[str, str], AuditSession] = WeakValueDictionary()


class AuditSession(AnyWidget):
    """Ranked rows one at a time, with keys and buttons to decide about each; shown by a notebook.

    A decision is on disk before the next row shows. What is decided goes to the file `decisions`
    that `difficulty audit` uses, too; several sessions may share it. A session goes on where the
    file stops. Running the cell again takes the place of the session that it made before.

    Each `every`-th row is a random check, shown without anything that a model or a neighbour
    says of it; the estimate of the errors left rests on these.

    No text of the data is in the notebook's file, nor is it ever read as markup.

    Args:
        ranked: a table that `difficulty rank` wrote, or a file of it, or the table of
            `rank_suspicion`.
        decisions: the SQLite file; made if it is not there.
        text: the columns of texts, or the one.
        label: the column of labels.
        id_column: a column of unique ids, if any.
        run: a `Run`, `Dynamics` or a stream, for loss curves, the model's labels and shaded tokens.
            The rows are found in it by the index of `ranked`, if it is called `sample_id`, or the
            column `sample_id`.
        split: of the run.
        stream: of the run; the evaluation stream where there are several.
        sample_id: another column that holds the samples' ids.
        label_names: names of the run's classes, where the run does not say.
        labels: on offer for relabelling; by default those that occur, and the run's classes.
        tokenizer: a fast one, the one that made the gold tokens of summaries: shades the label.
            Without one, labelled words are shaded in the one column of texts.
        embedding: shape (N, D), one row for each row of `ranked`, in its order, for neighbours;
            TF-IDF of the words if None.
        neighbours: how many are shown; 0 for none.
        who: the person, for the log; the login's name by default.
        every: each `every`-th row is a random check; 0 for none. Settled with the file.
        seed: of the checks.

    Raises:
        DataError: one line, on a table, file, run or embedding that does not fit.
        ConfigError: on a setting that nothing accepts.
    """

    _esm = (_HERE / "audit.js").read_text("utf8")
    _css = STYLE + (_HERE / "audit.css").read_text("utf8")

    def __init__(
        self,
        ranked: pd.DataFrame | str | Path,
        decisions: str | Path,
        *,
        text: str | Sequence[str],
        label: str,
        id_column: str | None = None,
        run: Any = None,
        split: str = "train",
        stream: str | None = None,
        sample_id: str | None = None,
        label_names: Sequence[str] | None = None,
        labels: Sequence[str] | None = None,
        tokenizer: Any = None,
        embedding: Any = None,
        neighbours: int = 5,
        who: str | None = None,
        every: int = 5,
        seed: int = 0,
    ) -> None:
        if neighbours < 0:
            raise ConfigError(f"neighbours is {neighbours}; expected 0 or more")
        text = [text] if isinstance(text, str) else list(text)
        rows, places = rows_of(ranked, text, label, id_column)
        known = _from_run(rows, run, split, stream, sample_id, label_names, tokenizer)
        names = known.pop("names", ())
        near = partial(Neighbours, _in_order(embedding, places), rows) if neighbours else None
        if near is not None and embedding is not None:
            near()  # refused here, not at the first row
        offered = _offered(rows, labels, names)
        kept = Decisions(decisions, rows, who=who, every=every, seed=seed)
        try:
            key = (str(kept.path.resolve()), kept.who)
            before = _OPEN.pop(key, None)
            if before is not None:
                before.close()
            self._desk = Desk(rows, kept, offered, neighbours=near, k=neighbours, **known)
            super().__init__()
        except BaseException:
            kept.close()
            raise
        self._kept = kept
        _OPEN[key] = self
        finalize(self, kept.close)  # a kernel that is shut down lets go of the row it showed
        self.on_msg(self._answer)

    @property
    def decisions(self) -> Decisions:
        """What has been decided, in any session: `active()` and `log()` are tables."""
        return self._kept

    def export(
        self, folder: str | Path, table: pd.DataFrame | None = None, *, as_is: bool = False
    ) -> list[Path]:
        """Write the corrected table and the log as CSV, Parquet and `datasets` into a new folder.

        In CSV, what a spreadsheet would run is made inert (`review.inert`).

        Args:
            folder: new or empty; written whole or not at all.
            table: the rows to correct, in any order and with any further columns, such as the
                table from before the ranking; the ranked rows if not given.
            as_is: write CSV cells as they are, formulas included.

        Returns:
            The files and folders: `corrected` and `log`, each `.csv`, `.parquet` and a folder.

        Raises:
            DataError: one line, if the folder is taken, or the table is of other rows.
        """
        given = self._desk.rows.table if table is None else table
        return export_all(given, self._kept, folder, as_is=as_is)

    def close(self) -> None:
        """End the session; the row that it shows is free for others. Decisions are on disk."""
        kept = getattr(self, "_kept", None)
        if kept is not None:
            kept.close()
        super().close()

    def __repr__(self) -> str:
        desk = getattr(self, "_desk", None)
        if desk is None:
            return "AuditSession()"
        path = plain(str(desk.decisions.path), one_line=True)
        return f"AuditSession({len(desk.rows):,} rows, decisions in {path})"

    def _answer(self, _: Any, content: object, buffers: Any) -> None:
        try:
            state = self._desk.handle(content)
        except DifficultyError as error:  # the file is gone, full or locked
            state = {"failed": plain(str(error), one_line=True)}
        except Exception as error:  # a fault of ours: said, and left to the kernel's log
            self.send({"failed": f"{type(error).__name__}: see the log of the kernel"})
            raise
        self.send(state)


def _from_run(
    rows: RankedRows,
    run: Any,
    split: str,
    stream: str | None,
    column: str | None,
    names: Sequence[str] | None,
    tokenizer: Any,
) -> dict[str, Any]:
    """What a desk can show of a run, and the names of its classes."""
    if run is None:
        if tokenizer is not None or column is not None or stream is not None:
            raise ConfigError("tokenizer, sample_id and stream are about a run; expected run=, too")
        return {}
    found, own = stream_of(run, split, stream)
    names = tuple(own if names is None else names)
    ids = sample_ids(rows, column)
    known: dict[str, Any] = {"ids": ids, "evidence": Evidence(found, ids, names), "names": names}
    if found.tokens is None:
        return known
    shaded = rows.label if tokenizer is not None else rows.text[0]
    if tokenizer is not None or len(rows.text) == 1:
        texts = pd.Series([str(v) for v in rows.table[shaded]], index=ids, dtype=object)
        known |= {"shading": Shading(found.take(ids), texts, tokenizer), "shaded": shaded}
        known["shading"].of(int(ids[0]))  # refused here, not at the first row
        known["names"] = ()  # of tags or of nothing: not what a row is labelled with
    return known


def _offered(
    rows: RankedRows, labels: Sequence[str] | None, names: tuple[str, ...]
) -> tuple[str, ...]:
    if labels is not None:
        given = tuple(dict.fromkeys(str(label).strip() for label in labels))
        if not all(given) or not given:
            raise ConfigError("labels: expected one name or more, none of them empty")
        return given
    if names and set(rows.labels) <= set(names):
        return names  # in the order of the classes, with those that no row has
    return rows.labels


def _in_order(embedding: Any, places: NDArray[np.int64]) -> Any:
    """An embedding of the table's rows, in the order of their ranks."""
    if embedding is None:
        return None
    matrix = embedding.tocsr() if hasattr(embedding, "tocsr") else np.asarray(embedding)
    if matrix.ndim != 2 or matrix.shape[0] != len(places):
        raise DataError(
            f"embedding of shape {matrix.shape} for {len(places)} rows; expected a row for each"
        )
    return matrix[places]
