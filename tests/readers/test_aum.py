"""Files that the package `aum` itself has written."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib import ranking, score_table
from difficulty_lib._errors import DynamicsError
from difficulty_lib.readers import read_aum, read_aum_values

aum_package = pytest.importorskip("aum")


def record(folder, ids, *, compressed=False, epochs=4, classes=3, seed=0):
    """Train nothing: random logits, in other batches each epoch, through AUMCalculator."""
    import torch

    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, len(ids))
    logits = rng.normal(0, 2, (epochs, len(ids), classes)).astype(np.float32)
    calculator = aum_package.AUMCalculator(str(folder), compressed=compressed)
    for rows in logits:
        for batch in np.array_split(rng.permutation(len(ids)), 4):
            calculator.update(
                torch.from_numpy(rows[batch]),
                torch.from_numpy(label[batch]),
                [ids[i] for i in batch],
            )
    calculator.finalize()
    return logits, label


@pytest.mark.parametrize(
    "ids", [list(range(5, 35)), [f"s{n}" for n in range(30)]], ids=["integers", "texts"]
)
def test_records(tmp_path, ids):
    logits, label = record(tmp_path, ids)
    dynamics = read_aum(tmp_path)
    stream = dynamics.stream("train", "training")
    place = [ids.index(name) for name in dynamics.names]
    np.testing.assert_array_equal(stream.label, label[place])
    np.testing.assert_array_equal(stream.columns["predicted"], logits.argmax(axis=2)[:, place])
    wanted = pd.read_csv(tmp_path / "aum_values.csv").set_index("sample_id")["aum"]
    found = score_table(stream, ["aum"])["aum"]
    np.testing.assert_allclose(found, wanted.loc[dynamics.names].to_numpy(), rtol=1e-6)
    others = logits.copy()
    np.put_along_axis(others, np.broadcast_to(label[None, :, None], (4, 30, 1)), -np.inf, axis=2)
    gold = np.take_along_axis(logits, np.broadcast_to(label[None, :, None], (4, 30, 1)), axis=2)
    margin = gold[..., 0] - others.max(axis=2)
    np.testing.assert_allclose(stream.matrix("margin"), margin[:, place], rtol=1e-6)


def test_file_itself(tmp_path):
    record(tmp_path, list(range(12)))
    assert len(read_aum(tmp_path / "full_aum_records.csv", split="mine").stream("mine")) == 12


def test_compressed_values(tmp_path):
    record(tmp_path, [f"s{n}" for n in range(20)], compressed=True)
    found = read_aum_values(tmp_path)
    written = pd.read_csv(tmp_path / "aum_values.csv").set_index("sample_id")["aum"]
    assert found.to_dict() == pytest.approx(written.to_dict(), rel=1e-15)
    assert ranking(found).index[0] == written.idxmin()
    raises_one_line(lambda: read_aum(tmp_path), "read_aum_values", kind=DynamicsError)


def test_integers_written_are_integers_read(tmp_path):
    ids = [7, 9, 8, 11, -3, 40, 2, 0]  # a batch of one sample breaks the package
    record(tmp_path, ids, compressed=True)
    assert sorted(read_aum_values(tmp_path).index) == sorted(ids)


@pytest.fixture
def path(tmp_path):
    record(tmp_path, [1, 2, 3, 4, 5, 6, 7, 8], epochs=2)
    return tmp_path / "full_aum_records.csv"


def change(path, line, column, value):
    """Line 1 is the header."""
    table = pd.read_csv(path, dtype=str)
    table.loc[line - 2, column] = value
    table.to_csv(path, index=False)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("margin", "x", "margin is 'x'; expected a finite number"),
        ("margin", "", "margin is ''"),
        ("margin", "inf", "margin is 'inf'"),
        ("target_logit", "0.5", "target_logit is '0.5'; expected a whole number"),
        ("num_measurements", "0", "num_measurements is '0'"),
        ("num_measurements", "2", "measurement 2 of sample"),
    ],
)
def test_bad_line(path, column, value, message):
    change(path, 4, column, value)
    line = "line 5" if message.startswith("measurement") else "line 4"
    raises_one_line(lambda: read_aum(path), f"{path}, {line}", message, kind=DynamicsError)


def test_target_that_changes(path):
    table = pd.read_csv(path)
    change(path, 4, "target_logit", str((table["target_logit"][2] + 1) % 3))
    raises_one_line(lambda: read_aum(path), "the target of sample 2 changes", kind=DynamicsError)


def test_missing_measurement(path):
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]))
    raises_one_line(
        lambda: read_aum(path), "sample 8 has 1 measurements, others 2", kind=DynamicsError
    )


def test_other_files(path, tmp_path):
    path.write_text("a,b\n1,2\n")
    raises_one_line(lambda: read_aum(path), "line 1", "'sample_id'", kind=DynamicsError)
    path.write_text("")
    raises_one_line(lambda: read_aum(path), "not readable as CSV", kind=DynamicsError)
    path.write_bytes(b"\xff\xfe\xff")
    raises_one_line(lambda: read_aum(path), str(path), kind=DynamicsError)
    path.write_text("sample_id,aum\n")
    raises_one_line(lambda: read_aum_values(path), "no rows", kind=DynamicsError)
    path.write_text("sample_id,aum\n1,2\n1,3\n")
    raises_one_line(lambda: read_aum_values(path), "line 3", "already", kind=DynamicsError)
    raises_one_line(lambda: read_aum_values(tmp_path / "no"), "no such file", kind=DynamicsError)
