"""A fingerprint of a split: the same wherever the same (id, texts, label) come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd


def fingerprint(frame: pd.DataFrame, text_columns: Sequence[str], label: str = "label") -> str:
    """Sha256 over the rows in the order of their ids, the first 16 hex digits.

    Args:
        frame: indexed by sample_id, with the text columns and a label: an integer, a text, or
            nested lists, tuples or arrays of these, which all count as lists.
        text_columns: which columns are texts.
        label: the label's column.
    """
    frame = frame.sort_index()
    # Lengths before texts: no separator can occur inside a text and be mistaken for one.
    fields = [[f"{len(text)}:{text}" for text in frame[column]] for column in text_columns]
    gold = map(_written, frame[label].tolist())
    rows = map("\x1f".join, zip(map(str, frame.index.tolist()), gold, *fields))
    whole = "".join(f"{row}\x1e" for row in rows)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def of_all(splits: Iterable[str]) -> str:
    """One fingerprint of a data set: those of its splits, in their order."""
    return "-".join(splits)


def _written(gold: Any) -> str:
    if isinstance(gold, str):
        return f"{len(gold)}:{gold}"
    if isinstance(gold, list | tuple | np.ndarray):
        return json.dumps(_plain(gold), ensure_ascii=False, separators=(",", ":"))
    return str(gold)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value
