"""Another sample's summary: nothing of it belongs to the dialogue."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.corruptions._choice import OTHER, chosen, draws, strings
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._truth import Change, corrupted


@corruption(target="text", means="summaries of the chosen samples change places, none is its own")
def swap_summaries(
    frame: pd.DataFrame, rate: float, seed: int, *, target: str = "label"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every chosen sample the summary of another chosen one.

    The chosen samples, in the order of a hash of their ids, each get the summary of the next, the
    last one that of the first: so every summary stays in the data once. Who is chosen depends on a
    sample's id and the seed; whose summary it gets on which others are.

    Args:
        frame: with the column of summaries, indexed by sample_id.
        rate: probability of a sample to be chosen, 0.01 to 0.4.
        seed: at least 0.
        target: the column of the summaries.

    Returns:
        The corrupted frame and the truth; the changed piece is the whole summary. A sample that
        would get a summary with its own words is no corrupted one; its problem is "the other
        summary is the same".

    Raises:
        ConfigError: on a rate or seed that cannot be.
        DataError: on a missing column, a value that is no string, or fewer than two samples chosen.
    """
    places = np.flatnonzero(chosen(frame, rate, seed, (target,)))
    texts = strings(frame, target)
    if len(places) < 2:
        raise DataError(
            f"{len(places)} of {len(frame)} samples were chosen to change places; expected 2 or "
            "more: a higher rate, more samples or another seed"
        )
    order = places[np.argsort(draws(frame, seed, OTHER)[places], kind="stable")]
    changes: dict[int, Change | str] = {}
    for place, giver in zip(order, np.roll(order, -1)):
        old, new = texts[place], texts[giver]
        same = old == new
        changes[int(place)] = (
            "the other summary is the same"
            if same
            else Change(new, 0, len(new), "summary", old, new)
        )
    return corrupted(frame, target, changes)
