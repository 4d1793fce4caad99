"""Small edits of a text that leave what it says."""

from __future__ import annotations

from difficulty_lib.words import word_spans

_ENDS = ".!?…"


def edits(text: str, number: float) -> list[tuple[str, str]]:
    """The edits that a text allows, each as (kind, edited text); none equals the text.

    Args:
        text: any.
        number: in [0, 1), which of its words is edited.

    Returns:
        "doubled": a word twice; "dropped": a word less, of at least two; "punctuation": without the
        sign at its end, or with a full stop; "case": the first letter of a word in the other case.
        Nothing for a text without words.
    """
    words = [(start, end) for start, end in word_spans(text) if text[start].isalnum()]
    if not words:
        return []
    start, end = words[int(number * len(words))]
    found = [("doubled", f"{text[:end]} {text[start:end]}{text[end:]}")]
    if len(words) > 1:
        found.append(("dropped", _without(text, start, end)))
    body = text.rstrip()
    found.append(("punctuation", body[:-1].rstrip() if body[-1] in _ENDS else f"{body}."))
    cased = [place for place, _ in words if text[place].swapcase() != text[place]]
    if cased:
        place = cased[int(number * len(cased))]
        found.append(("case", text[:place] + text[place].swapcase() + text[place + 1 :]))
    return found


def _without(text: str, start: int, end: int) -> str:
    """The text without a piece and one of the spaces beside it."""
    if text[end : end + 1].isspace():
        return text[:start] + text[end + 1 :]
    if text[:start][-1:].isspace():
        return text[: start - 1] + text[end:]
    return text[:start] + text[end:]
