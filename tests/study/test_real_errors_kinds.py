"""Errors, honest variation and false alarms: what people say of labels, and what scores make of it."""

import math

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats
from sklearn import metrics

from difficulty_lib._errors import ConfigError
from difficulty_lib.audit import SuspectRule
from difficulty_lib.study._real_errors_alarms import false_alarms, people_say, ratings_as_votes
from difficulty_lib.study._real_errors_kinds import KindRule, label_kinds
from difficulty_lib.study._real_errors_variation import Variation

NAMES = ["entailment", "neutral", "contradiction"]


def frame(rows, ids=None):
    index = pd.Index(range(len(rows)) if ids is None else ids, name="sample_id")
    return pd.DataFrame(rows, index=index, columns=NAMES)


def slow_kind(gold, few, many, below=100 / 3, by=20):
    """The rule as its documentation says it, label by label."""
    many = [100 * m / sum(many) for m in many]
    given = [label for label in range(3) if few[label] > 0 and many[label] >= by]
    if few[gold] == 0 and many[gold] < below:
        return "error"
    if gold in given:
        return "variation" if len(given) > 1 else "agreed"
    return "unclear"


# --- kinds of labels ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("few", "many", "kind"),
    [
        ([0, 4, 0], [10, 80, 10], "error"),
        ([0, 2, 2], [33, 33, 34], "error"),
        ([0, 2, 2], [34, 33, 33], "unclear"),  # a third of people do give it
        ([1, 3, 0], [20, 80, 0], "variation"),
        ([1, 3, 0], [19, 81, 0], "unclear"),  # one expert and few people
        ([3, 1, 0], [81, 19, 0], "agreed"),
        ([4, 0, 0], [40, 60, 0], "agreed"),  # no expert gives the other
        ([1, 1, 2], [200, 200, 600], "variation"),  # of a hundred, however many were asked
    ],
)
def test_kind_of_a_label(few, many, kind):
    gold = pd.Series([0])
    assert label_kinds(gold, frame([few]), frame([many])).tolist() == [kind]


def test_kinds_of_random_labels_are_of_samples_in_all_three():
    rng = np.random.default_rng(0)
    ids = rng.permutation(500) * 3
    gold = pd.Series(rng.integers(0, 3, 500), index=ids)
    few = frame(rng.multinomial(4, [0.5, 0.3, 0.2], 400), ids[100:])
    many = frame(rng.multinomial(100, [0.4, 0.4, 0.2], 400), ids[:400])
    found = label_kinds(gold, few, many, KindRule(error_below=45, given_by=38))
    assert found.index.tolist() == sorted(ids[100:400])
    wanted = [
        slow_kind(gold[i], few.loc[i].tolist(), many.loc[i].tolist(), 45, 38) for i in found.index
    ]
    assert found.tolist() == wanted
    assert set(wanted) == {"error", "variation", "agreed", "unclear"}


def test_rule_and_columns_are_checked():
    raises_one_line(lambda: KindRule(error_below=0), "error_below is 0", kind=ConfigError)
    raises_one_line(lambda: KindRule(given_by=101), "given_by is 101", kind=ConfigError)
    gold, few = pd.Series([0]), frame([[1, 0, 0]])
    raises_one_line(lambda: label_kinds(gold, few, few[NAMES[::-1]]), "the same labels")
    raises_one_line(lambda: label_kinds(gold, few, frame([[1, 0, 0]], [7])), "expected some")


# --- error against variation -------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted():
    """Errors with a high loss and a low spread, variation the other way round."""
    rng = np.random.default_rng(1)
    count = 600
    kind = rng.choice(["error", "variation", "agreed", "unclear"], 300, p=[0.1, 0.4, 0.4, 0.1])
    few = {"error": [0, 4, 0], "variation": [2, 2, 0], "agreed": [4, 0, 0], "unclear": [0, 4, 0]}
    many = {"error": [5, 90, 5], "variation": [50, 45, 5], "agreed": [95, 3, 2]}
    many |= {"unclear": [60, 40, 0]}
    ids = rng.permutation(count)
    level = {"error": (4, 0.1), "variation": (2, 0.4), "agreed": (0.5, 0.1), "unclear": (1, 0.2)}
    known = pd.Series(kind, index=ids[:300])
    means = np.array([level[known.get(i, "agreed")] for i in range(count)])
    noise = rng.normal(0, 1, (count, 2)) * [0.8, 0.1]
    scores = pd.DataFrame(
        {"action_score": means[:, 0] + noise[:, 0], "variability": means[:, 1] + noise[:, 1]},
        index=pd.RangeIndex(count, name="sample_id"),
    ).assign(confidence=lambda t: -t["action_score"])
    gold = pd.Series(0, index=scores.index)
    given = [frame([table[k] for k in kind], ids[:300]) for table in (few, many)]
    return Variation(scores, gold, *given), known.sort_index()


def test_separation_against_an_independent_auroc(planted):
    found, known = planted
    assert found.kinds.tolist() == known.tolist()
    assert found.counts == known.value_counts().to_dict()
    table = found.separation.set_index(["question", "score"])
    for question, one, other in (
        ("error against variation", "error", "variation"),
        ("error against agreed", "error", "agreed"),
        ("variation against agreed", "variation", "agreed"),
    ):
        ids = known.index[known.isin([one, other])]
        truth = known.loc[ids] == one
        for name in ("action_score", "variability"):
            row, values = table.loc[(question, name)], found.scores.loc[ids, name]
            assert row["auroc"].value == pytest.approx(metrics.roc_auc_score(truth, values))
            wanted = metrics.average_precision_score(truth, values)
            assert row["average_precision"].value == pytest.approx(wanted)
            assert row["base_rate"] == pytest.approx(truth.mean())
        # a score of which low is hard is turned
        alike = table.loc[(question, "confidence"), "auroc"].value
        assert alike == pytest.approx(table.loc[(question, "action_score"), "auroc"].value)
    assert table.loc[("error against variation", "action_score"), "auroc"].low > 0.5
    assert table.loc[("error against variation", "variability"), "auroc"].high < 0.5


def test_the_rule_sorts_what_was_planted(planted):
    found, known = planted
    pair = found.pairs[0]
    assert pair == ("action_score", "variability")
    measured = found.sorting(pair)
    assert measured.balanced_accuracy.low > 0.6
    places = found.places(pair)
    counted = pd.crosstab(places["label"], places["kind"])
    assert measured.confusion.loc["error", "wrong"] == counted.loc["error", "wrong"]
    assert measured.confusion.loc["variation", "ambiguous"] == counted.loc["variation", "ambiguous"]
    suspect = places["kind"] != "unsuspected"
    wrong = (places.loc[suspect & (known == "error"), "kind"] == "wrong").mean()
    other = (places.loc[suspect & (known == "variation"), "kind"] == "ambiguous").mean()
    assert measured.balanced_accuracy.value == pytest.approx((wrong + other) / 2)
    assert found.sorted_by["balanced_accuracy"].iloc[0] == measured.balanced_accuracy
    # with a lead that none has, none is called wrong
    strict = found.places(pair, SuspectRule(lead=1.0))
    assert "wrong" not in set(strict["kind"])


def test_other_thresholds_make_other_errors(planted):
    found, known = planted
    table = found.by_threshold.set_index("error_below")
    assert table.loc[20, "errors"] == (known == "error").sum()
    assert table.loc[50, "errors"] == (known == "error").sum()  # of the unclear, 60 of 100 give it
    assert table.loc[50, "auroc"].value == pytest.approx(table.loc[20, "auroc"].value)


def test_too_few_errors_are_no_comparison(planted):
    found, _ = planted
    scores = found.scores
    few = frame([[2, 2, 0]] * 20 + [[0, 4, 0]] * 4)
    many = frame([[50, 50, 0]] * 20 + [[5, 95, 0]] * 4)
    gold = pd.Series(0, index=scores.index)
    raises_one_line(lambda: Variation(scores, gold, few, many), "4 of 24 labels are error")


# --- false alarms ------------------------------------------------------------------------------


def test_what_people_say_of_a_label():
    votes = frame(
        [[40, 60, 0], [50, 50, 0], [67, 33, 0], [66, 34, 0], [100, 0, 0]], [9, 3, 5, 1, 2]
    )
    said = people_say(pd.Series(0, index=votes.index), votes)
    assert said.to_dict() == {9: "wrong", 3: "ambiguous", 5: "clear", 1: "ambiguous", 2: "clear"}
    third = frame([[2, 1, 0]])
    assert people_say(pd.Series([0]), third).tolist() == ["ambiguous"]
    assert people_say(pd.Series([0]), third, disputed=0.34).tolist() == ["clear"]


def test_false_alarms_against_counting():
    rng = np.random.default_rng(2)
    ids = rng.permutation(230)
    scores = pd.DataFrame(
        {"action_score": rng.random(230), "confidence": rng.random(230)}, index=ids
    )
    said = pd.Series(rng.choice(["wrong", "ambiguous", "clear"], 210), index=rng.permutation(210))
    found = false_alarms(scores, said, most=0.1).set_index("score")
    for name, ascending in (("action_score", False), ("confidence", True)):
        order = scores.loc[said.index, name].sort_values(ascending=ascending).index[:21]
        row = found.loc[name]
        assert row["read"] == math.ceil(0.1 * 210)
        for kind in ("wrong", "ambiguous", "clear"):
            count = int((said.loc[order] == kind).sum())
            assert row[kind].value == pytest.approx(count / 21)
            wilson = stats.binomtest(count, 21).proportion_ci(method="wilson")
            assert row[kind].low == pytest.approx(wilson.low)
            assert row[kind].high == pytest.approx(wilson.high)
    assert found.attrs["base"]["wrong"] == pytest.approx((said == "wrong").mean())


def test_of_tied_rows_the_lower_ids_are_read():
    scores = pd.DataFrame({"forgetting_events": [1.0] * 10}, index=np.arange(10)[::-1])
    said = pd.Series(["wrong"] * 2 + ["clear"] * 8, index=range(10))
    assert false_alarms(scores, said, most=0.2)["wrong"].iloc[0].value == 1


def test_ratings_are_counted_by_sign():
    ratings = pd.Series([[-4, -1, 0, 2], [0, 0], (3, 1)], index=[5, 6, 7])
    votes = ratings_as_votes(ratings)
    assert votes.to_numpy().tolist() == [[2, 1, 1], [0, 2, 0], [0, 0, 2]]
    assert votes.index.tolist() == [5, 6, 7]


def test_alarms_refuse_what_they_cannot_read():
    votes, scores = frame([[1, 0, 0]]), pd.DataFrame({"action_score": [1.0]})
    label = pd.Series([0, 1])
    raises_one_line(lambda: people_say(label, votes), "1 labelled samples have no votes")
    raises_one_line(lambda: people_say(label[:1], frame([[0, 0, 0]])), "nobody voted on sample 0")
    raises_one_line(lambda: people_say(label[:1], votes, 0), "share is 0", kind=ConfigError)
    said = pd.Series(["clear"], index=[4])
    raises_one_line(lambda: false_alarms(scores, said), "1 samples were not scored", "4")
    raises_one_line(lambda: false_alarms(scores, said, most=2), "suspects is 2", kind=ConfigError)
