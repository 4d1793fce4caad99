"""SQuAD's measures of an answer: exact match and F1 (Rajpurkar et al. 2016, 2018)."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalized(text: str) -> str:
    """Without case, punctuation, articles and superfluous space."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(predicted: str, golds: Iterable[str]) -> float:
    """1 if the answer is one of the gold answers, 0 otherwise; up to normalization.

    Args:
        predicted: the answer; "" for none.
        golds: the gold answers; none for an unanswerable question.
    """
    return _best(_same, predicted, golds)


def f1(predicted: str, golds: Iterable[str]) -> float:
    """The best harmonic mean of precision and recall of the words, over the gold answers, 0 to 1.

    Args:
        predicted: the answer; "" for none, which is right if there is no gold answer, and wrong
            otherwise.
        golds: the gold answers; none for an unanswerable question.
    """
    return _best(_overlap, predicted, golds)


def _best(
    measure: Callable[[Sequence[str], Sequence[str]], float], predicted: str, golds: Iterable[str]
) -> float:
    words = normalized(predicted).split()
    # As the official evaluation: a gold answer of which nothing is left is none.
    references = [gold for text in golds if (gold := normalized(text).split())] or [[]]
    return max(measure(words, gold) for gold in references)


def _same(predicted: Sequence[str], gold: Sequence[str]) -> float:
    return float(predicted == gold)


def _overlap(predicted: Sequence[str], gold: Sequence[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    common = sum((Counter(predicted) & Counter(gold)).values())
    return 2 * common / (len(predicted) + len(gold))
