"""The explorer of a data set's published runs: a folder beside the book's pages, shown in one of them.

````
```{explorer} emotion
:quoted: chapters/sentiment-emotion
```
````

`quoted` names the page that quotes some of the texts, for readers of an explorer without them.

Texts are in it where the licence lets anybody have them, or where the builder has the data at hand
(`DIFFICULTY_DATA`), in which case the page is for the builder alone.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from difficulty_lib._errors import DifficultyError
from difficulty_lib.data import DATASETS, load_data, registry_folder
from difficulty_lib.explorer import explorer_page
from difficulty_lib.training import Run, runs_folder

# What tells samples apart, and no more: a reader of the book downloads all of it.
SCORES = ["action_score", "confidence", "variability", "aum", "forgetting_events"]
MOST = 2  # runs on a page
# What is asked of a run beside its training, which it leaves as it is.
BESIDE = {"planted", "out_of_distribution", "also_evaluated"}


def published_runs(dataset: str) -> list[Run]:
    """The recorded runs that trained on a data set as it is, of one model and the first seeds."""
    found: list[Run] = []
    for root in (registry_folder() / "runs", runs_folder()):
        for record in sorted(root.glob("*/run.json")):
            run = Run.load(record.parent)
            if run.config.dataset == dataset and not set(run.config.intervention) - BESIDE:
                found.append(run)
        if found:
            break
    found.sort(key=lambda run: (-sum(run.sizes.values()), run.config.seed))
    same = [
        r for r in found if (r.config.model, r.sizes) == (found[0].config.model, found[0].sizes)
    ]
    return same[:MOST]


def write_explorer(dataset: str, folder: Path) -> Path | None:
    """Write a data set's explorer; None where none of its runs is recorded."""
    runs = published_runs(dataset)
    if not runs:
        return None
    spec = DATASETS[dataset]
    data = None
    if spec.redistributable or os.environ.get("DIFFICULTY_DATA"):
        try:
            data = load_data(dataset)
        except DifficultyError as error:
            print(f"explorer of {dataset}: texts are not shown: {error}")
    command = (
        f"difficulty explore {' '.join(f'data/runs/{r.folder.name}' for r in runs)} --out FOLDER"
    )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # a book is built with warnings as errors; runs were checked
        return explorer_page(
            runs,
            data,
            folder,
            title=spec.title,
            splits=list(spec.splits),  # not those of planted errors, nor of other data
            scores=SCORES,
            command=command,
            compact=True,
        )


HOW = """\
Every sample is a point, placed by two scores of how the model learnt it. Drag a rectangle on the
map to see what lies in it beside its loss curves; choose other axes to see where the same samples
are there. *Filters* narrow it down to a class, to what the model gets wrong, to a split; the list
below is ordered by any score, hardest first. **Compare** sets the ranks of two runs, or by two
scores, against each other and lists who moves most. A page like this one of your own runs:
`difficulty explore RUN… --out FOLDER`.
"""
WITHOUT_TEXTS = """\
The texts of {title} ({licence}) are not passed on with this book: samples are there by id.
{quoted}Who has the data at hand gets a page with the texts from the command that *About* names.
"""
QUOTED = "Some of the hardest and the easiest are quoted in {{doc}}`{}`. "


class Explorer(SphinxDirective):
    """How to use the explorer, a frame with it, and a link that opens it alone."""

    required_arguments = 1
    option_spec: ClassVar = {"quoted": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """The frame, or a sentence that says what is missing."""
        dataset = self.arguments[0]
        title = DATASETS[dataset].title
        folder = Path(self.env.app.outdir) / "explorers" / dataset
        if self.env.app.builder.name != "html":  # nor the one page that is printed
            text = f"The explorer of {title} is a page for browsers."
            return [nodes.paragraph(text, text)]
        self.env.note_reread()  # the folder lies beside the pages, where no cache of theirs sees it
        if write_explorer(dataset, folder) is None:
            text = f"No run of {title} is recorded here, so there is nothing to look through."
            return [nodes.paragraph(text, text)]
        up = "../" * self.env.docname.count("/")
        address = f"{up}explorers/{dataset}/index.html"
        html = (
            '<div class="explorer-wide">\n'
            f'<p><a class="explorer-open" href="{address}">Open the explorer on its own page</a></p>\n'
            f'<iframe class="explorer" src="{address}" title="Explorer: {title}" loading="lazy" '
            'style="width: 100%; height: 60rem; border: 1px solid var(--pst-color-border, #ccc); '
            'border-radius: 0.5rem"></iframe>\n</div>'
        )
        said = HOW
        if not (folder / "texts.js").exists():
            spec, page = DATASETS[dataset], self.options.get("quoted")
            said += "\n" + WITHOUT_TEXTS.format(
                title=title, licence=spec.licence, quoted=QUOTED.format(page) if page else ""
            )
        box = nodes.container()
        self.state.nested_parse(StringList(said.splitlines(), self.env.docname), 0, box)
        return [*box.children, nodes.raw("", html, format="html")]


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("explorer", Explorer)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
