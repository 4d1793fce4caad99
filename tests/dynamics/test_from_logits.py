"""Dynamics from logits in numpy against what the recorders observe in torch."""

import numpy as np
import pytest
from refusals import raises_one_line

from difficulty_lib import Dynamics
from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import STORED


def simulated(classes=4, samples=50, epochs=3, scale=3.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, scale, (epochs, samples, classes)), rng.integers(0, classes, samples)


@pytest.mark.parametrize("classes", [2, 4, 150])
@pytest.mark.parametrize("scale", [0.01, 3.0, 30.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_what_is_observed(classes, scale, dtype):
    torch = pytest.importorskip("torch")
    from difficulty_lib.tasks import observe_classification

    logits, label = simulated(classes, scale=scale)
    logits = logits.astype(dtype)
    ids = np.random.default_rng(1).permutation(50) * 5
    stream = Dynamics.from_logits(ids, logits, label).stream()
    order = np.argsort(ids)
    np.testing.assert_array_equal(stream.label, label[order])
    for epoch, rows in enumerate(logits):
        # In float64, so that the reference's own rounding is not measured.
        seen = observe_in_float64(torch, observe_classification, rows, label)
        for name, wanted in seen.items():
            found = stream.columns[name][epoch]
            assert found.dtype == STORED[name]
            np.testing.assert_allclose(found, wanted[order], rtol=2e-6, atol=2e-6, err_msg=name)


def observe_in_float64(torch, observe, rows, label):
    class Kept(torch.Tensor):
        """Logits that stay float64 when the observer asks for float32."""

        def float(self, *args, **kwargs):
            return self

    z = torch.from_numpy(rows.astype(np.float64)).as_subclass(Kept)
    return {name: np.asarray(v) for name, v in observe(z, torch.from_numpy(label)).items()}


def test_a_certain_sample_keeps_its_digits():
    stream = Dynamics.from_logits([1], [[[30.0, 0.0, 0.0]]], [0]).stream()
    other = 2 * np.exp(-30.0)
    assert stream.columns["loss"].item() == pytest.approx(other, rel=1e-3)
    each = np.exp(-30.0)
    wanted = np.sqrt(other**2 + 2 * each**2)
    assert stream.columns["error_norm"].item() == pytest.approx(wanted, rel=1e-6)


def test_epochs_may_come_one_at_a_time():
    logits, label = simulated()
    ids = np.arange(50)
    whole = Dynamics.from_logits(ids, logits, label, epochs=[0, 1, 2], split="test")
    parts = Dynamics.from_logits(ids, iter(logits), label, epochs=[0, 1, 2], split="test")
    assert whole.keys == [("test", "evaluation")]
    for name, values in whole.stream().columns.items():
        np.testing.assert_array_equal(values, parts.stream().columns[name])
    assert whole.stream().has_initial


@pytest.mark.parametrize(
    ("logits", "label", "parts"),
    [
        ([[[0.0, np.nan], [0, 1]]], [0, 1], ("epoch 1", "not finite", "1 of 2", "[70]")),
        ([[[0.0, 1], [0, 1]], [[0, 1], [np.inf, 1]]], [0, 1], ("epoch 2", "[80]")),
        ([[[0.0, 1], [0, 1]]], [0, 2], ("label 2 of sample 80", "0 to 1")),
        ([[[0.0, 1], [0, 1]]], [-1, 0], ("label -1 of sample 70",)),
        ([[[0.0, 1], [0, 1]]], [0, 0.5], ("label",)),
        ([[[0.0], [0]]], [0, 0], ("(2, 1)", "2 or more")),
        ([[0.0, 1]], [0, 1], ("epoch 1", "(2,)")),
        ([[[0.0, 1]]], [0, 1], ("(1, 2)", "(2, 2)")),
        ([[[0.0, 1], [0, 1]], [[0.0, 1, 2], [0, 1, 2]]], [0, 1], ("epoch 2", "(2, 3)", "(2, 2)")),
        ([[["x", 1], [0, 1]]], [0, 1], ("epoch 1", "not an array of numbers")),
        ([], [0, 1], ("no logits",)),
    ],
)
def test_bad_logits(logits, label, parts):
    raises_one_line(
        lambda: Dynamics.from_logits([70, 80], logits, label), *parts, kind=DynamicsError
    )
