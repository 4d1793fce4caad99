"""Texts from elsewhere among the data, with a class that says nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.corruptions._added import grown, new_ids
from difficulty_lib.corruptions._choice import CHOICE, OTHER, PIECE, chosen, draws, strings
from difficulty_lib.corruptions._classes import class_labels
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._truth import Change, require_some


@corruption(
    target="class",
    adds_rows=True,
    needs=("foreign",),
    means="given texts from elsewhere are added under new ids, with classes as the data has them",
)
def insert_foreign(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    foreign: pd.Series | None = None,
    text: str = "text",
    keep: Sequence[str] = (),
    target: str = "label",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add texts from elsewhere, each with a class drawn as frequent as the data has it.

    Beside every chosen sample one foreign text is put in, each once, in an order by a hash of their
    own ids. The class is that of a sample of the data, each as likely. What else the data knows of
    its samples is missing (NaN) for them, but for the columns to keep, which they get from
    the sample beside which they are: such as the premise, where foreign hypotheses are put in.

    Args:
        frame: texts and labels, indexed by sample_id.
        rate: probability of a sample to get one beside it, 0.01 to 0.4; by a hash of its id and the
            seed. So about rate · N are added.
        seed: at least 0.
        foreign: the texts, indexed by unique integers; at least as many as are needed.
        text: the column of the texts.
        keep: columns that are not missing.
        target: the column of the labels.

    Returns:
        The frame with the foreign texts after it, and the truth on its index, with `added` (whether
        a row is foreign) and `source` (which of the foreign texts it is, −1 of the others); `kind`
        is "foreign", `original` is "", `replacement` the class.

    Raises:
        ConfigError: on a rate or seed that cannot be, or without foreign texts.
        DataError: on a missing column, a text that is no string, labels that are no classes, ids
            that leave no room for others, too few foreign texts, or if nothing was added.
    """
    picked = np.flatnonzero(chosen(frame, rate, seed, (text, target, *keep)))
    strings(frame, text)
    labels, _ = class_labels(frame, target, None)
    texts = _foreign(foreign)
    require_some(frame, {int(place): Change("", -1, -1, "foreign", "", "") for place in picked})
    if len(texts) < len(picked):
        raise DataError(
            f"{len(texts)} foreign texts; expected at least {len(picked)}, a share of {rate} of "
            f"{len(frame)} samples"
        )
    # In the order of the draws that choose: a higher rate puts more after those of a lower one.
    order = picked[np.argsort(draws(frame, seed, CHOICE)[picked], kind="stable")]
    taken = texts.iloc[np.lexsort((texts.index.to_numpy(), draws(texts, seed, PIECE)))]
    taken = taken.iloc[: len(order)]
    drawn = (draws(frame, seed, OTHER)[order] * len(frame)).astype(np.int64)
    classes = np.sort(labels)[drawn].tolist()
    ids = new_ids(frame.index)
    new_index = pd.Index([ids[place] for place in order])
    columns = {
        text: pd.Series(taken["text"].tolist(), index=new_index, dtype=frame[text].dtype),
        target: pd.Series(classes, index=new_index, dtype=frame[target].dtype),
    }
    rows = frame[[text, target, *keep]].iloc[order].set_axis(new_index).assign(**columns)
    changes = [Change(number, -1, -1, "foreign", "", number) for number in classes]
    return grown(frame, rows, changes, taken.index.tolist(), {})


def _foreign(foreign: pd.Series | None) -> pd.DataFrame:
    if not isinstance(foreign, pd.Series):
        found = "not given" if foreign is None else f"of type {type(foreign).__name__}"
        raise ConfigError(f"foreign is {found}; expected a Series of texts from elsewhere")
    if not pd.api.types.is_integer_dtype(foreign.index.dtype) or not foreign.index.is_unique:
        raise DataError("the index of foreign is not unique integers; expected an id per text")
    texts = foreign.to_frame("text")
    for number, value in zip(texts.index, texts["text"]):
        if not isinstance(value, str) or not value.strip():
            raise DataError(f"foreign text {number} is {value!r}; expected a string with a word")
    return texts
