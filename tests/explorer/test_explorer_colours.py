import itertools
import re
from pathlib import Path

import pytest
from colours import VISION, contrast, difference, linear

import difficulty_lib.explorer
import difficulty_lib.page

MAP = (Path(difficulty_lib.explorer.__file__).parent / "map.js").read_text("utf8")
STYLE = (Path(difficulty_lib.page.__file__).parent / "colours.css").read_text("utf8")


def palette(mode):
    listed = re.search(rf"{mode}: \[(.+)\]", MAP)[1]
    return re.findall(r"#[0-9a-f]{6}", listed)


def paper(mode):
    return re.findall(r"--paper: (#[0-9a-f]{6})", STYLE)[("light", "dark").index(mode)]


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_any_two_classes_differ(mode, vision):
    assert len(palette(mode)) == 8
    pairs = itertools.combinations(palette(mode), 2)
    assert {p: d for p in pairs if (d := difference(*p, vision)) < 8} == {}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_class_stands_out_from_the_paper(mode):
    assert min(contrast(colour, paper(mode)) for colour in palette(mode)) >= 3


def test_measures_know_what_is_hard_to_tell_apart():
    for one, other, vision in (
        ("#d55e00", "#9a7b00", "protanopia"),
        ("#d55e00", "#9a7b00", "deuteranopia"),
        ("#56b4e9", "#2fc79b", "tritanopia"),
    ):
        assert difference(one, other, "full") > 10
        assert difference(one, other, vision) < 4
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert linear("#808080")[0] == pytest.approx(0.2158605)
