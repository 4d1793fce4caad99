"""Texts that nobody vouches for, made safe to print in a terminal."""

from __future__ import annotations

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, formats, surrogates, separators of lines
_JOINERS = "\u200c\u200d"  # needed by emoji and by Persian; they neither reorder nor hide a text
_SEEN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"  # format, yet drawn
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"


def plain(text: str, *, one_line: bool = False) -> str:
    """Text for a terminal: what would move, colour, reorder or hide something is shown by number.

    A control, a bidirectional mark, an invisible character or half a surrogate pair becomes
    ⟨U+202E⟩. Tabs become spaces; line feeds stay unless `one_line`, so that whoever prints several
    lines must mark them as quoted. For reading only: the way back is not unique.

    Args:
        text: anything, such as a row's text, a label or a file's name.
        one_line: whether line feeds are shown by number, too.
    """
    return "".join(
        c if _harmless(c, one_line) else "    " if c == "\t" else f"⟨U+{ord(c):04X}⟩" for c in text
    )


def _harmless(character: str, one_line: bool) -> bool:
    if character == "\n":
        return not one_line
    if character in _JOINERS or character in _SEEN:
        return True
    number = ord(character)
    return not (
        unicodedata.category(character) in _HIDDEN
        or character in _BLANK
        or 0xFE00 <= number <= 0xFE0D  # FE0E and FE0F choose between letter and emoji
        or 0xE0000 <= number <= 0xE0FFF
        or number & 0xFFFE == 0xFFFE
        or 0xFDD0 <= number <= 0xFDEF
    )
