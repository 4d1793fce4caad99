"""A user's own dialogues, or other long texts, and their summaries."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data._clean import clean
from difficulty_lib.data._text_data import TextData


def summaries_data(
    table: pd.DataFrame, dialogue: str = "dialogue", summary: str = "summary", *, where: str
) -> TextData:
    r"""Texts with a reference summary each, all in one split "train".

    Args:
        table: the user's table.
        dialogue: its column of texts to be summarised.
        summary: its column of reference summaries.
        where: the file's name, for messages.

    Returns:
        Data with target "text"; ids are row numbers from 1. A row with an empty dialogue or summary
        is set aside and listed in `problems`. Lines end with \n whatever the table has, and
        summaries have no space around them.

    Raises:
        DataError: naming column and row, on missing columns, values that are no text, or if no row
            can be used.
    """
    if dialogue == summary:
        raise DataError(
            f"{where}: column '{dialogue}' is given as dialogue and as summary; expected two columns"
        )
    for column in (dialogue, summary):
        if column not in table.columns:
            raise DataError(
                f"{where}: no column '{column}'; there are {', '.join(map(str, table.columns))}"
            )
        if not isinstance(table[column], pd.Series):
            raise DataError(f"{where}: column '{column}' is there more than once; expected it once")
    frame = pd.DataFrame({"dialogue": table[dialogue].array, "label": table[summary].array})
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="sample_id")
    for column, key in ((dialogue, "dialogue"), (summary, "label")):
        for row, value in frame[key].items():
            if not isinstance(value, str) and not (
                pd.api.types.is_scalar(value) and pd.isna(value)
            ):
                raise DataError(
                    f"{where}, column '{column}', row {row}: {type(value).__name__}; expected text"
                )
    kept, problems = clean(
        frame, split="train", where=where, target="text", text_columns=("dialogue",)
    )
    return TextData(
        name=Path(where).name,
        splits={"train": kept},
        text_columns=("dialogue",),
        label_names=(),
        origin="file",
        target="text",
        problems=problems,
    )
