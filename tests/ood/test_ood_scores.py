"""Out-of-distribution scores against torch, scikit-learn and slow loops; their registry."""

import math

import numpy as np
import pytest
import torch
from refusals import raises_one_line
from sklearn.covariance import EmpiricalCovariance
from sklearn.neighbors import NearestNeighbors

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.ood import (
    OOD_SCORES,
    energy,
    entropy,
    length_distance,
    mahalanobis,
    maximum_softmax_probability,
    nearest_neighbours,
    perplexity,
)

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(scale=4, size=(40, 5))
TRAIN = RNG.normal(size=(120, 6)) @ RNG.normal(size=(6, 6))
LABELS = np.arange(120) % 3
OTHERS = RNG.normal(size=(30, 6)) + 1


def test_scores_of_logits():
    z = torch.tensor(LOGITS)
    p = torch.softmax(z, dim=-1)
    np.testing.assert_allclose(maximum_softmax_probability(LOGITS), p.amax(-1), rtol=1e-12)
    expected = torch.distributions.Categorical(logits=z).entropy()
    np.testing.assert_allclose(entropy(LOGITS), expected, rtol=1e-10)
    for temperature in (0.5, 1.0, 3.0):
        slow = [-temperature * math.log(sum(math.exp(v / temperature) for v in r)) for r in LOGITS]
        np.testing.assert_allclose(energy(LOGITS, temperature), slow, rtol=1e-12)


def test_scores_of_huge_logits_are_finite():
    huge = np.array([[1e4, -1e4], [-1e4, -1e4], [0.0, 0.0]])
    for function in (maximum_softmax_probability, energy, entropy):
        assert np.isfinite(function(huge)).all()
    assert maximum_softmax_probability(huge).tolist() == [1.0, 0.5, 0.5]


def test_mahalanobis_is_scikit_learns():
    means = {c: TRAIN[np.equal(LABELS, c)].mean(axis=0) for c in range(3)}
    centred = np.concatenate([TRAIN[np.equal(LABELS, c)] - means[c] for c in range(3)])
    fitted = EmpiricalCovariance(assume_centered=True).fit(centred)
    expected = np.min([fitted.mahalanobis(OTHERS - mean) for mean in means.values()], axis=0)
    np.testing.assert_allclose(mahalanobis(OTHERS, TRAIN, LABELS), expected, rtol=1e-8)


def test_mahalanobis_does_not_depend_on_the_scale_of_features():
    turned = np.diag([1, 10, 0.1, 3, 7, 2])
    np.testing.assert_allclose(
        mahalanobis(OTHERS @ turned, TRAIN @ turned, LABELS),
        mahalanobis(OTHERS, TRAIN, LABELS),
        rtol=1e-6,
    )


def test_mahalanobis_shrunk_to_the_identity_is_the_euclidean_distance():
    means = np.stack([TRAIN[np.equal(LABELS, c)].mean(axis=0) for c in range(3)])
    within = TRAIN - means[LABELS]
    scale = (within**2).sum() / len(TRAIN) / TRAIN.shape[1]
    nearest = ((OTHERS[:, None] - means) ** 2).sum(axis=-1).min(axis=1)
    found = mahalanobis(OTHERS, TRAIN, LABELS, shrinkage=1.0)
    np.testing.assert_allclose(found, nearest / scale, rtol=1e-10)


def test_mahalanobis_of_few_samples():
    few = (OTHERS, TRAIN[:6], LABELS[:6])
    raises_one_line(lambda: mahalanobis(*few), "6 training samples", "9 or more", "shrinkage")
    assert np.isfinite(mahalanobis(*few, shrinkage=0.1)).all()
    raises_one_line(lambda: mahalanobis(OTHERS, np.ones((20, 6)), np.arange(20) % 2), "differ")


@pytest.mark.parametrize("k", [1, 7, 120])
def test_nearest_neighbours_is_scikit_learns(k):
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (TRAIN, OTHERS)]
    expected = NearestNeighbors(n_neighbors=k).fit(unit[0]).kneighbors(unit[1])[0][:, -1]
    np.testing.assert_allclose(nearest_neighbours(OTHERS, TRAIN, k=k), expected, atol=1e-7)


def test_nearest_neighbours_in_blocks(monkeypatch):
    whole = nearest_neighbours(OTHERS, TRAIN, k=3)
    monkeypatch.setattr("difficulty_lib.ood.features.BLOCK", 500)
    np.testing.assert_allclose(nearest_neighbours(OTHERS, TRAIN, k=3), whole, atol=1e-7)


def test_too_few_neighbours():
    raises_one_line(lambda: nearest_neighbours(OTHERS, TRAIN, k=121), "120", "121", "smaller k")
    raises_one_line(lambda: nearest_neighbours(OTHERS, TRAIN, k=0), "k is 0", kind=ConfigError)


def test_scores_of_the_text():
    np.testing.assert_allclose(perplexity([0.0, math.log(7)]), [1, 7])
    assert np.isfinite(perplexity([1e6])).all()
    found = length_distance([3, 30, 9], [9, 9, 9])
    expected = [math.log(10 / 4), math.log(31 / 10), 0]
    np.testing.assert_allclose(found, expected, atol=1e-12)


# The registry

ARRAYS = {
    "logits": LOGITS[:30],
    "features": OTHERS,
    "train_features": TRAIN,
    "train_labels": LABELS,
    "token_loss": np.linspace(1, 5, 30),
    "lengths": np.arange(30),
    "train_lengths": np.arange(5),
}


@pytest.mark.parametrize("name", OOD_SCORES)
def test_every_entry_gives_a_number_per_sample_and_says_its_direction(name):
    entry = OOD_SCORES[name]
    assert all((entry.title, entry.formula))
    values = entry(ARRAYS)
    assert values.shape == (30,)
    assert np.isfinite(values).all()
    sign = 1 if entry.higher_is_outside else -1
    np.testing.assert_array_equal(entry.outsideness(ARRAYS), sign * values)


@pytest.mark.parametrize("name", OOD_SCORES)
def test_every_entry_puts_the_stranger_higher(name):
    strange = {
        "logits": np.array([[8.0, -8, -8], [0.1, 0, 0]]),
        "features": np.array([TRAIN[0], TRAIN[0] * -1 + 50]),
        "train_features": TRAIN,
        "train_labels": LABELS,
        "token_loss": np.array([2.0, 6.0]),
        "lengths": np.array([10, 300]),
        "train_lengths": np.array([9, 10, 11]),
    }
    settings = {"nearest_neighbours": {"k": 3}}.get(name, {})
    usual, other = OOD_SCORES[name].outsideness(strange, **settings)
    assert usual < other


def test_refusals():
    raises_one_line(lambda: OOD_SCORES["msp"], "'msp'", "energy, entropy", kind=ConfigError)
    entry = OOD_SCORES["mahalanobis"]
    raises_one_line(lambda: entry({"features": OTHERS}), "train_features, train_labels", "given")
    raises_one_line(
        lambda: OOD_SCORES["energy"](ARRAYS, t=2), "no setting t", "temperature", kind=ConfigError
    )
    raises_one_line(lambda: energy(LOGITS, 0), "temperature", kind=ConfigError)
    raises_one_line(lambda: entropy(LOGITS[:, 0]), "(40,)")
    raises_one_line(lambda: entropy([[0.0, math.nan]]), "sample 0", kind=DataError)
    raises_one_line(lambda: perplexity([-1.0]), "-1", kind=DataError)
    raises_one_line(lambda: nearest_neighbours(OTHERS[:, :3], TRAIN), "(30, 3)", "one width")
