"""The notebook on natural language inference, executed as the workflow executes it."""

from study.executing import execute, outputs_of, said


def test_the_small_notebook_runs_from_the_fixture(tmp_path, tiny_folder, at_root):
    target = tmp_path / "nli.ipynb"
    parameters = {"size": "small", "model": str(tiny_folder), "learning_rate": 5e-3}
    execute("nli", target, tmp_path / "runs", parameters | {"null_run": True, "seeds": [3, 4]})
    assert len(list((tmp_path / "runs").glob("tiny-nli-tiny-seed3-*/run.json"))) == 3
    outputs = outputs_of(target)
    words = said(outputs)
    assert "Tiny NLI" in words
    assert "set aside" in words  # the fixture's awkward rows
    assert "without the premise" in words
    assert "The hardest genre is" in words
    assert "The comparison with ChaosNLI's annotators is left out here" in words
    assert "The comparison with BERT is left out here" in words
    assert sum("image/png" in d for d in outputs) >= 7
