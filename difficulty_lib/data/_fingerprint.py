"""A fingerprint of a split: the same wherever the same (id, texts, label) come from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pandas as pd


def fingerprint(frame: pd.DataFrame, text_columns: Sequence[str], label: str = "label") -> str:
    """Sha256 over the rows in the order of their ids, the first 16 hex digits.

    Args:
        frame: indexed by sample_id, with the text columns and an integer label.
        text_columns: which columns are texts.
        label: the label's column.
    """
    digest = hashlib.sha256()
    frame = frame.sort_index()
    fields = [frame[column].tolist() for column in text_columns]
    for sample_id, gold, *texts in zip(frame.index.tolist(), frame[label].tolist(), *fields):
        # Lengths before texts: no separator can occur inside a text and be mistaken for one.
        row = [str(sample_id), str(gold)]
        row += [f"{len(text)}:{text}" for text in texts]
        digest.update("\x1f".join(row).encode("utf-8", "surrogatepass"))
        digest.update(b"\x1e")
    return digest.hexdigest()[:16]
