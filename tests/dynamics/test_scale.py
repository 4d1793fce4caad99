"""What makes millions of samples possible: blocks, columns read alone, bytes, memory."""

import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

from difficulty_lib import SCORES, Dynamics, score_table
from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import write_part, write_samples
from difficulty_lib.dynamics._columns import STATIC
from difficulty_lib.scores import _blocks


@pytest.fixture(params=["training", "cross_validated", "second_split"])
def everything(request, simulation):
    """With every column, so that each score is allowed in one of the streams."""
    rng = np.random.default_rng(0)
    columns = simulation.columns()
    shape = columns["loss"].shape
    columns |= {"gradient_norm": rng.exponential(1, shape), "learning_rate": rng.random(shape)}
    made = Dynamics.from_arrays(
        simulation.ids,
        label=simulation.label,
        epochs=np.arange(shape[0]),
        stream=request.param,
        **columns,
    )
    return made.stream().with_static(**{name: rng.exponential(1, shape[1]) for name in STATIC})


@pytest.mark.parametrize("block", [1, 7, 40, 64])
def test_blocks_give_what_the_function_gives_on_all(everything, block, monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK", block)
    checked = 0
    for name, entry in SCORES.items():
        if entry.available(everything):
            wanted = entry.function(*(everything.matrix(need) for need in entry.needs))
            np.testing.assert_allclose(entry(everything), wanted, rtol=1e-12, atol=0, err_msg=name)
            checked += 1
    assert checked > 10 or everything.stream == "second_split"


def test_every_score_of_one_run_is_covered_by_some_stream(simulation):
    streams = {entry.only_stream or entry.default_stream for entry in SCORES.values()}
    assert streams <= {"evaluation", "training", "cross_validated", "second_split"}


def test_table_is_what_the_scores_are(everything, monkeypatch):
    monkeypatch.setattr(_blocks, "BLOCK", 16)
    table = score_table(everything)
    for name in table:
        np.testing.assert_array_equal(table[name], SCORES[name](everything))


def test_matrix_of_a_slice(stream):
    some = slice(5, 17)
    for name in [*stream.columns, "gold_probability", "max_probability", "correct"]:
        np.testing.assert_array_equal(stream.matrix(name, some), stream.matrix(name)[:, some])
    for name in ("initial_loss", "initial_correct", "label"):
        np.testing.assert_array_equal(stream.matrix(name, some), stream.matrix(name)[some])


# Columns read alone


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        (["margin"], {"margin", "loss", "predicted"}),
        (["gold_probability"], {"loss", "predicted"}),
        (["correct", "entropy"], {"margin", "entropy", "loss", "predicted"}),
        (["initial_error_norm"], {"error_norm", "loss", "predicted"}),
        (["label", "null_loss"], {"loss", "predicted"}),
    ],
)
def test_columns_read_alone(dynamics, tmp_path, asked, read):
    dynamics.save(tmp_path)
    whole = dynamics.stream()
    some = Dynamics.load(tmp_path, columns=asked).stream()
    assert set(some.columns) == read
    for name in read:
        np.testing.assert_array_equal(some.columns[name], whole.columns[name])
    np.testing.assert_array_equal(some.label, whole.label)


def test_columns_that_no_one_has(dynamics, tmp_path):
    dynamics.save(tmp_path)
    with pytest.raises(DynamicsError, match=r"unknown column 'hardship'; expected some of loss"):
        Dynamics.load(tmp_path, columns=["loss", "hardship"])
    some = Dynamics.load(tmp_path, columns=["gradient_norm"]).stream()
    with pytest.raises(DynamicsError, match="no 'gradient_norm'"):
        some.matrix("gradient_norm")


def test_columns_of_several_ranks(tmp_path):
    write_samples(tmp_path, "train", np.arange(6), None)
    for rank in (0, 1):
        ids = np.arange(rank, 6, 2)
        columns = {"sample_id": ids, "loss": ids / 4, "margin": ids * 2.0}
        write_part(tmp_path, "train", "training", 1, columns, rank)
    some = Dynamics.load(tmp_path, columns=["loss"]).stream()
    assert set(some.columns) == {"loss"}
    assert some.matrix("loss").tolist() == [[0, 0.25, 0.5, 0.75, 1, 1.25]]


# Bytes


@pytest.mark.parametrize("classes", [2, 6, 20])
def test_an_epoch_takes_at_most_16_bytes_a_sample(tmp_path, classes):
    rng = np.random.default_rng(0)
    count = 150_000
    label = rng.integers(0, classes, count)
    skill = rng.normal(1.5, 1.0, count)
    ids = np.sort(rng.choice(10 * count, count, replace=False))
    sizes = []
    for epoch in (1, 3, 6):
        logits = rng.normal(0, 1.5, (1, count, classes))
        logits[0, np.arange(count), label] += epoch * skill
        made = Dynamics.from_logits(ids, logits, label).stream()
        columns = {name: values[0] for name, values in made.columns.items()}
        path = write_part(tmp_path, "train", "training", epoch, {"sample_id": ids, **columns})
        sizes.append(path.stat().st_size / count)
        with pq.ParquetFile(path) as file:
            back = file.read(["loss"])["loss"].to_numpy()
        np.testing.assert_array_equal(back, columns["loss"])  # to the bit
    assert max(sizes) < 15.5


# Memory

MEASURED = """
import sys
from difficulty_lib import Dynamics, score_table

score_table(Dynamics.load(sys.argv[1]).stream(), ["action_score", "aum", "confidence"])
with open("/proc/self/status") as file:
    print(next(1024 * int(line.split()[1]) for line in file if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_of_reading_and_scoring(tmp_path):
    epochs, counts = 6, (50_000, 450_000)
    peaks, sizes = [], []
    for count in counts:
        rng = np.random.default_rng(0)
        columns = {
            name: rng.exponential(1, (epochs, count)).astype(np.float32)
            for name in ("loss", "margin", "entropy", "error_norm")
        }
        folder = tmp_path / str(count)
        Dynamics.from_arrays(np.arange(count), **columns).save(folder)
        command = [sys.executable, "-c", MEASURED, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
        sizes.append(sum(values.nbytes for values in columns.values()))
    # The columns once, the results, one epoch as it is read and the reader's own memory: some 2.5
    # times the columns. With a second copy of them and matrices in float64 it was over 4.
    assert 1 < (peaks[1] - peaks[0]) / (sizes[1] - sizes[0]) < 3.3
