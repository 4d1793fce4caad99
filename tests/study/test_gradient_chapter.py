"""The chapters on gradients and on cost, from recorded runs with numbers made for the purpose."""

import json

import numpy as np
import pytest
from refusals import raises_one_line
from study.conftest import recorded, texts

from difficulty_lib._errors import DynamicsError
from difficulty_lib.charts import bars_chart
from difficulty_lib.dynamics import STORED, VOG_TARGETS, VOG_WINDOWS, Dynamics
from difficulty_lib.study import CostChapter, GradientChapter, GradientStudy
from difficulty_lib.study._costs import against_bars, met, read_benchmarks
from difficulty_lib.training import Run


def with_gradients(run, seed):
    """The run, with gradient columns that follow the loss with noise."""
    rng = np.random.default_rng(100 + seed)
    stream = run.dynamics.stream("validation")
    loss = stream.columns["loss"]
    static = {
        f"vog_{target}_{when}": np.exp(loss.mean(0) + rng.normal(0, 0.5, len(stream)))
        for target in VOG_TARGETS
        for when in VOG_WINDOWS
    }
    columns = {n: v for n, v in stream.columns.items() if n in STORED}
    whole = Dynamics.from_arrays(
        stream.ids,
        label=stream.label,
        epochs=stream.epochs,
        split="validation",
        gradient_norm=loss * np.exp(rng.normal(0, 0.3, loss.shape)),
        learning_rate=np.broadcast_to(np.linspace(0, 1e-5, len(loss))[:, None], loss.shape),
        **columns,
    ).stream()
    Dynamics({("validation", "evaluation"): whole.with_static(**static)}).save(run.folder)
    record = run.record | {
        "timings": {"train_s": 100.0, "evaluation_s": 5.0, "gradient_norm_s": 20.0, "vog_s": 25.0}
        | {"vog_mb": 12.0}
    }
    (run.folder / "run.json").write_text(json.dumps(record), encoding="utf8")
    return Run.load(run.folder)


@pytest.fixture(params=["rated-sentences", "emotion"])
def study(request, tmp_path):
    runs = [with_gradients(recorded(tmp_path, request.param, seed), seed) for seed in (1, 2)]
    return GradientStudy(runs, texts(request.param, runs[0]), "validation")


@pytest.fixture
def chapter(study):
    return GradientChapter(study)


@pytest.mark.parametrize("name", ["variants", "correlations", "deciles"])
def test_chart_is_valid_and_described(chapter, name):
    spec = getattr(chapter, f"{name}_chart")().to_dict()
    assert len(spec["description"]) > 40
    assert "nan" not in spec["description"]


def test_sentences_have_no_gaps(chapter):
    for text in (
        chapter.about(),
        chapter.variants_text(),
        chapter.correlations_text(),
        chapter.deciles_text(),
        chapter.verdict_text(),
        chapter.costs_text(),
    ):
        assert text
        assert "nan" not in text


def test_tables_are_rendered(chapter, study):
    body = chapter.extremes_table().to_html()
    assert body.count("sentence number") == 12  # two scores, three hard and three easy each
    for table in (chapter.gain_table(), chapter.seeds_table(), chapter.costs_table()):
        assert "nan" not in table.to_html()


def test_errors_are_those_of_the_other_seeds(study):
    other = study.runs[1].dynamics.stream("validation").matrix("correct")[-1]
    np.testing.assert_array_equal(study.error, 1 - other)


def test_errors_of_a_single_seed_are_its_own(study):
    alone = GradientStudy(study.runs[:1], study.data, "validation")
    own = alone.run.dynamics.stream("validation").matrix("correct")[-1]
    np.testing.assert_array_equal(alone.error, 1 - own)
    assert "this run's own" in GradientChapter(alone).deciles_text()


def test_variants_are_every_target_window_and_normalisation(study):
    assert study.variants["variant"].nunique() == len(VOG_TARGETS) * len(VOG_WINDOWS) * 2


def test_the_verdict_finds_what_was_put_there(study):
    # The columns are the loss and noise, so beyond the action score they say nothing of people.
    if study.rated:
        assert not study.beyond("vog_raw").excludes(0)
        assert study.beyond("action_score", "vog_raw").low > 0


def test_costs_are_shares_of_training(study):
    table = study.costs().set_index("part")["share of training"]
    assert table["gradient norms (GraNd, TracIn)"] == pytest.approx(0.2)
    assert table["training alone"] == 1


def test_runs_without_gradients_are_refused(tmp_path):
    run = recorded(tmp_path, "emotion", 3)
    raises_one_line(
        lambda: GradientStudy([run], None, "validation"),
        "record_gradients=True",
        kind=DynamicsError,
    )


# Cost


def rows():
    base = {"group": "g", "unit": "×", "rounds": 3, "note": "", "at_most": None, "at_least": None}
    return [
        base | {"name": "cheap", "low": 0.5, "median": 1.0, "high": 1.1, "at_most": 2.0},
        base | {"name": "slow", "low": 2.0, "median": 3.0, "high": 3.5, "at_least": 4.0},
        base | {"name": "free", "low": 2.0, "median": 3.0, "high": 3.5},
    ]


@pytest.fixture
def tables(tmp_path):
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    where = {"hardware": "a machine", "date": "2026-01-01", "packages": {"torch": "2"}}
    (folder / "a.json").write_text(json.dumps({"environment": where, "rows": rows()}))
    return folder


def test_bars_are_multiples_that_fall_when_things_get_better(tables):
    table = against_bars(read_benchmarks(tables)[0]["rows"]).set_index("name")
    assert table.loc["g: cheap", "value"] == pytest.approx(0.5)
    assert table.loc["g: slow", "value"] == pytest.approx(4 / 3)
    assert table.loc["g: slow", "low"] == pytest.approx(4 / 3.5)
    assert table["met"].to_dict() == {"g: cheap": True, "g: slow": False}
    assert len(table) == 2
    assert "missed by g: slow" in bars_chart(table.reset_index()).to_dict()["description"]


def test_a_figure_without_a_bar_is_neither_kept_nor_missed():
    assert [met(row) for row in rows()] == [True, False, None]


def test_cost_chapter(tables, tmp_path):
    run = recorded(tmp_path, "rated-sentences", 1)
    chapter = CostChapter([run], tables)
    assert "1 of 2 bars are kept. Missed: g: slow is 3 ×, at least 4." in chapter.bars_text()
    assert "×" in chapter.table().to_html()
    assert "nan" not in chapter.early_chart().to_dict()["description"]
    assert "95 % interval" in chapter.early_text()


def test_no_benchmarks(tmp_path):
    raises_one_line(lambda: read_benchmarks(tmp_path), "make benchmark")


def test_damaged_benchmarks(tmp_path):
    (tmp_path / "a.json").write_text("{")
    raises_one_line(lambda: read_benchmarks(tmp_path), "a.json is damaged")
