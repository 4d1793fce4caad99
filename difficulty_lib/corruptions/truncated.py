"""Texts that break off."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.corruptions._choice import chosen, strings
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._truth import Change, corrupted

SHORT = "fewer than two words"
_WORD = re.compile(r"\S+")


@corruption(
    target="class",
    changes="text",
    means="a text is cut to a share of its words and keeps its label",
)
def truncate_texts(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    text: str = "text",
    share: float = 0.5,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut every chosen text after a share of its words; labels stay.

    Words are what stands between spaces. Of n words round(share · n) stay, at least one and at most
    n − 1. It may well be that the label still fits: this is damage to the input, not to the label.
    Texts whose labels are references can be cut alike (`text="dialogue"`); those whose labels are
    words or places in the text cannot, for the labels would no longer fit.

    Args:
        frame: with the column of texts, indexed by sample_id.
        rate: probability of a sample to be cut, 0.01 to 0.4; by a hash of its id and the seed.
        seed: at least 0.
        text: the column of the texts.
        share: of the words that stay, above 0 and below 1.

    Returns:
        The corrupted frame and the truth: `original` is what was cut off, `start` and `end` are
        both where it was. A chosen text of fewer than two words is as it was, with the problem
        that says so.

    Raises:
        ConfigError: on a rate, seed or share that cannot be.
        DataError: on a missing column, a value that is no string, or if nothing was cut.
    """
    places = np.flatnonzero(chosen(frame, rate, seed, (text,)))
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise ConfigError(f"share is {share!r}; expected a number above 0 and below 1")
    texts = strings(frame, text)
    changes: dict[int, Change | str] = {}
    for place in places:
        whole = texts[place]
        ends = [match.end() for match in _WORD.finditer(whole)]
        if len(ends) < 2:
            changes[int(place)] = SHORT
            continue
        kept = min(max(int(share * len(ends) + 0.5), 1), len(ends) - 1)
        cut = ends[kept - 1]
        changes[int(place)] = Change(whole[:cut], cut, cut, "truncated", whole[cut:], "")
    return corrupted(frame, text, changes)
