import json
import re
from html.parser import HTMLParser

import pytest

from difficulty_lib.scores import SCORES

pytestmark = pytest.mark.site
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class Loads(HTMLParser):
    def __init__(self):
        super().__init__()
        self.urls, self.charts = [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in LOADS and given.get(LOADS[tag]):
            self.urls.append(given[LOADS[tag]])
        if tag == "link" and given.get("rel") in ("stylesheet", "preload", "icon", "modulepreload"):
            self.urls.append(given.get("href", ""))
        if tag == "figure" and "study-chart" in (given.get("class") or ""):
            self.charts.append(given.get("aria-label") or "")


def pages(site):
    return [p for p in sorted(site.rglob("*.html")) if "_static" not in p.parts]


def parsed(page):
    parser = Loads()
    parser.feed(page.read_text("utf8"))
    return parser


def executed(site):
    return sorted((site / "_sources" / "chapters").glob("*.ipynb"))


def test_no_page_loads_from_another_host(site):
    loads = [
        (p.name, u) for p in pages(site) for u in parsed(p).urls if re.match(r"(https?:)?//", u)
    ]
    assert loads == []


def test_every_chart_has_a_description(site):
    labels = [label for page in pages(site) for label in parsed(page).charts]
    assert len(labels) >= 9
    assert all(len(label) > 40 for label in labels)


def test_every_chapter_ran_to_its_end(site):
    assert len(executed(site)) >= 2
    for path in executed(site):
        notebook = json.loads(path.read_text("utf8"))
        code = [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"])]
        assert all(c["execution_count"] is not None for c in code), path.name
        outputs = [o for c in code for o in c["outputs"]]
        assert not [o for o in outputs if o["output_type"] == "error"], path.name
        assert notebook["metadata"]["papermill"]["end_time"], path.name


def test_pages_are_small(site):
    sizes = {p.name: p.stat().st_size / 1e6 for p in pages(site)}
    assert max(sizes.values()) < 2.5, sizes


def test_no_page_shows_a_role_instead_of_what_it_stands_for(site):
    """Sentences from a notebook's output are plain Markdown, which knows no roles."""
    role = re.compile(r"\{(cite(:\w+)?|term|doc|ref|glue:\w*)\}")
    shown = {page.name: role.findall(page.read_text("utf8")) for page in pages(site)}
    assert {name: found for name, found in shown.items() if found} == {}


def test_every_score_is_listed(site):
    text = (site / "scores.html").read_text("utf8")
    assert [name for name in SCORES if name not in text] == []


def test_chapters_say_what_they_are_made_of(site):
    for name, edition in (
        ("sentiment", "Quick"),
        ("sentiment-emotion", "Published"),
        ("nli", "Published"),
        ("question-answering", "Published"),
        ("real-errors", "Published"),
        ("agreement", "Published"),
        ("agreement-models", "Published"),
        ("mislabel-audit-emotion", "Published"),
        ("mislabel-audit-mnli", "Published"),
        ("gradient-variance", "Quick"),
        ("mislabel-audit", "Quick"),
        ("cost", "Quick"),
    ):
        text = (site / "chapters" / f"{name}.html").read_text("utf8")
        for part in (f"{edition} edition", "model: minilm", "papermill", "<code"):
            assert part in text, (name, part)
        assert re.search(r"runs? <code[^>]*><span[^>]*>[0-9a-f]{12}", text), name
