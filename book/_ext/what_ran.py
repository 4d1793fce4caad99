"""The page of what was run: from the records of the published runs, and the editions' files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from difficulty_lib.grid import make_plan, page_lines, read_records

ROOT = Path(__file__).parents[2]
EDITIONS = ("published", "quick")


def chapter_titles(root: Path = ROOT) -> dict[str, str]:
    """Titles of the book's chapters, by name, as the table of contents has them."""
    contents = yaml.safe_load((root / "book/_toc.yml").read_text("utf8"))
    entries = [entry for part in contents["parts"] for entry in part["chapters"]]
    return {
        entry["file"].rpartition("/")[2]: entry["title"] for entry in entries if "title" in entry
    }


def what_ran_lines(root: Path = ROOT) -> list[str]:
    """The page in MyST markdown; what is missing is estimated on the hardware that most ran on."""
    files = {name: yaml.safe_load((root / f"workflow/{name}.yml").read_text()) for name in EDITIONS}
    records = read_records([root / "data/runs"])
    hardware = Counter(record.hardware for record in records.values()).most_common(1)
    machine = hardware[0][0] if hardware else ""
    plans = {name: make_plan(file, records, machine=machine) for name, file in files.items()}
    return page_lines(plans, records, chapter_titles(root), machine)


class WhatRan(SphinxDirective):
    """The tables of what ran, and the list of what did not."""

    def run(self) -> list[nodes.Node]:
        """Parsed as the page's own markdown, so that its headings are the page's."""
        self.env.note_reread()  # the records lie outside the book, where no cache sees them
        holder = nodes.section()
        holder.document = self.state.document
        self.state.nested_parse(
            StringList(what_ran_lines(), "records"), 0, holder, match_titles=True
        )
        return list(holder.children)


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("what-ran", WhatRan)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
