"""The table of claims and verdicts, made of the executed chapters when the book is built.

````
```{verdicts} count
```
````

The argument is `count`, a sentence, or `table`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from difficulty_lib.claims import (
    CLAIMS,
    Finding,
    count_line,
    found,
    glued,
    table_lines,
)

HERE = Path(__file__).parent


def findings(chapters: Path, built: Callable[[str], bool]) -> list[Finding]:
    """All claims with their verdicts.

    Args:
        chapters: the folder with executed notebooks.
        built: whether a chapter of this name is a page of the book.
    """
    names = dict.fromkeys(m.chapter for claim in CLAIMS.values() for m in claim.measures)
    stored = {name: glued(chapters / f"{name}.ipynb") for name in names if built(name)}
    return [found(claim, stored) for claim in CLAIMS.values()]


class Verdicts(SphinxDirective):
    """Write the verdicts as MyST markdown and let the page's own parser read it."""

    required_arguments = 1
    PARTS: ClassVar[dict[str, Callable[[Sequence[Finding]], list[str]]]] = {
        "count": lambda found: [count_line(found)],
        "table": table_lines,
    }

    def run(self) -> list[nodes.Node]:
        """The part of the page."""
        part = directives.choice(self.arguments[0], tuple(self.PARTS))
        folder = Path(self.env.srcdir) / "chapters"
        for claim in CLAIMS.values():
            for measure in claim.measures:
                self.env.note_dependency(str(folder / f"{measure.chapter}.ipynb"))
        read = findings(folder, lambda name: f"chapters/{name}" in self.env.found_docs)
        holder = nodes.container()
        self.state.nested_parse(StringList(self.PARTS[part](read), "verdicts"), 0, holder)
        return list(holder.children)


def _collect(app: Any) -> None:
    static = Path(app.doctreedir).parent / "_offline" / "verdicts"
    static.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "verdicts.css", static / "verdicts.css")


def _style(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    if "verdicts" in (context.get("body") or ""):
        app.add_css_file("verdicts/verdicts.css")


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("verdicts", Verdicts)
    app.connect("builder-inited", _collect, priority=110)  # into the folder that `offline` serves
    app.connect("html-page-context", _style, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
