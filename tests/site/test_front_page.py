"""The front page: every claim with its verdict, every number as its chapter has it, every link alive."""

import html
import re

import pytest

from difficulty_lib.claims import CLAIMS, found, glued
from difficulty_lib.claims._table import slug

pytestmark = pytest.mark.site

# A few means each, which a table says; a single number, which a sentence does.
NO_CHART = {
    ("chapters/gradient-variance.html", "beyond-the-loss-curve"),
    ("chapters/question-answering.html", "what-the-model-answers"),
    ("chapters/summarization.html", "are-long-dialogues-harder"),
    ("chapters/summarization.html", "do-easy-summaries-copy"),
}


@pytest.fixture(scope="module")
def page(site):
    return (site / "intro.html").read_text("utf8")


@pytest.fixture(scope="module")
def findings(site):
    folder = site / "_sources" / "chapters"
    names = {m.chapter for claim in CLAIMS.values() for m in claim.measures}
    stored = {n: glued(folder / f"{n}.ipynb") for n in names if (folder / f"{n}.ipynb").exists()}
    return [found(claim, stored) for claim in CLAIMS.values()]


def words(markup):
    """A page's text without its markup, roles and line ends."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", markup)).split())


def plain(text):
    return " ".join(
        re.sub(r"\{term\}`([^`<]*?)(?: <[^`]*)?`", r"\1", text).replace("'", "’").split()
    )


def test_every_claim_stands_with_its_verdict(page, findings):
    rows = re.findall(r"<(?:tr|li)\b.*?</(?:tr|li)>", page, re.S)
    for finding in findings:
        row = [r for r in rows if plain(finding.claim.says) in words(r)]
        assert len(row) == 1, finding.claim.name
        assert f'class="verdict {finding.verdict}"' in row[0], finding.claim.name
        assert finding.reason in words(row[0])
        for reading in finding.readings:
            ends = [
                format(number, reading.measure.form).replace("-", "−").replace("%", " %")
                for number in (reading.value, reading.low, reading.high)
            ]
            assert "{} ({} to {})".format(*ends) in words(row[0]), finding.claim.name


def test_every_figure_is_where_its_link_leads(site, page, findings):
    links = set(re.findall(r'href="(chapters/[\w-]+\.html)#([\w-]+)"', page))
    assert len(links) >= 14
    without = set()
    for address, anchor in links:
        text = (site / address).read_text("utf8")
        parts = re.split(rf'<section[^>]* id="{re.escape(anchor)}"', text)
        assert len(parts) == 2, (address, anchor)
        section = parts[1].split("</section>")[0]
        said = [
            f"{abs(r.value):.2f}"
            for finding in findings
            for r in finding.readings
            if (f"chapters/{r.measure.chapter}.html", slug(r.measure.section)) == (address, anchor)
        ]
        if "study-chart" not in section:
            without.add((address, anchor))
        shown = "study-chart" in section or "<table" in section
        assert shown or any(number in words(section) for number in said), (address, anchor)
    assert without <= NO_CHART
