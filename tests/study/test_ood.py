"""The chapter on texts out of distribution, from simulated runs of which it is known what is strange."""

import re

import numpy as np
import pytest
from refusals import raises_one_line
from scipy import stats
from sklearn.metrics import roc_auc_score
from study.strangers import recorded

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import partial_spearman, spearman
from difficulty_lib.scores import SCORES
from difficulty_lib.study import MixupCell, OodChapter, OodStudy, ood_configs
from difficulty_lib.study._ood import crossed, taken_for_strange
from difficulty_lib.training._scores_from import needed_runs

pytestmark = pytest.mark.filterwarnings("ignore::difficulty_lib.dynamics.CollapsedRunWarning")
CHARTS = ["detection", "join", "mistaken", "changes"]
TEXTS = ["about", "verdict", "detection", "join", "changes", "not_measured"]
TABLES = ["detection", "join", "mistaken", "changes", "accuracy"]


def cells(folder, seeds=(1, 2, 3), methods=("plain", "mixup"), **more):
    return [
        MixupCell("reviews", m, s, recorded(folder, m, s, perplexity=s == seeds[0], **more))
        for m in methods
        for s in seeds
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return OodStudy(cells(tmp_path_factory.mktemp("runs")))


@pytest.fixture(scope="module")
def chapter(study):
    return OodChapter(study)


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_described(chapter, name):
    spec = getattr(chapter, f"{name}_chart")().to_dict()
    assert len(spec["description"]) > 60
    assert not re.search(r"nan|inf\b", spec["description"])


@pytest.mark.parametrize("measure", ["false_positives", "matched_auroc"])
def test_other_measures_are_charts_too(chapter, measure):
    assert len(chapter.detection_chart(measure).to_dict()["description"]) > 60


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_have_no_gaps(chapter, name):
    text = getattr(chapter, name if name == "about" else f"{name}_text")()
    assert not re.search(r"\bnan\b|\binf\b|None|\w_\w|\.\.", text)
    if name != "not_measured":
        assert re.search(r"\d", text)


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_rows_and_no_gaps(chapter, name):
    table = getattr(chapter, f"{name}_table")()
    body = table.data if isinstance(table.data, str) else table.to_html()
    assert body.count("<tr") > 2
    assert "nan" not in body


def test_areas_are_scikit_learns(study):
    expected = []
    for seed in (1, 2, 3):
        table = study.run("plain", seed).out_of_distribution["energy"]
        both = table.loc["inside"], table.loc["tweets"]
        truth = np.repeat([0, 1], [len(side) for side in both])
        expected.append(roc_auc_score(truth, np.concatenate(both)))
    found = study.detected("tweets", "energy")
    assert found.value == pytest.approx(np.mean(expected))
    assert found.low < found.value < found.high
    low = study.detected("newspaper", "maximum_softmax_probability")
    sign = study.strangeness("maximum_softmax_probability", "inside")[0]
    assert (sign <= 0).all()  # a sure text is not strange
    assert low.value > 0.5


def test_far_features_tell_and_rates_follow(study):
    assert study.detected("newspaper", "mahalanobis").value > 0.9
    rates = []
    for seed in (1, 2, 3):
        table = study.run("plain", seed).out_of_distribution["mahalanobis"]
        own = np.sort(table.loc["inside"])
        threshold = own[int(np.ceil(0.95 * len(own))) - 1]
        rates.append((table.loc["newspaper"] <= threshold).mean())
    found = study.detected("newspaper", "mahalanobis", "false_positives")
    assert found.value == pytest.approx(np.mean(rates))


def test_perplexity_of_one_training_is_enough(study):
    assert "perplexity" in study.scores
    assert len(study.strangeness("perplexity", "inside")) == 1
    assert study.detected("newspaper", "perplexity").value == pytest.approx(0.5, abs=0.15)


def test_length_alone_is_said_to_tell(study, chapter):
    assert study.detected("tweets", "length").value > 0.85
    matched = study.detected("tweets", "length", "matched_auroc")
    assert abs(matched.value - 0.5) < abs(study.detected("tweets", "length").value - 0.5)
    assert "Length alone has" in chapter.detection_text()


def test_without_a_length_in_common_it_says_so(tmp_path):
    made = cells(tmp_path, seeds=(1, 2), methods=("plain",), outsides=("newspaper",))
    study = OodStudy(made)
    for table in study.tables.values():
        table.loc["newspaper", "words"] = table.loc["newspaper", "words"].to_numpy() + 500
    chapter = OodChapter(study)
    assert study.detected("newspaper", "energy", "matched_auroc") is None
    assert chapter.detection_chart("matched_auroc") is None
    assert "Too few texts have a length in common" in chapter.detection_text()
    assert chapter.changes_chart() is None
    assert chapter.changes_table() is None


def test_the_join_is_that_of_each_training(study):
    row = study.joins.set_index(["score", "source"]).loc[("mahalanobis", "same")]
    own, held, areas = [], [], []
    for seed in (1, 2, 3):
        run = study.run("plain", seed)
        table = run.out_of_distribution.loc["inside"]
        hard = SCORES["action_score"](run.dynamics.stream("validation", "evaluation"))
        hard = hard.loc[table.index].to_numpy()
        strange = table["mahalanobis"].to_numpy()
        own.append(spearman(hard, strange, resamples=1).value)
        held.append(partial_spearman(hard, strange, table["words"], resamples=1).value)
        out = strange > np.sort(strange)[int(np.ceil(0.95 * len(strange))) - 1]
        assert out.sum() == taken_for_strange(strange).sum() == int(0.05 * len(strange))
        areas.append(roc_auc_score(out, hard))
    assert row["spearman"].value == pytest.approx(np.mean(own))
    assert row["partial"].value == pytest.approx(np.mean(held))
    assert row["mistaken"].value == pytest.approx(np.mean(areas))


def test_hard_texts_made_strange_are_found_from_other_trainings(study, chapter):
    table = study.joins.set_index(["score", "source"])
    assert table.loc[("mahalanobis", "other"), "mistaken"].low > 0.5
    assert table.loc[("mahalanobis", "other"), "partial"].low > 0
    assert "shown for" in chapter.verdict_text()
    tenths = study.tenths.query("score == 'mahalanobis'").set_index("tenth")["value"]
    assert tenths[10] > 0.05 > tenths[1]
    assert tenths.mean() == pytest.approx(7 / 150, abs=1e-3)


def test_another_trainings_difficulty_has_no_part_in_it(study):
    others = [
        SCORES["action_score"](study.run("plain", s).dynamics.stream("validation")) for s in (2, 3)
    ]
    ids = study.first.loc["inside"].index
    expected = np.mean([stats.rankdata(series.loc[ids]) for series in others], axis=0)
    np.testing.assert_allclose(study.difficulty(1, "other"), expected)


def test_changes_are_paired_by_seed(study):
    values = study.methods_values.set_index(["method", "outside", "score", "seed"])["auroc"]
    apart = (values["mixup"] - values["plain"])["tweets"]["energy"].to_numpy()
    table = study.changes.set_index(["method", "outside", "score", "measure"])["estimate"]
    found = table["mixup", "tweets", "energy", "auroc"]
    low, high = stats.t.interval(0.95, 2, apart.mean(), stats.sem(apart))
    assert (found.value, found.low, found.high) == pytest.approx((apart.mean(), low, high))


def test_intervals_over_texts_and_trainings_hold_what_they_say():
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(40):
        shift = rng.normal(0, 0.3, 6)
        texts = rng.normal(0, 1, 80)
        parts = [(texts + s + rng.normal(0, 0.2, 80)) for s in shift]
        found = crossed([lambda rows, v=v: v[rows].mean(-1) for v in parts], [80], 200)
        inside += found.low <= 0 <= found.high
    assert inside >= 32


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"seeds": [1, 2], "dataset": "sst2"}, "outside is None"),
        ({"seeds": [1]}, "seeds is [1]"),
        ({"seeds": [1, 2], "methods": "mixup"}, "expected a list"),
        ({"seeds": [1, 2], "methods": ["x"]}, "unknown method 'x'"),
    ],
)
def test_bad_parameters_are_refused_in_one_line(parameters, said):
    raises_one_line(lambda: ood_configs(parameters), said, kind=ConfigError)


def test_runs_come_after_those_they_need_and_one_reads_the_language_model():
    outside = {"films": {"split": "imdb/test", "sentences": 1, "size": 872}}
    made = ood_configs(
        {"dataset": "sst2", "outside": outside, "seeds": [1, 2], "language_model": "smollm2"}
    )
    seen = set()
    for config in made:
        assert set(needed_runs(config)) <= seen
        seen.add(config.resolved().folder_name)
    asked = [c.intervention["out_of_distribution"] for c in made]
    assert [("language_model" in a) for a in asked] == [True] + [False] * 7
    small = ood_configs({"size": "small", "seeds": [1, 2, 3], "language_model": "smollm2"})
    assert len(small) == 4


def test_other_texts_in_one_training_are_refused(tmp_path):
    made = cells(tmp_path, seeds=(1, 2), methods=("plain",))
    other = recorded(tmp_path / "more", "plain", 3, outsides=("tweets",))
    raises_one_line(
        lambda: OodStudy([*made, MixupCell("reviews", "plain", 3, other)]),
        "saw other texts",
        kind=DataError,
    )
    raises_one_line(
        lambda: OodStudy(cells(tmp_path / "none", seeds=(1, 2), outsides=())),
        "no texts from elsewhere",
        kind=DataError,
    )
