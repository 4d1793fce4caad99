"""Another number in a reference summary: it was more, later or earlier."""

from __future__ import annotations

import re

import pandas as pd

from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._pieces import Piece, change_pieces
from difficulty_lib.words import word_spans
from difficulty_lib.words._lists import CARDINALS, NUMBER_VALUES, ORDINALS, TENS

_DIGITS = re.compile(r"\d+")
_ORDINAL = re.compile(r"(\d+)(st|nd|rd|th)\b", re.IGNORECASE)
_HOUR = re.compile(r"\d{1,2}(?:[:.]\d\d)?\s?(?:am\b|pm\b|a\.m|p\.m|o'?clock)|\d{1,2}:\d\d", re.I)
_FORMS = (CARDINALS, TENS, ORDINALS)


@corruption(target="text", means="one number in a summary becomes another of the same form")
def change_number(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    text: str = "dialogue",
    target: str = "label",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Change one number in each chosen summary for one of the same form that is not in its dialogue.

    A number in digits becomes one with as many digits; an hour (`7:30`, `5 pm`) another hour of the
    same half of the clock, a year (1900 to 2099) another of its century, an ordinal (`2nd`) another
    with the ending that belongs to it; of `2,000` and `7:30` the part before the sign is changed. A
    number word becomes another of two to nineteen, of the tens, or of the ordinals from third to
    tenth, in the same case; `one`, `first` and `second`, which are mostly no numbers, are left. No
    number of the dialogue or the summary, in digits or words, is the replacement.

    Args:
        frame: dialogues and summaries, indexed by sample_id.
        rate: probability of a sample to be changed, 0.01 to 0.4; by a hash of its id and the seed.
        seed: at least 0.
        text: the column of the dialogues.
        target: the column of the summaries.

    Returns:
        The corrupted frame and the truth. A chosen summary without a number is as it was, with the
        problem "no number to change".

    Raises:
        ConfigError: on a rate or seed that cannot be.
        DataError: on a missing column, a value that is no string, or if nothing was changed.
    """
    return change_pieces(frame, rate, seed, {"number": find_numbers}, text=text, target=target)


def find_numbers(dialogue: str, summary: str) -> list[Piece]:
    """The numbers of a summary and the others that they could be."""
    taken = values_in(dialogue) | values_in(summary)
    hours = [match.span() for match in _HOUR.finditer(summary)]
    pieces = []
    for start, end in word_spans(summary):
        word = summary[start:end]
        if word[0].isdigit():
            hour = any(a <= start < b for a, b in hours)
            first, others = _digits(word, taken, hour=hour)
            if others:
                pieces.append(Piece(start, start + len(first), others))
        elif others := _other_words(word, taken):
            pieces.append(Piece(start, end, others))
    return pieces


def values_in(text: str) -> set[int]:
    """What the numbers of a text are worth, every run of digits and every number word by itself."""
    found = {int(run) for run in _DIGITS.findall(text)}
    words = re.findall(r"[^\W\d_]+", text.lower())
    return found | {NUMBER_VALUES[word] for word in words if word in NUMBER_VALUES}


def _digits(word: str, taken: set[int], *, hour: bool) -> tuple[str, list[str]]:
    """The part of a number in digits that changes, and what it could be."""
    ordinal = _ORDINAL.match(word)
    run = _DIGITS.match(word)
    assert run is not None  # the word starts with a digit
    digits = run.group()
    if not digits.isascii() or len(digits) > 6:  # telephone numbers and the like
        return digits, []
    values = [value for value in _range(digits, hour=hour and not ordinal) if value not in taken]
    if ordinal:
        return ordinal.group(), [f"{v}{_ending(v)}" for v in values if 1 <= v <= 31 or v > 99]
    width = len(digits) if digits[0] == "0" else 1
    return digits, [str(value).zfill(width) for value in values]


def _range(digits: str, *, hour: bool) -> range:
    value, places = int(digits), len(digits)
    if hour and value <= 23:
        return range(1, 13) if value <= 12 else range(13, 24)
    if places == 4 and 1900 <= value < 2100:
        return range(value // 100 * 100, value // 100 * 100 + 100)
    if places > 1 and digits[0] == "0":
        return range(1, 10 ** (places - 1))
    return range(2 if places == 1 else 10 ** (places - 1), 10**places)


def _ending(value: int) -> str:
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _other_words(word: str, taken: set[int]) -> list[str]:
    for form in _FORMS:
        if word.lower() in form:
            others = [other for other in form if NUMBER_VALUES[other] not in taken]
            if word.isupper():
                return [other.upper() for other in others]
            return [other.capitalize() for other in others] if word[0].isupper() else others
    return []
