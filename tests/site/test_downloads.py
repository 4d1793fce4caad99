"""What a built book gives away: the notebook as executed, its charts' numbers, no broken link."""

import csv
import json
import re
import runpy
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.site
ROOT = Path(__file__).parents[2]
MIME = "application/vnd.vegalite.v6+json"


def specifications(page):
    """The charts as the page itself has them, not as the library reads its notebook."""
    found = re.findall(rf'<script type="{re.escape(MIME)}">(.*?)</script>', page, re.DOTALL)
    return [json.loads(text) for text in found]


def tables(spec):
    """A chart's data as columns, from the packed form that the page draws."""
    for data in spec["datasets"].values():
        if isinstance(data, dict):
            yield data["$columns"]
        elif data and isinstance(data[0], dict):
            yield {key: [row.get(key) for row in data] for row in data for key in row}


def chapters(site):
    found = sorted((site / "chapters").glob("*.html"))
    assert len(found) >= 5
    return found


def test_every_chart_has_its_numbers_below_it(site):
    for path in chapters(site):
        page = path.read_text("utf8")
        assert page.count('<figure class="study-chart"') == page.count('class="chart-numbers"')
        assert page.count('class="chapter-links"') == 1


def test_numbers_are_those_that_the_page_draws(site):
    """Column by column, in both forms; a column that is left out holds words."""
    for path in chapters(site):
        page = path.read_text("utf8")
        lines = re.findall(r'<p class="chart-numbers">.*?</p>', page)
        for spec, line in zip(specifications(page), lines, strict=True):
            links = re.findall(r'href="([^"]+)\.csv"', line)
            drawn = sorted(tables(spec), key=lambda t: -len(next(iter(t.values()))))
            assert len(links) == len(drawn)
            for link, columns in zip(links, drawn, strict=True):
                compare(path.parent / link, columns)


def compare(stem, columns):
    table = pd.read_parquet(f"{stem}.parquet")
    with Path(f"{stem}.csv").open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(table) == len(rows) == len(next(iter(columns.values())))
    for name, values in columns.items():
        numbers = all(isinstance(v, int | float) or v is None for v in values)
        assert not numbers or name in table, (stem, name)
        if name not in table:
            continue
        if numbers and not all(isinstance(v, bool) for v in values):
            expected = np.array([np.nan if v is None else v for v in values], dtype=float)
            np.testing.assert_array_equal(table[name].to_numpy(dtype=float), expected)
            read = [float(row[name]) if row[name] else np.nan for row in rows]
            np.testing.assert_array_equal(read, expected)
        else:
            assert table[name].tolist() == values


def test_no_words_of_a_sample_are_in_the_numbers(site):
    for path in (site / "numbers").rglob("*.parquet"):
        table = pd.read_parquet(path)
        words = table.select_dtypes(exclude=["number", "bool"])
        if "id" in table:
            assert all(words[name].nunique() <= 12 for name in words), path


def test_notebooks_can_be_downloaded_executed_and_small(site):
    for path in chapters(site):
        page = path.read_text("utf8")
        line = re.search(r'<p class="chapter-links">.*?</p>', page)[0]
        executed, small = (path.parent / a for a in re.findall(r'href="([^"h][^"]+\.ipynb)"', line))
        source = ROOT / "book" / "chapters" / f"{path.stem}.ipynb"
        assert executed.read_bytes() == source.read_bytes()
        nbformat.validate(nbformat.read(small, as_version=4))


def test_no_link_is_broken(site):
    followed, broken = runpy.run_path(str(ROOT / "workflow/scripts/links.py"))["check"](site)
    assert broken == []
    assert followed > 1000
