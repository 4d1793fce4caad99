"""The labels of ChaosNLI's hundred annotators, joined by their texts to pairs at hand."""

from __future__ import annotations

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data import human_labels, join_by_text

NAME = "chaosnli_mnli_m"


def annotator_counts(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """How many of the annotators chose each class, of those pairs that they were shown.

    Args:
        rows: pairs with `premise` and `hypothesis`, indexed by sample_id.
        names: the classes' names, in the order of the labels.

    Returns:
        A column per class, in that order, indexed by sample_id; pairs that were not shown are not
        in it.

    Raises:
        DataError: if the annotators' labels are not at hand, or are of other classes.
    """
    people = human_labels(NAME)
    columns = [f"count_{name}" for name in names]
    if not set(columns) <= set(people.columns):
        raise DataError(f"{NAME}: labels of other classes than {', '.join(names)}")
    found = join_by_text(people, rows).dropna().astype("int64")
    counts = people.loc[found.index, columns].set_index(pd.Index(found, name="sample_id"))
    return counts.sort_index()
