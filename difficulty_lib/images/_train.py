"""A plain training loop, as anybody would write it, with the library's recorder in it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, TrainingError
from difficulty_lib._extras import require
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.images._data import ImageData
from difficulty_lib.images._models import autoencoder, classifier
from difficulty_lib.images._observe import observe_images, observe_pixels
from difficulty_lib.tasks import observe_classification
from difficulty_lib.training import Recorder

KINDS = ("classifier", "autoencoder")
EVALUATED = 512  # images in a batch that is not trained on


class EvaluationRecorder(Recorder):
    """The same recorder for a pass in eval mode after the epoch."""

    stream = "evaluation"


@dataclass(frozen=True)
class ImageRun:
    """What a training left.

    Attributes:
        kind: "classifier" or "autoencoder".
        seed: of weights, order and dropout.
        dynamics: the training stream of `train`, and the evaluation stream of what was evaluated.
        outputs: by evaluated split, after the last epoch: probabilities (N, classes), or
            reconstructions (N, side, side).
    """

    kind: str
    seed: int
    dynamics: Dynamics
    outputs: dict[str, NDArray[np.float32]] = field(repr=False)


def train_images(
    kind: str,
    data: ImageData,
    seed: int,
    *,
    epochs: int = 20,
    learning_rate: float = 1e-3,
    batch_size: int = 32,
    latent: int = 128,
    labels: NDArray[np.int64] | None = None,
    evaluate: Sequence[str] = ("test",),
    pixels: bool = False,
    folder: Path | None = None,
) -> ImageRun:
    """Train one of the two models with Adam, and record it.

    On one thread of the CPU, so that a seed gives the same numbers on however many cores. The number
    of epochs is fixed: where training stops early, sums over epochs are of other lengths.

    Args:
        kind: "classifier", which learns the labels by cross-entropy, or "autoencoder", which learns
            the pixels by binary cross-entropy.
        data: with a split `train`.
        seed: of weights, order and dropout.
        epochs: 1 or more.
        learning_rate: above 0.
        batch_size: 1 or more.
        latent: of the autoencoder's code.
        labels: what the classifier is told of `train`; the data's labels if not given.
        evaluate: splits that are observed in eval mode after every epoch.
        pixels: whether the autoencoder's evaluation stream has every pixel, as tokens.
        folder: for the dynamics; they are kept in memory alone if not given.

    Raises:
        ConfigError: on a setting that cannot be.
        TrainingError: on a loss that is not a number.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind is '{kind}'; expected {' or '.join(KINDS)}")
    if epochs < 1 or batch_size < 1 or not learning_rate > 0:
        raise ConfigError(
            f"{epochs} epochs, batches of {batch_size}, learning rate {learning_rate:g}; expected "
            "1 or more, 1 or more, and above 0"
        )
    if missing := [split for split in ("train", *evaluate) if split not in data.images]:
        raise ConfigError(
            f"{data.name} has no split '{missing[0]}'; it has {', '.join(data.images)}"
        )
    with _place(folder) as place:
        outputs = _recorded(
            kind,
            data,
            seed,
            epochs,
            learning_rate,
            batch_size,
            latent,
            labels,
            evaluate,
            pixels,
            place,
        )
        return ImageRun(kind, seed, Dynamics.load(place), outputs)


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def _recorded(
    kind: str,
    data: ImageData,
    seed: int,
    epochs: int,
    learning_rate: float,
    batch_size: int,
    latent: int,
    labels: NDArray[np.int64] | None,
    evaluate: Sequence[str],
    pixels: bool,
    folder: Path,
) -> dict[str, NDArray[np.float32]]:
    """The loop itself; what the model gives out after the last epoch."""
    torch = require("torch", "train")
    loss_of, observe, seen = _task(kind, pixels)
    batches = {split: _tensors(kind, data, split, labels) for split in {"train", *evaluate}}
    ids, inputs, targets = batches["train"]
    with _one_thread(seed):
        model = (
            classifier(data.side, len(data.label_names))
            if kind == "classifier"
            else autoencoder(data.side, latent)
        )
        update = torch.optim.Adam(model.parameters(), lr=learning_rate)
        recorder = Recorder(folder, observe=observe)
        beside = {split: EvaluationRecorder(folder, split, observe=seen) for split in evaluate}
        for epoch in range(1, epochs + 1):
            model.train()
            for rows in torch.randperm(len(ids)).split(batch_size):
                logits = model(inputs[rows])
                recorder.step(ids[rows], logits, targets[rows])
                loss = loss_of(logits, targets[rows])
                if not bool(torch.isfinite(loss)):
                    raise TrainingError(
                        f"{kind}, seed {seed}: the loss of epoch {epoch} is not a number; expected "
                        "a smaller learning rate"
                    )
                update.zero_grad()
                loss.backward()
                update.step()
            recorder.epoch_end()
            outputs = {split: _evaluate(model, batches[split], beside[split]) for split in evaluate}
    return {split: _shown(kind, logits, data.side) for split, logits in outputs.items()}


def _task(kind: str, pixels: bool) -> tuple[Callable[..., Any], Any, Any]:
    """The loss, and what is observed while training and after each epoch."""
    functional = require("torch", "train").nn.functional
    if kind == "classifier":
        return functional.cross_entropy, observe_classification, observe_classification
    seen = observe_pixels if pixels else observe_images
    return functional.binary_cross_entropy_with_logits, observe_images, seen


def _tensors(
    kind: str, data: ImageData, split: str, labels: NDArray[np.int64] | None
) -> tuple[Any, Any, Any]:
    torch = require("torch", "train")
    images = torch.tensor(data.images[split])
    if kind == "autoencoder":
        targets = images.flatten(1)
    else:
        told = labels if split == "train" and labels is not None else data.labels[split]
        if len(told) != len(images):
            raise ConfigError(f"{len(told)} labels for {len(images)} images of {split}")
        targets = torch.tensor(np.array(told, dtype=np.int64))
    return torch.tensor(data.ids[split]), images, targets


def _evaluate(model: Any, batch: tuple[Any, Any, Any], recorder: Recorder) -> Any:
    torch = require("torch", "train")
    model.eval()
    found = []
    with torch.no_grad():
        for ids, inputs, targets in zip(*(part.split(EVALUATED) for part in batch)):
            logits = model(inputs)
            recorder.step(ids, logits, targets)
            found.append(logits)
    recorder.epoch_end()
    return torch.cat(found)


def _shown(kind: str, logits: Any, side: int) -> NDArray[np.float32]:
    if kind == "classifier":
        return logits.softmax(dim=1).numpy()  # type: ignore[no-any-return]
    return logits.sigmoid().unflatten(1, (side, side)).numpy()  # type: ignore[no-any-return]


@contextmanager
def _one_thread(seed: int) -> Iterator[None]:
    """Seeded, on one thread; both are given back as they were."""
    torch = require("torch", "train")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
