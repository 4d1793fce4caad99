"""`difficulty again`: the record's numbers come out, and others are seen to be others."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from refusals import raises_one_line

from difficulty_lib._errors import DataError
from difficulty_lib.data import load_data
from difficulty_lib.training import Run
from difficulty_lib.training._again import (
    ACCURACY,
    CORRELATION,
    TrainedAgain,
    compare_again,
    train_again,
)

LINE = "validation/evaluation, 22 samples: accuracy differs by 0.0000, a loss by 0 nats at the most"


@pytest.fixture
def recorded(difficulty, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))

    def made(seed=1, epochs=2):
        outcome = difficulty(
            "run", "--data", "tiny-nli", "--model", tiny_folder, "--epochs", epochs, "--seed", seed,
            "--batch-size", 8, "--learning-rate", "2e-3", "--precision", "float32", "--quiet",
            "--split", "validation",
        )  # fmt: skip
        assert outcome.code == 0, outcome.err
        [line] = [line for line in outcome.out.splitlines() if line.startswith("run ")]
        return Path(line.split(": ", 1)[1])

    return made


def test_the_same_numbers_come_out(recorded, difficulty, tmp_path):
    folder = recorded()
    before = (folder / "run.json").read_bytes()
    outcome = difficulty("again", folder, "--quiet", "--out", tmp_path / "again")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0].startswith(LINE)
    assert lines[0].endswith("correlate by 1.0000")
    assert lines[-1].startswith("within the tolerance")
    kept = Run.load(tmp_path / "again" / folder.name)
    assert kept.config == Run.load(folder).config
    assert (folder / "run.json").read_bytes() == before
    assert {one.loss for one in compare_again(Run.load(folder), kept)} == {0.0}


def test_other_numbers_are_seen(recorded, difficulty):
    folder, other = recorded(), recorded(seed=2)
    shutil.rmtree(folder / "dynamics")
    shutil.copytree(other / "dynamics", folder / "dynamics")
    outcome = difficulty("again", folder, "--quiet")
    assert outcome.code == 1
    assert outcome.out.splitlines()[-1].startswith("outside the tolerance")


def test_nothing_of_it_stays_where_nothing_is_asked_for(recorded, difficulty, home):
    folder = recorded()
    known = set(folder.parent.iterdir())
    assert difficulty("again", folder, "--quiet").code == 0
    assert set(folder.parent.iterdir()) == known
    assert not list(home.iterdir())


def test_other_data_and_other_observations_are_refused(recorded, difficulty, tmp_path):
    run = Run.load(recorded())
    data = load_data("tiny-nli")
    fewer = replace(data, splits={**data.splits, "train": data["train"].iloc[1:]})
    raises_one_line(
        lambda: train_again(run, tmp_path, fewer, progress=False), "fingerprint", kind=DataError
    )
    longer = Run.load(recorded(epochs=3))
    raises_one_line(lambda: compare_again(run, longer), "other samples or epochs", kind=DataError)
    assert "no run.json" in difficulty("again", tmp_path / "none").one_line()


@pytest.mark.parametrize(
    ("accuracy", "correlation", "within"),
    [
        (0.02, 0.95, True),
        (0.021, 1.0, False),
        (0.0, 0.949, False),
        (float("nan"), 0.97, True),  # no classes
        (0.0, float("nan"), False),
    ],
)
def test_the_tolerance(accuracy, correlation, within):
    one = TrainedAgain("test", "evaluation", 10, accuracy, 0.1, correlation)
    assert one.within is within


def test_the_book_states_the_tolerance():
    page = Path(__file__).parents[2] / "book" / "what-was-run.md"
    said = " ".join(page.read_text(encoding="utf8").split())
    accuracy, correlation = (f"{value:g}".lstrip("0") for value in (ACCURACY, CORRELATION))
    assert f"its accuracy differs by {accuracy} at most after every epoch" in said
    assert f"its action scores correlate by {correlation} or more" in said
