"""What a chapter's page gives to take away: its notebook, its source, the numbers of its charts."""

from __future__ import annotations

import html
import json
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util import logging

from difficulty_lib.book._chart_data import charts_of
from difficulty_lib.book._launch import SMALL, launch_links, repository
from difficulty_lib.book._numbers import write_numbers
from difficulty_lib.book._small import write_small

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOGGER = logging.getLogger(__name__)


def _raw(code: str) -> nodes.Node:
    return nodes.raw("", code, format="html")


def _link(address: str, words: str, label: str, attributes: str = "download") -> str:
    shown = html.escape(address, quote=True)
    return f'<a href="{shown}" aria-label="{html.escape(label)}" {attributes}>{words}</a>'


def bar(docname: str, notebook: dict[str, Any]) -> str:
    """The line under the page's first: buttons that open the source, and what can be downloaded."""
    up = "../" * docname.count("/")
    name = docname.rsplit("/", 1)[-1]
    source = Path(notebook["metadata"].get("papermill", {}).get("input_path", "")).stem
    hosts = launch_links(repository(ROOT), source) if source else {}
    buttons = [
        _link(address, host, f"Open the source with small parameters on {host}", 'class="launch"')
        for host, address in hosts.items()
    ]
    parts = [f"Open the source with small parameters: {' '.join(buttons)}"] if buttons else []
    files = [_link(f"{up}_sources/{docname}.ipynb", "this notebook, executed", f"{name}, executed")]
    if source:
        address = f"{up}{SMALL}/{source}.ipynb"
        files.append(
            _link(address, "its source with small parameters", f"{source}, with small parameters")
        )
    parts.append(
        f"Download: {', '.join(files)}; below each chart, its numbers, "
        "with the ids of samples and never their texts."
    )
    return f'<p class="chapter-links">{" ".join(parts)}</p>'


def beneath(folder: str, chart: str, stems: list[str]) -> str:
    """The line under a chart: its tables to download."""
    tables = []
    for place, stem in enumerate(stems, start=1):
        which = f"Numbers of the chart {chart}" + (f", table {place}" if place > 1 else "")
        tables.append(
            " ".join(
                _link(f"{folder}/{stem}.{ending}", words, f"{which}, as {words}")
                for ending, words in (("csv", "CSV"), ("parquet", "Parquet"))
            )
        )
    shown = tables[0] + "".join(f"; table {n}: {t}" for n, t in enumerate(tables[1:], start=2))
    return f'<p class="chart-numbers">Numbers: {shown}</p>'


def _is(figure: nodes.raw, description: str) -> bool:
    return f'aria-label="{html.escape(description)}"' in figure.astext()


def _add(app: Any, doctree: nodes.document, docname: str) -> None:
    path = Path(app.env.doc2path(docname))
    if app.builder.name != "html" or path.suffix != ".ipynb":
        return
    notebook = json.loads(path.read_text("utf8"))
    charts = charts_of(notebook)
    place = f"numbers/{docname.rsplit('/', 1)[-1]}"
    written = write_numbers(charts, Path(app.outdir) / place)
    up = "../" * docname.count("/")
    left = list(charts)
    for figure in [n for n in doctree.findall(nodes.raw) if "study-chart" in n.astext()]:
        while left and not _is(figure, left[0].description):
            left.pop(0)
        if not left:
            LOGGER.warning("%s: a chart of the page is not in its notebook", docname)
            return
        chart = left.pop(0)
        if written[chart.name]:
            under = _raw(beneath(up + place, chart.name, written[chart.name]))
            figure.parent.insert(figure.parent.index(figure) + 1, under)
    section = next(iter(doctree.findall(nodes.section)), None)
    if section is not None:
        section.insert(min(2, len(section)), _raw(bar(docname, notebook)))


def _style(app: Any) -> None:
    static = Path(app.doctreedir).parent / "_offline" / "links"
    static.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "chapter_links.css", static)


def _load_style(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    if "chapter-links" in (context.get("body") or ""):
        app.add_css_file("links/chapter_links.css")


def _small(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.name == "html":
        write_small(ROOT / "notebooks", Path(app.outdir) / SMALL)


def setup(app: Any) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", _style, priority=90)
    app.connect("doctree-resolved", _add)
    app.connect("html-page-context", _load_style, priority=400)
    app.connect("build-finished", _small)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
