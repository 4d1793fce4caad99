"""Numbers that the prose takes from a chapter are written as any format reads them."""

import numpy as np

from difficulty_lib.analysis import Estimate
from difficulty_lib.book import glue


def test_numpys_numbers_are_kept_as_plain_ones(monkeypatch):
    kept = {}
    monkeypatch.setattr("myst_nb.glue", lambda name, value, display: kept.update({name: value}))
    glue("share", Estimate(np.float64(0.5), np.float32(0.25), 0.75, n=3))
    glue("rows", np.int64(7))
    glue("name", "action score")
    assert {name: repr(value) for name, value in kept.items()} == {
        "share": "0.5",
        "share_low": "0.25",
        "share_high": "0.75",
        "rows": "7",
        "name": "'action score'",
    }
