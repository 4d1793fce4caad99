"""What a word is, for all features of texts."""

from __future__ import annotations

import re

WORD = re.compile(r"\d+(?:[.,]\d+)*(?![^\W_])|[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The lower-case words of a text: letters and digits, with apostrophes inside ("don't").

    Decimal numbers are one word; ’ is written '. A text of signs alone, such as ":)", is cut at
    white space, so that every text that is not blank has a word.
    """
    lower = text.lower().replace("’", "'")
    return WORD.findall(lower) or lower.split()
