"""A notebook, executed as the workflow executes it."""

import runpy
import warnings
from pathlib import Path
from types import SimpleNamespace

import nbformat

ROOT = Path(__file__).parents[2]


def small(folder, **more):
    """Parameters with which a tiny random model learns something within two epochs."""
    return {"size": "small", "model": str(folder), "learning_rate": 5e-3, **more}


def execute(name, target, runs, parameters):
    """Run notebooks/<name>.ipynb into `target`, its runs under `runs`; needs the fixture `at_root`."""
    snakemake = SimpleNamespace(
        input=SimpleNamespace(notebook=f"notebooks/{name}.ipynb"),
        output=[str(target)],
        params=SimpleNamespace(parameters=parameters, root=str(runs), edition="quick"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the kernel's client
        runpy.run_path(
            str(ROOT / "workflow/scripts/notebook.py"), init_globals={"snakemake": snakemake}
        )


def outputs_of(target):
    """What the cells gave out, after checking that every one of them ran."""
    code = [c for c in nbformat.read(target, as_version=4).cells if c.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    return [o.data for cell in code for o in cell.outputs if "data" in o]


def said(outputs):
    """All that the page says in words."""
    return "\n".join(data.get("text/markdown", "") for data in outputs)


def outputs_in(folder, name, parameters, runs=None):
    """What the cells of notebooks/<name>.ipynb gave out, executed in a folder of the test's own."""
    execute(name, folder / "done.ipynb", runs or folder / "runs", parameters)
    return outputs_of(folder / "done.ipynb")
