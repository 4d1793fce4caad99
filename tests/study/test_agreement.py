"""The chapter on agreement, from simulated dynamics of which it is known how they agree."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats
from study.conftest import recorded, texts

from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.analysis import spearman_brown
from difficulty_lib.data import TextData
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.scores import score_table
from difficulty_lib.study import AgreementChapter, AgreementStudy, agreement_configs, run_configs
from difficulty_lib.study._agreement import ALL
from difficulty_lib.study._agreement_neighbours import Neighbours
from difficulty_lib.training import Run

NAMES = ["agreement", "parts", "tops", "overlap", "reliability", "accuracy", "variance"]
GAPS = re.compile(r"\bnan\b|\binf\b|None|_")


def with_training(data, size=60):
    """The data with training texts beside the scored ones, near to those of their own class."""
    scored = data["validation"].copy()
    scored["text"] = [
        f"{data.label_names[k]} word{i % 7}" for i, k in zip(scored.index, scored["label"])
    ]
    train = scored.iloc[:size].copy()
    train.index = pd.Index(train.index + 5000, name="sample_id")
    return TextData(**{**data.__dict__, "splits": {"train": train, "validation": scored}})


def agreeing(run, seed):
    """The run, with losses that follow a difficulty which all seeds share, with noise."""
    stream, rng = run.dynamics.stream("validation"), np.random.default_rng(seed)
    difficulty, gold = np.random.default_rng(0).normal(size=len(stream)), np.arange(len(stream))
    columns = {name: [] for name in ("loss", "margin", "entropy", "error_norm", "predicted")}
    for epoch in stream.epochs:
        logits = 0.7 * rng.normal(size=(len(stream), 6))
        logits[gold, stream.label] += epoch * (1.2 - difficulty)
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        own = logits[gold, stream.label]
        columns["loss"].append(-np.log(p[gold, stream.label]))
        others = np.where(np.eye(6)[stream.label] > 0, -np.inf, logits)
        columns["margin"].append(own - others.max(1))
        columns["entropy"].append(-(p * np.log(p)).sum(1))
        columns["error_norm"].append(np.sqrt(((p - np.eye(6)[stream.label]) ** 2).sum(1)))
        columns["predicted"].append(logits.argmax(1))
    Dynamics.from_arrays(
        stream.ids,
        label=stream.label,
        epochs=stream.epochs,
        split="validation",
        **{name: np.array(values) for name, values in columns.items()},
    ).save(run.folder)
    return Run.load(run.folder)


def made(folder, seeds=(1, 2, 3)):
    return [agreeing(recorded(folder, "emotion", seed), seed) for seed in seeds]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return made(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def study(runs):
    found = AgreementStudy({"minilm": runs}, with_training(texts("emotion", runs[0])), "validation")
    found.neighbours = Neighbours(found, space="tfidf")  # without the model's package
    return found


@pytest.fixture(scope="module")
def chapter(study):
    return AgreementChapter(study)


@pytest.fixture(scope="module")
def two_models(runs, tmp_path_factory):
    others = made(tmp_path_factory.mktemp("others"), seeds=(4, 5))
    return AgreementStudy({"minilm": runs, "another": others}, None, "validation")


@pytest.mark.parametrize("name", NAMES)
def test_chart_is_valid_and_described(chapter, name):
    description = getattr(chapter, f"{name}_chart")().to_dict()["description"]
    assert len(description) > 60
    assert not re.search(r"\bnan\b|\binf\b", description)


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_has_a_table(chapter, name):
    page = getattr(chapter, f"{name}_table")().data
    assert page.startswith("<details><summary>As a table")
    assert not re.search(r">nan|nan[,\]]", page)


@pytest.mark.parametrize(
    "name",
    [
        "answer",
        "agreement",
        "parts",
        "overlap",
        "reliability",
        "neighbours",
        "accuracy",
        "variance",
    ],
)
def test_sentences_have_numbers_and_no_gaps(chapter, name):
    text = getattr(chapter, f"{name}_text")()
    assert re.search(r"\d", text)
    assert not GAPS.search(text)
    assert ".." not in text


def test_agreement_overall_and_within_classes_as_scipy_has_it(study):
    actions = [score_table(s, ["action_score"])["action_score"] for s in study.streams]
    label = study.dynamics.label
    table = study.agreement.set_index("class")
    for name, mask in [(ALL, label >= 0), ("joy", label == 1)]:
        for method, reference in (("spearman", stats.spearmanr), ("pearson", stats.pearsonr)):
            each = [
                reference(actions[i][mask], actions[j][mask])[0]
                for i, j in ((0, 1), (0, 2), (1, 2))
            ]
            assert table.at[name, method].value == pytest.approx(np.mean(each))
    assert table.at["joy", "n"] == (label == 1).sum()
    assert len(study.pairs) == 3


def test_reliability_is_that_of_spearman_and_brown_for_every_score(study):
    table = study.reliability_of_scores.set_index("score")
    assert set(table.index) | set(study.unreliable) == set(study.scores.columns)
    row = table.loc["action_score"]
    assert row["mean"].value == pytest.approx(spearman_brown(row["single"].value, 3))
    assert row["single"].value == pytest.approx(study.overall(study.reruns).value)
    k = row["needed"].seeds
    assert spearman_brown(row["single"].value, k) >= 0.9
    assert k == 1 or spearman_brown(row["single"].value, k - 1) < 0.9


def test_seeds_that_do_not_agree_are_said_to_take_no_number_of_runs(tmp_path):
    runs = [recorded(tmp_path, "emotion", seed) for seed in (4, 6)]
    study = AgreementStudy({"minilm": runs}, None, "validation")
    for row in study.reliability_of_scores.itertuples():
        assert 0 <= row.mean.low <= row.mean.value <= row.mean.high <= 1
        assert (row.needed.seeds is None) == (row.single.value <= 0)
    chapter = AgreementChapter(study)
    assert not GAPS.search(chapter.answer_text() + chapter.reliability_text())
    assert "of other seeds" in chapter.reliability_text()


def test_one_model_says_that_none_is_compared(chapter):
    assert "Between models nothing is measured here" in chapter.agreement_text()
    assert chapter.study.models_apart == {}


def test_two_models_are_set_against_each_other(two_models):
    assert list(two_models.groups) == [
        "reruns of minilm",
        "reruns of another",
        "minilm and another",
    ]
    assert len(two_models.groups["minilm and another"]) == 6
    chapter = AgreementChapter(two_models)
    text = chapter.agreement_text()
    assert "between minilm and another: Spearman" in text
    assert "nothing is measured" not in text
    actions = two_models.actions
    between = np.mean(
        [stats.spearmanr(actions[i], actions[j])[0] for i in range(3) for j in (3, 4)]
    )
    assert two_models.overall("minilm and another").value == pytest.approx(between)
    reruns = [
        stats.spearmanr(actions[i], actions[j])[0] for i, j in ((0, 1), (0, 2), (1, 2), (3, 4))
    ]
    apart = two_models.models_apart["minilm and another"]
    assert apart.value == pytest.approx(between - np.mean(reruns))
    assert f"rank correlations is {apart.value:.2f}" in text
    for name in ("agreement", "parts", "tops", "overlap"):
        assert (
            "another" in getattr(chapter, f"{name}_chart")().to_dict()["description"]
            or name == "agreement"
        )
        assert "minilm and another" in getattr(chapter, f"{name}_table")().data


def test_without_texts_neighbours_are_left_out_with_a_sentence(two_models):
    chapter = AgreementChapter(two_models)
    assert chapter.neighbours_table() is None
    assert chapter.neighbours_detail() is None
    assert "texts are not at hand" in chapter.neighbours_text()


def test_neighbours_are_of_the_own_class_where_texts_say_the_class(study, chapter):
    assert study.neighbours.of_hardest["label"].value > 0.9
    near = study.neighbours.table(4)
    assert near.groupby("id", sort=False)["place"].apply(list).tolist() == [list(range(1, 9))] * 4
    assert near["id"].drop_duplicates().tolist() == study.neighbours.hardest[:4].tolist()
    gold = study.samples["target"].loc[near["id"]].to_numpy()
    assert (near["neighbour_label"] == gold).mean() > 0.9
    assert (near["neighbour"] >= 5000).all()


def test_texts_that_look_like_html_are_shown_and_not_obeyed(runs):
    data = with_training(texts("emotion", runs[0]))
    for frame in data.splits.values():
        frame["text"] = "<script>alert(1)</script> " + frame["text"]
    hostile = TextData(**{**data.__dict__, "redistributable": True})
    study = AgreementStudy({"minilm": runs}, hostile, "validation")
    study.neighbours = Neighbours(study, among=30, space="tfidf")
    study.spec = replace(study.spec, redistributable=True)
    chapter = AgreementChapter(study)
    page = chapter.neighbours_table().to_html() + chapter.neighbours_detail().data
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "30 of the 60 training samples" in chapter.neighbours_text()


def test_errors_counted_are_those_of_another_seed(study):
    own, other = study.judges
    right = study.streams[1].matrix("correct")[-1]
    hard = study.scores["action_score"].rank(method="first", ascending=False) <= 30
    table = study.accuracy_by_score.set_index(["score", "series", "part"])
    assert table.at[("action_score", other, 10), "value"] == pytest.approx(right[hard].mean())
    first = study.streams[0].matrix("correct")[-1]
    assert table.at[("action_score", own, 10), "value"] == pytest.approx(first[hard].mean())


def test_misaligned_samples_do_not_agree(runs):
    study = AgreementStudy({"minilm": runs}, None, "validation")
    rng = np.random.default_rng(0)
    study.actions = np.stack([rng.permutation(row) for row in study.actions])
    found = study.overall(study.reruns)
    assert found.low < 0 < found.high


def test_other_samples_are_refused(runs, tmp_path):
    shorter = recorded(tmp_path, "emotion", 9, n=290)
    raises_one_line(
        lambda: AgreementStudy({"minilm": [*runs, shorter]}, None, "validation"),
        "lacks 10 samples",
        kind=DynamicsError,
    )


def test_a_single_seed_is_refused(runs):
    raises_one_line(
        lambda: AgreementStudy({"minilm": runs[:1]}, None, "validation"),
        "two seeds or more",
        kind=ConfigError,
    )


GIVEN = {"dataset": "emotion", "models": ["minilm"], "seeds": [1, 2, 3], "splits": ["validation"]}


def test_configurations_are_by_model_and_seed():
    found = agreement_configs(GIVEN | {"epochs": 2, "neighbours_among": 50})
    assert {m: [c.seed for c in configs] for m, configs in found.items()} == {"minilm": [1, 2, 3]}
    assert run_configs(GIVEN | {"epochs": 2}) == found["minilm"]


def test_they_are_the_runs_of_the_other_chapters():
    same = {k: v for k, v in GIVEN.items() if k != "models"} | {"model": "minilm"}
    assert run_configs(same) == run_configs(GIVEN)


def test_the_small_size_keeps_two_seeds():
    found = agreement_configs(GIVEN | {"size": "small", "dataset": None})["minilm"]
    assert [c.seed for c in found] == [1, 2]
    assert {(c.dataset, c.train_size, c.epochs) for c in found} == {("rated-sentences", 300, 2)}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"seeds": [1]}, "two seeds or more"),
        ({"seeds": 3}, "seeds is 3"),
        ({"seeds": [1, 1]}, "without repetition"),
        ({"models": []}, "a model or more"),
        ({"models": "minilm"}, "expected a list"),
        ({"splits": []}, "at least one split"),
        ({"neighbours_among": 1}, "at least 2, or None"),
        ({"epoch": 1}, "epoch"),
    ],
)
def test_strange_parameters_are_refused(wrong, says):
    raises_one_line(lambda: agreement_configs(GIVEN | wrong), says, kind=ConfigError)
