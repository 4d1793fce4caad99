"""The benchmark's cells: who competes, in which direction, and the table of what they reach."""

import sys
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from training import tiny

from difficulty_lib._errors import ConfigError, DataError, DynamicsError
from difficulty_lib.audit import (
    ENSEMBLES,
    LABEL_QUALITY,
    MEASURE_NAMES,
    CellContestants,
    audit_measures,
    benchmark_configs,
    benchmark_table,
    cell_contestants,
    compare_contestants,
    confident_learning,
    embedding_probabilities,
    measure_table,
    neighbour_disagreement,
    oriented,
    run_cell,
    training_embedding,
)
from difficulty_lib.corruptions import contradict_duplicates
from difficulty_lib.data import TextData, load_data
from difficulty_lib.scores import SCORES, score_table
from difficulty_lib.training import RunConfig, cross_validate, fold_probabilities, get_or_train
from difficulty_lib.training._cross_validation import fold_runs, together

pytest.importorskip("sklearn")
pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)
FLIPS, COPIES = ["flip_labels", 0.2], ["contradict_duplicates", 0.2]


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


def data(count=60):
    return TextData(
        name="own",
        splits={"train": tiny.labelled_frame(count)},
        text_columns=("text",),
        label_names=("bad", "good", "neither"),
        origin="file",
    )


def base(folder="minilm", **settings):
    defaults = {
        "dataset": "own",
        "model": str(folder),
        "epochs": 2,
        "batch_size": 8,
        "learning_rate": 5e-3,
        "precision": "float32",
    }
    return RunConfig(**(defaults | settings))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, tiny_folder, one_thread):
    """(two cells, their contestants, the folder of the runs), for tests that change nothing."""
    runs = tmp_path_factory.mktemp("benchmark")
    cells = benchmark_configs(base(tiny_folder), [FLIPS], [1, 2], folds=2)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr("torch.cuda.is_available", lambda: False)
        found = [
            run_cell(
                cell, data(), runs=runs, progress=False, embedding="tfidf", allow_collapsed=True
            )
            for cell in cells
        ]
    return cells, found, runs


# --- cells -------------------------------------------------------------------------------------


def test_a_cell_for_every_corruption_rate_and_seed():
    cells = benchmark_configs(base(), [FLIPS, ("flip_labels", 0.1), COPIES], [1, 5])
    assert [(cell.corruption, cell.rate, cell.seed) for cell in cells] == [
        (name, rate, seed)
        for name, rate in (
            ("flip_labels", 0.2),
            ("flip_labels", 0.1),
            ("contradict_duplicates", 0.2),
        )
        for seed in (1, 5)
    ]
    for cell in cells:
        assert cell.config.seed == cell.seed
        assert cell.config.intervention == {"corrupted": [cell.corruption, cell.rate]}
        assert cell.config.evaluation_splits == ("train",)
        assert cell.config.record_training
        assert cell.configs == (cell.config,)


def test_folds_are_those_of_cross_validation(recorded):
    """They are found where `cross_validate` looks, and hold probabilities."""
    cells, _, runs = recorded
    for cell in cells:
        assert len(cell.folds) == 2
        asked = replace(cell.config, record_probabilities=True)
        done = fold_runs(asked, data(), 2, runs=runs, progress=False)
        assert [run.config.intervention["fold"] for run in done] == [[0, 2], [1, 2]]
        assert [run.hash for run in done] == [
            replace(fold, data_fingerprint=data().fingerprint()).hash for fold in cell.folds
        ]
        assert fold_probabilities(done).shape == (60, 3)


@pytest.mark.parametrize(
    ("corruptions", "seeds", "says"),
    [
        ([], [1], "0 corruptions"),
        ([FLIPS], [], "0 seeds"),
        ([FLIPS, FLIPS], [1], "more than once"),
        (["flip_labels"], [1], "(name, rate)"),
        ([["flip_labels"]], [1], "(name, rate)"),
    ],
)
def test_cells_that_cannot_be_are_refused(corruptions, seeds, says):
    raises_one_line(lambda: benchmark_configs(base(), corruptions, seeds), says, kind=ConfigError)
    raises_one_line(lambda: benchmark_configs(base(), [FLIPS], [1], folds=1), kind=ConfigError)


# --- contestants -------------------------------------------------------------------------------


def test_everyone_competes(recorded):
    pytest.importorskip("cleanlab")
    cells, found, runs = recorded
    run = get_or_train(cells[0].config, data(), runs=runs, progress=False)
    names = set(found[0].contestants)
    for stream in ("training", "evaluation"):
        scored = score_table(run.dynamics.stream("train", stream), allow_collapsed=True)
        assert {f"{name}/{stream}" for name in scored} <= names
    for by in ("cross_validated", "embedding"):
        assert {f"cleanlab_{name}/{by}" for name in LABEL_QUALITY} <= names
        assert f"confident_learning/{by}" in names
    assert {"self_confidence/cross_validated", "pvi/cross_validated"} <= names
    assert {"confidence_weighted_entropy/cross_validated", "neighbour_disagreement/10"} <= names
    assert {"random", *ENSEMBLES} <= names
    assert names == set(found[1].contestants)


def test_the_truth_is_the_runs(recorded):
    cells, found, runs = recorded
    for cell, one in zip(cells, found):
        run = get_or_train(cell.config, data(), runs=runs, progress=False)
        assert (one.corruption, one.rate, one.seed) == (cell.corruption, cell.rate, cell.seed)
        assert one.truth.sum() == run.truth["corrupted"].sum() > 0
        assert one.truth.index.tolist() == one.contestants.index.tolist()
        assert one.truth.equals(run.truth["corrupted"].loc[one.truth.index])
    assert not found[0].truth.equals(found[1].truth)


def test_contestants_are_what_each_gives_alone(recorded):
    pytest.importorskip("cleanlab")
    cells, found, runs = recorded
    cell, table = cells[0], found[0].contestants
    run = get_or_train(cell.config, data(), runs=runs, progress=False)
    for stream in ("training", "evaluation"):
        scored = score_table(run.dynamics.stream("train", stream), allow_collapsed=True)
        for name in scored:
            sign = 1 if SCORES[name].higher_is_harder else -1
            assert (
                table[f"{name}/{stream}"].rank().tolist() == (sign * scored[name]).rank().tolist()
            )
    given = run.truth["given_label"].loc[table.index]
    parts = [get_or_train(fold, data(), runs=runs, progress=False) for fold in cell.folds]
    shares = fold_probabilities(parts)
    np.testing.assert_allclose(
        table["confident_learning/cross_validated"], confident_learning(given, shares)
    )
    cross = together(parts).stream()
    assert table["self_confidence/cross_validated"].rank().tolist() == (
        pd.Series(cross.matrix("loss")[-1]).rank().tolist()
    )
    vectors = training_embedding(run, data(), "tfidf").loc[table.index]
    by_embedding = embedding_probabilities(given, vectors.to_numpy())
    np.testing.assert_allclose(
        table["confident_learning/embedding"], confident_learning(given, by_embedding)
    )
    np.testing.assert_allclose(
        table["neighbour_disagreement/10"], neighbour_disagreement(given, vectors.to_numpy())
    )
    for name, members in ENSEMBLES.items():
        places = np.mean([table[member].rank().to_numpy() for member in members], axis=0)
        np.testing.assert_allclose(table[name], places / len(table))


def test_what_is_not_there_is_left_out(recorded, monkeypatch):
    cells, _, runs = recorded
    run = get_or_train(cells[0].config, data(), runs=runs, progress=False)
    alone = set(cell_contestants(run, allow_collapsed=True).contestants)
    assert {"action_score/training", "action_score/evaluation", "random"} <= alone
    assert {name.rpartition("/")[2] for name in alone} == {
        "training",
        "evaluation",
        "random",
        "in_sample",
    }
    asked = replace(cells[0].config, record_probabilities=True)
    crossed = cross_validate(asked, data(), 2, runs=runs, progress=False)
    without = set(cell_contestants(run, crossed, allow_collapsed=True).contestants)
    assert "self_confidence/cross_validated" in without
    assert not any("cleanlab" in name for name in without)
    monkeypatch.setitem(sys.modules, "cleanlab.rank", None)
    vectors = training_embedding(run, data(), "tfidf")
    more = set(cell_contestants(run, None, vectors, allow_collapsed=True).contestants)
    assert more - alone == {"neighbour_disagreement/10"}


def test_recorded_cells_need_no_texts(recorded, monkeypatch):
    cells, found, runs = recorded
    monkeypatch.setattr("difficulty_lib.training._runs.load_data", None)
    known = replace(
        cells[0],
        config=replace(cells[0].config, data_fingerprint=data().fingerprint()),
        folds=tuple(replace(f, data_fingerprint=data().fingerprint()) for f in cells[0].folds),
    )
    again = run_cell(known, runs=runs, progress=False, allow_collapsed=True)
    assert set(again.contestants) < set(found[0].contestants)
    pd.testing.assert_frame_equal(
        again.contestants, found[0].contestants[list(again.contestants)], check_like=True
    )


def test_added_rows_are_embedded_too(tiny_folder, tmp_path):
    whole = load_data("tiny-nli")
    asked = base(tiny_folder, dataset="tiny-nli", task="nli", train_size=30, epochs=1)
    (cell,) = benchmark_configs(asked, [COPIES], [1])
    run = get_or_train(cell.config, whole, runs=tmp_path, progress=False)
    vectors = training_embedding(run, whole, str(tiny_folder))
    sized = whole.subset({"train": 30})["train"]
    frame, truth = contradict_duplicates(sized, 0.2, 1, text="hypothesis", classes=3)
    assert vectors.index.tolist() == frame.index.tolist()
    assert vectors.shape[1] == 3 * 32  # premise, hypothesis, and how far apart
    found = cell_contestants(run, None, vectors, allow_collapsed=True)
    assert found.truth.sum() == truth["added"].sum() > 0
    assert len(found.contestants) == len(frame)


def test_summaries_compete_without_classes(tmp_path):
    from training import tiny_heads

    folder = tmp_path / "t5"
    tiny_heads.seq2seq("t5").save_pretrained(folder)
    tiny.tiny_tokenizer().save_pretrained(folder)
    whole = load_data("tiny-summaries")
    asked = base(folder, dataset="tiny-summaries", task="summarization", train_size=16, epochs=1)
    asked = replace(asked, max_target_length=6)
    (cell,) = benchmark_configs(asked, [["swap_summaries", 0.4]], [1], folds=2)
    assert not any(fold.record_probabilities for fold in cell.folds)
    found = run_cell(cell, whole, runs=tmp_path / "runs", progress=False, allow_collapsed=True)
    names = set(found.contestants)
    assert {"action_score/training", "action_score/evaluation", "random"} <= names
    assert "action_score/cross_validated" in names
    assert not any("cleanlab" in name or "neighbour" in name for name in names)
    assert found.truth.sum() > 1


def test_cells_that_do_not_fit_are_refused(recorded, tiny_folder, tmp_path):
    cells, _, runs = recorded
    one, other = (get_or_train(c.config, data(), runs=runs, progress=False) for c in cells)
    parts = [get_or_train(fold, data(), runs=runs, progress=False) for fold in cells[1].folds]
    raises_one_line(
        lambda: cell_contestants(one, parts, allow_collapsed=True), "labels", kind=DynamicsError
    )
    vectors = training_embedding(other, data(), "tfidf")
    raises_one_line(
        lambda: cell_contestants(one, None, vectors.iloc[3:], allow_collapsed=True),
        "no embedding",
        kind=DataError,
    )
    clean = base(tiny_folder, epochs=1, evaluation_splits=("train",))
    plain = get_or_train(clean, data(12), runs=tmp_path, progress=False)
    raises_one_line(lambda: cell_contestants(plain), "no truth", kind=DynamicsError)
    raises_one_line(
        lambda: cell_contestants(parts[0]), "no stream of the training split", kind=DynamicsError
    )


# --- the table ---------------------------------------------------------------------------------


def planted_cell(seed, n=80):
    """A perfect contestant, an inverted one, and one that is the same for all."""
    rng = np.random.default_rng(seed)
    index = pd.Index(rng.permutation(n) + 100, name="sample_id")
    truth = pd.Series(np.arange(n) < 12, index=index)
    columns = {
        "perfect": truth * 1.0 + rng.random(n) / 2,
        "inverted": -truth * 1.0 + rng.random(n) / 2,
        "flat": truth * 0.0,
    }
    turned = [
        oriented(column.rename(name), higher_is_harder=True, name=name)
        for name, column in columns.items()
    ]
    table = pd.concat(turned, axis=1)
    table.attrs["hard_is"] = "high"
    return CellContestants("flip_labels", 0.15, seed, table, truth)


def test_a_planted_perfect_contestant_is_first_and_a_planted_inverted_one_last():
    cells = [planted_cell(seed) for seed in range(4)]
    table = benchmark_table(cells, resamples=50)
    assert len(table) == 4 * 3 * len(MEASURE_NAMES)
    value = table.set_index(["seed", "contestant", "measure"])["value"]
    for seed in range(4):
        for measure in ("average_precision", "auroc", "precision", "recall"):
            assert value[seed, "perfect", measure] == pytest.approx(1)
        assert value[seed, "inverted", "auroc"] == pytest.approx(0)
        assert value[seed, "inverted", "precision"] == pytest.approx(0)
        assert value[seed, "flat", "auroc"] == pytest.approx(0.5)
        assert value[seed, "perfect", "effort"] == pytest.approx(10 / 80)
    assert table["base_rate"].eq(0.15).all()
    precise = table[table["measure"] == "average_precision"]
    wide = precise.pivot(index=["corruption", "rate", "seed"], columns="contestant", values="value")
    assert compare_contestants(wide).mean_ranks.to_dict() == {
        "perfect": 1,
        "flat": 2,
        "inverted": 3,
    }


def test_the_table_is_that_of_every_cell(recorded):
    _, found, _ = recorded
    table = benchmark_table(found, resamples=30)
    assert table.columns.tolist() == [
        *("corruption", "rate", "seed", "contestant", "measure", "value", "low", "high"),
        *("chance", "base_rate", "errors", "n"),
    ]
    for one in found:
        wide = measure_table(one.contestants, one.truth, resamples=30).set_index("contestant")
        mine = table[table["seed"] == one.seed]
        assert len(mine) == len(wide) * len(MEASURE_NAMES)
        for row in mine.itertuples():
            assert row.value == wide.at[row.contestant, row.measure]
            assert row.low == wide.at[row.contestant, f"{row.measure}_low"]
            assert row.high == wide.at[row.contestant, f"{row.measure}_high"]
        name = "action_score/evaluation"
        alone = audit_measures(one.contestants[name], one.truth, resamples=0)
        part = mine[mine["contestant"] == name].set_index("measure")
        assert part.at["auroc", "value"] == alone.auroc.value
        assert part.at["auroc", "base_rate"] == alone.base_rate
        assert part.at["effort", "chance"] == alone.chance["effort"]
        assert part.at["effort", "errors"] == one.truth.sum()


def test_a_table_of_nothing_or_of_doubled_cells_is_refused():
    raises_one_line(lambda: benchmark_table([]), "no cells")
    raises_one_line(lambda: benchmark_table([planted_cell(1), planted_cell(1)]), "more than once")
