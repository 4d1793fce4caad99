"""Tables of texts that nobody vouches for."""

import html.parser

import pandas as pd
import pytest
from hostile import HOSTILE

from difficulty_lib.review import plain
from difficulty_lib.study._chapter import shown


class Reader(html.parser.HTMLParser):
    """The elements of a page and their attributes, and what its cells say."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.names, self.cells = set(), set(), []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.names |= {name for name, _ in attrs}
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


def whole(text):
    """Whether it can be in a table at all: half of a surrogate pair cannot."""
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


@pytest.mark.parametrize("payload", filter(whole, HOSTILE))
def test_a_hostile_text_is_shown_and_nothing_else(payload):
    table = pd.DataFrame({"text": [payload], payload + "!": [payload], "loss": [0.12345]})
    page = Reader(shown(table).to_html())
    assert page.elements <= {"style", "table", "thead", "tbody", "tr", "th", "td"}
    assert page.names <= {"type", "id", "class"}
    wanted = ["text", plain(payload + "!"), "loss", plain(payload), plain(payload), "0.123"]
    assert [" ".join(cell.split()) for cell in page.cells] == [
        " ".join(cell.split()) for cell in wanted
    ]


def test_figures_are_not_broken_across_lines():
    told = ["0.71 [0.66, 0.76]", "+1.2 % [-0.3 %, +2.1 %]", "flip labels, 10 %", "a list [b, c]"]
    page = Reader(shown(pd.DataFrame({"told": told})).to_html())
    space = "\N{NO-BREAK SPACE}"
    assert [cell.strip("\n ") for cell in page.cells[1:]] == [
        f"0.71 [0.66,{space}0.76]",
        f"+1.2 % [-0.3{space}%,{space}+2.1{space}%]",
        f"flip labels, 10{space}%",
        "a list [b, c]",
    ]
