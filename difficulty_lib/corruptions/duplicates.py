"""Near-duplicates that contradict what they are copies of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib.corruptions._added import grown, new_ids
from difficulty_lib.corruptions._choice import KIND, PIECE, chosen, draws, strings
from difficulty_lib.corruptions._classes import any_other, class_labels
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._edits import edits
from difficulty_lib.corruptions._truth import Change, require_some

NO_WORD = "no word to edit"


@corruption(
    target="class",
    adds_rows=True,
    means="a copy with a small edit of the text and another class is added, under a new id",
)
def contradict_duplicates(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    text: str = "text",
    classes: int | None = None,
    target: str = "label",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add to every chosen sample a copy that says nearly the same and has another class.

    In the copy's text one word is doubled, one is left out, the full stop (or other sign) at its
    end is taken away or one put there, or the first letter of one word changes its case: each as
    likely where it can be. A model that reads no case may see the same text twice. The class is any
    of the others, each as likely. All other columns are those of the sample, the name of its class
    too where there is one; the sample itself stays as it is.

    Args:
        frame: texts and labels, 0 … classes − 1, indexed by sample_id.
        rate: probability of a sample to get a copy, 0.01 to 0.4; by a hash of its id and the seed.
        seed: at least 0.
        text: the column of the texts, of several the one that is edited.
        classes: how many there are; up to the frame's largest label, at least 2, if not given.
        target: the column of the labels.

    Returns:
        The frame with the copies after it, and the truth on its index, with `added` (whether a row
        is such a copy) and `source` (the sample_id whose copy it is, −1 of the others); `kind` is
        "doubled", "dropped", "punctuation" or "case", `original` and `replacement` are classes. A
        chosen sample whose text has no word gets no copy, with the problem "no word to edit".

    Raises:
        ConfigError: on a rate, seed or number of classes that cannot be.
        DataError: on a missing column, a text that is no string, labels that are no classes, ids
            that leave no room for others, or if nothing was added.
    """
    places = np.flatnonzero(chosen(frame, rate, seed, (text, target)))
    texts = strings(frame, text)
    labels, count = class_labels(frame, target, classes)
    other = any_other(frame, labels, count, seed)
    which_kind, which_word = (draws(frame, seed, what) for what in (KIND, PIECE))
    copied: list[int] = []
    edited: list[str] = []
    changes: list[Change] = []
    problems: dict[int, str] = {}
    for place in places:
        kinds = edits(texts[place], float(which_word[place]))
        if not kinds:
            problems[int(place)] = NO_WORD
            continue
        kind, new = kinds[int(which_kind[place] * len(kinds))]
        copied.append(int(place))
        edited.append(new)
        old_class, new_class = int(labels[place]), int(other[place])
        changes.append(Change(new_class, -1, -1, kind, old_class, new_class))
    require_some(frame, {**problems, **dict(zip(copied, changes))})
    ids = new_ids(frame.index)
    new_index = pd.Index([ids[place] for place in copied])
    given = [change.label for change in changes]
    columns = {
        text: pd.Series(edited, index=new_index, dtype=frame[text].dtype),
        target: pd.Series(given, index=new_index, dtype=frame[target].dtype),
    }
    rows = frame.iloc[copied].set_axis(new_index).assign(**columns)
    return grown(frame, rows, changes, frame.index[copied].tolist(), problems)
