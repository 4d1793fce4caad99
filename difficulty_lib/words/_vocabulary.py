"""What the training texts say of words: how often they occur, and which are names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from difficulty_lib._errors import DataError
from difficulty_lib.words._names import mentions, speakers
from difficulty_lib.words._spans import plain, stem, word_spans


@dataclass(frozen=True)
class Vocabulary:
    """Words and names of a data set.

    Attributes:
        counts: how often a word occurs, by its lower case without 's.
        speakers: in how many texts a name speaks.
        mentions: in how many texts a name that never speaks occurs inside a sentence; only words
            that are written so more often than in lower case.
    """

    counts: Mapping[str, int] = field(repr=False)
    speakers: Mapping[str, int] = field(repr=False)
    mentions: Mapping[str, int] = field(repr=False)

    def is_name(self, word: str) -> bool:
        """Whether a word, without its clitic, is a known name."""
        return word in self.speakers or word in self.mentions

    def count(self, word: str) -> int:
        """How often a word occurs in the training texts, in upper or lower case."""
        return self.counts.get(plain(stem(word)), 0)


def vocabulary(texts: Iterable[str]) -> Vocabulary:
    """Count the words of texts, and find their names (see `speakers` and `mentions`).

    Args:
        texts: the training texts: dialogues, and the summaries as well if their words shall count.

    Raises:
        DataError: if a text is no string.
    """
    counts: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    who: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"text number {place} is {text!r}; expected a string")
        words = [stem(text[start:end]) for start, end in word_spans(text)]
        counts.update(map(plain, words))
        lower.update(word for word in words if word.islower())
        who.update(speakers(text))
        named.update(mentions(text))
    # A speaker's name is one wherever it stands, unless it is an everyday word ("Mum", "Guest").
    speaking = {
        name: n for name, n in who.items() if lower[name.lower()] <= counts[plain(name)] / 2
    }
    inside = {name: n for name, n in named.items() if name not in who and lower[name.lower()] <= n}
    return Vocabulary(dict(counts), speaking, inside)
