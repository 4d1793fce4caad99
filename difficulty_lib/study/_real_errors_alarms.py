"""False alarms: what people say of the labels that a score suspects most."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import share
from difficulty_lib.audit import oriented
from difficulty_lib.scores import SCORES

MOST_SUSPECT = 0.05
DISPUTED = 1 / 3
KINDS = ("wrong", "ambiguous", "clear")


def people_say(labels: pd.Series, votes: pd.DataFrame, disputed: float = DISPUTED) -> pd.Series:
    """What people's votes say of the given labels.

    Args:
        labels: by sample_id, 0 … K − 1.
        votes: by sample_id, how many people chose every label, a column each in order.
        disputed: the share of the people from which on who did not choose the label dispute it.

    Returns:
        By sample_id: "wrong" where another label has more votes; "ambiguous" where none has, but a
        share of `disputed` or more chose otherwise; "clear" for all others: suspecting one of these
        is a false alarm.

    Raises:
        ConfigError: on a share outside (0, 1].
        DataError: if a label has no votes.
    """
    if not 0 < disputed <= 1:
        raise ConfigError(f"the disputed share is {disputed:g}; expected above 0 and at most 1")
    missing = labels.index.difference(votes.index)
    if len(missing):
        raise DataError(
            f"{len(missing)} labelled samples have no votes, first: {missing[:5].tolist()}"
        )
    counts = votes.loc[labels.index].to_numpy(dtype=float)
    chosen = counts[np.arange(len(labels)), labels.to_numpy(dtype=np.int64)]
    total = counts.sum(axis=1)
    if not total.all():
        raise DataError(f"nobody voted on sample {labels.index[total == 0][0]}; expected votes")
    against = 1 - chosen / total
    kind = np.select([counts.max(axis=1) > chosen, against >= disputed - 1e-9], KINDS[:2], KINDS[2])
    return pd.Series(kind, index=labels.index.rename("sample_id"), name="people_say")


def false_alarms(
    scores: pd.DataFrame,
    said: pd.Series,
    names: Sequence[str] | None = None,
    most: float = MOST_SUSPECT,
) -> pd.DataFrame:
    """Of the most suspect rows by every score: how many are wrong, ambiguous and clear.

    Args:
        scores: registered scores, a column each, by sample_id.
        said: as `people_say` gives it; only these samples are ranked.
        names: of scores; all if not given.
        most: share of the samples that are read, the hardest first, rounded up; of rows that tie
            at its end the lower ids are read.

    Returns:
        A row per score: `score`, `title`, `means`, `read`; and `wrong`, `ambiguous`, `clear`, the
        shares of those that are read, with Wilson's intervals (`Estimate`). `attrs["base"]` has the
        shares among all samples. Most wrong or ambiguous first.

    Raises:
        ConfigError: on a share outside (0, 1].
        DataError: if a sample was not scored.
    """
    if not 0 < most <= 1:
        raise ConfigError(f"share of suspects is {most:g}; expected above 0 and at most 1")
    missing = said.index.difference(scores.index)
    if len(missing):
        raise DataError(f"{len(missing)} samples were not scored, first: {missing[:5].tolist()}")
    said = said.sort_index()
    count = math.ceil(most * len(said))
    rows = []
    for name in scores.columns if names is None else names:
        hard = oriented(scores[name]).loc[said.index]
        read = said.loc[hard.sort_values(ascending=False, kind="stable").index[:count]]
        rows.append(
            {"score": name, "title": SCORES[str(name)].title, "means": SCORES[str(name)].means}
            | {"read": count}
            | {kind: share((read == kind).to_numpy()) for kind in KINDS}
        )
    table = pd.DataFrame(rows)
    order = table["clear"].map(lambda e: e.value).sort_values(kind="stable").index
    table = table.loc[order].reset_index(drop=True)
    table.attrs["base"] = {kind: float((said == kind).mean()) for kind in KINDS}
    return table


def ratings_as_votes(ratings: pd.Series) -> pd.DataFrame:
    """How many raters said negative, neutral and positive: a column each, by sample_id.

    Args:
        ratings: by sample_id, the individual ratings, below, at or above 0.
    """
    rows = [
        [int((r < 0).sum()), int((r == 0).sum()), int((r > 0).sum())]
        for r in (np.asarray(one) for one in ratings)
    ]
    return pd.DataFrame(rows, index=ratings.index, columns=["negative", "neutral", "positive"])
