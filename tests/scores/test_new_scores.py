"""Scores beyond one run's curve, against cleanlab, aum and loops; identities; runs put together."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import raises_one_line
from scipy import stats

from difficulty_lib import SCORES, Dynamics, ranking, score_table
from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.dynamics._health import CollapsedRunWarning
from difficulty_lib.scores import (
    across_runs,
    distinct_scores,
    ensemble,
    null_loss_from_frequencies,
    second_split_forgetting,
    with_trained_null,
)

PROPERTY = settings(max_examples=30, deadline=None, derandomize=True, database=None)
DRAWN = {
    "seed": st.integers(0, 10_000),
    "epochs": st.integers(1, 6),
    "samples": st.integers(1, 20),
    "classes": st.integers(2, 6),
}
TWO = {name: values for name, values in DRAWN.items() if name != "classes"} | {
    "classes": st.just(2)
}


def held_out(simulation):
    return simulation.runs_for(SCORES["pvi"])[0].trusted()


def probabilities(simulation, epoch=-1):
    z = simulation.logits[epoch]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


# --- cleanlab and aum --------------------------------------------------------------------------

SHAPES = [(2, 40), (3, 40), (150, 20), (3, 1)]


@pytest.mark.parametrize(("classes", "samples"), SHAPES)
@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("self_confidence", "get_self_confidence_for_each_label"),
        ("normalized_margin", "get_normalized_margin_for_each_label"),
    ],
)
def test_label_quality_is_cleanlabs(simulate, name, function, classes, samples):
    rank = pytest.importorskip("cleanlab.rank")
    simulation = simulate(classes=classes, samples=samples, seed=2)
    wanted = getattr(rank, function)(simulation.label, probabilities(simulation))
    found = SCORES[name](held_out(simulation))[simulation.ids]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize(("classes", "samples"), [s for s in SHAPES if s[1] > 1])  # it needs two
def test_aum_is_that_of_its_authors(simulate, tmp_path, classes, samples):
    torch = pytest.importorskip("torch")
    AUMCalculator = pytest.importorskip("aum").AUMCalculator
    simulation = simulate(classes=classes, samples=samples, seed=3)
    calculator = AUMCalculator(str(tmp_path), compressed=True)
    for logits in simulation.logits[1:]:
        calculator.update(
            torch.tensor(logits),
            torch.tensor(simulation.label),
            [str(i) for i in simulation.ids],
        )
    calculator.finalize()
    wanted = pd.read_csv(tmp_path / "aum_values.csv").set_index("sample_id")["aum"]
    found = SCORES["aum"](simulation.dynamics("train", "training").stream().trusted())
    np.testing.assert_allclose(found[wanted.index], wanted, atol=1e-5)


# --- identities --------------------------------------------------------------------------------


@PROPERTY
@given(**DRAWN)
def test_action_score_is_epochs_times_the_mean_loss(simulate, epochs, **drawn):
    stream = held_out(simulate(epochs=epochs, **drawn))
    total, mean = SCORES["action_score"](stream), SCORES["action_score_mean"](stream)
    np.testing.assert_allclose(total, epochs * mean, rtol=1e-12)
    np.testing.assert_allclose(mean, stream.matrix("loss").sum(axis=0) / epochs, rtol=1e-12)


@PROPERTY
@given(**DRAWN)
def test_aleatoric_and_variability_share_the_confidence(simulate, **drawn):
    stream = held_out(simulate(**drawn))
    centre = SCORES["confidence"](stream)
    left = SCORES["aleatoric"](stream) + SCORES["variability"](stream) ** 2
    np.testing.assert_allclose(left, centre * (1 - centre), atol=1e-12)


@PROPERTY
@given(**TWO)
def test_two_classes_have_one_signal(simulate, **drawn):
    """EL2N is √2 (1 − p); entropy and MSP follow |p − ½|; the margin is the self-confidence."""
    simulation = simulate(**drawn)
    stream = held_out(simulation)
    first = stream.matrix("gold_probability")[0]
    np.testing.assert_allclose(SCORES["el2n"](stream), math.sqrt(2) * (1 - first), atol=1e-6)
    last = stream.matrix("gold_probability")[-1]
    sure = np.abs(last - 0.5)
    np.testing.assert_allclose(SCORES["maximum_softmax_probability"](stream), 0.5 + sure, atol=1e-6)
    p = np.clip(0.5 + sure, None, 1 - 1e-12)
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    np.testing.assert_allclose(SCORES["predictive_entropy"](stream), entropy, atol=1e-5)
    np.testing.assert_allclose(
        SCORES["normalized_margin"](stream), SCORES["self_confidence"](stream), atol=1e-6
    )


@PROPERTY
@given(**DRAWN)
def test_pvi_with_a_uniform_prior_ranks_as_the_last_loss(simulate, classes, **drawn):
    simulation = simulate(classes=classes, **drawn)
    uniform = null_loss_from_frequencies(simulation.label, [9] * classes)
    stream = held_out(simulation).with_static(null_loss=uniform)
    pvi, last = SCORES["pvi"](stream), SCORES["last_loss"](stream)
    assert ranking(pvi).index.tolist() == ranking(last).index.tolist()
    np.testing.assert_allclose(pvi, (math.log(classes) - last) / math.log(2), atol=1e-9)


# --- PVI's null model --------------------------------------------------------------------------


def test_null_loss_is_the_entropy_of_the_labels_frequencies():
    label = np.array([0, 0, 0, 2, 2, 1, 0, 2])
    counts = np.bincount(label)
    loss = null_loss_from_frequencies(label, counts)
    assert loss.tolist() == pytest.approx([-math.log(counts[k] / 8) for k in label])
    assert loss.mean() == pytest.approx(stats.entropy(counts))


@pytest.mark.parametrize(("label", "counts"), [([0, 1], [5, 0]), ([0, 3], [5, 5]), ([-1], [5, 5])])
def test_a_label_that_training_lacks_is_named(label, counts):
    run = lambda: null_loss_from_frequencies(label, counts)  # noqa: E731
    raises_one_line(run, f"label {label[-1]}", "training", "expected", kind=DynamicsError)


def test_trained_null_is_matched_by_sample_id(simulate):
    simulation = simulate(samples=12)
    stream = held_out(simulation)
    null = simulate(samples=12, seed=9).dynamics("validation").stream()
    some = stream.take(stream.ids[::3])
    found = with_trained_null(some, replace(null, ids=stream.ids))
    for place, sample_id in enumerate(some.ids):
        at = stream.ids.tolist().index(sample_id)
        assert found.static["null_loss"][place] == null.columns["loss"][-1, at]
    lacking = null.take(null.ids[1:])
    run = lambda: with_trained_null(null, lacking)  # noqa: E731
    raises_one_line(run, "null model", f"first: {null.ids[0]}", kind=DynamicsError)


# --- second-split forgetting -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("course", "time"),
    [
        ([1, 1, 1, 1], 5),
        ([0, 0, 0, 1], 5),
        ([1, 0, 0, 1], 5),
        ([1, 1, 1, 0], 4),
        ([1, 0, 1, 0], 4),
        ([0, 1, 0, 0], 3),
        ([1, 0, 0, 0], 2),
        ([0, 0, 0, 0], 1),
    ],
)
def test_second_split_forgetting_of_one_course(course, time):
    assert second_split_forgetting(np.array(course)[:, None]).tolist() == [time]


# --- streams that a score is not defined on ----------------------------------------------------


@pytest.mark.parametrize("name", ["pvi", "self_confidence", "normalized_margin"])
@pytest.mark.parametrize(
    ("split", "stream", "allowed"),
    [
        ("train", "evaluation", False),
        ("train", "training", False),
        ("validation", "evaluation", True),
        ("train", "cross_validated", True),
        ("train", "second_split", False),
    ],
)
def test_out_of_sample_scores_refuse_samples_that_were_trained_on(
    simulation, name, split, stream, allowed
):
    made = simulation.dynamics(split, stream).stream()
    made = made.with_static(null_loss=np.ones(len(made)))
    assert SCORES[name].available(made) == allowed
    if allowed:
        assert SCORES[name](made).notna().all()
        return
    raises_one_line(
        lambda: SCORES[name](made), f"{split}/{stream}", "kept from", kind=DynamicsError
    )


def test_second_split_forgetting_refuses_other_streams(stream):
    run = lambda: SCORES["second_split_forgetting"](stream)  # noqa: E731
    raises_one_line(run, "train/evaluation", "second_split alone", kind=DynamicsError)


# --- ensembles ---------------------------------------------------------------------------------


@pytest.fixture
def seeds(simulate):
    """Three runs of the same samples, whose logits differ by noise."""
    base = simulate(samples=30)
    noise = np.random.default_rng(4).normal(0, 1, (3, *base.logits.shape))
    runs = [replace(base, logits=base.logits + extra) for extra in noise]
    return [run.dynamics("validation").stream() for run in runs]


@pytest.mark.parametrize("name", ["action_score", "aum", "el2n", "self_confidence"])
def test_ensemble_is_the_mean_over_the_runs(seeds, name):
    found = ensemble(seeds, name)
    for sample_id in seeds[0].ids:
        wanted = sum(SCORES[name](run)[sample_id] for run in seeds) / 3
        assert found[sample_id] == pytest.approx(wanted)
    assert ranking(found).name == "rank"  # its direction is that of the score


@pytest.mark.parametrize("name", ["action_score", "aum", "forgetting_events"])
def test_ensemble_by_rank_is_the_mean_place(seeds, name):
    found = ensemble(seeds, name, "rank")
    wanted = np.mean([stats.rankdata(SCORES[name](run)) / 30 for run in seeds], axis=0)
    np.testing.assert_allclose(found, wanted)
    assert found.name == name


def test_ensemble_by_rank_does_not_depend_on_the_scale(seeds):
    wide = replace(seeds[1], columns={k: v for k, v in seeds[1].columns.items() if k == "loss"})
    wide.columns["loss"] = wide.columns["loss"] * 100
    narrow = [replace(run, columns={"loss": run.columns["loss"]}) for run in seeds]
    mixed = [narrow[0], wide, narrow[2]]
    same = ensemble(mixed, "action_score", "rank"), ensemble(narrow, "action_score", "rank")
    pd.testing.assert_series_equal(*same)


def test_ensemble_of_a_score_made_of_several_runs(seeds):
    pd.testing.assert_series_equal(
        ensemble(seeds, "ensemble_loss"),
        ensemble(seeds, "last_loss").rename("ensemble_loss"),
    )


def test_table_of_several_runs(seeds):
    table = score_table(seeds)
    assert set(table) == set(score_table(seeds[0])) | {"ensemble_loss"}
    np.testing.assert_allclose(table["aum"], ensemble(seeds, "aum"))
    assert table.attrs == {"stream": "evaluation", "runs": 3}


def across(streams):
    return [
        lambda: across_runs(streams, "action_score"),
        lambda: ensemble(streams, "aum"),
        lambda: ensemble(streams, "ensemble_loss"),
        lambda: score_table(streams),
    ]


def test_runs_that_do_not_fit_are_refused(seeds):
    first, *_, last = seeds
    few = last.take(last.ids[2:])
    names = ", ".join(map(str, last.ids[:2]))
    training = replace(last, stream="training")
    labels = replace(last, label=np.where(np.arange(30) == 4, 5, last.label))
    for call in across([first, few]):
        raises_one_line(call, "run 2 of 2 lacks 2", names, kind=DynamicsError)
    for call in across([few, first]):
        raises_one_line(call, "the first run lacks 2", names, kind=DynamicsError)
    for call in across([first, first, training]):
        raises_one_line(call, "run 3 of 3", "validation/training", kind=DynamicsError)
    for call in across([first, labels]):
        raises_one_line(call, "labels", str(last.ids[4]), kind=DynamicsError)
    for call in across([first])[:3]:
        raises_one_line(call, "1", "two or more", kind=DynamicsError)
    raises_one_line(lambda: score_table([]), "0", "two or more", kind=DynamicsError)


def test_an_ensemble_loss_needs_the_same_epochs(seeds):
    short = replace(
        seeds[1],
        epochs=seeds[1].epochs[:3],
        columns={name: values[:3] for name, values in seeds[1].columns.items()},
    )
    run = lambda: ensemble([seeds[0], short], "ensemble_loss")  # noqa: E731
    raises_one_line(run, "run 2 of 2 has 2 epochs", "5", kind=DynamicsError)
    assert len(ensemble([seeds[0], short], "last_loss")) == 30


def test_ensemble_refuses_unknown_names_and_ways(seeds):
    raises_one_line(lambda: ensemble(seeds, "hardship"), "hardship", "aum", kind=ConfigError)
    run = lambda: ensemble(seeds, "aum", "median")  # noqa: E731
    raises_one_line(run, "median", "mean or rank", kind=ConfigError)


@pytest.mark.filterwarnings(f"ignore::{CollapsedRunWarning.__module__}.CollapsedRunWarning")
def test_a_collapsed_run_is_in_no_ensemble(seeds):
    blank = {name: np.zeros_like(values) for name, values in seeds[1].columns.items()}
    blank["loss"] += 3.0
    bad = replace(seeds[1], columns=blank, health=None)
    for call in across([seeds[0], bad]):
        raises_one_line(call, "learnt nothing", kind=DynamicsError)


# --- scores that rank alike --------------------------------------------------------------------


def test_of_scores_that_rank_alike_the_first_is_kept(simulation):
    table = score_table(held_out(simulation))
    kept = list(distinct_scores(table))
    assert kept == [name for name in table if name in kept]
    assert {"action_score", "last_loss", "aum", "confidence"} <= set(kept)
    dropped = set(table) - set(kept)
    assert {"action_score_mean", "self_confidence"} <= dropped
    for name in dropped:  # each has a twin that was kept
        twins = [
            abs(stats.spearmanr(table[name], table[other]).statistic) > 1 - 1e-9 for other in kept
        ]
        assert any(twins), name
    for place, name in enumerate(kept):
        for other in kept[:place]:
            assert abs(stats.spearmanr(table[name], table[other]).statistic) < 1 - 1e-9


def test_of_two_classes_fewer_scores_are_left(simulate):
    table = score_table(held_out(simulate(classes=2)))
    assert "normalized_margin" not in distinct_scores(table)
    assert "normalized_margin" in distinct_scores(score_table(held_out(simulate(classes=3))))


def test_opposite_orders_and_finer_ones_are_kept():
    index = pd.Index([1, 2, 3, 4], name="sample_id")
    columns = {
        "action_score": [1.0, 2.0, 3.0, 4.0],
        "aum": [-1.0, -2.0, -3.0, -4.0],  # low is hard: the same order
        "confidence": [0.1, 0.2, 0.3, 0.4],  # the opposite one
        "forgetting_events": [0.0, 0.0, 1.0, 1.0],  # ties, in the order of the ids
        "el2n": [0.0, 0.1, 0.2, 1.4],
    }
    table = pd.DataFrame(columns, index=index)
    assert list(distinct_scores(table)) == ["action_score", "confidence", "forgetting_events"]


def test_a_table_without_samples_or_scores():
    assert list(distinct_scores(pd.DataFrame())) == []
    one = Dynamics.from_arrays([7], loss=[[0.5]]).stream()
    assert list(distinct_scores(score_table(one))) == ["action_score"]
