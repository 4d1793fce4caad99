"""The page of ranked rows: one file with its own style and script, which asks nobody for anything.

report.html, report.css and report.js lie beside this file and are put together here, with the pieces
of difficulty_lib/page. The page's policy names the hashes of style and script, so that nothing else
runs in it, whatever the texts hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from difficulty_lib._extras import require
from difficulty_lib.budget import expected, spent
from difficulty_lib.page import assembled, hash_of
from difficulty_lib.report._embed import embed
from difficulty_lib.report._rows import PageRows, rows_of_ranking, rows_of_table
from difficulty_lib.review import plain
from difficulty_lib.scores import SCORES
from difficulty_lib.suspicion import Suspicion

HERE = Path(__file__).parent
MOST = 100_000  # rows on a page: above it browsers cannot scroll that far, nor hold that much


def render_report(
    found: Suspicion,
    title: str,
    *,
    rows: int | None = None,
    command: str = "",
    label: str = "label",
    ids: tuple[str, Sequence[object]] | None = None,
) -> str:
    """The page of a fresh ranking, with each row's loss over the epochs.

    Args:
        found: the ranking.
        title: what was ranked, such as the file's name.
        rows: how many of the rows to show, hardest first; all, at most 100,000, if not given.
        command: the command that made it, shown under "About".
        label: what the user calls the column of labels.
        ids: the user's column of ids, and its values in the order of the user's table.

    Returns:
        HTML in one piece, which holds the texts of the rows that it shows.
    """
    shown = rows_of_ranking(found, label, ids)
    about = {
        "run": found.run,
        "epochs": len(found.dynamics.trained_epochs),
        "stream": found.dynamics.stream,
        "budget": f"{spent(found.plan, found.run['timings'])}; {expected()}" if found.plan else "",
        "truncated": found.run["data"]["truncated"].get("train", 0),
        "command": plain(command, one_line=True),
    }
    return _page(shown, title, rows, about)


def render_table(
    table: pd.DataFrame,
    text: Sequence[str],
    label: str,
    title: str,
    *,
    by: str | None = None,
    id_column: str | None = None,
    rows: int | None = None,
) -> str:
    """The page of a table that `difficulty rank` wrote; there are no losses to draw.

    Args:
        table: with a column `suspicion_rank`.
        text: its columns of texts.
        label: its column of labels.
        title: what was ranked, such as the file's name.
        by: the score that ranks; found by the order of the rows if not given.
        id_column: its column of unique ids, if any.
        rows: how many of the rows to show, hardest first; all, at most 100,000, if not given.

    Returns:
        HTML in one piece, which holds the texts of the rows that it shows.

    Raises:
        DataError: if `difficulty rank` did not write the table, or has no such columns in it.
    """
    return _page(rows_of_table(table, text, label, by=by, id_column=id_column), title, rows, {})


def _page(rows: PageRows, title: str, most: int | None, about: dict[str, Any]) -> str:
    jinja = require("jinja2", "train")
    environment = jinja.Environment(
        loader=jinja.FileSystemLoader(HERE), autoescape=True, trim_blocks=True
    )
    environment.filters["thousands"] = lambda n: f"{n:,}"
    style = assembled(HERE / "report.css")
    script = assembled(HERE / "report.js")
    shown = first_rows(rows, MOST if most is None else min(most, MOST))
    differ = None
    if rows.predicted is not None:
        differ = sum(a != b for a, b in zip(rows.label, rows.predicted))
    return environment.get_template("report.html").render(
        title=plain(title, one_line=True),
        total=len(rows),
        shown=len(shown),
        contradicted=differ,
        by=SCORES[rows.by],
        classes=_classes(rows),
        pairs=_pairs(shown),
        style=style,
        script=script,
        style_hash=hash_of(style),
        script_hash=hash_of(script),
        data=embed(shown, total=len(rows), file=_file_name(title)),
        **about,
    )


def first_rows(rows: PageRows, most: int) -> PageRows:
    """The `most` hardest of the rows."""
    if len(rows) <= most:
        return rows
    return replace(
        rows,
        number=rows.number[:most],
        texts={name: texts[:most] for name, texts in rows.texts.items()},
        label=rows.label[:most],
        predicted=None if rows.predicted is None else rows.predicted[:most],
        scores=rows.scores.iloc[:most],
        ids=None if rows.ids is None else (rows.ids[0], rows.ids[1][:most]),
        loss=None if rows.loss is None else rows.loss[:, :most],
    )


def _file_name(title: str) -> str:
    """What the marked rows are saved as: the title's letters, digits, dots and dashes."""
    stem = re.sub(r"[^\w.-]+", "-", Path(title).stem).strip("-.") or "rows"
    return f"{stem[:80]}.marked.csv"


def _classes(rows: PageRows) -> list[dict[str, object]]:
    """Of every label: rows, mean of the score that ranks, and contradicted rows; frequent first."""
    score = rows.scores[rows.by].to_numpy(dtype=float)
    places: dict[str, list[int]] = {}
    for place, label in enumerate(rows.label):
        places.setdefault(label, []).append(place)
    said = rows.predicted or rows.label
    return [
        {
            "label": plain(label, one_line=True),
            "n": len(own),
            "mean": float(score[own].mean()),
            "contradicted": sum(said[place] != label for place in own),
        }
        for label, own in sorted(places.items(), key=lambda item: -len(item[1]))
    ]


def _pairs(rows: PageRows) -> list[dict[str, object]]:
    """The most frequent contradictions, with the numbers by which the script knows the labels."""
    if rows.predicted is None:
        return []
    names = list(dict.fromkeys([*rows.label, *rows.predicted]))
    counts = Counter((a, b) for a, b in zip(rows.label, rows.predicted) if a != b)
    return [
        {
            "label": plain(given, one_line=True),
            "predicted": plain(guess, one_line=True),
            "given": names.index(given),
            "guess": names.index(guess),
            "n": n,
        }
        for (given, guess), n in counts.most_common(8)
    ]
