"""`difficulty data`, `run` and `score`, and what the command says where it cannot go on."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from training import tiny

from difficulty_lib import Dynamics
from difficulty_lib.data import DATASETS

differs = pytest.mark.filterwarnings("default:emotion .mirror.*differ:UserWarning")


def in_a_process(*arguments, before="", **environment):
    """The command in a process of its own, with what must be so before anything is imported."""
    root = str(Path(__file__).parents[2])
    code = f"import sys\n{before}\nfrom difficulty_lib.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": root, **environment},
    )


# --- data --------------------------------------------------------------------------------------


def test_data_lists_the_registry(difficulty):
    outcome = difficulty("data")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert len(lines) == len(DATASETS)
    for line, spec in zip(lines, DATASETS.values()):
        assert line.startswith(f"{spec.name}: {spec.title}")
        assert all(f"{name} {split.rows:,}" in line for name, split in spec.splits.items())
        assert spec.licence in line


def test_data_of_a_mirror(difficulty, tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "data")))
    outcome = difficulty("data", "emotion")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == "emotion: from mirror"
    assert lines[1].startswith("  train: 24 rows (sadness 8, joy 8, love 8)")
    assert all("differs from the registry" in line for line in lines[1:4])


def test_data_that_the_registry_does_not_know(difficulty):
    line = difficulty("data", "emotions").one_line()
    assert "'emotions'" in line
    assert "emotion" in line
    assert "rated-sentences" in line


def test_an_incomplete_mirror_is_named(difficulty, tmp_path, monkeypatch):
    folder = tiny.write_mirror(tmp_path / "data")
    monkeypatch.setenv("DIFFICULTY_DATA", str(folder))
    (folder / "emotion" / "test.parquet").unlink()
    assert str(folder / "emotion" / "test.parquet") in difficulty("data", "emotion").one_line()


def test_data_offline_with_nothing_says_what_to_set(tmp_path):
    done = in_a_process(
        "data", "emotion", HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path), DIFFICULTY_DATA=""
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "DIFFICULTY_DATA" in done.stderr
    assert "emotion" in done.stderr


@pytest.mark.parametrize(
    ("module", "arguments"),
    [("typer", ["data"]), ("torch", ["run", "--data", "emotion", "--quiet"])],
)
def test_a_missing_extra_is_named(tmp_path, module, arguments):
    data = tiny.write_mirror(tmp_path / "data")
    done = in_a_process(
        *arguments,
        before=f"sys.modules[{module!r}] = None",
        DIFFICULTY_DATA=str(data),
        DIFFICULTY_RUNS=str(tmp_path / "runs"),
        PYTHONWARNINGS="ignore",
    )
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert last.startswith(f"difficulty: {module} is not installed")
    assert "'train'" in last
    assert "difficulty-lib[train]" in last


# --- run and score -----------------------------------------------------------------------------


@pytest.fixture
def small_study(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "data")))
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def run(difficulty, tiny_folder):
    fixed = ["--data", "emotion", "--model", tiny_folder, "--epochs", 3, "--batch-size", 8]
    fixed += ["--learning-rate", "5e-3", "--precision", "float32", "--quiet"]
    return lambda *options: difficulty("run", *fixed, *options)


@differs
def test_run_then_score(run, difficulty, home, small_study, files):
    outcome = run("--split", "test", "--record-training")
    assert outcome.code == 0, outcome.err
    assert outcome.err.splitlines() == [
        line for line in outcome.err.splitlines() if line.startswith("difficulty: note: emotion")
    ]
    folder = next(small_study.iterdir())
    said = outcome.out.splitlines()
    assert said[-1].endswith(str(folder))
    losses = np.array(
        [tiny.read_part(folder, "test", "evaluation", epoch)["loss"] for epoch in (1, 2, 3)],
        dtype=np.float64,
    )
    labels = {r["sample_id"]: r["label"] for r in samples(folder, "test")}
    last = tiny.read_part(folder, "test", "evaluation", 3)
    right = (last["predicted"] == last["sample_id"].map(labels)).mean()
    assert said[0] == f"test accuracy: {right:.3f}"

    options = ["--stream", "evaluation", "--by", "pvi", "--out", "pvi.csv"]
    assert difficulty("score", folder, "--split", "test", *options).code == 0
    frequent = np.log2(3)  # the mirror has each of three labels as often
    bits = {i: frequent - loss / np.log(2) for i, loss in zip(last["sample_id"], losses[-1])}
    for row in files.read_csv(home / "pvi.csv"):
        assert float(row["pvi"]) == pytest.approx(bits[int(row["sample_id"])], abs=1e-4)

    scored = difficulty("score", folder, "--split", "test", "--out", "scores.csv")
    assert (scored.code, scored.err) == (0, "")
    table = files.read_csv(home / "scores.csv")
    action = dict(zip(last["sample_id"], losses.sum(axis=0)))
    assert [int(row["sample_id"]) for row in table] == sorted(action, key=action.get, reverse=True)
    for row in table:
        assert float(row["action_score"]) == pytest.approx(action[int(row["sample_id"])], rel=1e-4)
    assert [int(row["rank"]) for row in table] == list(range(1, len(table) + 1))


def samples(folder, split):
    import pyarrow.parquet as pq

    return pq.ParquetFile(folder / "dynamics" / "samples" / f"{split}.parquet").read().to_pylist()


@differs
def test_run_again_finds_the_run(run, small_study, monkeypatch):
    first = run()
    assert first.code == 0, first.err

    def fail(*args, **kwargs):
        raise AssertionError("it trains")

    monkeypatch.setattr("difficulty_lib.training._runs.train_run", fail)
    assert run().out == first.out
    assert len(list(small_study.iterdir())) == 1


@differs
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--split", "dev"], "dev"),
        (["--precision", "float64"], "float64"),
        (["--data", "emotions"], "emotions"),
        (["--model", "nobody/no-such-model"], "nobody/no-such-model"),
        (["--learning-rate", "1e30"], "step 2"),
        (["--seed", "-3"], "seed"),
    ],
)
def test_run_refuses_in_one_line(run, small_study, options, says):
    outcome = run(*options)
    assert outcome.code == 2, outcome.err
    assert outcome.out == ""
    lines = [line for line in outcome.err.splitlines() if ": note: " not in line]
    assert len(lines) == 1
    assert says in lines[0]
    assert not small_study.exists() or list(small_study.iterdir()) == []


@pytest.fixture
def recorded(home):
    """Dynamics of 5 samples over 3 epochs; the hardest are 40, 10, 20, 50, 30."""
    loss = np.array([0.9, 0.5, 0.1, 2.0, 0.3]) * np.array([[1.0], [0.9], [0.8]])
    ids = [10, 20, 30, 40, 50]
    Dynamics.from_arrays(ids, label=[0, 1, 0, 1, 0], loss=loss, margin=1 - loss).save(home / "run")
    return home / "run"


def test_score_prints_the_hardest_first(difficulty, recorded):
    outcome = difficulty("score", recorded, "--top", 3)
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == "train/evaluation: 5 samples, hardest first by action_score"
    assert [int(line.split()[0]) for line in lines[2:]] == [40, 10, 20]


def test_score_by_a_score_whose_low_end_is_hard(difficulty, recorded, home, files):
    assert difficulty("score", recorded, "--by", "aum", "--out", "s.csv").code == 0
    table = files.read_csv(home / "s.csv")
    assert [int(row["sample_id"]) for row in table] == [40, 10, 20, 50, 30]


def test_score_gives_the_named_scores_alone(difficulty, recorded, home, files):
    options = ["--name", "aum", "--name", "confidence", "--by", "aum", "--out", "s.csv"]
    assert difficulty("score", recorded, *options).code == 0
    assert list(files.read_csv(home / "s.csv")[0]) == ["sample_id", "aum", "confidence", "rank"]


def another(recorded, ids=(10, 20, 30, 40, 50)):
    """A second run: the losses of the first, turned round."""
    loss = np.array([0.3, 2.0, 0.1, 0.5, 0.9]) * np.array([[1.0], [0.9], [0.8]])
    folder = recorded.with_name("run-2")
    Dynamics.from_arrays(ids, label=[0, 1, 0, 1, 0], loss=loss, margin=1 - loss).save(folder)
    return folder


def test_score_of_several_runs_is_their_mean(difficulty, recorded, home, files):
    both = [recorded, another(recorded)]
    options = ["--by", "ensemble_loss", "--out", "s.csv"]
    outcome = difficulty("score", *both, *options)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0] == (
        "train/evaluation of 2 runs: 5 samples, hardest first by ensemble_loss"
    )
    table = files.read_csv(home / "s.csv")
    mean = {10: 0.6, 20: 1.25, 30: 0.1, 40: 1.25, 50: 0.6}
    assert [int(row["sample_id"]) for row in table] == [20, 40, 10, 50, 30]
    for row in table:
        wanted = mean[int(row["sample_id"])]
        assert float(row["ensemble_loss"]) == pytest.approx(0.8 * wanted, rel=1e-5)
        assert float(row["action_score"]) == pytest.approx(2.7 * wanted, rel=1e-5)


def test_runs_of_other_samples_are_not_averaged(difficulty, recorded, home, files):
    other = another(recorded, ids=(10, 20, 30, 41, 50))
    before = files.under(home)
    line = difficulty("score", recorded, other, "--out", "s.csv").one_line()
    assert "run 2 of 2 lacks 1 samples of the first, first: 40" in line
    assert files.under(home) == before


def truncate(folder):
    part = next(folder.glob("dynamics/split=train/*/epoch=2/*.parquet"))
    part.write_bytes(part.read_bytes()[:30])


def lose_an_epoch(folder):
    next(folder.glob("dynamics/split=train/*/epoch=2/*.parquet")).unlink()


def lose_samples(folder):
    (folder / "dynamics" / "samples" / "train.parquet").write_bytes(b"PAR1")


def lose_everything(folder):
    (folder / "dynamics").rename(folder / "elsewhere")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (truncate, "epoch=2"),
        (lose_an_epoch, "epoch"),
        (lose_samples, "train.parquet"),
        (lose_everything, "dynamics"),
    ],
)
def test_score_of_damaged_dynamics(difficulty, recorded, home, files, damage, says):
    damage(recorded)
    before = files.under(home)
    line = difficulty("score", recorded, "--out", "scores.csv").one_line()
    assert says in line
    assert "run" in line
    assert files.under(home) == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--split", "test"], "test"),
        (["--stream", "training"], "training"),
        (["--by", "nonsense"], "nonsense"),
        (["--name", "nonsense"], "nonsense"),
        (["--by", "action_score_initial"], "epoch 0"),
        (["--by", "el2n"], "error_norm"),
        (["--by", "pvi"], "kept from the model"),
        (["--by", "second_split_forgetting"], "second_split alone"),
        (["--by", "ensemble_loss"], "several runs"),
        (["--out", "scores.xlsx"], ".xlsx"),
        (["--out", "nowhere/scores.csv"], "nowhere"),
    ],
)
def test_score_refuses_in_one_line(difficulty, recorded, home, files, options, says):
    before = files.under(home)
    assert says in difficulty("score", recorded, *options).one_line()
    assert files.under(home) == before


def test_score_of_no_folder(difficulty):
    assert "nowhere" in difficulty("score", "nowhere").one_line()


def test_a_text_with_a_lone_carriage_return_stays_one_row(tmp_path):
    import pandas as pd

    from difficulty_lib.cli._files import write_table
    from difficulty_lib.data import read_table_file

    table = pd.DataFrame({"text": ["one\rtwo", "a\r\nb", "plain"], "score": [1.5, 2.0, 3.0]})
    write_table(table, tmp_path / "rows.csv")
    found = read_table_file(tmp_path / "rows.csv")
    assert found["text"].tolist() == table["text"].tolist()
    assert found["score"].astype(float).tolist() == table["score"].tolist()
