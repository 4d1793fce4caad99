"""Files as cartography writes them, scored as its own formulas say."""

import json
import math

import numpy as np
import pytest
from refusals import raises_one_line

from difficulty_lib import score_table
from difficulty_lib._errors import DynamicsError
from difficulty_lib.readers import read_cartography


def write(folder, logits, gold, guids, seed=0):
    """(E, N, K) logits as cartography's log_training_dynamics writes them, shuffled each epoch."""
    (folder / "training_dynamics").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for epoch, rows in enumerate(logits):
        lines = [
            json.dumps(
                {
                    "guid": guids[i],
                    f"logits_epoch_{epoch}": [float(v) for v in rows[i]],
                    "gold": int(gold[i]),
                }
            )
            for i in rng.permutation(len(rows))
        ]
        place = folder / "training_dynamics" / f"dynamics_epoch_{epoch}.jsonl"
        place.write_text("\n".join(lines) + "\n", encoding="utf8")
    return folder


def simulated(epochs=4, samples=30, classes=3, seed=1):
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, classes, samples)
    logits = rng.normal(0, 2, (epochs, samples, classes))
    logits[:, np.arange(samples), gold] += np.linspace(0, 3, epochs)[:, None]
    return logits, gold


def data_map(logits, gold):
    """Per sample: confidence, variability and correctness, in loops that read as the paper does."""
    found = []
    for i, y in enumerate(gold):
        trend, right = [], 0
        for row in logits[:, i]:
            total = sum(math.exp(v) for v in row)
            trend.append(math.exp(row[y]) / total)
            right += int(max(range(len(row)), key=lambda k: row[k]) == y)
        mean = sum(trend) / len(trend)
        spread = math.sqrt(sum((p - mean) ** 2 for p in trend) / len(trend))
        found.append((mean, spread, right / len(trend)))
    return np.array(found)


@pytest.mark.parametrize("kind", ["integers", "texts"])
def test_data_map(tmp_path, kind):
    logits, gold = simulated()
    numbers = np.random.default_rng(2).permutation(1000)[: len(gold)]
    guids = numbers.tolist() if kind == "integers" else [f"train-{n}" for n in numbers]
    dynamics = read_cartography(write(tmp_path, logits, gold, guids))
    assert dynamics.keys == [("train", "training")]
    stream = dynamics.stream()
    assert stream.epochs.tolist() == [1, 2, 3, 4]
    names = ["confidence", "variability", "correctness"]
    table = score_table(stream, names).assign(guid=dynamics.names).set_index("guid")
    np.testing.assert_allclose(table.loc[guids].to_numpy(), data_map(logits, gold), rtol=1e-6)
    assert stream.label[dynamics.names.tolist().index(guids[7])] == gold[7]


def test_integers_stay_the_ids(tmp_path):
    logits, gold = simulated(samples=3)
    dynamics = read_cartography(write(tmp_path, logits, gold, [70, -2, 8]))
    assert dynamics.stream().ids.tolist() == dynamics.names.tolist() == [-2, 8, 70]


def test_texts_are_numbered_in_order(tmp_path):
    logits, gold = simulated(samples=4)
    names = read_cartography(write(tmp_path, logits, gold, ["b", "é", 1, "1"])).names
    assert names.to_dict() == {0: 1, 1: "1", 2: "b", 3: "é"}


def test_folder_of_the_files_themselves(tmp_path):
    logits, gold = simulated()
    write(tmp_path, logits, gold, list(range(30)))
    assert len(read_cartography(tmp_path / "training_dynamics", split="dev").stream("dev")) == 30


@pytest.fixture
def folder(tmp_path):
    logits, gold = simulated(epochs=2, samples=3)
    return write(tmp_path, logits, gold, ["a", "b", "c"])


GOOD = {"guid": "a", "logits_epoch_1": [1.0, 2.0, 3.0], "gold": 0}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[1]", 'no "guid"'),
        (json.dumps(GOOD | {"guid": None}), "guid is None"),
        (json.dumps({"guid": "a", "logits_epoch_0": [1, 2, 3], "gold": 0}), 'no "logits_epoch_1"'),
        (json.dumps(GOOD | {"logits_epoch_1": [1.0]}), "two or more finite numbers"),
        (json.dumps(GOOD | {"logits_epoch_1": [1.0, float("nan"), 0.0]}), "finite"),
        (json.dumps(GOOD | {"logits_epoch_1": ["x", 1, 2]}), "finite"),
        (json.dumps(GOOD | {"logits_epoch_1": [[1.0, 2.0, 3.0]]}), "finite"),
        (json.dumps(GOOD | {"gold": 3}), "gold is 3; expected 0 to 2"),
        (json.dumps(GOOD | {"gold": "0"}), "gold is '0'"),
        (json.dumps(GOOD | {"gold": True}), "gold is True"),
        (json.dumps(GOOD | {"logits_epoch_1": [1.0, 2.0]}), "2 logits; expected 3 as above"),
        (json.dumps(GOOD | {"guid": "z"}), "guid 'z' is not in epoch 0"),
    ],
)
def test_bad_line(folder, line, message):
    path = folder / "training_dynamics" / "dynamics_epoch_1.jsonl"
    lines = path.read_text("utf8").splitlines()
    path.write_text("\n".join([lines[0], line, lines[2]]), encoding="utf8")
    raises_one_line(
        lambda: read_cartography(folder), f"{path}, line 2", message, kind=DynamicsError
    )


def test_repeated_guid(folder):
    path = folder / "training_dynamics" / "dynamics_epoch_1.jsonl"
    lines = path.read_text("utf8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]), encoding="utf8")
    raises_one_line(
        lambda: read_cartography(folder), f"{path}, line 4", "line 2", kind=DynamicsError
    )


def test_missing_guid(folder):
    path = folder / "training_dynamics" / "dynamics_epoch_1.jsonl"
    lines = path.read_text("utf8").splitlines()
    path.write_text("\n".join(lines[:2]), encoding="utf8")
    gone = json.loads(lines[2])["guid"]
    raises_one_line(
        lambda: read_cartography(folder), str(path), f"{gone!r} is missing", kind=DynamicsError
    )


def test_gold_that_changes(folder):
    path = folder / "training_dynamics" / "dynamics_epoch_1.jsonl"
    first, *rest = path.read_text("utf8").splitlines()
    record = json.loads(first)
    record["gold"] = (record["gold"] + 1) % 3
    path.write_text("\n".join([json.dumps(record), *rest]), encoding="utf8")
    raises_one_line(
        lambda: read_cartography(folder), f"{path}, line 1", "earlier epoch", kind=DynamicsError
    )


def test_missing_epoch_or_files(folder, tmp_path):
    place = folder / "training_dynamics"
    (place / "dynamics_epoch_0.jsonl").rename(place / "dynamics_epoch_2.jsonl")
    raises_one_line(
        lambda: read_cartography(folder), "dynamics_epoch_0.jsonl is missing", kind=DynamicsError
    )
    raises_one_line(
        lambda: read_cartography(tmp_path / "no"), "no dynamics_epoch_<n>", kind=DynamicsError
    )
    for path in place.iterdir():
        path.unlink()
    (place / "dynamics_epoch_0.jsonl").touch()
    raises_one_line(lambda: read_cartography(folder), "empty", kind=DynamicsError)
    (place / "dynamics_epoch_0.jsonl").write_bytes(b'{"guid": "\xff"}')
    raises_one_line(lambda: read_cartography(folder), "UTF-8", kind=DynamicsError)
