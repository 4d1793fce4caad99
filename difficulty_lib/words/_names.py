"""Names in dialogues, found without a tagger.

*Speakers*: at the start of a line, up to three words of letters followed by a colon and a space
(`Anna:`, `Mr. Brown:`). *Mentions*: words inside a sentence of the form Xxxx, which English
capitalises only if they are names; not after a full stop, a colon or a line's start, where every word
is capitalised, and neither pronouns, days, months nor titles. Names are single words of two letters
or more: of `Anna Smith` both.

What this takes for a name and should not: adjectives of nations (`Polish`) and what people capitalise
for emphasis. What it misses: names in lower case, in capitals throughout, and mentions that only ever
open a sentence.
"""

from __future__ import annotations

import re

from difficulty_lib.words._lists import (
    CALENDAR,
    FUNCTION_WORDS,
    NEGATIONS,
    NUMBER_WORDS,
    PRONOUNS,
    TITLES,
)
from difficulty_lib.words._spans import plain, starts_sentence, stem, word_spans

_SPEAKER = re.compile(r"(?m)^[ \t]*([^\W\d_][^\n:<>,!?]{0,39}?)[ \t]*:(?=\s|$)")
_NEVER = CALENDAR | FUNCTION_WORDS | NEGATIONS | NUMBER_WORDS | PRONOUNS | TITLES
_MOST_WORDS = 3


def is_capitalised(word: str) -> bool:
    """Whether a word looks as a name does: a capital, then letters not all of which are capitals."""
    # McDonald, O'Neil, Anne-Marie and Tom; not LOL
    return len(word) > 1 and word[0].isupper() and not word.isupper()


def can_be_name(word: str) -> bool:
    """Whether a word, without its clitic, has a name's form and is in no closed list."""
    return (
        is_capitalised(word)
        and not any(character.isdigit() for character in word)
        and plain(word) not in _NEVER
        and plain(word.split("'")[0].split("’")[0]) not in PRONOUNS
        and not plain(word).endswith("n't")
    )


def speakers(dialogue: str) -> list[str]:
    """The names of those who speak, each once, in the order in which they come.

    >>> speakers("Anna Smith: hi\\nTom: hello Anna\\nAnna Smith: it's 7:30")
    ['Anna', 'Smith', 'Tom']
    """
    found: dict[str, None] = {}
    for match in _SPEAKER.finditer(dialogue.replace("\r", "")):
        words = match.group(1).split()
        if len(words) <= _MOST_WORDS:
            found.update(dict.fromkeys(word for word in words if can_be_name(word)))
    return list(found)


def mentions(text: str) -> list[str]:
    """Names inside sentences, each once, in the order in which they come.

    >>> mentions("Tom: I saw Mary's dog in Paris on Monday. Great!")
    ['Mary', 'Paris']
    """
    found: dict[str, None] = {}
    for start, end in word_spans(text):
        if not text[start].isupper():  # most words are done with here
            continue
        word = stem(text[start:end])
        if can_be_name(word) and not starts_sentence(text, start):
            found[word] = None
    return list(found)
