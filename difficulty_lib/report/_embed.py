"""The rows as JSON inside an HTML file, where nothing of them can end or begin a tag."""

from __future__ import annotations

import hashlib
import json
import re

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.report._rows import PageRows
from difficulty_lib.scores import SCORES

# What HTML, a script's text or UTF-8 could take for something else; JSON may name them by number.
_BY_NUMBER = re.compile(
    r"[<>&\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef"
    r"\ufeff\ufffe\uffff]"
)


def embed(rows: PageRows, *, total: int, file: str) -> str:
    """What report.js reads.

    Args:
        rows: those that the page shows.
        total: of how many they are the first.
        file: name of the file that the marked rows are exported to.

    Returns:
        JSON without any of `<`, `>` and `&`, and without half a surrogate pair.
    """
    names = list(dict.fromkeys([*rows.label, *(rows.predicted or [])]))
    code = {name: number for number, name in enumerate(names)}
    content = {
        "row": rows.number.tolist(),
        "idColumn": rows.ids[0] if rows.ids else None,
        "id": rows.ids[1] if rows.ids else None,
        "textColumns": list(rows.texts),
        "texts": list(rows.texts.values()),
        "labelColumn": rows.label_column,
        "labelNames": names,
        "label": [code[name] for name in rows.label],
        "predicted": None if rows.predicted is None else [code[name] for name in rows.predicted],
        "scores": [
            {
                "name": str(name),
                "title": SCORES[str(name)].title,
                "up": SCORES[str(name)].higher_is_harder,
                "values": _numbers(rows.scores[name].to_numpy(dtype=float), 6),
            }
            for name in rows.scores
        ],
        "by": list(rows.scores).index(rows.by),
        "loss": None if rows.loss is None else [_numbers(epoch, 4) for epoch in rows.loss],
        "epochs": list(rows.epochs),
        # A few enormous losses must not flatten all other curves.
        "top": 0.0 if rows.loss is None else float(np.quantile(rows.loss, 0.995)),
        "total": total,
        "file": file,
    }
    # Marks are kept under this name: they belong to these rows, not to wherever the file lies.
    key = hashlib.sha256(_json([content["row"], content["texts"], rows.label]).encode())
    return _json({**content, "key": key.hexdigest()[:16]})


def _json(content: object) -> str:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _BY_NUMBER.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _numbers(values: NDArray[np.float64], digits: int) -> list[float | None]:
    return [float(f"{v:.{digits}g}") if np.isfinite(v) else None for v in values.tolist()]
