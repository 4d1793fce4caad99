"""Killed at any moment and resumed: the same dynamics as an uninterrupted run, row for row."""

import shutil

import numpy as np
import pytest
import torch
from training.launch import launch, train, train_until_killed

from difficulty_lib import Dynamics
from difficulty_lib._errors import DynamicsError
from difficulty_lib.training import Recorder

pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)

# 21 samples in batches of 4: 6 steps per epoch on one rank, 3 on two; 3 epochs.


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """By ranks and settings: what is recorded when nothing happens."""
    kept = {}

    def of(ranks, **settings):
        key = (ranks, repr(settings))
        if key not in kept:
            folder = tmp_path_factory.mktemp("uninterrupted") / "run"
            train(folder, ranks, **settings)
            kept[key] = Dynamics.load(folder)
        return kept[key]

    return of


def assert_same(found, wanted):
    assert sorted(found.keys) == sorted(wanted.keys)
    for key in wanted.keys:
        one, other = found.stream(*key), wanted.stream(*key)
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.epochs, other.epochs)
        np.testing.assert_array_equal(one.label, other.label)
        for name, values in other.columns.items():
            np.testing.assert_allclose(one.columns[name], values, atol=1e-6, rtol=1e-6)
        assert np.ptp(other.columns["loss"], axis=0).min() > 1e-4  # every sample's loss moves


@pytest.mark.parametrize(
    ("ranks", "save", "kill"),
    [
        (1, 2, ["step_end", 9]),  # resumes at 8, inside the second epoch
        (1, 2, ["during_save", 10]),  # the checkpoint of 10 lacks its records: resumes at 8
        (1, 2, ["saved", 12]),  # after the last step of an epoch, before the epoch is written
        (1, 4, ["epoch_end", 12]),  # two epochs written, the checkpoint is of step 12
        (1, 5, ["epoch_end", 12]),  # two epochs written, of which the checkpoint at 10 has one
        (1, "epoch", ["step_end", 15]),
        (1, "epoch", ["saved", 6]),
        (2, 2, ["step_end", 5]),
        (2, 2, ["during_save", 8]),
        (2, "epoch", ["step_end", 8]),
    ],
)
def test_trainer(tmp_path, uninterrupted, ranks, save, kill):
    train_until_killed(tmp_path, ranks, save=save, kill=kill)
    assert not whole(tmp_path)
    train(tmp_path, ranks, save=save, resume=True)
    assert_same(Dynamics.load(tmp_path), uninterrupted(ranks))


def whole(folder):
    """Whether what lies there is all of a run."""
    try:
        recorded = Dynamics.load(folder)
        return recorded.stream("train", "training").epochs.tolist() == [1, 2, 3]
    except DynamicsError:
        return False


def test_killed_twice_and_with_accumulated_batches(tmp_path, uninterrupted):
    settings = {"arguments": {"gradient_accumulation_steps": 2}}
    train_until_killed(tmp_path, save=2, kill=["substep_end", 5], **settings)
    train_until_killed(tmp_path, save=2, kill=["step_end", 8], resume=True, **settings)
    train(tmp_path, save=2, resume=True, **settings)
    assert_same(Dynamics.load(tmp_path), uninterrupted(1, **settings))


@pytest.mark.parametrize(
    ("ranks", "kill"), [(1, ["step_end", 9]), (1, ["epoch_end", 12]), (2, ["step_end", 5])]
)
def test_loop_with_accelerate(tmp_path, uninterrupted, ranks, kill):
    # An iterator that skips batches draws from the generator that dropout draws from.
    settings = {"loop": "accelerate", "dropout": 0.0}
    train_until_killed(tmp_path, ranks, save=2, kill=kill, **settings)
    train(tmp_path, ranks, save=2, resume=True, **settings)
    assert_same(Dynamics.load(tmp_path), uninterrupted(ranks, **settings))


def test_what_lies_beyond_the_checkpoint_is_removed(tmp_path):
    """A longer run in the same folder: its later epochs must not be taken for this one's."""
    train(tmp_path, save=4)
    assert Dynamics.load(tmp_path).stream("validation").epochs.tolist() == [0, 1, 2, 3]
    for later in (12, 16):
        shutil.rmtree(tmp_path / "trainer" / f"checkpoint-{later}", ignore_errors=True)
    shutil.rmtree(tmp_path / "trainer" / "checkpoint-18")
    train_until_killed(tmp_path, save=4, resume=True, kill=["step_end", 10])
    found = Dynamics.load(tmp_path)
    assert found.stream("train", "training").epochs.tolist() == [1]
    assert found.stream("validation").epochs.tolist() == [0, 1]
    assert not list((tmp_path / "dynamics").rglob("epoch=[23]"))


def test_a_fresh_run_in_the_folder_of_a_longer_one_with_more_ranks(tmp_path):
    train(tmp_path, 2)
    train(tmp_path, arguments={"max_steps": 12})
    found = Dynamics.load(tmp_path)
    assert found.stream("train", "training").epochs.tolist() == [1, 2]
    assert found.stream("validation").epochs.tolist() == [0, 1, 2]
    assert not list((tmp_path / "dynamics").rglob("rank-1*"))


def refused(folder, ranks=1, **settings):
    codes, printed = launch(folder, ranks, **settings)
    assert all(codes)
    return "\n".join(printed)


def test_resuming_is_refused_in_one_line(tmp_path):
    run = tmp_path / "run"
    train_until_killed(run, save=4, kill=["step_end", 9])
    assert "processes" in refused(run, 2, resume=True, save=4)  # checkpoints of one
    kept = run / "trainer" / "checkpoint-8" / "dynamics-train-rank-0.pt"
    explicit = {"resume": str(kept.parent), "save": 4}
    shutil.move(kept, tmp_path)
    assert "lies inside epoch 2 and does not hold" in refused(run, **explicit)
    shutil.move(tmp_path / kept.name, kept)
    shutil.rmtree(run / "dynamics" / "split=train")
    assert "train/training: epoch 1 was not recorded" in refused(run, **explicit)
    shutil.rmtree(run / "dynamics")
    assert "validation/evaluation: epoch 1 was not recorded" in refused(run, **explicit)


# --- the plain Recorder ------------------------------------------------------------------------


def observe(recorder, ids, seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(len(ids), 3, generator=generator)
    recorder.step(torch.tensor(ids), logits, torch.tensor([i % 3 for i in ids]))


def test_a_state_goes_through_a_file_and_back(tmp_path):
    whole, before = Recorder(tmp_path / "whole"), Recorder(tmp_path / "resumed")
    for recorder in (whole, before):
        observe(recorder, [1, 2], 0)
        observe(recorder, [3], 1)
        recorder.epoch_end()
        observe(recorder, [3, 1], 2)
    torch.save(before.state_dict(), tmp_path / "state.pt")
    observe(before, [2], 9)  # what is seen after the checkpoint is lost with the process,
    before.epoch_end()  # but for its file
    before.epoch = 2
    observe(before, [1, 2, 3], 8)
    before.epoch_end()
    after = Recorder(tmp_path / "resumed")
    after.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for recorder in (whole, after):
        observe(recorder, [2], 3)
        recorder.epoch_end()
    found, wanted = (Dynamics.load(tmp_path / name) for name in ("resumed", "whole"))
    assert found.stream().epochs.tolist() == [1, 2]
    for name, values in wanted.stream().columns.items():
        np.testing.assert_array_equal(found.stream().columns[name], values)


def test_a_state_of_other_ranks_is_refused(tmp_path):
    recorder = Recorder(tmp_path)
    with pytest.raises(DynamicsError, match="2 processes, there are 1"):
        recorder.load_state_dict({"epoch": 1, "pending": [{}, {}]})


def test_a_torn_file_of_records_is_named(tmp_path):
    from difficulty_lib.training._pending import load_pending

    torn = tmp_path / "dynamics-train-rank-0.pt"
    torn.write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(DynamicsError, match=r"rank-0.pt cannot be read"):
        load_pending(torn)


def test_a_checkpoint_torn_by_a_kill_is_passed_over(tmp_path):
    from difficulty_lib.training._checkpoints import usable_checkpoint

    for step, state in ((4, "{}"), (8, "{}"), (12, '{"epoch'), (16, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
        if step != 8:
            (folder / "dynamics-train-rank-0.pt").write_bytes(b"")
    assert usable_checkpoint(tmp_path, "train", 1).name == "checkpoint-4"
    assert usable_checkpoint(tmp_path, "train", 2) is None


def test_batches_of_any_shape_are_packed_and_back(tmp_path):
    from difficulty_lib.training._pending import load_pending, pack, save_pending, unpack

    batches = [
        {"sample_id": torch.arange(3), "token_loss": torch.rand(7), "top": torch.rand(3, 5)},
        {"sample_id": torch.arange(1), "token_loss": torch.rand(0), "top": torch.rand(1, 2)},
    ]
    for given in (batches, batches[:1], []):
        save_pending(pack(given), tmp_path / "state.pt")
        found = unpack(load_pending(tmp_path / "state.pt"))
        assert len(found) == len(given)
        for one, other in zip(found, given):
            assert list(one) == list(other)
            assert all(torch.equal(one[name], values) for name, values in other.items())
