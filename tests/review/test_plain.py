"""What is printed in a terminal cannot command it."""

import re

import pytest
from hostile import HOSTILE, TERMINAL

from difficulty_lib.review import plain

COMMANDS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u115f\u3164\ufe00-\ufe0d\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)


def test_the_list_is_long_enough():
    assert len(set(HOSTILE)) == len(HOSTILE) >= 30
    assert all(COMMANDS.search(text) for text in TERMINAL)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_nothing_hostile_is_printed(text):
    shown = plain(text)
    assert not COMMANDS.search(shown)
    assert "\n" not in plain(text, one_line=True)
    shown.encode("utf-8")
    # Nothing else is lost: numbers turned back give the text, but for tabs, which are four spaces.
    back = re.sub(r"⟨U\+([0-9A-F]+)⟩", lambda m: chr(int(m[1], 16)), shown)
    assert back == text.replace("\t", "    ")


def test_numbers_are_those_of_the_characters():
    assert plain("\x1b[31m\u202e") == "⟨U+001B⟩[31m⟨U+202E⟩"


@pytest.mark.parametrize(
    "text",
    [
        "héllo wörld",
        "日本語",
        "שלום עולם, مرحبا",
        "👩‍👩‍👧 and ❤️",
        "می‌خواهم",
        "two\nlines",
        "e\u0301",
    ],
)
def test_ordinary_texts_stay(text):
    assert plain(text) == text
