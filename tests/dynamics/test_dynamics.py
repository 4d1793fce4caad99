"""Recorded dynamics: made from arrays and tables, stored and read back, and refused when broken."""

import math
import re
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import DERIVED, STORED, Dynamics, write_part, write_samples
from difficulty_lib.dynamics import StreamDynamics as Stream

LOSS = [[1.0, 0.5, 2.0], [0.5, 0.25, 3.0]]


def small(**extra):
    return Dynamics.from_arrays([7, 8, 9], loss=LOSS, **extra)


def softmax(z):
    total = sum(math.exp(v) for v in z)
    return [math.exp(v) / total for v in z]


def assert_same(left: Stream, right: Stream):
    assert (left.split, left.stream) == (right.split, right.stream)
    np.testing.assert_array_equal(left.ids, right.ids)
    np.testing.assert_array_equal(left.epochs, right.epochs)
    assert set(left.columns) == set(right.columns)
    for name in left.columns:
        np.testing.assert_array_equal(left.columns[name], right.columns[name])
        assert left.columns[name].dtype == right.columns[name].dtype == STORED[name]
    if left.label is None:
        assert right.label is None
    else:
        np.testing.assert_array_equal(left.label, right.label)


# From arrays


def test_values_are_joined_by_id(simulation, stream):
    assert stream.ids.tolist() == sorted(simulation.ids.tolist())
    assert stream.ids.dtype == np.int64
    losses = simulation.columns()["loss"]
    for place, sample_id in enumerate(simulation.ids):
        where = stream.ids.tolist().index(sample_id)
        np.testing.assert_allclose(stream.matrix("loss")[:, where], losses[1:, place], rtol=1e-6)
        assert stream.label[where] == simulation.label[place]


def test_epochs_are_sorted():
    made = small(epochs=[2, 1]).stream()
    assert made.epochs.tolist() == [1, 2]
    assert made.matrix("loss").tolist() == [LOSS[1], LOSS[0]]


def test_epochs_count_from_1_if_not_given():
    assert small().stream().epochs.tolist() == [1, 2]
    assert not small().stream().has_initial


def test_matrix_is_float64(stream):
    for name in [*stream.columns, *DERIVED]:
        assert stream.matrix(name).dtype == np.float64
        assert stream.matrix(name).shape == (5, 40)


@pytest.mark.parametrize("name", ["gold_probability", "max_probability", "correct"])
def test_derived_column_equals_softmax(simulation, stream, name):
    found = {int(i): stream.matrix(name)[:, place] for place, i in enumerate(stream.ids)}
    for place, sample_id in enumerate(simulation.ids):
        y = int(simulation.label[place])
        for t in range(1, 6):
            p = softmax(simulation.logits[t, place].tolist())
            wanted = {
                "gold_probability": p[y],
                "max_probability": max(p),
                "correct": float(p.index(max(p)) == y),
            }[name]
            assert found[int(sample_id)][t - 1] == pytest.approx(wanted, abs=2e-6)


def test_correct_without_predictions_follows_from_the_margin():
    made = Dynamics.from_arrays([1, 2, 3], margin=[[0.5, -0.5, 0.0]]).stream()
    assert made.matrix("correct").tolist() == [[1.0, 0.0, 0.0]]


def test_predictions_win_over_the_margin():
    made = Dynamics.from_arrays([1, 2], label=[0, 1], predicted=[[0, 1]], margin=[[0.0, 0.0]])
    assert made.stream().matrix("correct").tolist() == [[1.0, 1.0]]


def test_probability_of_a_hopeless_sample_does_not_underflow_its_maximum():
    made = Dynamics.from_arrays([1], loss=[[900.0]], margin=[[-900.0]]).stream()
    assert made.matrix("gold_probability").item() == 0.0
    assert made.matrix("max_probability").item() == pytest.approx(1.0)


# Epoch 0


def test_epoch_0_is_apart(simulation, stream):
    assert stream.has_initial
    assert stream.epochs.tolist() == [0, 1, 2, 3, 4, 5]
    assert stream.trained_epochs.tolist() == [1, 2, 3, 4, 5]
    initial = dict(zip(stream.ids.tolist(), stream.matrix("initial_loss")))
    for place, sample_id in enumerate(simulation.ids.tolist()):
        p = softmax(simulation.logits[0, place].tolist())
        wanted = -math.log(p[simulation.label[place]])
        assert initial[sample_id] == pytest.approx(wanted, rel=1e-5)


def test_derived_column_of_epoch_0(stream):
    np.testing.assert_allclose(
        stream.matrix("initial_gold_probability"), np.exp(-stream.matrix("initial_loss"))
    )


def test_no_epoch_0_recorded():
    made = small().stream()
    assert not made.available("initial_loss")
    with pytest.raises(DynamicsError, match=r"epoch 0 was not recorded.*'initial_loss'"):
        made.matrix("initial_loss")


def test_availability():
    made = small().stream()
    assert made.available("loss")
    assert made.available("gold_probability")
    assert not made.available("max_probability")
    assert not made.available("correct")
    assert not made.available("label")
    assert not made.available("hardship")


@pytest.mark.parametrize("name", ["margin", "max_probability", "correct", "hardship"])
def test_column_not_recorded(name):
    with pytest.raises(DynamicsError, match=rf"train/evaluation: no '{name}'; recorded are loss"):
        small().stream().matrix(name)


# Selection


def test_take(stream):
    wanted = stream.ids[[30, 2, 17]]
    some = stream.take(wanted)
    assert some.ids.tolist() == sorted(wanted.tolist())
    for name in stream.columns:
        np.testing.assert_array_equal(some.matrix(name), stream.matrix(name)[:, [2, 17, 30]])
    np.testing.assert_array_equal(some.label, stream.label[[2, 17, 30]])


def test_take_unknown_ids(stream):
    with pytest.raises(DynamicsError, match=r"train/evaluation: unknown sample ids.*-5"):
        stream.take(np.array([-5, int(stream.ids[0])]))


def several():
    parts = {}
    for split, stream in (("train", "evaluation"), ("train", "training"), ("test", "evaluation")):
        parts[split, stream] = small(split=split, stream=stream).stream()
    return Dynamics(parts)


def test_selecting_a_stream():
    assert several().stream("test").split == "test"
    assert several().stream(stream="training").stream == "training"
    assert several().stream("train", "evaluation").stream == "evaluation"
    assert len(several().keys) == 3


@pytest.mark.parametrize(
    ("asked", "count"),
    [(("validation", None), 0), (("train", None), 2), ((None, None), 3), (("test", "training"), 0)],
)
def test_selecting_none_or_several(asked, count):
    with pytest.raises(
        DynamicsError, match=rf"^{count} recorded .*train/evaluation.*train/training"
    ):
        several().stream(*asked)


def test_no_streams():
    with pytest.raises(DynamicsError, match="no dynamics"):
        Dynamics({})


def test_repr_says_what_there_is(dynamics):
    assert repr(dynamics) == "Dynamics(train/evaluation: 5 epochs × 40 samples)"


# Round trips


def test_frame_round_trip(dynamics):
    frame = dynamics.to_frame().sample(frac=1, random_state=1)
    assert_same(Dynamics.from_frame(frame).stream(), dynamics.stream())


def test_frame_has_a_row_per_key(dynamics):
    frame = dynamics.to_frame()
    assert len(frame) == 6 * 40
    assert not frame.duplicated(["split", "stream", "epoch", "sample_id"]).any()


def test_frame_of_several_streams():
    back = Dynamics.from_frame(several().to_frame())
    assert back.keys == several().keys
    for key in back.keys:
        assert_same(back.stream(*key), several().stream(*key))


def test_frame_of_streams_with_unlike_columns():
    parts = {
        ("train", "evaluation"): small(label=[0, 1, 0]).stream(),
        ("test", "evaluation"): small(split="test", margin=LOSS).stream(),
    }
    back = Dynamics.from_frame(Dynamics(parts).to_frame())
    for key, part in parts.items():
        assert_same(back.stream(*key), part)


def test_frame_without_split_and_stream():
    frame = pd.DataFrame({"epoch": [1, 1, 2, 2], "sample_id": [5, 4, 4, 5], "loss": [1, 2, 3, 4.0]})
    made = Dynamics.from_frame(frame).stream()
    assert (made.split, made.stream) == ("train", "evaluation")
    assert made.ids.tolist() == [4, 5]
    assert made.matrix("loss").tolist() == [[2.0, 1.0], [3.0, 4.0]]


def test_save_and_load(dynamics, tmp_path):
    dynamics.save(tmp_path)
    assert_same(Dynamics.load(tmp_path).stream(), dynamics.stream())


def test_save_and_load_of_several_streams(tmp_path):
    several().save(tmp_path)
    back = Dynamics.load(tmp_path)
    assert set(back.keys) == set(several().keys)
    for key in back.keys:
        assert_same(back.stream(*key), several().stream(*key))


def test_load_some(tmp_path):
    several().save(tmp_path)
    assert Dynamics.load(tmp_path, split="test").keys == [("test", "evaluation")]
    assert Dynamics.load(tmp_path, stream="training").keys == [("train", "training")]
    with pytest.raises(DynamicsError, match="no dynamics of split='other'"):
        Dynamics.load(tmp_path, split="other")


def test_files_lie_where_documented(tmp_path):
    small(label=[0, 1, 0]).save(tmp_path)
    files = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {
        "dynamics/samples/train.parquet",
        "dynamics/split=train/stream=evaluation/epoch=1/rank-0.parquet",
        "dynamics/split=train/stream=evaluation/epoch=2/rank-0.parquet",
    }


# Bad arrays


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": [[1.0, 2.0]]}, r"'loss' has shape \(1, 2\); expected .*\(1, 3\)"),
        ({"loss": [1.0, 2.0, 3.0]}, r"'loss' must have shape \(epochs, samples\), not \(3,\)"),
        ({"loss": LOSS, "margin": [LOSS[0]]}, r"'margin' has shape \(1, 3\); expected .*\(2, 3\)"),
        ({"loss": LOSS, "epochs": [1, 2, 3]}, r"'loss' has shape \(2, 3\); expected .*\(3, 3\)"),
        ({"loss": [[1.0, np.nan, 2.0]]}, r"train/evaluation: .*'loss'.*epoch 1, sample 8"),
        ({"loss": [LOSS[0], [0, 0, np.inf]]}, r"'loss' is not finite at epoch 2, sample 9"),
        ({"loss": LOSS, "hardship": LOSS}, r"unknown columns \['hardship'\]; expected .*loss"),
        ({"loss": LOSS, "stream": "testing"}, r"stream is 'testing'; expected .*evaluation"),
        ({"loss": LOSS, "label": [0, 1]}, r"2 labels for 3"),
        ({"loss": LOSS, "label": [0, 1, 0.5]}, r"label"),
        ({"loss": LOSS, "epochs": [1, 1]}, r"epoch"),
        ({"loss": LOSS, "epochs": [-1, 1]}, r"epoch"),
        ({"loss": LOSS, "predicted": [[0, 1, 1.5], [0, 1, 1]]}, r"predicted"),
        ({"loss": LOSS, "predicted": [[0, 1, np.nan], [0, 1, 1]]}, r"predicted"),
        ({}, r"no columns; expected .*loss"),
    ],
)
def test_bad_arrays(arguments, message):
    with pytest.raises(DynamicsError, match=message):
        Dynamics.from_arrays([7, 8, 9], **arguments)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([7, 8, 8], r"doubled sample ids.*8"),
        ([7.0, 8.0, 9.0], "ids must be a list of integers, not float64"),
        ([[7, 8, 9]], "ids must be a list of integers"),
        (["a", "b", "c"], "ids must be a list of integers"),
    ],
)
def test_bad_ids(ids, message):
    with pytest.raises(DynamicsError, match=message):
        Dynamics.from_arrays(ids, loss=LOSS)


# Bad tables


def frame(**changes):
    table = {"epoch": [1, 1, 2, 2], "sample_id": [4, 5, 4, 5], "loss": [1.0, 2.0, 3.0, 4.0]}
    return pd.DataFrame(table | changes)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (frame().drop(columns="epoch"), r"no column 'epoch'; there are sample_id, loss"),
        (frame().drop(columns="sample_id"), r"no column 'sample_id'; there are epoch, loss"),
        (frame().drop(columns="loss"), r"train/evaluation: no columns; expected .*loss"),
        (frame().iloc[:3], r"train/evaluation: sample 5 is missing from epoch 2"),
        (frame(sample_id=[4, 5, 4, 4]), r"sample 4 is there more than once in epoch 2"),
        (frame(loss=[1.0, np.nan, 3.0, 4.0]), r"'loss' is not finite at epoch 1, sample 5"),
        (frame(sample_id=[4, 5, 4, None]), r"sample_id"),
        (frame(epoch=[1, 1, 2, None]), r"epoch"),
        (frame(label=[0, 1, 0, None]), r"label"),
        (frame(label=[0, 1, 0, 0]), r"label"),
        (frame().iloc[:0], "no dynamics"),
    ],
)
def test_bad_tables(table, message):
    with pytest.raises(DynamicsError, match=message):
        Dynamics.from_frame(table)


# Bad files


@pytest.fixture
def folder(tmp_path):
    """Three epochs of eight samples, two ranks each, ids 10 … 17."""
    write_samples(tmp_path, "train", np.arange(10, 18), np.arange(8) % 2)
    for epoch in (0, 1, 2):
        for rank, ids in enumerate((np.arange(10, 18, 2), np.arange(11, 18, 2))):
            part(tmp_path, epoch, ids, rank)
    return tmp_path


def part(folder, epoch, ids, rank=0):
    loss = np.asarray(ids) / 8 + epoch
    return write_part(
        folder, "train", "evaluation", epoch, {"sample_id": np.asarray(ids), "loss": loss}, rank
    )


def epoch_folder(folder, epoch):
    return folder / "dynamics" / "split=train" / "stream=evaluation" / f"epoch={epoch}"


def refuse(folder, *parts):
    with pytest.raises(DynamicsError) as caught:
        Dynamics.load(folder)
    message = str(caught.value)
    assert "\n" not in message
    for wanted in parts:
        assert wanted in message
    return message


def test_two_ranks_make_one_split(folder):
    made = Dynamics.load(folder).stream()
    assert made.ids.tolist() == list(range(10, 18))
    assert made.epochs.tolist() == [0, 1, 2]
    assert made.label.tolist() == [0, 1] * 4
    np.testing.assert_array_equal(made.matrix("loss")[1], np.arange(10, 18) / 8 + 2)


def test_parts_may_be_unsorted(tmp_path):
    part(tmp_path, 1, [5, 3, 9])
    made = Dynamics.load(tmp_path).stream()
    assert made.ids.tolist() == [3, 5, 9]
    assert made.matrix("loss").tolist() == [[3 / 8 + 1, 5 / 8 + 1, 9 / 8 + 1]]


def test_no_folder(tmp_path):
    refuse(tmp_path / "nowhere", "nowhere", "no dynamics", "expected a folder")


def test_missing_epoch(folder):
    shutil.rmtree(epoch_folder(folder, 1))
    refuse(folder, "epoch 1 of train/evaluation is missing")


def test_missing_first_epochs(folder):
    for epoch in (0, 1):
        shutil.rmtree(epoch_folder(folder, epoch))
    refuse(folder, "epoch 1 of train/evaluation is missing")


def test_missing_all_epochs(folder):
    for epoch in (0, 1, 2):
        shutil.rmtree(epoch_folder(folder, epoch))
    refuse(folder, "no epochs recorded for train/evaluation")


def test_empty_epoch(folder):
    for path in epoch_folder(folder, 2).iterdir():
        path.unlink()
    refuse(folder, "epoch=2", "no rank-*.parquet")


def test_strange_epoch_folder(folder):
    epoch_folder(folder, 2).rename(epoch_folder(folder, "last"))
    refuse(folder, "epoch=<number>")


def test_missing_rank(folder):
    (epoch_folder(folder, 2) / "rank-1.parquet").unlink()
    refuse(folder, "epoch 2 of train/evaluation", "4 of 8 samples are missing", "11, 13, 15, 17")


def test_missing_rank_without_a_list_of_samples(folder):
    shutil.rmtree(folder / "dynamics" / "samples")
    (epoch_folder(folder, 2) / "rank-0.parquet").unlink()
    refuse(folder, "epoch 2 of train/evaluation", "are missing")


def test_sample_missing_from_one_epoch(folder):
    part(folder, 1, [11, 15, 17], rank=1)
    refuse(folder, "epoch 1 of train/evaluation", "1 of 8 samples are missing, first: 13")


def test_sample_doubled_across_ranks(folder):
    part(folder, 1, [11, 12, 13, 15, 17], rank=1)
    refuse(folder, "epoch 1 of train/evaluation", "more than once, first: 12")


def test_foreign_sample(folder):
    part(folder, 1, [11, 13, 15, 17, 99], rank=1)
    refuse(folder, "epoch 1 of train/evaluation", "do not belong to the split, first: 99")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_truncated_file(folder, share):
    path = epoch_folder(folder, 2) / "rank-1.parquet"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    refuse(folder, str(path), "truncated or not Parquet")


def test_file_of_another_kind(folder):
    path = epoch_folder(folder, 2) / "rank-1.parquet"
    path.write_text("sample_id,loss\n1,2\n")
    refuse(folder, str(path), "not Parquet")


def test_truncated_list_of_samples(folder):
    path = folder / "dynamics" / "samples" / "train.parquet"
    path.write_bytes(path.read_bytes()[:40])
    refuse(folder, str(path), "truncated or not Parquet")


def test_list_of_samples_without_ids(folder):
    path = folder / "dynamics" / "samples" / "train.parquet"
    pq.write_table(pa.table({"label": [0, 1]}), path)
    refuse(folder, str(path), "sample_id")


def test_ranks_with_unlike_columns(folder):
    columns = {"sample_id": np.array([11, 13, 15, 17]), "margin": np.ones(4)}
    path = write_part(folder, "train", "evaluation", 1, columns, 1)
    refuse(folder, str(path), "columns differ")


def test_epochs_with_unlike_columns(folder):
    shutil.rmtree(epoch_folder(folder, 2))
    columns = {"sample_id": np.arange(10, 18), "margin": np.ones(8)}
    write_part(folder, "train", "evaluation", 2, columns)
    refuse(folder, "epoch=2", "columns differ")


def test_file_without_ids(folder):
    path = epoch_folder(folder, 1) / "rank-0.parquet"
    pq.write_table(pa.table({"loss": [1.0]}), path)
    (epoch_folder(folder, 1) / "rank-1.parquet").unlink()
    refuse(folder, str(path), "sample_id")


def test_stored_value_not_finite(folder):
    columns = {"sample_id": np.array([11, 13, 15, 17]), "loss": np.array([1, np.nan, 1, 1])}
    write_part(folder, "train", "evaluation", 2, columns, 1)
    refuse(folder, "train/evaluation", "'loss' is not finite at epoch 2, sample 13")


def test_saving_again_replaces_what_was_there(tmp_path):
    Dynamics.from_arrays([7, 8, 9], loss=[*LOSS, LOSS[0]]).save(tmp_path)
    small().save(tmp_path)
    assert_same(Dynamics.load(tmp_path).stream(), small().stream())


# Writing


def test_part_of_an_unknown_column(tmp_path):
    with pytest.raises(DynamicsError, match=r"hardship.*expected sample_id and any of loss"):
        write_part(
            tmp_path, "train", "evaluation", 1, {"sample_id": np.arange(2), "hardship": np.ones(2)}
        )


def test_part_without_ids(tmp_path):
    with pytest.raises(DynamicsError, match="expected sample_id"):
        write_part(tmp_path, "train", "evaluation", 1, {"loss": np.ones(2)})


@pytest.mark.parametrize("length", [2, 4])
def test_part_with_columns_of_unlike_length(tmp_path, length):
    columns = {"sample_id": np.arange(3), "loss": np.ones(length)}
    with pytest.raises(DynamicsError, match="loss"):
        write_part(tmp_path, "train", "evaluation", 1, columns)


def realistic_epoch(count):
    """Logits of three classes, most samples learnt, as noisy in their last bits as real ones."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, count)
    logits = rng.normal(0, 1, (count, 3))
    logits[np.arange(count), label] += rng.normal(3, 2, count)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gold = np.eye(3)[label]
    return {
        "sample_id": np.arange(count) + 100_001,
        "loss": -np.log((p * gold).sum(axis=1)),
        "margin": (logits * gold).sum(axis=1) - np.where(gold > 0, -np.inf, logits).max(axis=1),
        "entropy": -(p * np.log(p)).sum(axis=1),
        "error_norm": np.linalg.norm(p - gold, axis=1),
        "predicted": logits.argmax(axis=1),
    }


def test_an_epoch_takes_at_most_16_bytes_a_sample(tmp_path):
    path = write_part(tmp_path, "train", "evaluation", 1, realistic_epoch(20_000))
    assert path.stat().st_size / 20_000 <= 16


def test_stored_types(tmp_path):
    path = write_part(tmp_path, "train", "evaluation", 1, realistic_epoch(50))
    schema = pq.read_schema(path)
    assert {f.name: f.type.to_pandas_dtype() for f in schema} == {
        "sample_id": np.int64,
        "loss": np.float32,
        "margin": np.float32,
        "entropy": np.float32,
        "error_norm": np.float32,
        "predicted": np.int32,
    }


def test_other_readers_can_read_the_files(folder):
    read = pd.read_parquet(folder / "dynamics" / "split=train")
    assert len(read) == 3 * 8
    assert set(read["epoch"].astype(int)) == {0, 1, 2}


def failing_write(table, where, **_):
    with open(where, "wb") as file:
        file.write(b"PAR1 half of it")
    raise OSError("no space left on device")


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(pq, "write_table", failing_write)
    with pytest.raises(OSError, match="no space left"):
        part(tmp_path, 1, [1, 2, 3])
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_failed_write_keeps_the_file_before(tmp_path, monkeypatch):
    path = part(tmp_path, 1, [1, 2, 3])
    before = path.read_bytes()
    monkeypatch.setattr(pq, "write_table", failing_write)
    with pytest.raises(OSError, match="no space left"):
        part(tmp_path, 1, [4, 5, 6])
    assert path.read_bytes() == before
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]


def test_leftovers_of_a_killed_write_are_not_read(folder):
    (epoch_folder(folder, 1) / "rank-0.parquet.123.tmp").write_bytes(b"PAR1")
    assert len(Dynamics.load(folder).stream()) == 8


def test_message_is_one_line():
    with pytest.raises(DynamicsError) as caught:
        Dynamics.from_arrays(np.arange(1000).repeat(2), loss=np.ones((1, 2000)))
    assert re.search(r"doubled sample ids, first: \[0, 1, 2, 3, 4\]", str(caught.value))
    assert "\n" not in str(caught.value)
