"""Rows that were set aside, or kept but noted: listed by id, never silently dropped."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

NO_LABEL = "no label"
UNKNOWN_LABEL = "unknown label"
NO_SUMMARY = "empty summary"
NO_ANSWERS = "no word on answers"
EMPTY_ANSWER = "empty answer"
NOT_IN_CONTEXT = "answer not in its context"
MOVED_ANSWER = "answer found elsewhere in its context"
BOTH_WAYS = "answers to a question marked as unanswerable"
NO_TAGS = "no tags"
OTHER_TAGS = "tags of another number than words"
UNKNOWN_TAG = "unknown tag"
BROKEN_WORD = "a word that is empty or holds a space"


def empty_text(column: str) -> str:
    """The phrase for a row without text in `column`, such as "empty hypothesis"."""
    return f"empty {column}"


def problem_table(
    split: str = "", ids: Iterable[int] = (), problem: str = "", *, used: bool = False
) -> pd.DataFrame:
    """Rows of one split with one problem; without arguments, a table of no problems.

    Returns:
        One row per id: `split`, `sample_id` (int64), `problem` (one of a few fixed phrases) and
        `used`: False if the row was set aside, True if it was kept but is worth a note.
    """
    ids = list(ids)
    return pd.DataFrame(
        {
            "split": pd.Series([split] * len(ids), dtype=object),
            "sample_id": pd.Series(ids, dtype="int64"),
            "problem": pd.Series([problem] * len(ids), dtype=object),
            "used": pd.Series([used] * len(ids), dtype=bool),
        }
    )


def join_problems(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Several tables of problems as one, in their order."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else problem_table()
