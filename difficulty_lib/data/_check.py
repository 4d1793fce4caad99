"""Checks of labelled texts before anything is trained on them: one line that says what and where."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data._text_data import TextData


def check_frame(frame: pd.DataFrame, text_columns: Sequence[str], where: str) -> None:
    """Check one split.

    Raises:
        DataError: if it is empty, an id is doubled, or a text is empty or missing.
    """
    check_rows(frame, text_columns, where)
    for column in text_columns:
        empty = frame.index[frame[column].isna() | (frame[column].astype(str).str.strip() == "")]
        if len(empty):
            raise DataError(
                f"{where}: column '{column}' is empty in {len(empty)} rows, first: "
                f"{', '.join(map(str, empty[:5]))}; expected text in every row"
            )


def check_rows(frame: pd.DataFrame, text_columns: Sequence[str], where: str) -> None:
    """Check that a split has rows, and texts or nothing in its text columns.

    Raises:
        DataError: if it is empty, an id is doubled, or a column is missing or holds no text.
    """
    if frame.empty:
        raise DataError(f"{where}: no rows; expected at least one labelled text")
    if frame.index.has_duplicates:
        doubled = frame.index[frame.index.duplicated()].unique()
        raise DataError(
            f"{where}: {len(doubled)} ids are there more than once, first: "
            f"{', '.join(map(str, doubled[:5]))}; expected one row per id"
        )
    for column in text_columns:
        if column not in frame.columns:
            raise DataError(
                f"{where}: no column '{column}'; there are {', '.join(map(str, frame.columns))}"
            )
        strange = frame.index[
            ~frame[column].map(
                lambda v: (
                    isinstance(v, str) or v is None or (pd.api.types.is_scalar(v) and pd.isna(v))
                )
            )
        ]
        if len(strange):
            kind = type(frame.loc[strange[0], column]).__name__
            raise DataError(
                f"{where}: column '{column}' has {kind} in row {strange[0]}; expected text"
            )


def check_labels(data: TextData, train_split: str = "train") -> None:
    """Check that there is something to learn, and that every class that occurs can be learnt.

    Raises:
        DataError: if training has one class or one tag only, or not one answer; or if another
            split has a class that training lacks.
    """
    if train_split not in data.splits:
        raise DataError(
            f"{data.name} has no split '{train_split}'; there are {', '.join(data.splits)}"
        )
    if data.target != "class":
        _check_something_to_learn(data, train_split)
        return
    learnt = set(data[train_split]["label"].unique())
    if len(learnt) < 2:
        only = data.label_names[next(iter(learnt))]
        raise DataError(
            f"{data.name}/{train_split}: every row has the label '{only}'; expected two classes or more"
        )
    for split, frame in data.splits.items():
        strange = frame[~frame["label"].isin(learnt)]
        if len(strange):
            name = data.label_names[int(strange["label"].iloc[0])]
            raise DataError(
                f"{data.name}/{split}: label '{name}' (row {strange.index[0]}, {len(strange)} rows) "
                f"does not occur in {train_split}; expected every label to be trained on"
            )


def _check_something_to_learn(data: TextData, train_split: str) -> None:
    labels = data[train_split]["label"]
    where = f"{data.name}/{train_split}"
    if data.target == "answers" and not labels.map(len).any():
        raise DataError(f"{where}: no question has an answer; expected at least one that has")
    if data.target == "tags" and len(tags := {tag for row in labels for tag in row}) < 2:
        only = data.label_names[next(iter(tags))]
        raise DataError(f"{where}: every word has the tag '{only}'; expected two tags or more")
