"""Is a given label of a pair an error, one of several that people give, or what all of them say?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.data import human_labels, join_by_text

FEW, MANY = "varierr_nli", "chaosnli_mnli_m"
KINDS = ("error", "variation", "agreed", "unclear")


@dataclass(frozen=True)
class KindRule:
    """The thresholds of `label_kinds`, fixed before any score was looked at.

    Attributes:
        error_below: a label that no expert gives is an error if fewer of a hundred people than this
            give it: fewer than one in three, what guessing among three labels would bring.
        given_by: a label is given in earnest if at least one expert and so many of a hundred people
            give it; a fifth is what work on these annotations counts as a label's support.

    Raises:
        ConfigError: if a threshold is not a number of people in a hundred.
    """

    error_below: float = 100 / 3
    given_by: float = 20.0

    def __post_init__(self) -> None:
        for name, value in (("error_below", self.error_below), ("given_by", self.given_by)):
            if not 0 < value <= 100:
                raise ConfigError(f"{name} is {value:g}; expected above 0 and at most 100")


KIND_RULE = KindRule()


def label_kinds(
    gold: pd.Series, experts: pd.DataFrame, people: pd.DataFrame, rule: KindRule = KIND_RULE
) -> pd.Series:
    """What two groups of annotators say of labels that a third one gave.

    The experts are VariErr's (up to four, with explanations; the first round, whose labels were not
    yet judged for validity), the people ChaosNLI's hundred, the label is MultiNLI's own. A label is

    - an **error** if no expert gives it, and few people do (`rule.error_below`);
    - **variation** if it is given in earnest (`rule.given_by`), and so is another label;
    - **agreed** if it is given in earnest and no other label is;
    - **unclear** otherwise: experts and people contradict each other.

    One expert's label is no proof of validity, as validity was judged in the second round; hence
    the people.

    Args:
        gold: by sample_id, the given label, 0 … K − 1.
        experts: by sample_id, how often experts chose every label, a column per label in order.
        people: the same for people, any number of them.
        rule: the thresholds.

    Returns:
        By sample_id, of the samples that are in all three: one of `KINDS`.

    Raises:
        DataError: if no sample is in all three, or the columns are not the same.

    Source: Weber-Genzel et al. 2024; Nie et al. 2020. Neither has this rule.
    """
    if list(experts.columns) != list(people.columns):
        raise DataError(
            f"experts chose among {', '.join(map(str, experts.columns))}, people among "
            f"{', '.join(map(str, people.columns))}; expected the same labels"
        )
    ids = gold.index.intersection(experts.index).intersection(people.index).sort_values()
    if not len(ids):
        raise DataError("no sample has both experts' and people's labels; expected some")
    few = experts.loc[ids].to_numpy(dtype=float)
    many = people.loc[ids].to_numpy(dtype=float)
    many = 100 * many / many.sum(axis=1, keepdims=True)
    earnest = (few > 0) & (many >= rule.given_by)
    rows, label = np.arange(len(ids)), gold.loc[ids].to_numpy(dtype=np.int64)
    error = (few[rows, label] == 0) & (many[rows, label] < rule.error_below)
    given, others = earnest[rows, label], earnest.sum(axis=1) - earnest[rows, label]
    kind = np.select([error, given & (others > 0), given], KINDS[:3], KINDS[3])
    return pd.Series(kind, index=ids.rename("sample_id"), name="kind")


def counts_of(source: str, rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """How often a source's annotators chose every label, of those pairs that they were shown.

    Args:
        source: as `human_labels`.
        rows: pairs with `premise` and `hypothesis`, indexed by sample_id.
        names: the labels' names, in the order of the labels.

    Returns:
        A column per name, by sample_id; pairs that were not shown are not in it.

    Raises:
        DataError: if the source is not at hand, or has other labels.
    """
    table = human_labels(source)
    columns = [f"count_{name}" for name in names]
    if not set(columns) <= set(table.columns):
        raise DataError(f"{source}: labels other than {', '.join(names)}")
    found = join_by_text(table, rows).dropna().astype("int64")
    counts = table.loc[found.index, columns].set_index(pd.Index(found, name="sample_id"))
    return counts.set_axis(names, axis=1).sort_index()
