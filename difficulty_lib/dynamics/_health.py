"""Whether a run learnt anything: a collapsed run's scores rank noise."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from difficulty_lib.dynamics._stream import StreamDynamics

TELLING = ("loss", "predicted")  # the columns that the findings are made of
# Below these a healthy run on few samples could look so by chance, and nothing is said.
FEWEST_OTHERS = 5  # samples that do not have the commonest label, for constant predictions
FEWEST_SAMPLES = 50  # for the mean loss
# A loss within 1 % of chance counts as chance: what a model that all but ignores its input reaches.
NEAR_CHANCE = 0.99


class CollapsedRunWarning(UserWarning):
    """A run has learnt little or nothing: its predictions are constant, or its loss did not fall."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a run.

    Attributes:
        kind: "constant predictions", "loss not below chance" or "loss did not fall".
        message: one line with the figures.
        collapsed: whether it, with the others, leaves no doubt: no score is computed then unless
            it is asked for.
    """

    kind: str
    message: str
    collapsed: bool


def chance_loss(label: NDArray[np.int64]) -> float:
    """Mean loss, in nats, of the best model that never sees its input: the labels' entropy.

    Args:
        label: shape (N,), gold classes.
    """
    _, counts = np.unique(label, return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())


def check_health(stream: StreamDynamics) -> list[Finding]:
    """What speaks against a run having learnt, from its last epoch; nothing for a healthy one.

    - *constant predictions*: one class is predicted for all samples although at least 5 of them
      have another label than the commonest.
    - *loss not below chance*: the mean loss is at least 99 % of the entropy of the labels'
      frequencies (which no constant prediction can undercut), and the accuracy is within two
      standard errors of the commonest label's share, or below. So neither a first epoch that has
      begun to learn nor a confident model that overfits is taken for one that learnt nothing.
      From 50 samples on, or beside constant predictions.
    - *loss did not fall*: where there are no labels, no later epoch's mean loss is below that of
      the first, be it epoch 0. From 50 samples on; of samples that are not trained on, only from
      epoch 0, since their loss may rise with every epoch of a healthy run.

    A run is *collapsed* if its predictions are constant and its loss is not below chance. A loss
    that is not finite is no finding: such dynamics are refused when they are read.

    Args:
        stream: one split and stream.
    """
    if not len(stream.trained_epochs) or not len(stream):
        return []
    constant = _constant(stream)
    loss = _loss(stream, fewest=1 if constant else FEWEST_SAMPLES)
    collapsed = constant is not None and loss is not None
    return [
        Finding(kind, f"{kind}: {text}", collapsed) for kind, text in filter(None, (constant, loss))
    ]


def _constant(stream: StreamDynamics) -> tuple[str, str] | None:
    if stream.label is None or "predicted" not in stream.columns:
        return None
    predicted = stream.columns["predicted"][-1]
    others = len(stream) - int(np.unique(stream.label, return_counts=True)[1].max())
    if others < FEWEST_OTHERS or (predicted != predicted[0]).any():
        return None
    classes = len(np.unique(stream.label))
    return (
        "constant predictions",
        f"class {predicted[0]} for all {len(stream)} samples of {classes} classes "
        f"in epoch {stream.epochs[-1]}",
    )


def _loss(stream: StreamDynamics, fewest: int) -> tuple[str, str] | None:
    if "loss" not in stream.columns or len(stream) < fewest:
        return None
    if stream.label is None or "predicted" not in stream.columns:
        return _not_fallen(stream)
    last = stream.columns["loss"][-1].mean(dtype=np.float64)
    chance = chance_loss(stream.label)
    commonest = np.unique(stream.label, return_counts=True)[1].max() / len(stream)
    accuracy = (stream.columns["predicted"][-1] == stream.label).mean()
    error = np.sqrt(commonest * (1 - commonest) / len(stream))
    if not chance or last < NEAR_CHANCE * chance or accuracy > commonest + 2 * error:
        return None
    return (
        "loss not below chance",
        f"mean {last:.4g} in epoch {stream.epochs[-1]}, {chance:.4g} without any input",
    )


def _not_fallen(stream: StreamDynamics) -> tuple[str, str] | None:
    trained_on = not stream.held_out and stream.stream != "second_split"
    if len(stream.epochs) < 2 or not (trained_on or stream.has_initial):
        return None
    means = stream.columns["loss"].mean(axis=1, dtype=np.float64)
    if means[1:].min() < means[0]:
        return None
    return (
        "loss did not fall",
        f"mean {means[0]:.4g} in epoch {stream.epochs[0]}, "
        f"{means[-1]:.4g} in epoch {stream.epochs[-1]}",
    )


def warn_of_findings(stream: StreamDynamics, stacklevel: int = 2) -> None:
    """One `CollapsedRunWarning` with everything that is wrong, if anything is."""
    if stream.health:
        text = "; ".join(finding.message for finding in stream.health)
        warnings.warn(
            f"{stream.split}/{stream.stream}: {text}",
            CollapsedRunWarning,
            stacklevel=stacklevel + 1,
        )
