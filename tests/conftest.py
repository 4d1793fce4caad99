"""Simulated logits and the dynamics that follow from them, for the tests of the core."""

from dataclasses import dataclass

import numpy as np
import pytest

from difficulty_lib.dynamics import Dynamics, StreamDynamics
from difficulty_lib.scores import Score


@dataclass(frozen=True)
class Simulation:
    """Logits of shape (1 + E, N, K), epoch 0 first; ids are neither sorted nor consecutive."""

    ids: np.ndarray
    label: np.ndarray
    logits: np.ndarray

    def columns(self) -> dict[str, np.ndarray]:
        """The stored columns, each of shape (1 + E, N), in float64."""
        z = self.logits
        shifted = z - z.max(axis=2, keepdims=True)
        p = np.exp(shifted) / np.exp(shifted).sum(axis=2, keepdims=True)
        gold = np.eye(z.shape[2])[self.label][None].astype(bool) & np.ones(z.shape, dtype=bool)
        z_gold = np.where(gold, z, 0).sum(axis=2)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
        return {
            "loss": -np.where(gold, log_p, 0).sum(axis=2),
            "margin": z_gold - np.where(gold, -np.inf, z).max(axis=2),
            "entropy": -(p * log_p).sum(axis=2),
            "error_norm": np.sqrt(((p - gold) ** 2).sum(axis=2)),
            "predicted": z.argmax(axis=2),
        }

    def gradients(self) -> dict[str, np.ndarray]:
        """The stored columns of a model whose parameters are its logits, each of shape (1 + E, N)."""
        rate = 0.1 / (1.0 + np.arange(len(self.logits)))
        norm = self.columns()["error_norm"]
        return {
            "gradient_norm": norm,
            "learning_rate": np.broadcast_to(rate[:, None], norm.shape),
        }

    def static(self) -> dict[str, np.ndarray]:
        """The static columns, each of shape (N,): class k is k + 1 times as frequent as class 0."""
        frequency = np.arange(1, self.logits.shape[2] + 1)
        return {
            "null_loss": -np.log(frequency / frequency.sum())[self.label],
            # Of a model whose input gradient is, at entry k of K, the loss times (k + 1) / K.
            "vog_logit_all": self.columns()["loss"][1:].std(axis=0)
            * np.mean(frequency)
            / len(frequency),
        }

    def dynamics(
        self, split: str = "train", stream: str = "evaluation", gradients: bool = False
    ) -> Dynamics:
        epochs = np.arange(len(self.logits))
        columns = self.columns() | (self.gradients() if gradients else {})
        return Dynamics.from_arrays(
            self.ids, label=self.label, epochs=epochs, split=split, stream=stream, **columns
        )

    def runs_for(self, entry: Score) -> list[StreamDynamics]:
        """What a score is computed from: one run, or three of growing temperature."""
        order = np.argsort(self.ids)
        static = {name: values[order] for name, values in self.static().items()}
        stream = entry.only_stream or "evaluation"
        return [
            Simulation(self.ids, self.label, self.logits * (1 + run / 2))
            .dynamics("validation", stream, gradients=True)
            .stream()
            .with_static(**static)
            for run in range(3 if entry.several_runs else 1)
        ]


def simulate_logits(classes: int = 3, epochs: int = 5, samples: int = 40, seed: int = 0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, samples)
    skill = rng.normal(1.0, 1.5, samples)  # how fast a sample is learnt; negative: never
    logits = rng.normal(0.0, 1.0, (1 + epochs, samples, classes))
    logits[:, np.arange(samples), label] += np.arange(1 + epochs)[:, None] * skill
    ids = rng.permutation(samples) * 7 + 3
    return Simulation(ids=ids, label=label, logits=logits)


@pytest.fixture(scope="session")
def simulate():
    """The function that simulates, for tests that need another number of classes or seed."""
    return simulate_logits


@pytest.fixture(scope="session")
def simulation():
    return simulate_logits()


@pytest.fixture
def dynamics(simulation):
    return simulation.dynamics()


@pytest.fixture
def stream(dynamics):
    return dynamics.stream()


@pytest.fixture(scope="session")
def one_thread():
    """A tiny model is faster so, and its sums are in the same order everywhere."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def no_gpu(monkeypatch):
    """Results equal to the bit are asked for, and the models are too small to gain anything."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    from training import tiny

    return tiny.save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def driver():
    """What starts browsers, for the tests that need one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started
