"""A long run that is stopped goes on from the end of its last epoch, and comes out the same."""

import numpy as np
import pytest
from training import tiny

from difficulty_lib.training import RunConfig, _resumable, get_or_train
from difficulty_lib.training._study_trainer import StudyTrainer

pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)


class Stopped(KeyboardInterrupt):
    pass


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "mirror", train=30)))
    monkeypatch.setattr(_resumable, "EVERY_S", 0.0)
    return RunConfig(
        dataset="emotion",
        model=str(tiny.save_tiny(tmp_path / "model", dropout=0.3)),
        epochs=4,
        batch_size=4,
        learning_rate=1e-3,
        evaluation_splits=("validation",),
        record_training=True,
        data_fingerprint="as it is",
    )


def stop_at(monkeypatch, step, error=Stopped):
    real = StudyTrainer.training_step

    def training_step(self, *args, **kwargs):
        if self.state.global_step == step:
            raise error
        return real(self, *args, **kwargs)

    monkeypatch.setattr(StudyTrainer, "training_step", training_step)


def run(config, where):
    with pytest.warns(UserWarning, match="differ from the registry"):
        return get_or_train(config, runs=where, progress=False)


@pytest.mark.parametrize("step", [8, 20, 31])  # 8 steps an epoch: after 1, 2 and 3 epochs
def test_a_stopped_run_comes_out_as_if_it_had_not_been(config, tmp_path, monkeypatch, step):
    whole = run(config, tmp_path / "whole")
    with monkeypatch.context() as patched:
        stop_at(patched, step)
        with pytest.raises(Stopped):
            run(config, tmp_path / "stopped")
    trained = []
    real = StudyTrainer.training_step
    monkeypatch.setattr(
        StudyTrainer, "training_step", lambda *a, **k: trained.append(1) or real(*a, **k)
    )
    again = run(config, tmp_path / "stopped")
    assert len(trained) == 32 - 8 * (step // 8)
    assert again.hash == whole.hash
    for key in whole.dynamics.keys:
        one, other = again.dynamics.stream(*key), whole.dynamics.stream(*key)
        np.testing.assert_array_equal(one.epochs, other.epochs)
        np.testing.assert_array_equal(one.ids, other.ids)
        for name, values in other.columns.items():
            np.testing.assert_allclose(one.columns[name], values, rtol=1e-6, atol=1e-6)
    left = [path.name for path in (tmp_path / "stopped").iterdir()]
    assert left == [whole.folder.name]
    assert sorted(p.name for p in again.folder.iterdir()) == ["dynamics", "run.json"]


def test_timings_are_of_both_parts(config, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        stop_at(patched, 20)
        with pytest.raises(Stopped):
            run(config, tmp_path)
    partial = next(tmp_path.glob("*.partial"))
    first = _resumable.seconds_so_far(_resumable.last_checkpoint(partial, recorded=("train",)))
    timings = run(config, tmp_path).record["timings"]
    assert timings["train_s"] > first["train_s"] > 0
    assert timings["evaluation_s"] > first["evaluation_s"] > 0
    assert timings["total_s"] > timings["train_s"] + timings["evaluation_s"]


def test_an_error_leaves_nothing(config, tmp_path, monkeypatch):
    stop_at(monkeypatch, 20, ValueError("broken"))
    with pytest.raises(ValueError, match="broken"):
        run(config, tmp_path)
    assert not list(tmp_path.glob("emotion*"))


def test_a_short_run_leaves_no_checkpoint(config, tmp_path, monkeypatch):
    monkeypatch.setattr(_resumable, "EVERY_S", 300.0)
    stop_at(monkeypatch, 20)
    with pytest.raises(Stopped):
        run(config, tmp_path)
    assert not list(tmp_path.glob("emotion*"))
