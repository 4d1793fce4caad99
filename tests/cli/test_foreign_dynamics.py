"""`difficulty score` on what others wrote, and the commands on runs that learnt nothing."""

import json

import numpy as np
import pytest
from training import tiny

from difficulty_lib import Dynamics


def write_cartography(folder):
    """Two epochs of three samples; "c" is never learnt."""
    (folder / "training_dynamics").mkdir(parents=True)
    for epoch, sure in enumerate((1.0, 3.0)):
        lines = [
            json.dumps({"guid": guid, f"logits_epoch_{epoch}": [z, 0.0], "gold": 0})
            for guid, z in (("c", -sure), ("a", sure), ("b", sure / 2))
        ]
        path = folder / "training_dynamics" / f"dynamics_epoch_{epoch}.jsonl"
        path.write_text("\n".join(lines), encoding="utf8")
    return folder


def test_score_of_cartography(difficulty, home, files):
    folder = write_cartography(home / "model")
    outcome = difficulty("score", folder, "--out", "s.csv")
    assert outcome.code == 0, outcome.err
    assert "train/training: 3 samples, hardest first by action_score" in outcome.out
    rows = files.read_csv(home / "s.csv")
    assert [row["name"] for row in rows] == ["c", "b", "a"]
    a = rows[2]
    p = [1 / (1 + np.exp(-z)) for z in (1.0, 3.0)]
    assert float(a["confidence"]) == pytest.approx(np.mean(p), rel=1e-6)
    assert float(a["variability"]) == pytest.approx(np.std(p), rel=1e-5)


def test_score_of_aum(difficulty, home, files):
    aum = pytest.importorskip("aum")
    torch = pytest.importorskip("torch")
    calculator = aum.AUMCalculator(str(home / "margins"), compressed=False)
    for z in (1.0, 2.0):
        logits = torch.tensor([[z, 0.0], [0.0, z], [3 * z, 0.0]])
        calculator.update(logits, torch.tensor([0, 0, 0]), [11, 12, 13])
    calculator.finalize()
    outcome = difficulty("score", home / "margins", "--by", "aum", "--out", "s.csv")
    assert outcome.code == 0, outcome.err
    rows = files.read_csv(home / "s.csv")
    assert [(row["sample_id"], float(row["aum"])) for row in rows] == [
        ("12", -1.5),
        ("11", 1.5),
        ("13", 4.5),
    ]
    assert "no 'loss'" in difficulty("score", home / "margins").one_line()  # by action_score


def test_bad_line_of_cartography(difficulty, home):
    folder = write_cartography(home / "model")
    path = folder / "training_dynamics" / "dynamics_epoch_1.jsonl"
    path.write_text(path.read_text("utf8")[:-5], encoding="utf8")
    assert "dynamics_epoch_1.jsonl, line 3: not JSON" in difficulty("score", folder).one_line()


@pytest.fixture
def collapsed(home):
    label = np.arange(60) % 3
    logits = np.broadcast_to([0.3, 0.0, 0.0], (2, 60, 3))
    Dynamics.from_logits(np.arange(60), logits, label).save(home / "run")
    return home / "run"


def test_collapsed_run(difficulty, collapsed):
    line = difficulty("score", collapsed).one_line()
    assert "the run learnt nothing (constant predictions: class 0 for all 60 samples" in line
    assert difficulty("score", collapsed, "--name", "confidence").one_line() == line
    outcome = difficulty("score", collapsed, "--allow-collapsed")
    assert (outcome.code, outcome.err) == (0, "")


def test_rank_of_a_model_that_learns_nothing(rank, home, files, tmp_path):
    flat = tiny.tiny_model()
    flat.classifier.weight.data.zero_()
    flat.classifier.bias.data[0] = 0.3
    flat.save_pretrained(tmp_path / "flat")
    tiny.tiny_tokenizer().save_pretrained(tmp_path / "flat")
    texts, labels = tiny.labelled_texts(24)
    rows = [{"text": text, "label": str(label)} for text, label in zip(texts, labels)]
    file = files.write_csv(home / "rows.csv", rows)
    outcome = rank(file, "--model", tmp_path / "flat", "--learning-rate", "1e-12", "--keep", "kept")
    assert "the run learnt nothing (constant predictions" in outcome.one_line()
    record = json.loads((home / "kept" / "run.json").read_text("utf8"))
    (found,) = record["health"].values()
    assert list(record["health"]) == ["train/training"]
    assert [message.split(":")[0] for message in found] == [
        "constant predictions",
        "loss not below chance",
    ]


def test_rank_of_a_model_that_learns_says_nothing(rank, home, files):
    texts, labels = tiny.labelled_texts(24)
    rows = [{"text": text, "label": str(label)} for text, label in zip(texts, labels)]
    outcome = rank(files.write_csv(home / "rows.csv", rows), "--keep", "kept")
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads((home / "kept" / "run.json").read_text("utf8"))["health"] == {}
