"""ROUGE by the package rouge-score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._extras import require

MEASURES = ("rouge1", "rouge2", "rougeL")


def rouge(references: Sequence[str], generated: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """The F measures of ROUGE-1, ROUGE-2 and ROUGE-L, with Porter's stemmer.

    Args:
        references: N texts.
        generated: N texts; an empty one scores 0.

    Returns:
        By measure, shape (N,), from 0 to 1, higher is better.

    Source: Lin (2004), as the package `rouge-score` computes it.
    """
    scorer = require("rouge_score.rouge_scorer", "train").RougeScorer(MEASURES, use_stemmer=True)
    scores = [scorer.score(wanted, found) for wanted, found in zip(references, generated)]
    return {
        name: np.array([score[name].fmeasure for score in scores], dtype=np.float64)
        for name in MEASURES
    }
