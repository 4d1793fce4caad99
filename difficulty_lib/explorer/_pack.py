"""The points as two scripts that lie beside the page: numbers as typed arrays, and texts."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib.explorer._points import Points
from difficulty_lib.explorer._side import Side
from difficulty_lib.report._embed import _json
from difficulty_lib.scores import SCORES

KEPT_BITS = 13  # of a float32's 23, where a page is compact: four digits
NONE = 65535  # a loss that was not observed
UNIT = 0.001  # nats; ten times as much where a page is compact


def numbers_script(points: Points, *, title: str, file: str, compact: bool = False) -> str:
    """`data.js`: ids, classes, scores and losses, every column as base64 of little-endian numbers."""
    splits = list(dict.fromkeys(points.index.get_level_values(0)))
    used = set(_all_classes(points)) - {None}
    ordered = [*(name for side in points.sides for name in side.classes), *_all_classes(points)]
    names = [str(name) for name in dict.fromkeys(ordered) if name in used]
    content = {
        "title": title,
        "file": file,
        "count": len(points),
        "splits": splits,
        "split": _column(_codes(points.index.get_level_values(0), splits)),
        "id": _column(points.index.get_level_values(1).to_numpy()),
        "labelNames": names,
        "label": _classes(points.label, names),
        "sides": [_side(side, names, compact) for side in points.sides],
        "projection": _projection(points.projection),
    }
    return f"window.EXPLORER = {_json(content)};\n"


def texts_script(points: Points) -> str:
    """`texts.js`: read after the map is drawn, as it is the larger one."""
    content = {"columns": list(points.texts), "values": list(points.texts.values())}
    return f"window.EXPLORER.texts = {_json(content)};\n"


def _all_classes(points: Points) -> list[str | None]:
    said = [
        None if pd.isna(v) else str(v)
        for side in points.sides
        if side.predicted is not None
        for v in side.predicted.unique()
    ]
    return [*points.label, *said]


def _side(side: Side, names: Sequence[str], compact: bool) -> dict[str, Any]:
    predicted = None
    if side.predicted is not None:
        predicted = _classes([None if pd.isna(v) else str(v) for v in side.predicted], names)
    return {
        "name": side.name,
        "predicted": predicted,
        "scores": [_score(str(name), side.table[name].to_numpy(), compact) for name in side.table],
        "epochs": list(side.epochs),
        "loss": None if side.loss is None else _losses(side.loss, UNIT * (10 if compact else 1)),
    }


def _score(name: str, values: NDArray[np.float64], compact: bool) -> dict[str, Any]:
    known = name in SCORES
    return {
        "name": name,
        "title": SCORES[name].title if known else name,
        "up": SCORES[name].higher_is_harder if known else True,
        "known": known,
        **_column(np.asarray(values, dtype=np.float64), compact),
    }


def _losses(loss: NDArray[np.float64], least: float) -> dict[str, Any]:
    finite = loss[np.isfinite(loss)]
    unit = max(least, float(finite.max(initial=0.0)) / (NONE - 1))
    coded = np.where(np.isfinite(loss), np.round(loss / unit), NONE).astype(np.uint16)
    # A few enormous losses must not flatten all other curves.
    top = float(np.quantile(finite, 0.995)) if len(finite) else 1.0
    return {"unit": unit, "top": top, **_column(coded.ravel())}


def _projection(projection: pd.DataFrame | None) -> dict[str, Any] | None:
    if projection is None:
        return None
    x, y = (projection.iloc[:, k].to_numpy(dtype=float) for k in (0, 1))
    titles = [str(name) for name in projection.columns]
    return {"titles": titles, "x": _column(x), "y": _column(y)}


def _classes(values: Sequence[str | None], names: Sequence[str]) -> dict[str, Any] | None:
    if all(value is None for value in values):
        return None
    code = {name: number for number, name in enumerate(names)}
    return _column(np.array([-1 if v is None else code[v] for v in values], dtype=np.int32))


def _codes(values: pd.Index, names: Sequence[str]) -> NDArray[np.int32]:
    return pd.Index(names).get_indexer(values).astype(np.int32)


def _column(values: NDArray[Any], compact: bool = False) -> dict[str, Any]:
    """Typed numbers in base64, of the smallest kind that holds them: exact for integers."""
    array = np.asarray(values)
    whole = array.dtype.kind in "iub" or (
        len(array) > 0 and np.isfinite(array).all() and (array % 1 == 0).all()
    )
    kind = "f4"
    if whole:
        low, high = (int(array.min()), int(array.max())) if len(array) else (0, 0)
        ranges = {"u1": (0, 255), "i2": (-(2**15), 2**15 - 1), "u2": (0, 2**16 - 1)}
        ranges["i4"] = (-(2**31), 2**31 - 1)
        kind = next((k for k, (a, b) in ranges.items() if a <= low and high <= b), "i8")
    typed = array.astype(f"<{kind}")
    if compact and kind == "f4":
        typed = _rounded(typed)
    # All first bytes, then all second ones: so they compress better.
    planes = typed.view(np.uint8).reshape(len(typed), typed.itemsize).T
    return {"kind": kind, "data": base64.b64encode(planes.tobytes()).decode()}


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    dropped = 23 - KEPT_BITS
    bits = values.view("<u4").astype(np.uint64) + (1 << (dropped - 1))
    rounded: NDArray[np.float32] = ((bits >> dropped) << dropped).astype("<u4").view("<f4")
    return np.where(np.isfinite(values), rounded, values).astype("<f4")
