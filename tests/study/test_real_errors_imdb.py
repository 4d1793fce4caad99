"""Rankings of reviews of which a crowd judged some, and the choice of the best of many."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from sklearn import metrics
from study.reviews import COUNT, IDS, LABEL, recorded_reviews, write_judgements

from difficulty_lib._errors import DynamicsError
from difficulty_lib.audit import oriented
from difficulty_lib.data import imdb_judgements, unit_hash
from difficulty_lib.study._real_errors_fit import (
    SALT,
    average_precision,
    cross_fitted,
    errors_in_head,
)
from difficulty_lib.study._real_errors_imdb import JudgedErrors


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {
        "short": [recorded_reviews(folder, seed, max_length=128) for seed in (1, 2)],
        "long": [recorded_reviews(folder, 1)],
    }


@pytest.fixture(scope="module")
def judgements(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror")
    write_judgements(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFICULTY_DATA", str(folder))
        return imdb_judgements()


@pytest.fixture(scope="module")
def found(runs, judgements):
    streams = {m: [r.dynamics.stream("test") for r in seeds] for m, seeds in runs.items()}
    return JudgedErrors(streams, judgements, at=60)


def second_half(ids):
    return unit_hash(np.asarray(ids), salt=SALT) >= 0.5


def marked(frame):
    frame.attrs["hard_is"] = "high"
    return frame


# --- choosing ----------------------------------------------------------------------------------


def test_what_is_chosen_on_a_half_ranks_the_other():
    rng = np.random.default_rng(0)
    ids = np.arange(200) * 3
    later = second_half(ids)
    assert 60 < later.sum() < 140
    error = rng.random(200) < 0.3
    noise = rng.random(200)
    lies = -1.0 * error + 0.1 * noise
    tells = 1.0 * error + 0.1 * noise
    frame = marked(
        pd.DataFrame(
            {
                "right in the first half": np.where(later, lies, tells),
                "right in the second half": np.where(later, tells, lies),
                "mediocre": 0.5 * error + noise,
            },
            index=pd.Index(ids, name="sample_id"),
        )
    )
    truth = pd.Series(error, index=frame.index).sample(150, random_state=0)
    found = cross_fitted(frame, truth, average_precision)
    assert found.chosen == ("right in the first half", "right in the second half")
    # Each is measured where it was not chosen, and there it is the worst there is.
    value = metrics.roc_auc_score(truth, found.hard.loc[truth.index])
    assert value < 0.5 < metrics.roc_auc_score(truth, frame.loc[truth.index, "mediocre"])
    for half, name in ((later, found.chosen[0]), (~later, found.chosen[1])):
        own, given = found.hard[half].rank(), frame.loc[half, name].rank()
        assert (own == given).all()
        assert 0 < found.hard[half].min() < found.hard[half].max() < 1
    assert found.oracle == "mediocre"


def test_the_head_counts_errors_among_all_rows():
    hard = pd.Series([5.0, 4, 3, 2, 1, 0], index=range(6), name="x")
    hard = oriented(hard, higher_is_harder=True)
    truth = pd.Series({0: True, 2: False, 1: True, 5: True})
    assert errors_in_head(0.5)(hard, truth) == pytest.approx(2 / 3)
    assert errors_in_head(1 / 6)(hard, truth) == 1.0


def test_a_half_without_errors_is_refused():
    frame = marked(pd.DataFrame({"a": np.arange(20.0)}, index=pd.RangeIndex(20)))
    later = second_half(np.arange(20))
    raises_one_line(
        lambda: cross_fitted(frame, pd.Series(later), average_precision), "half 1", "0 errors"
    )
    unknown = pd.Series([True, False], index=[1, 99])
    raises_one_line(lambda: cross_fitted(frame, unknown, average_precision), "1 judged", "99")


# --- contestants -------------------------------------------------------------------------------


def test_contestants_are_models_seeds_and_ensembles(found):
    names = list(found.contestants)
    for model in ("short", "long", "all models"):
        assert f"action_score/evaluation/{model}" in names
    assert {"random", "confident_learning", "cleanlab_self_confidence"} <= set(names)
    assert found.named("action_score") == "action_score/evaluation/all models"
    ranks = [
        found.contestants[f"last_loss/evaluation/{model}"].rank() for model in ("short", "long")
    ]
    both = found.contestants["last_loss/evaluation/all models"]
    np.testing.assert_allclose(both, sum(ranks) / 2 / COUNT)


def test_probabilities_are_those_of_all_runs(found, runs):
    label = found.labels.to_numpy()
    assert found.probabilities.index.tolist() == IDS.tolist()
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    gold = [
        np.exp(-r.dynamics.stream("test").columns["loss"][-1].astype(float))
        for seeds in runs.values()
        for r in seeds
    ]
    own = found.probabilities.to_numpy()[np.arange(COUNT), label]
    np.testing.assert_allclose(own, np.mean(gold, axis=0), atol=1e-6)


def test_a_single_run_needs_no_models_name(runs, judgements):
    single = JudgedErrors({"one": [runs["long"][0].dynamics.stream("test")]}, judgements)
    assert single.named("action_score") == "action_score/evaluation"
    assert single.at == max(int(judgements[c].sum()) for c in judgements if "flagged" in c)


# --- readings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["any_error", "correctable"])
def test_readings_against_counting(found, judgements, kind):
    truth = judgements[kind]
    table = found.table[found.table["kind"] == kind].set_index("contestant")
    for name in ("action_score/evaluation/short", "last_loss/evaluation/all models", "random"):
        hard, row = found.contestants[name], table.loc[name]
        within = hard.loc[truth.index]
        if not within.duplicated().any():
            assert row["average_precision"] == pytest.approx(
                metrics.average_precision_score(truth, within)
            )
        assert row["auroc"] == pytest.approx(metrics.roc_auc_score(truth, within))
        assert row["auroc_low"] < row["auroc"] < row["auroc_high"]
        if hard.duplicated().any():
            continue
        head = hard.sort_values(ascending=False).index[:60]
        judged = head.intersection(truth.index)
        errors = int(truth.loc[judged].sum())
        assert row["judged"] == pytest.approx(len(judged) / 60)
        assert row["errors_among_judged"] == pytest.approx(errors / len(judged))
        assert row["lowest"] == pytest.approx(errors / 60)
        assert row["highest"] == pytest.approx((errors + 60 - len(judged)) / 60)
    assert table["base_rate"].iloc[0] == pytest.approx(truth.mean())


def test_planted_errors_are_found_and_random_finds_none(found):
    read = found.headline["any_error"]
    assert read["action score"].pool.average_precision.low > 0.5
    assert read["chosen by average precision"].pool.average_precision.low > 0.5
    assert read["random"].pool.average_precision.high < 0.5
    oracle = read["oracle by average precision"].pool.average_precision.value
    best = found.table.loc[found.table["kind"] == "any_error", "average_precision"].max()
    assert oracle == pytest.approx(best)
    assert read["action score"].lowest.value <= read["action score"].highest.value


def test_published_shares_are_of_what_was_flagged(found, judgements):
    row = found.published.set_index("method").loc["confident learning"]
    flagged = judgements[judgements["flagged_by_confident_learning"]]
    assert row["flagged"] == len(flagged)
    assert row["any_error"] == pytest.approx((flagged["verdict"] != "right").mean())
    assert row["correctable"] == pytest.approx((flagged["verdict"] == "correctable").mean())


def test_every_epoch_of_the_first_run_is_measured(found, judgements):
    table = found.over_time[found.over_time["score"] == "last_loss"]
    assert table["epoch"].tolist() == [1, 2]
    loss = pd.Series(found.first.matrix("loss")[0], index=found.first.ids).loc[judgements.index]
    wanted = metrics.average_precision_score(judgements["any_error"], loss)
    assert table["average_precision"].iloc[0] == pytest.approx(wanted)


# --- what is refused ---------------------------------------------------------------------------


def test_judgements_of_other_reviews(runs, judgements):
    stream = runs["long"][0].dynamics.stream("test")
    raises_one_line(
        lambda: JudgedErrors({"a": [stream.take(IDS[:100])]}, judgements), "were not scored"
    )
    other = judgements.assign(label=1 - LABEL[judgements.index])
    raises_one_line(
        lambda: JudgedErrors({"a": [stream]}, other), f"{len(other)} judged", "mirror's ids"
    )
    raises_one_line(lambda: JudgedErrors({"a": []}, judgements), "no run", kind=DynamicsError)


# --- a model of words --------------------------------------------------------------------------


def test_a_model_of_words_competes_alone_and_beside_the_last_loss(runs, judgements):
    streams = {m: [r.dynamics.stream("test") for r in seeds] for m, seeds in runs.items()}
    rng = np.random.default_rng(3)
    gold = pd.Series(rng.random(COUNT), index=pd.Index(IDS, name="sample_id"))
    found = JudgedErrors(streams, judgements, at=60, words=gold.sample(frac=1, random_state=0))
    contestants = found.contestants
    np.testing.assert_allclose(contestants["bag of words"], 1 - gold.loc[contestants.index])
    losses = [
        np.exp(-r.dynamics.stream("test").matrix("loss")[-1])
        for seeds in runs.values()
        for r in seeds
    ]
    model = np.mean(losses, axis=0)
    words = gold.to_numpy()
    both = np.log((1 - model) / model) + np.log((1 - words) / words)
    found_both = contestants["last epoch and bag of words"].loc[IDS]
    np.testing.assert_allclose(found_both, both / 2, rtol=1e-4, atol=1e-4)
    each = np.mean([np.log((1 - p) / p) for p in (*losses, words)], axis=0)
    found_each = contestants["last epochs and bag of words, a vote each"].loc[IDS]
    np.testing.assert_allclose(found_each, each, rtol=1e-4, atol=1e-4)
    one = JudgedErrors({"short": streams["short"][:1]}, judgements, words=gold)
    assert "last epochs and bag of words, a vote each" not in one.contestants
    assert set(found.table["contestant"]) >= {"bag of words", "random"}


def test_a_model_of_words_of_other_reviews_is_refused(runs, judgements):
    streams = {"short": [r.dynamics.stream("test") for r in runs["short"]]}
    gold = pd.Series(0.5, index=pd.Index(IDS[1:], name="sample_id"))
    raises_one_line(lambda: JudgedErrors(streams, judgements, words=gold), "1 ids", "[0]")
