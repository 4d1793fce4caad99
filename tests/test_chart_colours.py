"""The book's charts, whose script draws every named colour for a light and for a dark page."""

import itertools
import re
from pathlib import Path

import pytest
from colours import VISION, contrast, difference

from difficulty_lib.charts._audit import GREY, RANDOM, _colours

SCRIPT = (Path(__file__).parents[1] / "book/_ext/charts.js").read_text("utf8")
INKS = re.findall(r"'(#\w{6})': \['(#\w{6})', '(#\w{6})'\]", SCRIPT)
PAPER = {"light": "#ffffff", "dark": "#14181e"}  # of the book's theme
CHARTS = sorted((Path(__file__).parents[1] / "difficulty_lib/charts").glob("*.py"))


def categories(mode):
    return [ink[1 + list(PAPER).index(mode)] for ink in INKS[:8]]


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("mode", PAPER)
def test_any_two_categories_differ(mode, vision):
    pairs = itertools.combinations(categories(mode), 2)
    assert {p: d for p in pairs if (d := difference(*p, vision)) < 8} == {}


@pytest.mark.parametrize("mode", PAPER)
def test_every_category_stands_out_from_the_page(mode):
    assert min(contrast(colour, PAPER[mode]) for colour in categories(mode)) >= 3


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.stem)
def test_charts_use_colours_that_the_script_knows(path):
    used = set(re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text("utf8")))
    assert used <= {ink[0] for ink in INKS}


def test_eight_series_have_eight_colours_and_the_random_order_is_grey():
    names = [*map(str, range(7)), RANDOM]
    for series in (names, names[3:], names[:7]):
        colours = _colours(series).to_dict()["scale"]["range"]
        assert len(set(colours)) == len(series)
        assert (GREY in colours) == (RANDOM in series)
