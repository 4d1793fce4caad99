"""From a source's rows to those that can be trained on, and a list of those that cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data import _problems
from difficulty_lib.data._check import check_rows
from difficulty_lib.data._problems import join_problems, problem_table
from difficulty_lib.data._read_label import (
    Read,
    read_answers,
    read_class,
    read_summary,
    read_tags,
    unix_lines,
)


def clean(
    frame: pd.DataFrame,
    *,
    split: str,
    where: str,
    target: str,
    text_columns: Sequence[str],
    label_names: Sequence[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a split that can be used, with labels as `target` says, and the problems.

    Args:
        frame: indexed by sample_id, with the text columns and a `label` as its source holds it:
            for a class or tags their names or numbers, for answers any form of SQuAD's. Instead
            of a text, tags may come with `tokens`, the words.
        split: its name, for the list of problems.
        where: the source's name, for messages.
        target: "class", "text", "answers" (into the last text column) or "tags".
        text_columns: which columns are texts.
        label_names: names of the classes or tags.

    Raises:
        DataError: if a column is missing or of another kind, an id is doubled, or no row is left.
    """
    if "label" not in frame.columns:
        raise DataError(
            f"{where}: no column 'label'; there are {', '.join(map(str, frame.columns))}"
        )
    trouble = pd.Series(None, index=frame.index, dtype=object)
    if target == "tags" and "tokens" in frame.columns:
        frame, trouble = _join_words(frame, text_columns[0])
    check_rows(frame, text_columns, where)
    for column in text_columns:
        empty = frame[column].isna() | (frame[column].astype(str).str.strip() == "")
        trouble = trouble.mask(empty & trouble.isna(), _problems.empty_text(column))
    if target == "class":
        frame = frame.assign(label=_class_column(frame["label"], where))
    if target == "text":
        lines = {c: frame[c].map(unix_lines, na_action="ignore") for c in text_columns}
        frame = frame.assign(**lines)
    read = _read(frame, trouble, target, text_columns, label_names)
    trouble = trouble.fillna(pd.Series([r.problem for r in read], frame.index, dtype=object))
    usable = pd.Series([r.label is not None for r in read], frame.index)
    problems = _listed(trouble, usable, split)
    if not usable.any():
        counts = trouble.value_counts()
        raise DataError(
            f"{where}: none of the {len(frame)} rows can be used "
            f"({', '.join(f'{name}: {count}' for name, count in counts.items())}); "
            "expected at least one labelled text"
        )
    kept = frame[usable.to_numpy()]
    labels = [r.label for r in read if r.label is not None]
    kind = "int64" if target == "class" else object
    return kept.assign(label=pd.Series(labels, kept.index, dtype=kind)), problems


def _join_words(frame: pd.DataFrame, text: str) -> tuple[pd.DataFrame, pd.Series]:
    """The words as one text, and a problem where a word could not be found in it again."""
    texts, trouble = [], []
    for words in frame["tokens"]:
        words = list(words) if hasattr(words, "__iter__") and not isinstance(words, str) else []
        whole = all(isinstance(w, str) and w.strip() and " " not in w for w in words)
        texts.append(" ".join(map(str, words)))
        trouble.append(None if whole else _problems.BROKEN_WORD)
    made = frame.drop(columns="tokens").assign(**{text: pd.Series(texts, frame.index, dtype=str)})
    return made, pd.Series(trouble, frame.index, dtype=object)


def _class_column(labels: pd.Series, where: str) -> pd.Series:
    if not pd.api.types.is_float_dtype(labels):
        return labels
    # Integers of which some are missing come as floats; other floats are no classes.
    there = labels.dropna()
    if there.empty or (len(there) < len(labels) and (there == there.round()).all()):
        return labels.astype("Int64")
    raise DataError(f"{where}: labels are {labels.dtype}; expected integers or names of labels")


def _read(
    frame: pd.DataFrame,
    trouble: pd.Series,
    target: str,
    text_columns: Sequence[str],
    label_names: Sequence[str],
) -> list[Read]:
    """Every row's label; none where its texts are already in trouble."""
    texts = frame[text_columns[-1]].tolist()

    def one(value: Any, text: Any) -> Read:
        if target == "class":
            return read_class(value, label_names)
        if target == "text":
            return read_summary(value)
        return (
            read_answers(value, text)
            if target == "answers"
            else read_tags(value, text, label_names)
        )

    rows = zip(frame["label"].tolist(), texts, trouble.isna().tolist())
    return [one(value, text) if fine else Read() for value, text, fine in rows]


def _listed(trouble: pd.Series, usable: pd.Series, split: str) -> pd.DataFrame:
    found = trouble[trouble.notna()]
    tables = []
    for phrase in dict.fromkeys(found):
        ids = found.index[found == phrase]
        used = usable.loc[ids]
        tables += [
            problem_table(split, ids[used == flag], phrase, used=flag) for flag in (False, True)
        ]
    return join_problems(tables)
