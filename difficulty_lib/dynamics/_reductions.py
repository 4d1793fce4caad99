"""From tokens to samples: reductions by name, applied when scoring and not when recording.

A reduction turns numbers per token, high being hard, into one number per sample. It is applied to
what is hard about a token: its loss ℓ, its negative margin −m, its entropy H, and −log of its largest
probability. So of a sample

    loss = R(ℓ)   margin = −R(−m)   entropy = R(H)   max_probability = exp(−R(−log max p))

and `correct` is 1 where every token was right, whatever the reduction.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib._registry import Registry
from difficulty_lib._whole import whole_number
from difficulty_lib.dynamics._tokens import TokenDynamics

Array = NDArray[np.float64]
DEFAULT_REDUCTION = "mean"
REDUCED = ("loss", "margin", "entropy", "max_probability", "correct")


@dataclass(frozen=True)
class Reduction:
    """A registered reduction.

    Attributes:
        name: how it is asked for.
        function: (values (T,), offsets (N + 1,), **settings) → shape (N,); every sample has at
            least one token.
        formula: in LaTeX, of a sample's token losses.
        means: what it says of a sample, in words.
    """

    name: str
    function: Callable[..., Array]
    formula: str
    means: str


REDUCTIONS: Registry[Reduction] = Registry("reduction")


def _reduction(
    name: str, formula: str, means: str
) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    def register(function: Callable[..., Array]) -> Callable[..., Array]:
        REDUCTIONS.add(Reduction(name, function, formula, means))
        return function

    return register


def _summed(values: Array, offsets: NDArray[np.int64]) -> Array:
    return np.add.reduceat(values, offsets[:-1]) if len(offsets) > 1 else np.zeros(0)


def _largest(values: Array, offsets: NDArray[np.int64]) -> Array:
    return np.maximum.reduceat(values, offsets[:-1]) if len(offsets) > 1 else np.zeros(0)


@_reduction("mean", r"\frac{1}{n} \sum_i \ell_i", "the mean over the tokens, as a model's own loss")
def mean_of_tokens(values: Array, offsets: NDArray[np.int64]) -> Array:
    """Mean over the tokens. Source: Arriaga et al. 2023 use the task's loss, which is a mean."""
    return _summed(values, offsets) / np.diff(offsets)


@_reduction("sum", r"\sum_i \ell_i", "the sum over the tokens: −log of the sequence's probability")
def sum_of_tokens(values: Array, offsets: NDArray[np.int64]) -> Array:
    """Sum over the tokens: of the losses, −log p of the whole sequence. Grows with the length."""
    return _summed(values, offsets)


@_reduction("max", r"\max_i \ell_i", "the worst token")
def worst_token(values: Array, offsets: NDArray[np.int64]) -> Array:
    """The worst token. Of the losses it is −log of the smallest gold probability, so it ranks as
    the minimum of self-confidence does (`min` in cleanlab's token classification).
    """
    return _largest(values, offsets)


@_reduction(
    "softmin",
    r"\sum_i w_i \ell_i,\; w_i = e^{\ell_i / \tau} \big/ \sum_j e^{\ell_j / \tau}",
    "mostly the worst token, the others a little",
)
def soft_worst_token(values: Array, offsets: NDArray[np.int64], temperature: float = 1.0) -> Array:
    """Soft version of the worst token: Σ w_i v_i with w = softmax(v / temperature).

    On losses it is the negative of the softmin ⟨s, softmax(−s / temperature)⟩ of the gold
    log-probabilities s; at temperature 1 a token weighs in by 1 / p(gold). `max` as the temperature
    goes to 0, `mean` as it grows.

    Raises:
        ConfigError: if the temperature is not above 0.

    Source: the form is that of cleanlab's token classification (Wang and Mueller 2022), which
    applies it to probabilities at temperature 0.05.
    """
    if not temperature > 0:
        raise ConfigError(f"temperature is {temperature!r}; expected a number above 0")
    lengths = np.diff(offsets)
    weights = np.exp((values - np.repeat(_largest(values, offsets), lengths)) / temperature)
    return _summed(weights * values, offsets) / _summed(weights, offsets)


@_reduction(
    "top_k_mean", r"\frac{1}{k} \sum_{i \in \text{top-}k} \ell_i", "the mean of the k worst tokens"
)
def mean_of_worst_tokens(values: Array, offsets: NDArray[np.int64], k: int = 3) -> Array:
    """Mean of the `k` worst tokens, of all of them where there are fewer.

    Takes as many passes over the tokens as `k` is.

    Raises:
        ConfigError: if `k` is not at least 1.
    """
    whole_number("k", k, 1)
    lengths = np.diff(offsets)
    sample = np.repeat(np.arange(len(lengths)), lengths)
    left, total = values.copy(), np.zeros(len(lengths))
    # k times the worst of those that are left: far faster than to sort every sample's tokens.
    for _ in range(min(k, int(lengths.max(initial=0)))):
        worst = _largest(left, offsets)
        total += np.where(np.isneginf(worst), 0.0, worst)
        places = np.flatnonzero(left == worst[sample])
        owners = sample[places]
        left[places[np.diff(owners, prepend=-1) > 0]] = -np.inf
    return total / np.minimum(lengths, k)


def reduce_tokens(tokens: TokenDynamics, name: str, **settings: Any) -> dict[str, Array]:
    """Per-sample columns of every epoch, each of shape (E, N), float64: `REDUCED`.

    Args:
        tokens: every sample with at least one token.
        name: a registered reduction.
        settings: `temperature` of softmin, `k` of top_k_mean.

    Raises:
        ConfigError: on an unknown name or setting.
    """
    function = REDUCTIONS[name].function
    accepted = list(inspect.signature(function).parameters)[2:]
    if unknown := sorted(set(settings) - set(accepted)):
        raise ConfigError(
            f"the reduction '{name}' has no setting {', '.join(unknown)}; "
            f"it has {', '.join(accepted) or 'none'}"
        )
    # An epoch at a time: the temporaries are of T numbers, not of E × T.
    epochs = [
        _reduced(
            tokens.epoch(row), tokens.offsets, lambda v: function(v, tokens.offsets, **settings)
        )
        for row in range(tokens.epochs)
    ]
    shape = (len(epochs), len(tokens))
    return {n: np.array([epoch[n] for epoch in epochs]).reshape(shape) for n in REDUCED}


def _reduced(
    tokens: TokenDynamics, offsets: NDArray[np.int64], reduced: Callable[[Array], Array]
) -> dict[str, Array]:
    """The columns of one epoch's tokens, each of shape (N,)."""
    log_sum = tokens.matrix("gold_logit") + tokens.matrix("loss")
    doubt = np.maximum(log_sum - tokens.matrix("top1"), 0.0)  # −log of the largest probability
    return {
        "loss": reduced(tokens.matrix("loss")[0]),
        "margin": -reduced(-tokens.matrix("margin")[0]),
        "entropy": reduced(tokens.matrix("entropy")[0]),
        "max_probability": np.exp(-reduced(doubt[0])),
        "correct": 1.0 - _largest(1.0 - tokens.matrix("correct")[0], offsets),
    }
