from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.site
CONTENTS = yaml.safe_load((Path(__file__).parents[2] / "book/_toc.yml").read_text("utf8"))
PAGES = ["index", CONTENTS["root"]]
PAGES += [page["file"] for part in CONTENTS["parts"] for page in part["chapters"]]
CHAPTERS = ["chapters/sentiment", "chapters/sentiment-emotion"]
BRUSHED = """
() => {
  for (const figure of document.querySelectorAll('figure.study-chart')) {
    const data = figure.chartView.getState({ data: () => true, signals: () => false }).data;
    for (const name in data) {
      const rows = figure.chartView.data(name);
      if (rows.length === 1 && rows[0].selected !== undefined) return rows[0].selected;
    }
  }
  return null;
}
"""


def clean(visit):
    assert visit.elsewhere == []
    assert visit.errors == []


@pytest.mark.parametrize("name", PAGES)
def test_page_loads_and_draws(visit, server, name):
    page = visit.open(f"{server}/{name}.html")
    drawn = page.query_selector_all("figure.study-chart svg.marks, figure.study-chart canvas.marks")
    assert len(drawn) == len(page.query_selector_all("figure.study-chart"))
    assert all(d.bounding_box()["width"] > 100 for d in drawn)
    clean(visit)


@pytest.mark.parametrize(
    ("name", "charts"), [("gradient-variance", 3), ("mislabel-audit", 7), ("cost", 2)]
)
def test_chapters_have_their_charts(visit, site, name, charts):
    page = visit.open((site / "chapters" / f"{name}.html").as_uri())
    assert len(page.query_selector_all("figure.study-chart[data-drawn]")) == charts
    clean(visit)


@pytest.mark.parametrize("name", CHAPTERS)
def test_charts_draw_from_a_file(visit, site, name):
    page = visit.open((site / f"{name}.html").as_uri())
    assert len(page.query_selector_all("figure.study-chart[data-drawn]")) >= 4
    clean(visit)


@pytest.mark.parametrize("name", CHAPTERS)
def test_brush_filters_the_list(visit, server, name):
    page = visit.open(f"{server}/{name}.html")
    before = page.evaluate(BRUSHED)
    figure = page.locator("figure.study-chart", has_text="samples in the brush").first
    figure.scroll_into_view_if_needed()
    plot = figure.locator("svg.marks, canvas.marks").first.bounding_box()
    page.mouse.move(plot["x"] + 300, plot["y"] + 60)
    page.mouse.down()
    page.mouse.move(plot["x"] + 520, plot["y"] + 330, steps=8)
    page.mouse.up()
    page.wait_for_timeout(500)
    after = page.evaluate(BRUSHED)
    assert before >= 1000
    assert 0 < after < before
    clean(visit)


def test_colours_change_with_the_theme(visit, server):
    page = visit.open(f"{server}/{CHAPTERS[0]}.html")
    texts = page.locator("figure.study-chart", has_text="samples in the brush").locator("svg text")

    def colours():
        return set(texts.evaluate_all("all => all.map(text => getComputedStyle(text).fill)"))

    light = colours()
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(1500)
    assert light
    assert not light & colours()
    clean(visit)


@pytest.mark.parametrize("name", [CHAPTERS[0], "chapters/gradient-variance", "recording"])
def test_phone_has_no_sideways_scroll(phone, server, name):
    page = phone.open(f"{server}/{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 1
    clean(phone)
