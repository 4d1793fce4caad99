"""Where the words of a text are."""

from __future__ import annotations

import re

from difficulty_lib.words._lists import NUMBER_WORDS

Span = tuple[int, int]

# Letters and digits, held together by apostrophes, hyphens, and by . , : / between digits; or a run
# of anything else that is no space, be it punctuation or an emoji.
_WORD = re.compile(r"\d+(?:[.,:/]\d+)*\w*|[^\W_]+(?:['’\-][^\W_]+)*|(?:[^\w\s]|_)+")
_CLITIC = re.compile(r"(?i)['’](?:s|re|ll|ve|d|m)?$")


def word_spans(text: str) -> list[Span]:
    """Words, numbers and runs of punctuation of a text as (start, end) in characters.

    Words keep their apostrophes and hyphens (`don't`, `Tom's`, `twenty-two`), numbers what stands
    between digits and what follows at once (`7:30`, `2,000`, `5pm`).

    >>> [text[a:b] for text in ["Tom's bus: 7:30!"] for a, b in word_spans(text)]
    ["Tom's", 'bus', ':', '7:30', '!']
    """
    return [match.span() for match in _WORD.finditer(text)]


def space_spans(text: str) -> list[Span]:
    """The words of `text.split(" ")` that are not empty, as (start, end) in characters."""
    return [match.span() for match in re.finditer(r"[^ ]+", text)]


def stem(word: str) -> str:
    """The word without 's, 're, 'll, 've, 'd or 'm at its end."""
    return _CLITIC.sub("", word)


def plain(word: str) -> str:
    """The word in lower case, with straight apostrophes."""
    return word.lower().replace("’", "'")


def is_number(word: str) -> bool:
    """Whether a word is a number: one that starts with a digit, or a number word.

    >>> [is_number(word) for word in ("7:30", "2nd", "twenty-two", "Five", "one", "B2B")]
    [True, True, True, True, False, False]
    """
    if word[:1].isdigit():
        return True
    parts = plain(stem(word)).split("-")
    return parts[0] in NUMBER_WORDS and all(p in NUMBER_WORDS or p == "one" for p in parts)


def starts_sentence(text: str, start: int) -> bool:
    """Whether what begins at `start` is at the start of a sentence, a line, a quotation or the text."""
    place = start - 1
    while place >= 0 and text[place] in " \t":
        place -= 1
    return place < 0 or not (text[place].isalnum() or text[place] in ",'’-&/")
