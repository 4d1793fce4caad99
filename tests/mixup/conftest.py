"""Small runs for the tests of mixup."""

import pytest
from training import tiny

from difficulty_lib.training import RunConfig


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "data")))
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    return RunConfig(
        dataset="emotion",
        model=str(tiny.save_tiny(tmp_path / "model")),
        epochs=2,
        batch_size=8,
        max_length=32,
        precision="float32",
        learning_rate=3e-4,
        evaluation_splits=("train", "validation"),
    )
