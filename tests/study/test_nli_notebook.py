"""The notebook on natural language inference, executed as the workflow executes it."""

import runpy
import warnings
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

ROOT = Path(__file__).parents[2]


def execute(target, runs, parameters):
    snakemake = SimpleNamespace(
        input=SimpleNamespace(notebook="notebooks/nli.ipynb"),
        output=[str(target)],
        params=SimpleNamespace(parameters=parameters, root=str(runs), edition="quick"),
    )
    runpy.run_path(
        str(ROOT / "workflow/scripts/notebook.py"), init_globals={"snakemake": snakemake}
    )


@pytest.fixture
def at_root(monkeypatch):
    """The workflow's folder and environment; it sets the variables itself."""
    monkeypatch.chdir(ROOT)
    for name, value in (
        ("DIFFICULTY_RUNS", ""),
        ("DIFFICULTY_EDITION", ""),
        ("DIFFICULTY_CHARTS", "book"),
        ("OMP_NUM_THREADS", "1"),
        ("CUDA_VISIBLE_DEVICES", ""),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)


def test_the_small_notebook_runs_from_the_fixture(tmp_path, tiny_folder, at_root):
    target = tmp_path / "nli.ipynb"
    parameters = {"size": "small", "model": str(tiny_folder), "learning_rate": 5e-3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the kernel's client
        execute(target, tmp_path / "runs", parameters | {"null_run": True, "seeds": [3, 4]})
    assert len(list((tmp_path / "runs").glob("tiny-nli-tiny-seed3-*/run.json"))) == 3
    notebook = nbformat.read(target, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    outputs = [o.data for cell in code for o in cell.outputs if "data" in o]
    said = "\n".join(d.get("text/markdown", "") for d in outputs)
    assert "Tiny NLI" in said
    assert "set aside" in said  # the fixture's awkward rows
    assert "without the premise" in said
    assert "The hardest genre is" in said
    assert "The comparison with ChaosNLI's annotators is left out here" in said
    assert "The comparison with BERT is left out here" in said
    assert sum("image/png" in d for d in outputs) >= 7


def test_an_unknown_parameter_is_refused_before_anything_runs(tmp_path, at_root):
    with pytest.raises(SystemExit, match="has no parameter sise; it has task, size"):
        execute(tmp_path / "nli.ipynb", tmp_path / "runs", {"sise": "small"})
    assert not list(tmp_path.iterdir())
