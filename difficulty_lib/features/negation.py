"""How much of a text negates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.features._feature import feature

# What "n't" is attached to. Data sets that lost their apostrophes have "didnt", or "didn t".
STEM = "(?:ai|are|ca|could|did|do|does|had|has|have|is|might|must|need|should|was|were|wo|would)"
NEGATION = re.compile(
    "no|not|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|hardly"
    rf"|\w+n't|{STEM}nt"
)
CUT = re.compile(f"{STEM}n")


@feature(title="share of negations", aspect="structure", direction="harder")
def negation(words: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Share of a text's words that negate: not, no, never …, and all that end in n't.

    Args:
        words: lower-case, of N texts; each has one at least.

    Returns:
        Shape (N,), from 0 to 1. "didnt" and "didn t" count as "didn't" does.
    """
    return np.array([_count(text) / len(text) for text in words], dtype=np.float64)


def _count(words: Sequence[str]) -> int:
    whole = sum(NEGATION.fullmatch(word) is not None for word in words)
    cut = sum(b == "t" and CUT.fullmatch(a) is not None for a, b in pairwise(words))
    return whole + cut
