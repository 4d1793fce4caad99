"""One label as a source holds it, read as `TextData` holds it, or the problem with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from difficulty_lib.data import _problems

_LISTS = (list, tuple, np.ndarray)


@dataclass(frozen=True)
class Read:
    """A label, and its problem: with a label the row is kept and noted, without it is set aside."""

    label: Any = None
    problem: str | None = None


def read_class(value: Any, names: Sequence[str]) -> Read:
    """A class's name or number."""
    return _named(value, names, _problems.NO_LABEL, _problems.UNKNOWN_LABEL)


def read_summary(value: Any) -> Read:
    """A reference text, without space around it."""
    if not isinstance(value, str) or not value.strip():
        return Read(problem=_problems.NO_SUMMARY)
    return Read(unix_lines(value).strip())


def read_answers(value: Any, context: str) -> Read:
    """Gold answers: {text, start} or {text, answer_start} each, pairs, or two lists side by side.

    Space around an answer is not part of it. One that is not at its place is taken at its first
    occurrence in the context.
    """
    pairs = _pairs(value)
    if pairs is None:
        return Read(problem=_problems.NO_ANSWERS)
    found, moved = [], False
    for given, at in pairs:
        text = given.strip() if isinstance(given, str) else ""
        if not text:
            return Read(problem=_problems.EMPTY_ANSWER)
        start = _whole(at)
        if start is not None:
            start += len(given) - len(given.lstrip())
        if start is None or start < 0 or not context.startswith(text, start):
            start, moved = context.find(text), True
            if start < 0:
                return Read(problem=_problems.NOT_IN_CONTEXT)
        found.append((text, start))
    return Read(tuple(found), _problems.MOVED_ANSWER if moved else None)


def read_tags(value: Any, text: str, names: Sequence[str]) -> Read:
    """Names or numbers of tags, one for each word of `text.split(" ")`."""
    if not isinstance(value, _LISTS):
        return Read(problem=_problems.NO_TAGS)
    if len(value) != len(text.split(" ")):
        return Read(problem=_problems.OTHER_TAGS)
    tags = [_named(tag, names, _problems.UNKNOWN_TAG, _problems.UNKNOWN_TAG) for tag in value]
    if any(tag.problem for tag in tags):
        return Read(problem=_problems.UNKNOWN_TAG)
    return Read([tag.label for tag in tags])


def unix_lines(text: str) -> str:
    r"""The text with \n at every line's end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _named(value: Any, names: Sequence[str], none: str, unknown: str) -> Read:
    if isinstance(value, str):
        name = value.strip()
        if not name:
            return Read(problem=none)
        return Read(names.index(name)) if name in names else Read(problem=unknown)
    if _is_missing(value):
        return Read(problem=none)
    number = _whole(value)
    known = number is not None and 0 <= number < len(names)
    return Read(number) if known else Read(problem=unknown)


def _pairs(value: Any) -> list[tuple[Any, Any]] | None:
    """(text, start) of every answer, or None if `value` holds no answers of any known form."""
    if isinstance(value, Mapping):
        texts, starts = value.get("text"), value.get("answer_start", value.get("start"))
        if isinstance(texts, str):
            return [(texts, starts)]
        # the hub's form: two lists side by side
        if not isinstance(texts, _LISTS) or not isinstance(starts, _LISTS):
            return None
        return list(zip(texts, starts)) if len(texts) == len(starts) else None
    if not isinstance(value, _LISTS):
        return None
    pairs = []
    for answer in value:
        if isinstance(answer, Mapping):
            pairs.append((answer.get("text"), answer.get("answer_start", answer.get("start"))))
        elif isinstance(answer, _LISTS) and len(answer) == 2:
            pairs.append((answer[0], answer[1]))
        else:
            return None
    return pairs


def _whole(value: Any) -> int | None:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return None
    return int(value) if float(value).is_integer() else None


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ == "NAType":
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))
