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
        strange = frame.index[~frame[column].map(lambda v: isinstance(v, str) or pd.isna(v))]
        if len(strange):
            kind = type(frame.loc[strange[0], column]).__name__
            raise DataError(
                f"{where}: column '{column}' has {kind} in row {strange[0]}; expected text"
            )
        empty = frame.index[frame[column].isna() | (frame[column].astype(str).str.strip() == "")]
        if len(empty):
            raise DataError(
                f"{where}: column '{column}' is empty in {len(empty)} rows, first: "
                f"{', '.join(map(str, empty[:5]))}; expected text in every row"
            )


def check_labels(data: TextData, train_split: str = "train") -> None:
    """Check that there is something to learn, and that every label that occurs can be learnt.

    Raises:
        DataError: if training has one class only, or another split a label that training lacks.
    """
    if train_split not in data.splits:
        raise DataError(
            f"{data.name} has no split '{train_split}'; there are {', '.join(data.splits)}"
        )
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
