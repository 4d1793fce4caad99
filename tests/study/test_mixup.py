"""The chapter on mixup, from simulated runs of which it is known who must win."""

import re

import numpy as np
import pytest
from refusals import raises_one_line
from scipy import stats
from sklearn.metrics import f1_score, roc_auc_score
from study.strangers import recorded

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import Estimate
from difficulty_lib.study import MixupCell, MixupChapter, MixupStudy, mixup_configs
from difficulty_lib.study._mixup import MEASURES, run_measures
from difficulty_lib.study._mixup_methods import MIXUP_METHODS, OPTIONS, method_config
from difficulty_lib.study._mixup_words import outcome
from difficulty_lib.training._scores_from import needed_runs

pytestmark = pytest.mark.filterwarnings("ignore::difficulty_lib.dynamics.CollapsedRunWarning")
SKILL = {"plain": 0.4, "mixup": 6.0, "random_mixup": 0.4, "any_label": 0.1}
TEXTS = ["about", "verdict", "effects", "ablations", "regions", "not_measured"]
TABLES = ["overview", "effects", "ablations", "regions", "calibration"]


def cells(folder, seeds=(1, 2, 3), methods=tuple(SKILL), settings=("reviews",), **more):
    return [
        MixupCell(setting, m, seed, recorded(folder / setting, m, seed, skill=SKILL[m], **more))
        for setting in settings
        for m in methods
        for seed in seeds
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return MixupStudy(cells(tmp_path_factory.mktemp("runs"), settings=("reviews", "films")))


@pytest.fixture(scope="module")
def chapter(study):
    return MixupChapter(study)


@pytest.mark.parametrize("name", ["effects", "ablations", "calibration"])
def test_charts_are_described(chapter, name):
    spec = getattr(chapter, f"{name}_chart")().to_dict()
    assert len(spec["description"]) > 60
    assert not re.search(r"nan|inf\b", spec["description"])


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_have_no_gaps(chapter, name):
    text = getattr(chapter, name if name == "about" else f"{name}_text")()
    assert not re.search(r"\bnan\b|\binf\b|None|\w_\w|\.\.", text)
    if name not in ("not_measured",):
        assert re.search(r"\d", text)


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_rows_and_no_gaps(chapter, name):
    table = getattr(chapter, f"{name}_table")()
    body = table.data if isinstance(table.data, str) else table.to_html()
    assert body.count("<tr") > 4
    assert "nan" not in body


def test_guessing_is_scikit_learns_dummy(study):
    from sklearn.dummy import DummyClassifier

    run = study.cells_of("reviews", "plain")[0].run
    split = run.config.intervention["out_of_distribution"]["inside"]
    gold = run.dynamics.stream(split).label
    seen = np.repeat(*np.array(list(enumerate(run.record["data"]["label_counts"]["train"]))).T)
    dummy = DummyClassifier(strategy="most_frequent").fit(seen, seen).predict(gold)
    found = study.guessing("reviews")
    assert found["accuracy"] == pytest.approx((dummy == gold).mean())
    assert found["f1"] == pytest.approx(f1_score(gold, dummy, average="macro"))


def test_measures_are_scikit_learns(study):
    cell = study.cells_of("reviews", "mixup")[0]
    found = run_measures(cell.run)
    p = cell.run.outputs("validation")
    table = cell.run.out_of_distribution
    gold = table.loc["inside", "label"].loc[p.index]
    predicted = p.to_numpy().argmax(1)
    assert found["f1"] == pytest.approx(f1_score(gold, predicted, average="macro"))
    assert found["f1_rarest"] == pytest.approx(f1_score(gold, predicted, average=None)[2])
    assert found["accuracy"] == pytest.approx((gold == predicted).mean())
    onehot = np.eye(3)[gold]
    assert found["brier"] == pytest.approx(((p - onehot) ** 2).sum(1).mean(), rel=1e-5)
    elsewhere, areas = [], []
    for name in ("newspaper", "tweets"):
        rows = table.loc[name]
        known = rows[rows["label"] >= 0]
        elsewhere.append((known["predicted"] == known["label"]).mean())
        scores = -np.r_[
            table.loc["inside", "maximum_softmax_probability"], rows["maximum_softmax_probability"]
        ]
        areas.append(roc_auc_score(np.r_[np.zeros(len(gold)), np.ones(len(rows))], scores))
    assert found["accuracy_elsewhere"] == pytest.approx(np.mean(elsewhere))
    assert found["auroc"] == pytest.approx(np.mean(areas), abs=1e-9)


def test_differences_are_paired_students(study):
    values = study.values["f1"].loc["films"]
    apart = (values.loc["mixup"] - values.loc["plain"]).to_numpy()
    found = study.difference("f1", "films")
    low, high = stats.t.interval(0.95, 2, apart.mean(), stats.sem(apart))
    assert (found.value, found.low, found.high) == pytest.approx((apart.mean(), low, high))


def test_the_better_method_wins_and_a_harmful_part_is_named(study, chapter):
    assert outcome("f1", study.difference("f1", "reviews")) == "better"
    assert "**reviews**: in F1 it is better than no mixup (+" in chapter.verdict_text()
    part = study.ablations.query("measure == 'f1' and setting == 'reviews'").iloc[0]
    assert part["part"] == "partners of one label"
    assert outcome("f1", part["estimate"]) == "better"
    assert "**partners of one label**: shown to help F1" in chapter.ablations_text()


def test_low_is_good_where_the_measure_says_so():
    lower = Estimate(-0.1, -0.2, -0.05, n=5)
    assert outcome("ece", lower) == "better"
    assert outcome("f1", lower) == "worse"
    assert outcome("f1", Estimate(0.1, -0.1, 0.3, n=5)) == "not shown to differ"
    assert {m.better for m in MEASURES.values()} == {1, -1}


def test_one_map_for_all_has_fewer_easy_texts_of_the_rare_class(study):
    table = study.regions.query("setting == 'reviews'")
    within, whole = (
        table[table["map"] == kind].set_index("region")["rarest"]
        for kind in ("each class by itself", "all classes together")
    )
    assert whole["easy"] < within["easy"] - 0.03 < within["easy"] < whole["mislabelled"]
    assert within["easy"] == pytest.approx(within["ambiguous"], abs=0.02)


def test_texts_from_elsewhere_without_common_classes_leave_accuracy_out(tmp_path):
    made = cells(tmp_path, methods=("plain", "mixup"), outsides=())
    study = MixupStudy(made)
    assert "auroc" not in study.measures("reviews")
    assert "accuracy_elsewhere" not in study.measures("reviews")
    chapter = MixupChapter(study)
    assert chapter.effects_chart("auroc") is None
    assert "no part was left out" in chapter.ablations_text().lower()
    assert "texts from elsewhere: none" in chapter.about()


def test_seeds_must_agree(tmp_path):
    made = cells(tmp_path, methods=("plain", "mixup"))
    raises_one_line(lambda: MixupStudy(made[:-1]), "expected [1, 2, 3]", kind=ConfigError)
    one = [cell for cell in made if cell.seed == 1]
    raises_one_line(lambda: MixupStudy(one), "two or more", kind=ConfigError)
    raises_one_line(lambda: MixupStudy(made[3:]), "expected plain", kind=ConfigError)


# --- configurations ------------------------------------------------------------------------------


def test_each_seeds_plain_run_comes_before_those_that_need_it():
    made = mixup_configs({"seeds": [1, 2], "train_size": 50})
    seen = set()
    for config in made:
        assert set(needed_runs(config)) <= seen
        seen.add(config.resolved().folder_name)
    assert len(seen) == len(made) == 2 * (len(MIXUP_METHODS) - 1)
    # All are compared on the same texts.
    asked = [config.intervention["out_of_distribution"] for config in made]
    assert all(found == asked[0] for found in asked)


def test_the_small_size_keeps_two_seeds_and_five_methods():
    made = mixup_configs({"size": "small", "seeds": [4, 5, 6], "train_size": None})
    assert len(made) == 10
    assert {config.seed for config in made} == {4, 5}
    assert {config.train_size for config in made} == {200}
    sources = made[0].intervention["out_of_distribution"]["outside"].values()
    assert all(source["size"] == 100 for source in sources)


def test_methods_differ_from_the_full_one_in_their_part_alone():
    plain = mixup_configs({"seeds": [1, 2]})[0]
    full = method_config(plain, "mixup").intervention["mixup"]
    for name, method in MIXUP_METHODS.items():
        if method.part:
            other = method_config(plain, name).intervention["mixup"]
            changed = {k for k in {*full, *other} if full.get(k) != other.get(k)}
            assert len(changed) == 1
    assert method_config(plain, "plain") == plain
    assert full["alpha"] == OPTIONS["alpha"]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"seeds": [1]}, "seeds is [1]"),
        ({"seeds": [1, 2], "methods": ["plain"]}, "expected mixup"),
        ({"seeds": [1, 2], "methods": ["mixup", "x"]}, "unknown method 'x'"),
        ({"seeds": [1, 2], "options": {"beta": 1}}, "unknown option beta"),
        ({"seeds": [1, 2], "settings": [{"dataset": "emotion"}]}, "a mapping with a name"),
        ({"seeds": [1, 2], "settings": 3}, "expected lists"),
        ({"seeds": [1, 2], "epoch": 3}, "unknown setting epoch"),
    ],
)
def test_bad_parameters_are_refused_in_one_line(parameters, said):
    raises_one_line(lambda: mixup_configs(parameters), said, kind=ConfigError)
