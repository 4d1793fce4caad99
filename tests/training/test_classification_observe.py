"""What is observed of a batch of logits, against slow formulas in float64."""

import math

import numpy as np
import pytest
import torch

from difficulty_lib.dynamics import STORED
from difficulty_lib.tasks import TASKS, observe_classification

FLOATS = ("loss", "margin", "entropy", "error_norm")


def slowly(logits, label):
    """One sample in plain float64 Python, without any shortcut."""
    exact = [float(z) for z in logits]
    top = max(exact)
    weights = [math.exp(z - top) for z in exact]
    p = [w / math.fsum(weights) for w in weights]
    log_p = [z - top - math.log(math.fsum(weights)) for z in exact]
    one_hot = [float(k == label) for k in range(len(exact))]
    return {
        "loss": -log_p[label],
        "margin": exact[label] - max(z for k, z in enumerate(exact) if k != label),
        "entropy": -math.fsum(a * b for a, b in zip(p, log_p)),
        "error_norm": math.sqrt(math.fsum((a - b) ** 2 for a, b in zip(p, one_hot))),
        "predicted": exact.index(top),
    }


def reference(logits, labels):
    rows = [slowly(z, int(y)) for z, y in zip(logits.double().tolist(), labels)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def batch(classes, scale=2.0, samples=64, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = (torch.randn(samples, classes, generator=generator) * scale).to(dtype)
    return logits, torch.randint(0, classes, (samples,), generator=generator)


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("scale", [0.01, 2.0, 12.0])
def test_equals_the_slow_formulas(classes, scale):
    logits, labels = batch(classes, scale)
    observed = observe_classification(logits, labels)
    expected = reference(logits, labels)
    for name in FLOATS:
        np.testing.assert_allclose(observed[name], expected[name], rtol=2e-5, atol=2e-6)
    np.testing.assert_array_equal(observed["predicted"], expected["predicted"])


def test_loss_is_the_cross_entropy_that_trains():
    logits, labels = batch(4)
    cross_entropy = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(observe_classification(logits, labels)["loss"], cross_entropy)


def test_columns_are_those_that_are_stored():
    observed = observe_classification(*batch(3, samples=5))
    assert set(observed) == {*FLOATS, "predicted"}
    for name in observed:
        assert observed[name].numpy().dtype == STORED[name]
        assert observed[name].shape == (5,)


def test_margin_of_a_wrong_prediction_is_negative():
    logits = torch.tensor([[3.0, 1.0, 0.0], [3.0, 1.0, 0.0]])
    observed = observe_classification(logits, torch.tensor([0, 2]))
    assert observed["margin"].tolist() == [2.0, -3.0]
    assert observed["predicted"].tolist() == [0, 0]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_logits_are_upcast_first(dtype):
    logits, labels = batch(3, dtype=dtype)
    observed = observe_classification(logits, labels)
    expected = reference(logits, labels)
    for name in FLOATS:
        # bfloat16 itself would be off by some 4e-3
        np.testing.assert_allclose(observed[name], expected[name], rtol=2e-5, atol=2e-6)
        assert observed[name].dtype == torch.float32


@pytest.mark.parametrize("size", [1e2, 1e4, 6e4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_extreme_logits_stay_finite_and_right(size, dtype):
    logits = torch.tensor([[size, -size, 0], [size, -size, 0], [size, size, -size]], dtype=dtype)
    labels = torch.tensor([0, 1, 2])
    observed = observe_classification(logits, labels)
    expected = reference(logits, labels)
    for name in FLOATS:
        assert torch.isfinite(observed[name]).all(), name
        np.testing.assert_allclose(observed[name], expected[name], rtol=1e-5, atol=1e-6)


def test_nothing_keeps_the_graph_and_nothing_is_changed():
    logits, labels = batch(3)
    logits.requires_grad_(True)
    before = logits.detach().clone()
    observed = observe_classification(logits, labels)
    assert not any(values.requires_grad for values in observed.values())
    assert torch.equal(logits.detach(), before)


def test_the_task_observes_so():
    assert TASKS["sentiment"].observe is observe_classification
