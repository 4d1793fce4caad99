"""The rule that tells wrong from ambiguous, by loops, on planted truths, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.audit import (
    SuspectRule,
    measure_sorting,
    oriented,
    random_ranking,
    wrong_or_ambiguous,
)

metrics = pytest.importorskip("sklearn.metrics")
QUICK = {"resamples": 40}


def series(values, name, ids=None):
    index = pd.Index(np.arange(len(values)) if ids is None else ids)
    return pd.Series(np.asarray(values, dtype=float), index, name=name)


def planted(n=600, seed=0):
    """Wrongness high for errors, ambiguity for variation, a little of each for the other."""
    rng = np.random.default_rng(seed)
    error, variation = rng.random(n) < 0.15, rng.random(n) < 0.15
    wrongness = rng.normal(size=n) + 3 * error + 1 * variation
    ambiguity = rng.normal(size=n) + 3 * variation + 1 * error
    ids = 7 + 2 * rng.permutation(n)
    return (
        series(wrongness, "action_score", ids),
        series(ambiguity, "variability", ids),
        pd.Series(error, ids),
        pd.Series(variation, ids),
    )


def test_the_rule_by_hand():
    # places of ten rows are .05, .15 … .95: with a share of .2 the two highest of each are suspect
    wrongness = series([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], "action_score")
    ambiguity = series([0, 9, 1, 2, 8, 3, 4, 5, 6, 7], "variability")
    found = wrong_or_ambiguous(wrongness, ambiguity)
    expected = ["wrong", "ambiguous", *["unsuspected"] * 2, "ambiguous", *["unsuspected"] * 5]
    assert found["kind"].tolist() == expected
    assert found["wrongness"].tolist() == pytest.approx((np.arange(10)[::-1] + 0.5) / 10)
    assert found.loc[1, "lead"] == pytest.approx(0.85 - 0.95)
    lenient = wrong_or_ambiguous(wrongness, ambiguity, SuspectRule(lead=-0.1))
    assert lenient["kind"].tolist()[:2] == ["wrong", "wrong"]
    strict = wrong_or_ambiguous(wrongness, ambiguity, SuspectRule(suspects=0.1, lead=0.95))
    assert strict["kind"].tolist()[:2] == ["ambiguous", "ambiguous"]
    everyone = wrong_or_ambiguous(wrongness, ambiguity, SuspectRule(suspects=1))
    assert "unsuspected" not in set(everyone["kind"])


def test_scores_are_turned_and_monotone_changes_do_not_matter():
    wrongness, ambiguity, _, _ = planted()
    found = wrong_or_ambiguous(wrongness, ambiguity)
    turned = wrong_or_ambiguous(
        (-wrongness).rename("aum"), np.exp(ambiguity).sample(frac=1, random_state=0)
    )
    pd.testing.assert_frame_equal(found, turned)
    tied = wrong_or_ambiguous(0 * wrongness, 0 * ambiguity)
    assert set(tied["kind"]) == {"unsuspected"}


@pytest.mark.parametrize("suspects", [0.1, 0.3])
def test_its_measures_by_loops(suspects):
    wrongness, ambiguity, error, variation = planted()
    found = wrong_or_ambiguous(wrongness, ambiguity, SuspectRule(suspects))
    some = error.index[::2]  # truths of a part of the rows that were sorted
    measured = measure_sorting(found, error[some], variation[some], resamples=200)
    names = {(1, 0): "error", (0, 1): "variation", (1, 1): "both", (0, 0): "neither"}
    counted = {(t, k): 0 for t in names.values() for k in ("wrong", "ambiguous", "unsuspected")}
    called, gold, lead, which = [], [], [], []
    for sample_id in some:
        e, v = int(error[sample_id]), int(variation[sample_id])
        kind = found.loc[sample_id, "kind"]
        counted[names[e, v], kind] += 1
        if e + v == 1:
            lead.append(found.loc[sample_id, "lead"])
            which.append(e)
            if kind != "unsuspected":
                called.append(kind == "wrong")
                gold.append(bool(e))
    assert measured.confusion.stack().to_dict() == counted
    accuracy = measured.balanced_accuracy
    assert accuracy.value == pytest.approx(metrics.balanced_accuracy_score(gold, called))
    assert accuracy.n == len(gold)
    assert accuracy.low < accuracy.value < accuracy.high
    assert measured.separation.value == pytest.approx(metrics.roc_auc_score(which, lead))
    both = (measured.errors_called_wrong.value + measured.variation_called_ambiguous.value) / 2
    assert both == pytest.approx(accuracy.value)
    suspected = found.loc[some[error[some].to_numpy()], "kind"] != "unsuspected"
    assert measured.errors_suspected.value == pytest.approx(suspected.mean())


def test_it_separates_what_is_planted_and_nothing_else():
    wrongness, ambiguity, error, variation = planted(3000)
    good = measure_sorting(wrong_or_ambiguous(wrongness, ambiguity), error, variation, **QUICK)
    assert good.balanced_accuracy.low > 0.8
    assert good.errors_suspected.value > 0.7
    swapped = measure_sorting(wrong_or_ambiguous(ambiguity, wrongness), error, variation, **QUICK)
    assert swapped.balanced_accuracy.high < 0.2
    ids = error.index
    blind = wrong_or_ambiguous(random_ranking(ids, 1), random_ranking(ids, 2))
    chance = measure_sorting(blind, error, variation, resamples=300)
    assert not chance.balanced_accuracy.excludes(0.5)
    assert not chance.separation.excludes(0.5)


def test_what_cannot_be_sorted_or_measured_is_refused():
    wrongness, ambiguity, error, variation = planted(60)
    found = wrong_or_ambiguous(wrongness, ambiguity)
    raises_one_line(
        lambda: wrong_or_ambiguous(wrongness.rename("guess"), ambiguity), "guess", kind=ConfigError
    )
    raises_one_line(lambda: wrong_or_ambiguous(wrongness.iloc[1:], ambiguity), "other samples")
    holes = oriented(wrongness.where(wrongness > 0))
    raises_one_line(lambda: wrong_or_ambiguous(holes, ambiguity), "not finite")
    for setting in ({"suspects": 0}, {"suspects": 1.1}, {"lead": 2}):
        raises_one_line(lambda s=setting: SuspectRule(**s), kind=ConfigError)
    raises_one_line(lambda: measure_sorting(found, error.astype(int), variation), "int64")
    raises_one_line(lambda: measure_sorting(found, error.iloc[1:], variation), "one of both")
    raises_one_line(lambda: measure_sorting(found.iloc[1:], error, variation), "not among")
    raises_one_line(lambda: measure_sorting(found, error, error), "0 are an error alone")
