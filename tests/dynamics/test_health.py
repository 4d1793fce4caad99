"""Runs that learnt nothing are found, and those that did are left in peace."""

import warnings

import numpy as np
import pytest

from difficulty_lib import SCORES, Dynamics, score_table
from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import CollapsedRunWarning, chance_loss, check_health
from difficulty_lib.scores import ensemble


def stream(logits, label, **keys):
    ids = np.arange(len(label)) * 3 + 1
    return Dynamics.from_logits(ids, logits, label, **keys).stream()


def labels(samples=200, classes=4, seed=0):
    return np.random.default_rng(seed).integers(0, classes, samples)


def learning(label, classes, epochs=3, skill=2.0, seed=1):
    """Logits that know more of the label with every epoch."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1, (epochs, len(label), classes))
    logits[:, np.arange(len(label)), label] += skill * np.arange(1, epochs + 1)[:, None]
    return logits


def constant(label, classes, epochs=3, seed=1):
    """Logits that say the same of all samples, but for a whiff of noise."""
    rng = np.random.default_rng(seed)
    once = rng.normal(0, 0.5, (epochs, 1, classes))
    return once + rng.normal(0, 1e-4, (epochs, len(label), classes))


def untrained(label, classes, epochs=3, seed=1):
    """Logits that differ from sample to sample and know nothing of its label."""
    return np.random.default_rng(seed).normal(0, 1, (epochs, len(label), classes))


def kinds(made):
    return [finding.kind for finding in check_health(made)]


def test_chance_loss_is_the_entropy_of_the_labels():
    assert chance_loss(np.array([0, 0, 0, 1])) == pytest.approx(
        -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    )
    assert chance_loss(np.array([5, 5])) == 0


@pytest.mark.parametrize("classes", [2, 4, 20])
@pytest.mark.parametrize("epochs", [1, 3])
def test_collapsed(classes, epochs):
    label = labels(classes=classes)
    made = stream(constant(label, classes, epochs), label)
    assert kinds(made) == ["constant predictions", "loss not below chance"]
    assert made.collapsed
    assert f"epoch {epochs}" in made.collapsed


@pytest.mark.parametrize("classes", [2, 4, 20])
@pytest.mark.parametrize("epochs", [1, 3])
def test_healthy(classes, epochs):
    label = labels(classes=classes)
    made = stream(learning(label, classes, epochs), label)
    assert kinds(made) == []
    assert made.collapsed is None


def test_one_epoch_that_has_begun_to_learn_is_healthy():
    label = labels(500)
    assert kinds(stream(learning(label, 4, epochs=1, skill=0.7), label)) == []


def test_confident_and_overfitted_is_healthy():
    label = labels(500)
    logits = 30 * learning(label, 4, skill=0.4)  # better than chance, at losses far above it
    made = stream(logits, label, split="validation")
    assert made.matrix("loss")[-1].mean() > 2 * chance_loss(label)
    assert kinds(made) == []


def test_the_commonest_class_for_all_is_no_collapse_while_the_loss_falls():
    rng = np.random.default_rng(0)
    label = (rng.random(400) < 0.1).astype(int)
    logits = np.zeros((1, 400, 2))
    logits[0, :, 0] = 4.0 - 2.5 * label + rng.normal(0, 0.1, 400)
    made = stream(logits, label)
    assert kinds(made) == ["constant predictions"]
    assert made.collapsed is None


@pytest.mark.parametrize("seed", range(5))
def test_untrained_is_doubtful_but_not_collapsed(seed):
    label = labels(400, seed=seed)
    made = stream(untrained(label, 4, seed=100 + seed), label)
    assert kinds(made) == ["loss not below chance"]
    assert made.collapsed is None


@pytest.mark.parametrize(("others", "found"), [(4, False), (5, True)])
def test_few_samples_of_other_classes_are_no_evidence(others, found):
    label = np.array([0] * 20 + [1] * others)
    made = stream(constant(label, 2), label)
    assert bool(kinds(made)) == found


def test_labels_of_one_class_are_no_collapse():
    label = np.zeros(100, dtype=int)
    assert kinds(stream(learning(label, 3), label)) == []
    assert kinds(stream(constant(label, 3), label)) == []


def losses(rows, **keys):
    """60 samples around each mean, without labels."""
    noise = np.linspace(-0.1, 0.1, 60)
    return Dynamics.from_arrays(
        np.arange(60), loss=np.array(rows)[:, None] + noise, **keys
    ).stream()


def test_loss_that_did_not_fall():
    assert kinds(losses([1.0, 1.1, 1.0])) == ["loss did not fall"]
    assert kinds(losses([1.0, 0.9, 1.1])) == []  # it fell before it rose
    assert kinds(losses([1.0])) == []


def test_loss_of_held_out_samples_may_rise():
    assert kinds(losses([1.0, 1.1], split="test")) == []
    assert kinds(losses([1.0, 1.1], stream="second_split")) == []
    assert kinds(losses([1.0, 1.1], split="test", epochs=[0, 1])) == ["loss did not fall"]


def test_only_epoch_0():
    label = labels()
    assert kinds(stream(untrained(label, 4, epochs=1), label, epochs=[0])) == []


def test_no_score_of_a_collapsed_run():
    label = labels()
    made = stream(constant(label, 4), label)
    for compute in (
        lambda: score_table(made),
        lambda: SCORES["aum"](made),
        lambda: ensemble([made, made], "aum"),
        lambda: score_table([made, made], ["ensemble_loss"]),
        lambda: SCORES["aum"](made.take(made.ids[:3])),
        lambda: SCORES["aum"](made.with_static(null_loss=np.ones(200))),
    ):
        with pytest.raises(DynamicsError, match=r"learnt nothing .*allow_collapsed=True") as caught:
            compute()
        assert "\n" not in str(caught.value)


def test_score_of_a_collapsed_run_that_is_asked_for():
    label = labels()
    made = stream(constant(label, 4), label)
    wanted = made.matrix("margin").mean(axis=0)
    np.testing.assert_allclose(SCORES["aum"](made, allow_collapsed=True), wanted)
    np.testing.assert_allclose(score_table(made, ["aum"], allow_collapsed=True)["aum"], wanted)
    np.testing.assert_allclose(
        score_table([made, made], ["aum"], allow_collapsed=True)["aum"], wanted
    )
    np.testing.assert_allclose(SCORES["aum"](made.trusted()), wanted)


def test_selection_of_a_healthy_run_stays_healthy():
    label = labels(400)
    made = stream(learning(label, 4), label)
    hard = np.argsort(-made.matrix("loss")[-1])[:60]
    some = made.take(made.ids[hard])
    assert SCORES["action_score"](some).notna().all()


def test_doubtful_run_is_scored_with_a_warning():
    label = labels(400)
    made = stream(untrained(label, 4), label)
    with pytest.warns(CollapsedRunWarning, match="loss not below chance: mean .* in epoch 3"):
        SCORES["aum"](made)
    with pytest.warns(CollapsedRunWarning) as caught:
        score_table(made)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score_table(made, allow_collapsed=True)


@pytest.mark.parametrize("columns", [None, ["margin"]])
def test_flagged_when_read(tmp_path, columns):
    label = labels()
    Dynamics.from_logits(np.arange(200), constant(label, 4), label).save(tmp_path)
    with pytest.warns(CollapsedRunWarning, match="train/evaluation: constant predictions: class"):
        read = Dynamics.load(tmp_path, columns=columns).stream()
    assert read.collapsed
    with pytest.raises(DynamicsError, match="learnt nothing"):
        SCORES["aum"](read)


def test_healthy_run_is_read_in_silence(tmp_path):
    label = labels()
    Dynamics.from_logits(np.arange(200), learning(label, 4), label).save(tmp_path)
    assert not Dynamics.load(tmp_path).stream().health
