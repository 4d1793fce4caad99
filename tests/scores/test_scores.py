"""Every registered score against a slow loop over the raw logits that reads like its formula."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difficulty_lib import SCORES, DifficultyError, Dynamics, ranking
from difficulty_lib.dynamics import STREAMS, StreamDynamics
from difficulty_lib.scores import (
    el2n,
    forgetting_events,
    grand,
    never_learnt,
    tracin_self,
    vog,
)

DIFFICULT = [name for name, entry in SCORES.items() if entry.means == "difficult"]
PROPERTY = settings(max_examples=15, deadline=None, derandomize=True, database=None)


# The references. `z` holds the logits of one sample: z[t][k] of epoch t, epoch 0 first; y is gold.


def softmax(z_t):
    top = max(z_t)
    total = sum(math.exp(value - top) for value in z_t)
    return [math.exp(value - top) / total for value in z_t]


def trained(z):
    return range(1, len(z))


def loss(z_t, y):
    return -math.log(softmax(z_t)[y])


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def ref_action_score(z, y):
    total = 0.0
    for t in trained(z):
        total += loss(z[t], y)
    return total


def ref_action_score_mean(z, y):
    return mean(loss(z[t], y) for t in trained(z))


def ref_action_score_initial(z, y):
    total = 0.0
    for t in range(len(z)):
        total += loss(z[t], y)
    return total


def ref_action_variance(z, y):
    centre = mean(loss(z[t], y) for t in trained(z))
    return mean((loss(z[t], y) - centre) ** 2 for t in trained(z))


def ref_last_loss(z, y):
    return loss(z[-1], y)


def ref_aum(z, y):
    return mean(z[t][y] - max(v for k, v in enumerate(z[t]) if k != y) for t in trained(z))


def ref_confidence(z, y):
    return mean(softmax(z[t])[y] for t in trained(z))


def ref_variability(z, y):
    centre = ref_confidence(z, y)
    return math.sqrt(mean((softmax(z[t])[y] - centre) ** 2 for t in trained(z)))


def right(z_t, y):
    return max(range(len(z_t)), key=lambda k: z_t[k]) == y


def ref_correctness(z, y):
    return mean(1.0 if right(z[t], y) else 0.0 for t in trained(z))


def ref_forgetting_events(z, y):
    if not any(right(z[t], y) for t in trained(z)):
        return len(trained(z))
    return sum(1 for t in range(2, len(z)) if right(z[t - 1], y) and not right(z[t], y))


def ref_el2n(z, y):
    p = softmax(z[1])
    return math.sqrt(sum((p[k] - (1.0 if k == y else 0.0)) ** 2 for k in range(len(p))))


def ref_predictive_entropy(z, y):
    return -sum(p * math.log(p) for p in softmax(z[-1]))


def ref_maximum_softmax_probability(z, y):
    return max(softmax(z[-1]))


def ref_aleatoric(z, y):
    return mean(softmax(z[t])[y] * (1 - softmax(z[t])[y]) for t in trained(z))


def ref_pvi(z, y):
    classes = len(z[0])
    prior = (y + 1) / sum(k + 1 for k in range(classes))  # as the simulation has it
    return -math.log2(prior) + math.log2(softmax(z[-1])[y])


def ref_self_confidence(z, y):
    return softmax(z[-1])[y]


def ref_normalized_margin(z, y):
    p = softmax(z[-1])
    return (p[y] - max(v for k, v in enumerate(p) if k != y) + 1) / 2


def ref_second_split_forgetting(z, y):
    for t in trained(z):
        if all(not right(z[later], y) for later in range(t, len(z))):
            return t
    return len(z)  # E + 1


def ref_ensemble_loss(z, y):
    return mean(loss([value * warmth for value in z[-1]], y) for warmth in (1.0, 1.5, 2.0))


def ref_grand(z, y):
    return ref_el2n(z, y)  # of a model whose parameters are its logits


def ref_tracin_self(z, y):
    total = 0.0
    for t in trained(z):
        p = softmax(z[t])
        gradient = [p[k] - (1.0 if k == y else 0.0) for k in range(len(p))]
        total += 0.1 / (1 + t) * sum(g * g for g in gradient)
    return total


def ref_vog_raw(z, y):
    deviations = []
    for k in range(len(z[0])):
        gradients = [loss(z[t], y) * (k + 1) / len(z[0]) for t in trained(z)]
        deviations.append(math.sqrt(mean((g - mean(gradients)) ** 2 for g in gradients)))
    return mean(deviations)


def ref_vog(z, y, class_mates):
    raw = [ref_vog_raw(mate, y) for mate in class_mates]
    deviation = math.sqrt(mean((value - mean(raw)) ** 2 for value in raw))
    return (ref_vog_raw(z, y) - mean(raw)) / deviation if deviation > 1e-12 else 0.0


REFERENCES = {
    name.removeprefix("ref_"): function
    for name, function in list(globals().items())
    if name.startswith("ref_")
}


def computed(simulation, name):
    """The registered score of the simulation, in a split and stream that it is defined on."""
    entry, runs = SCORES[name], simulation.runs_for(SCORES[name])
    return entry.across(runs) if entry.several_runs else entry(*runs)


def inputs(simulation, name):
    """The arrays that the score's function is called with."""
    entry, runs = SCORES[name], simulation.runs_for(SCORES[name])
    columns = [[run.matrix(need) for run in runs] for need in entry.needs]
    return [np.stack(values) if entry.several_runs else values[0] for values in columns]


def expected(simulation, name):
    """By id, from the raw logits."""
    by_id = {}
    for place, sample_id in enumerate(simulation.ids):
        z = simulation.logits[:, place].tolist()
        more = []
        if SCORES[name].all_samples:
            mates = np.flatnonzero(simulation.label == simulation.label[place])
            more.append([simulation.logits[:, mate].tolist() for mate in mates])
        by_id[int(sample_id)] = REFERENCES[name](z, int(simulation.label[place]), *more)
    return by_id


SHAPES = {
    "2 classes": {"classes": 2},
    "3 classes": {"classes": 3},
    "150 classes": {"classes": 150, "samples": 12},
    "one sample": {"samples": 1},
    "one epoch": {"epochs": 1},
    "one of each": {"samples": 1, "epochs": 1, "classes": 2},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", SCORES)
def test_score_equals_its_formula(simulate, name, shape):
    assert name in REFERENCES, f"write a slow reference for {name}"
    simulation = simulate(seed=7, **SHAPES[shape])
    found = computed(simulation, name)
    wanted = expected(simulation, name)
    assert found.name == name
    assert found.index.tolist() == sorted(wanted)
    assert found.index.name == "sample_id"
    np.testing.assert_allclose(found, [wanted[i] for i in found.index], rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", SCORES)
def test_score_of_any_dtype_is_computed_in_float64(simulation, name, dtype):
    """Half precision loses digits in the columns, none in the score made of them."""
    columns = [values.astype(dtype) for values in inputs(simulation, name)]
    found = SCORES[name].function(*columns)
    assert found.dtype == np.float64
    same = SCORES[name].function(*(values.astype(np.float64) for values in columns))
    np.testing.assert_array_equal(found, same)
    wanted = expected(simulation, name)
    close = {"float16": 2e-2, "float32": 2e-5, "float64": 2e-5}[dtype]
    reference = [wanted[i] for i in sorted(wanted)]
    np.testing.assert_allclose(found, reference, rtol=close, atol=close)


def test_no_reference_without_a_score():
    assert set(REFERENCES) == set(SCORES)


@pytest.mark.parametrize("name", SCORES)
def test_score_stays_accurate_where_softmax_is_extreme(simulate, name):
    simulation = simulate(seed=5)
    wide = type(simulation)(simulation.ids, simulation.label, simulation.logits * 8)
    found = computed(wide, name)
    wanted = expected(wide, name)
    np.testing.assert_allclose(found, [wanted[i] for i in found.index], rtol=2e-5, atol=3e-6)


@pytest.mark.parametrize("name", SCORES)
def test_metadata(name):
    entry = SCORES[name]
    assert entry.name == name == entry.function.__name__
    assert isinstance(entry.higher_is_harder, bool)
    assert entry.means in ("difficult", "ambiguous")
    assert entry.default_stream in STREAMS
    assert all((entry.title, entry.formula, entry.citation, entry.needs, entry.function.__doc__))


# Identities


def test_action_score_is_epochs_times_mean(stream):
    total, per_epoch = SCORES["action_score"](stream), SCORES["action_score_mean"](stream)
    np.testing.assert_allclose(total, 5 * per_epoch, rtol=1e-12)
    assert ranking(total).index.tolist() == ranking(per_epoch).index.tolist()


def test_aleatoric_and_variability_share_the_mean(stream):
    centre = SCORES["confidence"](stream)
    left = SCORES["aleatoric"](stream) + SCORES["variability"](stream) ** 2
    np.testing.assert_allclose(left, centre * (1 - centre), rtol=1e-9)


def test_two_classes_el2n_is_the_gold_probability(simulate):
    simulation = simulate(classes=2)
    found = SCORES["el2n"](simulation.dynamics().stream())
    for place, sample_id in enumerate(simulation.ids):
        p = softmax(simulation.logits[1, place].tolist())[simulation.label[place]]
        assert found[sample_id] == pytest.approx(math.sqrt(2) * (1 - p), abs=1e-6)


def test_two_classes_entropy_and_msp_are_monotone(simulate):
    simulation = simulate(classes=2)
    stream = simulation.dynamics().stream()
    sure = {
        int(i): abs(softmax(simulation.logits[-1, place].tolist())[0] - 0.5)
        for place, i in enumerate(simulation.ids)
    }
    order = sorted(sure, key=sure.__getitem__)
    assert (np.diff(SCORES["predictive_entropy"](stream)[order]) <= 1e-6).all()
    assert (np.diff(SCORES["maximum_softmax_probability"](stream)[order]) >= -1e-6).all()


@PROPERTY
@given(
    seed=st.integers(0, 10_000),
    epochs=st.integers(1, 7),
    samples=st.integers(1, 30),
    scale=st.sampled_from([1e-6, 1.0, 1e4]),
)
def test_tracin_is_the_weighted_sum_of_squared_grand(seed, epochs, samples, scale):
    rng = np.random.default_rng(seed)
    norms = rng.gamma(1.0, scale, (epochs, samples))
    rate = rng.uniform(0.0, 1.0, epochs)
    total = np.zeros(samples)
    for t in range(1, epochs + 1):
        total += rate[t - 1] * grand(norms, epoch=t) ** 2
    found = tracin_self(norms, np.repeat(rate[:, None], samples, axis=1))
    np.testing.assert_allclose(found, total, rtol=1e-12)


def test_vog_within_the_class_has_mean_0_and_deviation_1():
    rng = np.random.default_rng(0)
    raw, label = rng.gamma(2.0, 1.0, 60), rng.integers(0, 3, 60)
    label[7] = 9  # alone in its class
    found = vog(raw, label)
    assert found[7] == 0.0
    for name in range(3):
        own = found[label == name]
        assert own.mean() == pytest.approx(0.0, abs=1e-12)
        assert own.std() == pytest.approx(1.0)
        assert (np.argsort(own) == np.argsort(raw[label == name])).all()
    assert (vog(np.full(5, 0.1), np.zeros(5)) == 0.0).all()


@pytest.mark.parametrize("epoch", [0, -1, 6])
def test_grand_epoch_out_of_range(epoch):
    with pytest.raises(IndexError, match=f"epoch is {epoch}; expected 1 to 5"):
        grand(np.ones((5, 3)), epoch=epoch)


# Orientation


def planted():
    """40 samples learnt at once and kept, of which four are ever more surely wrong."""
    rng = np.random.default_rng(3)
    label = rng.integers(0, 3, 40)
    hard = [2, 11, 23, 38]
    logits = rng.uniform(0.0, 0.3, (6, 40, 3))
    for place in range(40):
        favoured = (label[place] + 1) % 3 if place in hard else label[place]
        logits[1:, place, favoured] += np.array([2.0, 4.0, 6.0, 8.0, 10.0])
    return logits, label, set(hard)


@pytest.mark.parametrize("name", DIFFICULT)
def test_planted_hard_samples_rank_first(simulation, name):
    logits, label, hard = planted()
    made = type(simulation)(np.arange(40), label, logits)
    order = ranking(computed(made, name))
    assert set(order.index[:4]) == hard
    assert order.tolist() == list(range(1, 41))


AMBIGUOUS = ("aleatoric", "maximum_softmax_probability", "predictive_entropy", "variability")


def test_ambiguous_scores_are_known():
    assert {name for name, entry in SCORES.items() if entry.means == "ambiguous"} == set(AMBIGUOUS)


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_planted_ambiguous_samples_rank_first(simulation, name):
    logits, label, _ = planted()
    logits[:] = 0.0
    logits[:, np.arange(40), label] = 9.0
    wavering = [5, 17]
    for place in wavering:  # between the gold class and another, undecided in the end
        logits[:, place] = 0.0
        logits[[1, 3], place, label[place]] = 9.0
    made = type(simulation)(np.arange(40), label, logits)
    order = ranking(computed(made, name))
    assert set(order.index[:2]) == set(wavering)


# Forgetting and EL2N


@pytest.mark.parametrize(
    ("course", "events", "never"),
    [
        ([1, 1, 1, 1], 0, False),
        ([0, 0, 0, 1], 0, False),
        ([0, 1, 0, 1], 1, False),
        ([1, 0, 1, 0], 2, False),
        ([1, 0, 0, 0], 1, False),
        ([0, 0, 0, 0], 4, True),
    ],
)
def test_forgetting_of_one_course(course, events, never):
    correct = np.array(course, dtype=float)[:, None]
    assert forgetting_events(correct).tolist() == [events]
    assert never_learnt(correct).tolist() == [never]


def test_never_learnt_ranks_above_the_most_forgotten():
    correct = np.array([[1, 0], [0, 0], [1, 0], [0, 0], [1, 0], [0, 0]])
    count = forgetting_events(correct)
    assert count[1] > count[0] == 3


@pytest.mark.parametrize("epoch", [0, -1, 6])
def test_el2n_epoch_out_of_range(stream, epoch):
    with pytest.raises(IndexError, match=f"epoch is {epoch}; expected 1 to 5"):
        el2n(stream.matrix("error_norm"), epoch=epoch)


def test_el2n_of_a_later_epoch(simulation, stream):
    found = dict(zip(stream.ids, el2n(stream.matrix("error_norm"), epoch=4)))
    for place, sample_id in enumerate(simulation.ids):
        z, y = simulation.logits[[0, 4], place].tolist(), int(simulation.label[place])
        assert found[sample_id] == pytest.approx(ref_el2n(z, y), abs=1e-6)


def refused(entry, runs):
    try:
        entry.across(runs) if entry.several_runs else entry(*runs)
    except DifficultyError:
        return True
    except (IndexError, RuntimeWarning):
        return False
    return False


@pytest.mark.parametrize("name", SCORES)
def test_no_score_of_epoch_0_alone(simulation, name):
    only = [
        replace(run, epochs=run.epochs[:1], columns={k: v[:1] for k, v in run.columns.items()})
        for run in simulation.runs_for(SCORES[name])
    ]
    assert refused(SCORES[name], only)


@pytest.mark.parametrize("name", SCORES)
def test_score_does_not_change_or_share_its_input(simulation, name):
    given = inputs(simulation, name)
    before = [values.copy() for values in given]
    result = SCORES[name].function(*given)
    result += 1.0
    for values, kept in zip(given, before):
        np.testing.assert_array_equal(values, kept)


# cleanlab


def probabilities(simulation, epoch):
    return np.array([softmax(row) for row in simulation.logits[epoch].tolist()])


def one_epoch(simulation):
    columns = {name: values[-1:] for name, values in simulation.columns().items()}
    return Dynamics.from_arrays(simulation.ids, label=simulation.label, **columns).stream()


def test_two_classes_confidence_is_cleanlabs_margin(simulate):
    rank = pytest.importorskip("cleanlab.rank")
    simulation = simulate(classes=2)
    wanted = rank.get_normalized_margin_for_each_label(
        simulation.label, probabilities(simulation, -1)
    )
    found = SCORES["confidence"](one_epoch(simulation))[simulation.ids]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_confidence_is_cleanlabs_self_confidence_averaged(simulation, stream):
    rank = pytest.importorskip("cleanlab.rank")
    wanted = np.mean(
        [
            rank.get_self_confidence_for_each_label(simulation.label, probabilities(simulation, t))
            for t in range(1, 6)
        ],
        axis=0,
    )
    np.testing.assert_allclose(SCORES["confidence"](stream)[simulation.ids], wanted, atol=1e-6)


def test_cleanlabs_margin_follows_from_the_stored_columns(simulation):
    rank = pytest.importorskip("cleanlab.rank")
    wanted = rank.get_normalized_margin_for_each_label(
        simulation.label, probabilities(simulation, -1)
    )
    stream = one_epoch(simulation)
    gold, top = stream.matrix("gold_probability")[0], stream.matrix("max_probability")[0]
    other = np.where(
        stream.matrix("margin")[0] > 0, gold * np.exp(-stream.matrix("margin")[0]), top
    )
    found = dict(zip(stream.ids, (gold - other + 1) / 2))
    np.testing.assert_allclose([found[i] for i in simulation.ids], wanted, atol=1e-6)


# Properties


@PROPERTY
@given(
    seed=st.integers(0, 10_000),
    epochs=st.integers(1, 7),
    samples=st.integers(1, 30),
    classes=st.integers(2, 5),
    spread=st.sampled_from([0.0, 0.1, 1.0, 20.0]),
)
def test_finite_and_of_one_number_a_sample(simulate, seed, epochs, samples, classes, spread):
    drawn = simulate(classes=classes, epochs=epochs, samples=samples, seed=seed)
    made = type(drawn)(drawn.ids, drawn.label, drawn.logits * spread)
    for name, entry in SCORES.items():
        values = entry.function(*inputs(made, name))
        assert values.shape == (samples,), name
        assert values.dtype == np.float64, name
        assert np.isfinite(values).all(), name


@PROPERTY
@given(seed=st.integers(0, 10_000), order=st.permutations(range(12)))
def test_permuting_the_samples_permutes_the_scores(simulate, seed, order):
    simulation = simulate(samples=12, seed=seed)
    order = np.array(order)
    for name, entry in SCORES.items():
        given = inputs(simulation, name)
        whole = entry.function(*given)
        turned = entry.function(*(values[..., order] for values in given))
        np.testing.assert_array_equal(turned, whole[order], err_msg=name)


@PROPERTY
@given(seed=st.integers(0, 10_000), keep=st.sets(st.integers(0, 11), min_size=1))
def test_a_samples_score_depends_on_that_sample_alone(simulate, seed, keep):
    simulation = simulate(samples=12, seed=seed)
    for name, entry in SCORES.items():
        if entry.all_samples:
            continue
        runs = simulation.runs_for(entry)
        some = [run.take(run.ids[sorted(keep)]) for run in runs]
        assert isinstance(some[0], StreamDynamics)
        found = entry.across(some) if entry.several_runs else entry(*some)
        whole = computed(simulation, name)
        np.testing.assert_allclose(found, whole[some[0].ids], rtol=1e-12)
