"""Contestants against the scores, cleanlab and loops: named, and all high where it is hard."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib import SCORES, Dynamics
from difficulty_lib._errors import ConfigError, DynamicsError, MissingExtraError
from difficulty_lib.audit import (
    LABEL_QUALITY,
    audit_measures,
    cleanlab_contestants,
    confidence_weighted_entropy,
    confident_learning,
    contestant_table,
    contestants_about,
    label_quality,
    mean_of_ranks,
    measure_table,
    neighbour_disagreement,
    oriented,
    random_ranking,
    score_contestants,
)
from difficulty_lib.corruptions import contradict_duplicates
from difficulty_lib.data import TextData
from difficulty_lib.data._hashing import RANDOM_ORDER, unit_hash

CLASSES, EPOCHS = 4, 3


def labelled(n=240, rate=0.15, seed=0):
    """Out-of-sample probabilities of labels of which some are wrong: labels, probabilities, truth."""
    rng = np.random.default_rng(seed)
    ids = pd.Index(5 + 3 * rng.permutation(n), name="sample_id")
    right = rng.integers(0, CLASSES, n)
    logits = rng.normal(size=(n, CLASSES)) + 2.5 * np.eye(CLASSES)[right]
    wrong = rng.random(n) < rate
    given = np.where(wrong, (right + rng.integers(1, CLASSES, n)) % CLASSES, right)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return (
        pd.Series(given, index=ids),
        pd.DataFrame(probabilities, index=ids),
        pd.Series(wrong, index=ids),
    )


def recorded(stream="cross_validated", n=240, seed=0):
    """Dynamics whose last epoch are the probabilities of `labelled`."""
    labels, probabilities, truth = labelled(n, seed=seed)
    logits = np.log(probabilities.to_numpy())
    rng = np.random.default_rng(seed + 1)
    epochs = [
        logits * t / EPOCHS + 0.3 * (t < EPOCHS) * rng.normal(size=logits.shape) for t in (1, 2, 3)
    ]
    made = Dynamics.from_logits(
        labels.index.to_numpy(), np.stack(epochs), labels.to_numpy(), stream=stream
    )
    return made.stream(), labels, probabilities, truth


@pytest.mark.parametrize("method", LABEL_QUALITY)
def test_label_quality_is_cleanlabs_turned(method):
    rank = pytest.importorskip("cleanlab.rank")
    labels, probabilities, _ = labelled()
    found = label_quality(labels, probabilities, method)
    function = getattr(rank, f"get_{method}_for_each_label")
    expected = function(labels.to_numpy(), probabilities.to_numpy())
    assert found.to_numpy() == pytest.approx(-expected)
    assert found.index.equals(labels.index)
    # by id, not by place
    again = label_quality(labels, probabilities.sample(frac=1, random_state=0), method)
    assert again.equals(found)


def test_confident_learning_ranks_what_it_prunes_first():
    cleanlab = pytest.importorskip("cleanlab.filter")
    labels, probabilities, truth = labelled()
    found = confident_learning(labels, probabilities)
    order = cleanlab.find_label_issues(
        labels.to_numpy(),
        probabilities.to_numpy(),
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    assert 10 < len(order) < 100
    first = found.sort_values(ascending=False).index[: len(order)]
    assert first.tolist() == labels.index[order].tolist()
    assert (found > 1.5).sum() == len(order)
    assert audit_measures(found, truth, resamples=0).average_precision.value > 0.6


def test_all_that_cleanlab_gives_is_high_where_it_is_wrong():
    pytest.importorskip("cleanlab")
    labels, probabilities, truth = labelled()
    table = cleanlab_contestants(labels, probabilities.to_numpy())
    assert table.columns.tolist() == [
        *(f"cleanlab_{m}" for m in LABEL_QUALITY),
        "confident_learning",
    ]
    measured = measure_table(table, truth, resamples=0)
    assert (measured["auroc"] > 0.85).all()


def test_what_cleanlab_cannot_take_is_refused():
    labels, probabilities, _ = labelled()
    raises_one_line(lambda: label_quality(labels, probabilities, "best"), "best", kind=ConfigError)
    raises_one_line(lambda: label_quality(labels.astype(float), probabilities), "float64")
    raises_one_line(lambda: label_quality(labels, probabilities.iloc[1:]), "1 labelled samples")
    raises_one_line(lambda: label_quality(labels, probabilities.to_numpy()[1:]), "(239, 4)")
    raises_one_line(lambda: label_quality(labels + 1, probabilities), "none of the 4 classes")
    raises_one_line(lambda: label_quality(labels, 2 * probabilities), "add up to 1")
    raises_one_line(lambda: label_quality(labels, probabilities * np.nan), "add up to 1")


def test_without_cleanlab_one_line_says_what_to_install(monkeypatch):
    import sys

    for name in [name for name in sys.modules if name.split(".")[0] == "cleanlab"]:
        monkeypatch.delitem(sys.modules, name)

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] == "cleanlab":
                raise ModuleNotFoundError(f"No module named '{name}'", name=name)

    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    labels, probabilities, _ = labelled()
    for function in (label_quality, confident_learning):
        raises_one_line(
            lambda f=function: f(labels, probabilities),
            "pip install cleanlab",
            kind=MissingExtraError,
        )


def test_entropy_by_confidence_ranks_as_cleanlabs_without_probabilities():
    rank = pytest.importorskip("cleanlab.rank")
    stream, labels, probabilities, _ = recorded()
    found = confidence_weighted_entropy(stream, CLASSES)
    theirs = pd.Series(
        rank.get_confidence_weighted_entropy_for_each_label(
            labels.to_numpy(), probabilities.to_numpy()
        ),
        index=labels.index,
    ).loc[found.index]
    assert (np.log(found + 1) / found).to_numpy() == pytest.approx(theirs.to_numpy(), rel=1e-4)
    assert found.corr(-theirs, method="spearman") > 0.9999
    raises_one_line(
        lambda: confidence_weighted_entropy(recorded("training")[0], CLASSES),
        "kept from the model",
        kind=DynamicsError,
    )
    raises_one_line(lambda: confidence_weighted_entropy(stream, 1), "2 or more", kind=ConfigError)


@pytest.mark.parametrize("stream", ["evaluation", "training", "cross_validated"])
def test_every_score_that_applies_is_turned_and_named(stream):
    dynamics, _, _, _ = recorded(stream)
    table = score_contestants(dynamics)
    available = [name for name, entry in SCORES.items() if entry.available(dynamics)]
    assert table.columns.tolist() == [f"{name}/{stream}" for name in available]
    for name in available:
        sign = 1 if SCORES[name].higher_is_harder else -1
        own = SCORES[name](dynamics)
        assert table[f"{name}/{stream}"].tolist() == (sign * own).tolist()
    assert ("self_confidence/cross_validated" in table) == (stream == "cross_validated")
    about = contestants_about([*table.columns, "random"]).set_index("contestant")
    assert about.index.tolist() == table.columns.tolist()
    assert set(about["out_of_sample"]) == {stream == "cross_validated"}
    assert about.loc[f"aum/{stream}", "score"] == "aum"
    assert contestants_about(["aum/evaluation"], "test")["out_of_sample"].tolist() == [True]


def test_planted_errors_are_found_by_all_scores_of_difficulty():
    dynamics, _, _, truth = recorded("cross_validated")
    table = score_contestants(dynamics)
    measured = measure_table(table, truth, resamples=0).set_index("contestant")
    about = contestants_about(table.columns).set_index("contestant")
    for contestant in ("action_score", "aum", "confidence", "el2n", "self_confidence", "last_loss"):
        assert measured.loc[f"{contestant}/cross_validated", "auroc"] > 0.85
        assert about.loc[f"{contestant}/cross_validated", "means"] == "difficult"
    assert measured.attrs["chance"]["auroc"] == 0.5


def test_several_runs_and_several_streams():
    runs = [recorded("evaluation", seed=0)[0]] * 2
    training = recorded("training")[0]
    table = score_contestants({"minilm": runs[0], "both": runs, "other": training}, ["aum"])
    assert table.columns.tolist() == [
        "aum/evaluation/minilm",
        "aum/evaluation/both",
        "aum/training/other",
    ]
    assert table["aum/evaluation/both"].tolist() == table["aum/evaluation/minilm"].tolist()
    assert table["aum/training/other"].attrs["hard_is"] == "high"
    raises_one_line(lambda: score_contestants({}), "one stream", kind=DynamicsError)
    raises_one_line(lambda: score_contestants(training, ["wit"]), "wit", kind=ConfigError)


def test_neighbours_that_disagree_by_a_loop():
    rng = np.random.default_rng(0)
    labels, _, _ = labelled(40)
    embedding = rng.normal(size=(40, 5))
    found = neighbour_disagreement(labels, embedding, k=3)
    unit = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    for place, sample_id in enumerate(labels.index):
        near = [i for i in np.argsort(-unit @ unit[place], kind="stable") if i != place][:3]
        expected = np.mean(labels.to_numpy()[near] != labels.iloc[place])
        assert found[sample_id] == pytest.approx(expected)
    raises_one_line(lambda: neighbour_disagreement(labels, embedding[1:]), "(39, 5)")
    raises_one_line(lambda: neighbour_disagreement(labels, embedding, 0), kind=ConfigError)
    embedding[3, 2] = np.nan
    raises_one_line(lambda: neighbour_disagreement(labels, embedding), "not finite")


def test_the_random_order_depends_on_ids_and_seed_alone():
    ids = np.array([9, 2, 40])
    found = random_ranking(ids, seed=3)
    assert sorted(found) == sorted(unit_hash(ids, RANDOM_ORDER + 3).tolist())
    assert random_ranking(ids[::-1], seed=3).loc[ids].tolist() == found.tolist()
    assert random_ranking(ids, seed=4).tolist() != found.tolist()


@pytest.mark.parametrize("seed", range(12))
def test_the_random_order_does_not_tell_what_was_added_to_a_part_of_the_data(seed):
    """Parts are chosen by a hash of the ids, too: the same one would put all of them last."""
    texts = [f"text number {number}" for number in range(4000)]
    data = TextData(
        name="own",
        splits={"train": pd.DataFrame({"text": texts, "label": np.arange(4000) % 2})},
        text_columns=("text",),
        label_names=("no", "yes"),
        origin="file",
    ).subset({"train": 500})
    grown, truth = contradict_duplicates(data["train"], 0.2, seed, classes=2)
    added = truth["corrupted"].to_numpy()
    assert 60 < added.sum() < 140
    places = random_ranking(grown.index, seed=seed).rank() / len(grown)
    # The mean place of so many has a standard deviation of about .03.
    assert abs(places[added].mean() - 0.5) < 0.12


def test_the_mean_of_ranks_by_hand():
    index = pd.Index([1, 2, 3, 4], name="sample_id")
    loss = pd.Series([0.0, 5.0, 1.0, 1.0], index, name="last_loss")  # ranks 1 4 2.5 2.5
    aum = pd.Series([4.0, -3.0, -9.0, 0.0], index, name="aum")  # low is hard: 1 3 4 2
    found = mean_of_ranks(pd.DataFrame({"last_loss": loss, "aum": aum}))
    assert found.tolist() == [1 / 4, 3.5 / 4, 3.25 / 4, 2.25 / 4]
    assert mean_of_ranks(contestant_table(loss, aum)).tolist() == found.tolist()
    raises_one_line(lambda: mean_of_ranks(loss.to_frame()), "two or more")
    raises_one_line(
        lambda: mean_of_ranks(pd.DataFrame({"a": loss, "b": aum})), "direction", kind=ConfigError
    )


def test_the_table_of_contestants_joins_by_id():
    a = oriented(pd.Series([1.0, 2.0], [7, 8], name="aum"))
    b = random_ranking([8, 7])
    table = contestant_table(a, b)
    assert table.loc[8].tolist() == [-2.0, b[8]]
    assert table["random"].attrs["hard_is"] == "high"
    raises_one_line(lambda: contestant_table(a, a), "hard_aum", "a name each")
    raises_one_line(lambda: contestant_table(a, b.iloc[1:]), "other samples", "8")
    raises_one_line(lambda: contestant_table(), "no contestant")
