"""The chapter on curricula, from made accuracies of which it is known what must be said."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats
from study.steered import SEEDS, cells

from difficulty_lib._errors import ConfigError
from difficulty_lib.dynamics import Dynamics, StreamDynamics
from difficulty_lib.study import (
    Condition,
    Curriculum,
    CurriculumChapter,
    CurriculumStudy,
    curriculum_configs,
    needed_runs,
)
from difficulty_lib.study._curriculum_runs import curriculum_plan
from difficulty_lib.study._steered import LONGER, PLAIN, SteeredCell
from difficulty_lib.training import Run, RunConfig

EASY = Curriculum("easy_first", "linear", "action_score")
EARLY = Curriculum("easy_first", "linear", "action_score", "first_epoch")
RANDOM = Curriculum("random", "linear")
CURRICULA = {c.title: c for c in (EASY, EARLY, RANDOM)}
CONDITIONS = [Condition("clean"), Condition("short", budget=0.1, teacher="clean")]
TEXTS = ["about", "tuning_text", "verdict_text", "costs_text", "not_measured_text"]
TUNING = pd.DataFrame(
    {"condition": ["clean", "clean", "short"], "chosen": [2e-5, 2e-5, 1e-4]}
    | {"rate": [2e-5, 1e-4, 1e-4], "seed": 101, "accuracy": [0.9, 0.8, 0.7]}
)


def study_of(clean=(0.0, 0.0, 0.0), short=(0.0, 0.0, 0.0), longer=0.0, tuning=TUNING, **more):
    made = cells("clean", {PLAIN: 0.0, **dict(zip(CURRICULA, clean)), LONGER: longer}, **more)
    made += cells("short", {PLAIN: -0.2, **dict(zip(CURRICULA, short))}, rows=288, **more)
    return CurriculumStudy(made, CONDITIONS, CURRICULA, tuning)


@pytest.fixture(scope="module")
def chapter():
    return CurriculumChapter(study_of(clean=(0.03, 0.0, 0.0), short=(-0.1, -0.3, -0.2)))


# --- what is on the page -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["differences", "steps"])
def test_chart_is_valid_and_described(chapter, name):
    spec = getattr(chapter, f"{name}_chart")().to_dict()
    assert 60 < len(spec["description"]) < 500  # a name to be listened to
    assert "nan" not in spec["description"]


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_have_numbers_and_no_gaps(chapter, name):
    text = getattr(chapter, name)()
    assert re.search(r"\d", text) or name == "not_measured_text"
    assert not re.search(r"\bnan\b|\binf\b|None|_|\.\.", text)


@pytest.mark.parametrize("name", ["overview", "differences", "steps", "costs"])
def test_tables_have_their_rows(chapter, name):
    table = getattr(chapter, f"{name}_table")()
    body = table.data if name in ("differences", "steps") else table.to_html()
    assert body.count("<tr") > 3
    assert "nan" not in body
    if name in ("differences", "steps"):
        assert body.startswith("<details><summary>As a table: ")


def test_the_table_has_the_differences(chapter):
    body = chapter.differences_table().data
    for found in chapter.study.differences["found"]:
        d = found.difference
        assert f"{100 * d.value:+.1f} [{100 * d.low:+.1f}, {100 * d.high:+.1f}]" in body


def test_every_difference_is_kept_for_the_prose(chapter, monkeypatch):
    kept = {}
    monkeypatch.setattr("difficulty_lib.study._curriculum_chapter.glue", kept.__setitem__)
    chapter.overview_table()
    easy = "difference_short_easy_first_linear_pacing_by_action_score"
    found = chapter.study.against("short", EASY.title)
    assert {name: kept[f"{easy}_{name.replace(' ', '_')}"] for name in found} == {
        name: one.difference for name, one in found.items()
    }
    compared = [name for name in kept if name.startswith("difference_")]
    assert len(compared) == len(chapter.study.differences)


# --- the figures ---------------------------------------------------------------------------------


def test_differences_are_paired_by_seed():
    study = study_of(clean=(0.03, 0.0, 0.0))
    pairs = [
        study.cell("clean", EASY.title, s).accuracy["test"][-1]
        - study.cell("clean", PLAIN, s).accuracy["test"][-1]
        for s in SEEDS
    ]
    found = study.against("clean", EASY.title)["plain"].difference
    low, high = stats.t.interval(0.95, 4, np.mean(pairs), stats.sem(pairs))
    assert (found.value, found.low, found.high) == pytest.approx((np.mean(pairs), low, high))


def test_scores_of_a_longer_run_are_compared_with_that_run():
    study = study_of(short=(-0.1, -0.2, -0.2))
    costly = study.against("short", EASY.title)["as costly"]
    assert costly.difference.value == pytest.approx(-0.1, abs=0.002)  # clean plain training
    assert set(study.against("short", EARLY.title)) == {"plain", "random"}
    assert set(study.against("clean", RANDOM.title)) == {"plain"}


def test_costs_count_the_passes():
    costs = study_of().costs.set_index(["condition", "source"])
    assert costs.loc[("clean", "same"), "own"] == 3 * 960
    assert costs.loc[("clean", "same"), "factor"] == pytest.approx(2.2)
    assert costs.loc[("clean", "first_epoch"), "trained"] == 960
    assert costs.loc[("clean", "first_epoch"), "factor"] == pytest.approx(1 + 1.2 / 3)
    assert costs.loc[("short", "same"), "factor"] == pytest.approx(1 + 1.2 * 2880 / 864)


def test_steps_are_updates_not_epochs():
    steps = study_of().steps
    assert sorted(set(steps.loc[steps["condition"] == "clean", "updates"])) == [30, 60, 90]
    assert sorted(set(steps.loc[steps["condition"] == "short", "updates"])) == [9, 18, 27]


# --- the verdict ---------------------------------------------------------------------------------


def verdict(**gains):
    return CurriculumChapter(study_of(**gains)).verdict_text()


def test_a_curriculum_that_helps_is_said_to():
    text = verdict(clean=(0.03, 0.0, 0.0))
    assert "1 curriculum is shown to be better than plain training and than a random order" in text
    assert f"*{EASY.title}* (clean)" in text
    assert "counted in, 1 of 1 is still shown to be better" in text
    assert "do not bother" not in text


def test_what_longer_training_gives_too_is_not_worth_its_scores():
    assert "counted in, 0 of 1 are still" in verdict(clean=(0.03, 0.0, 0.0), longer=0.03)


def test_what_any_pacing_gives_is_not_the_orders():
    text = verdict(clean=(0.03, 0.03, 0.03))
    assert "No curriculum is shown to be better than both" in text
    assert "do not bother" in text


def test_orders_that_change_nothing_are_equivalent():
    text = verdict(short=(-0.2, -0.2, -0.2))
    assert "Against plain training the curricula are equivalent in 4 of 4 comparisons" in text
    assert "no order of the samples pays." in text


def test_harm_is_said():
    text = verdict(clean=(-0.05, 0.0, 0.0), short=(-0.2, -0.2, -0.2))
    assert "lower in 1, equivalent in 3 of 4" in text
    assert "and some cost accuracy." in text


def test_what_is_not_shown_is_undecided():
    text = verdict(noise=0.03, clean=(0.0, 0.0, 0.0), short=(-0.2, -0.2, -0.2))
    assert "undecided" in text
    assert "comparisons are undecided." in text


def test_rates_at_the_edge_are_said_to_be():
    text = CurriculumChapter(study_of()).tuning_text()
    assert "*clean*: 2e-05, of 2e-05 (90.0 %), 0.0001 (80.0 %), at the edge" in text
    assert "1 seed that is not reported (101)" in text
    assert "not tuned" in CurriculumChapter(study_of(tuning=None)).tuning_text()


def test_models_that_learnt_nothing_are_counted(tmp_path):
    study = study_of()
    config = RunConfig(dataset="emotion")
    for place, finding in enumerate((["constant predictions"], ["loss not below chance"], [])):
        run = Run(
            tmp_path, config, {"health": {"train/evaluation": [], "test/evaluation": finding}}
        )
        study.cells[place] = replace(study.cells[place], run=run)
    assert "In 2 of the trainings the model learnt nothing" in CurriculumChapter(study).about()
    tweets = {"also_evaluated": {"tweets": "emotion/test"}}
    fails_there = {
        "health": {"test/evaluation": [], "tweets/evaluation": ["loss not below chance"]}
    }
    run = Run(tmp_path, replace(config, intervention=tweets), fails_there)
    study.cells[2] = replace(study.cells[2], run=run)
    assert "In 2 of the trainings the model learnt nothing" in CurriculumChapter(study).about()
    assert "learnt nothing" not in CurriculumChapter(study_of()).about()


class MadeRun:
    """What is asked of a run: of which samples of the split it was right in the last of two epochs."""

    label_names = ("anger", "fear", "nobody", "joy")

    def __init__(self, right):
        self.right = right

    def load_dynamics(self, split, stream, columns):
        assert (split, stream, columns) == ("test", "evaluation", ["correct"])
        correct = np.array([[True] * 6, self.right])
        made = StreamDynamics(
            ids=np.arange(6),
            epochs=np.array([1, 2]),
            columns={"correct": correct},
            label=np.array([0, 0, 1, 3, 3, 3]),
            split=split,
            health=(),
        )
        return Dynamics({(split, stream): made})


def test_recall_of_each_class_is_the_share_that_is_right():
    study = study_of()
    rng = np.random.default_rng(3)
    draws = {}
    for place, cell in enumerate(study.cells):
        right = rng.random(6) < 0.6
        draws[cell.condition, cell.method, cell.seed] = right
        study.cells[place] = replace(cell, run=MadeRun(right))
    study._by = {(c.condition, c.method, c.seed): c for c in study.cells}
    table = study.recalls
    # four methods under "clean", with plain training; three classes have a sample
    assert len(table) == 2 * 4 * 3
    places = {"anger": [0, 1], "fear": [2], "joy": [3, 4, 5]}
    for row in table.itertuples():
        found, lost = [], []
        for seed in SEEDS:
            own = draws[row.condition, row.method, seed][places[row.label]].mean()
            found.append(own)
            lost.append(draws[row.condition, PLAIN, seed][places[row.label]].mean() - own)
        assert row.samples == len(places[row.label])
        assert row.recall.value == pytest.approx(np.mean(found))
        half = stats.sem(lost) * stats.t.ppf(0.975, len(SEEDS) - 1)
        assert (row.lost.value, row.lost.high) == pytest.approx(
            (np.mean(lost), np.mean(lost) + half), abs=1e-9
        )
    chapter = CurriculumChapter(study)
    body = chapter.classes_table().to_html()
    assert "anger (2)" in body
    assert "nobody" not in body
    worst = max(row.lost.value for row in table.itertuples() if row.condition == "short")
    assert f"{100 * worst:.0f} points" in chapter.classes_text()


def test_recall_needs_runs(chapter):
    assert chapter.study.recalls.empty
    assert "not recorded" in chapter.classes_text()
    assert "not recorded" in chapter.classes_table().data


# --- what cannot be used -------------------------------------------------------------------------


def test_one_seed_is_refused():
    made = cells("clean", dict.fromkeys((PLAIN, *CURRICULA), 0.0), seeds=(1,))
    raises_one_line(
        lambda: CurriculumStudy(made, CONDITIONS[:1], CURRICULA), "seeds are [1]", kind=ConfigError
    )


def test_a_missing_seed_is_refused():
    made = cells("clean", dict.fromkeys((PLAIN, *CURRICULA), 0.0))[:-1]
    raises_one_line(
        lambda: CurriculumStudy(made, CONDITIONS[:1], CURRICULA),
        "random order, linear pacing has the seeds [1, 2, 3, 4]",
        kind=ConfigError,
    )


def test_a_missing_curriculum_and_a_doubled_cell_are_refused():
    made = cells("clean", dict.fromkeys((PLAIN, EASY.title), 0.0))
    raises_one_line(lambda: CurriculumStudy(made, CONDITIONS[:1], CURRICULA), RANDOM.title)
    raises_one_line(lambda: CurriculumStudy([*made, made[0]], CONDITIONS[:1], CURRICULA), "twice")


def test_other_splits_are_refused():
    made = cells("clean", dict.fromkeys((PLAIN, *CURRICULA), 0.0))
    made[7] = replace(made[7], accuracy={"other": [0.1, 0.2, 0.3]})
    raises_one_line(lambda: CurriculumStudy(made, CONDITIONS[:1], CURRICULA), "other splits")


# --- the plan ------------------------------------------------------------------------------------

PARAMETERS = {
    "dataset": "emotion",
    "curricula": [["easy_first", "linear"], ["ambiguous_first", "step"]],
    "conditions": {
        "short": {"budget": 0.1, "teacher": "clean"},
        "clean": {},
        "noisy": {"noise": 0.4},
    },
    "seeds": [1, 2],
    "epochs": 5,
    "train_size": 2000,
}


def configs(**more):
    return curriculum_configs(PARAMETERS | more)


def test_every_run_comes_after_the_run_that_scores_for_it():
    names = []
    for config in configs():
        assert set(needed_runs(config)) <= set(names)
        names.append(config.folder_name)
    # of each seed: 2 curricula and 2 random orders under 3 conditions, 3 plain, 2 longer
    assert len(names) == len(set(names)) == 2 * (4 * 3 + 3 + 2)


def test_teachers_see_the_labels_of_those_they_teach():
    by_name = {config.folder_name: config for config in configs()}
    taught = 0
    for config in by_name.values():
        for name in needed_runs(config):
            teacher = by_name[name]
            assert teacher.seed == config.seed
            assert teacher.model_revision == config.model_revision
            assert teacher.intervention.get("corrupted") == config.intervention.get("corrupted")
            assert "curriculum" not in teacher.intervention
            assert "train" in teacher.evaluation_splits
            taught += 1
    assert taught == 2 * 3 * 2


def test_equal_updates_under_every_condition():
    for config in configs(equal_cost=False):
        short = config.train_size == 1000
        assert (config.epochs, config.train_size) == ((1, 1000) if short else (5, 2000))
        assert not config.record_initial
    longer = [c for c in configs() if c.epochs > 5]
    assert {c.epochs for c in longer} == {11}
    assert all("curriculum" not in c.intervention for c in longer)


def test_rates_are_tuned_first_and_on_other_seeds():
    tuned = configs(learning_rates=[1e-5, 5e-5], tuning_seeds=[8, 9])
    assert len(tuned) == 3 * 2 * 2  # the others follow when it is known which is best
    assert {c.seed for c in tuned} == {8, 9}
    assert {c.evaluation_splits for c in tuned} == {("validation",)}


def test_small_is_two_of_everything():
    small = curriculum_plan({"size": "small", **PARAMETERS, "seeds": [3, 4, 5]})
    assert small.seeds == [3, 4]
    assert [c.name for c in small.conditions] == ["short", "clean"]
    assert len([c for c in small.curricula.values() if c.score]) == 2
    assert (small.base.epochs, small.base.train_size) == (1, 300)


def test_first_epochs_and_other_models_are_asked_for():
    given = [
        ["easy_first", "root", "aum", "first_epoch"],
        ["hard_first", "root", "aum", "other_model"],
    ]
    made = configs(curricula=given, other_model="smollm2", conditions={"clean": {}})
    steered = [c.intervention["curriculum"] for c in made if "curriculum" in c.intervention]
    assert {g.get("epochs") for g in steered if g.get("score") and g["order"] == "easy_first"} == {
        1
    }
    others = {c.folder_name for c in made if c.model == "smollm2"}
    assert {g["run"] for g in steered if g["order"] == "hard_first"} == others
    assert len(others) == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"seeds": [1]}, "two or more"),
        ({"seeds": 1}, "expected a list"),
        ({"seeds": [1, 1]}, "each another one"),
        ({"curricula": []}, "curricula is []"),
        ({"curricula": [["easy_first"]]}, "[order, pacing, score, source]"),
        ({"curricula": [["easiest", "linear"]]}, "'easiest'"),
        ({"curricula": [["easy_first", "lin"]]}, "lin"),
        ({"curricula": [["easy_first", "linear", "loss"]]}, "loss"),
        ({"curricula": [["easy_first", "linear", "aum", "before"]]}, "'before'"),
        ({"curricula": [["easy_first", "linear", "aum", "other_model"]]}, "other_model is None"),
        ({"conditions": {}}, "conditions is {}"),
        ({"conditions": {"a": {"nois": 0.1}}}, "nois"),
        ({"conditions": {"a": {"noise": 2}}}, "noise is 2"),
        ({"conditions": {"a": {"budget": 0}}}, "budget is 0"),
        ({"conditions": {"a": {"teacher": "b"}}}, "teacher is 'b'"),
        ({"conditions": {"a": {"teacher": "b", "noise": 0.4}, "b": {}}}, "other labels"),
        ({"conditions": {"a": {"teacher": "b"}, "b": {"budget": 0.5}}}, "as many passes"),
        ({"conditions": {"a": {"corruption": "x", "noise": 0.1}}}, "x"),
        ({"learning_rates": [1e-5, 1e-4]}, "tuning_seeds is []"),
        ({"learning_rates": [1e-5, 1e-4], "tuning_seeds": [2]}, "none of them among seeds"),
        ({"learning_rates": []}, "learning_rates is []"),
        ({"learning_rates": [1, 2], "tuning_seeds": [9], "tuning_split": "test"}, "is reported"),
        ({"equal_cost": "yes"}, "equal_cost is 'yes'"),
        ({"epoch": 3}, "epoch"),
    ],
)
def test_strange_parameters_are_refused(wrong, says):
    raises_one_line(lambda: configs(**wrong), says, kind=ConfigError)


def test_a_run_without_accuracy_is_refused(tmp_path):
    config = RunConfig(dataset="emotion", evaluation_splits=("train", "test"))
    run = Run(tmp_path, config, {"metrics": {"loss": {"test/evaluation": [1.0]}}})
    raises_one_line(lambda: SteeredCell.of_run("clean", PLAIN, run), "no accuracy on test")
