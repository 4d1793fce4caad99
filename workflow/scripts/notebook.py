"""Execute one chapter's notebook, and publish it into the book only if all of it ran."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import papermill


def hide_parameters(path: Path) -> None:
    """The book's page starts with what it was made from, which names the parameters in words."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata["tags"] = [*cell.metadata["tags"], "remove-cell"]
    notebook.metadata.get("papermill", {}).pop("output_path", None)  # a folder that is gone
    # Not nbformat.write: it indents, and of a chart's thousands of rows a fifth would be blanks.
    written = json.dumps(json.loads(nbformat.writes(notebook)), indent=0, ensure_ascii=False)
    path.write_text(written + "\n", encoding="utf8")


def main(workflow: Any) -> None:
    """Execute with the chapter's parameters; a failed copy is kept for reading, not in the book."""
    source, target = Path(workflow.input.notebook), Path(workflow.output[0])
    given = dict(workflow.params.parameters)
    known = papermill.inspect_notebook(str(source))
    unknown = sorted(set(given) - set(known))
    if unknown:  # papermill itself only prints a line
        sys.exit(f"{source} has no parameter {', '.join(unknown)}; it has {', '.join(known)}")
    os.environ["DIFFICULTY_RUNS"] = workflow.params.root
    os.environ["DIFFICULTY_EDITION"] = workflow.params.edition
    with tempfile.TemporaryDirectory() as folder:
        done = Path(folder) / target.name
        try:
            papermill.execute_notebook(
                str(source), str(done), parameters=given, kernel_name="python3", cwd="."
            )
        except papermill.PapermillExecutionError as error:
            kept = Path("_build/failed") / target.name
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(done, kept)
            sys.exit(
                f"{source} failed in cell {error.exec_count}: {error.ename}: {error.evalue}; see {kept}"
            )
        hide_parameters(done)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(done, target)


main(snakemake)  # noqa: F821
