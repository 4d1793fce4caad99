"""Which recorded runs the book's explorers show, and what of them."""

import runpy
from pathlib import Path

import pytest
import yaml

from difficulty_lib.data import DATASETS

BOOK = Path(__file__).parents[2] / "book"
MADE = runpy.run_path(str(BOOK / "_ext/explorers.py"))
CONTENTS = yaml.safe_load((BOOK / "_toc.yml").read_text("utf8"))
SHOWN = [
    page["file"].removeprefix("explorer-")
    for part in CONTENTS["parts"]
    for page in part["chapters"]
    if page["file"].startswith("explorer-")
]


@pytest.fixture(autouse=True)
def no_texts(monkeypatch):
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)


@pytest.mark.parametrize("dataset", SHOWN)
def test_a_data_set_is_shown_as_it_was_trained_on(dataset):
    runs = MADE["published_runs"](dataset)
    assert 1 <= len(runs) <= 2
    assert {run.config.dataset for run in runs} == {dataset}
    assert len({run.config.seed for run in runs}) == len(runs)
    for run in runs:  # neither wrong labels, nor rows left out, nor mixtures
        assert not {"corrupted", "selected", "mixup", "fold", "only"} & set(run.config.intervention)


def test_planted_errors_are_not_among_the_samples(tmp_path):
    page = MADE["write_explorer"]("samsum", tmp_path)
    [run] = MADE["published_runs"]("samsum")
    assert "validation_planted" in {split for split, _ in run.dynamics.keys}
    assert page == tmp_path / "index.html"
    data = (tmp_path / "data.js").read_text("utf8")
    assert "validation" in data
    assert "planted" not in data


def test_every_explorer_is_of_a_known_data_set():
    assert len(SHOWN) >= 6
    assert set(SHOWN) <= set(DATASETS)


def test_without_runs_there_is_no_page(tmp_path):
    assert MADE["write_explorer"]("tiny-tags", tmp_path) is None
