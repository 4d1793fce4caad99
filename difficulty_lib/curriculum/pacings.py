"""The registered pacing functions, of how far it is until all data are available."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from difficulty_lib.curriculum._pacing import pacing

Array = NDArray[np.float64]
_STEEP = 10.0  # Wu et al.'s, in the exponential and the logarithm
_INCREASE = 1.9  # of the staircase, a factor per stage
_ANNEALING = 1.3  # Kumar et al.'s μ: the threshold's factor per stage


@pacing(means="All data from the first update on.", formula="1", citation="wu2021")
def constant(towards: Array, start: float, losses: Array | None = None) -> Array:
    """All data throughout, whatever the start: plain training's pacing."""
    return np.ones_like(towards)


@pacing(
    means="The share grows by as much with every update.",
    formula="s + (1 - s) x",
    citation="wu2021",
)
def linear(towards: Array, start: float, losses: Array | None = None) -> Array:
    """As much with every update. Source: Wu et al. 2021, polynomial of power 1."""
    return start + (1 - start) * towards


@pacing(
    means="The share grows with the root of the updates: fast, then slowly.",
    formula=r"s + (1 - s) \sqrt{x}",
    citation="wu2021",
)
def root(towards: Array, start: float, losses: Array | None = None) -> Array:
    """Fast, then slowly. Source: Wu et al. 2021, polynomial of power 1/2."""
    return start + (1 - start) * np.sqrt(towards)


@pacing(
    means="The share grows with the square of the updates: slowly, then fast.",
    formula="s + (1 - s) x^2",
    citation="wu2021",
)
def quadratic(towards: Array, start: float, losses: Array | None = None) -> Array:
    """Slowly, then fast. Source: Wu et al. 2021, polynomial of power 2."""
    return start + (1 - start) * towards**2


@pacing(
    means="The share stays low for long and then grows steeply.",
    formula=r"s + (1 - s) \frac{e^{10 x} - 1}{e^{10} - 1}",
    citation="wu2021",
)
def exponential(towards: Array, start: float, losses: Array | None = None) -> Array:
    """Low for long, then steep. Source: Wu et al. 2021."""
    return start + (1 - start) * np.expm1(_STEEP * towards) / math.expm1(_STEEP)


@pacing(
    means="The share grows steeply at first and hardly at the end.",
    formula=r"s + (1 - s) \left(1 + \tfrac{1}{10} \ln(x + e^{-10})\right)",
    citation="wu2021",
)
def logarithmic(towards: Array, start: float, losses: Array | None = None) -> Array:
    """Steep, then flat. Source: Wu et al. 2021."""
    return start + (1 - start) * (1 + np.log(towards + math.exp(-_STEEP)) / _STEEP)


@pacing(
    means="The first share until all data come at once.",
    formula=r"s + (1 - s) \lfloor x \rfloor",
    citation="wu2021",
)
def step(towards: Array, start: float, losses: Array | None = None) -> Array:
    """The start's share, then all: Wu et al. 2021, Hacohen and Weinshall 2019's single step."""
    return start + (1 - start) * np.floor(towards)


@pacing(
    means="The share is multiplied by 1.9 after every stage of as many updates.",
    formula=r"\min\left(1, s \cdot 1.9^{\lfloor x m \rfloor}\right),\; "
    r"m = \lceil \log_{1.9} 1/s \rceil",
    citation="hacohen2019",
)
def staircase(towards: Array, start: float, losses: Array | None = None) -> Array:
    """Stages of growing size. Source: Hacohen and Weinshall 2019, fixed exponential pacing."""
    stages = math.ceil(math.log(1 / start) / math.log(_INCREASE) - 1e-9)
    return np.minimum(1.0, start * _INCREASE ** np.floor(towards * stages + 1e-9))


@pacing(
    means="The samples whose loss is below a threshold, which is multiplied by 1.3 per stage.",
    formula=r"\frac{1}{N} \left|\{i : \ell_i \le \lambda_0 \cdot 1.3^{\lfloor x m \rfloor}\}\right|,"
    r"\; m = \lceil \log_{1.3} \max \ell / \lambda_0 \rceil",
    citation="kumar2010",
    needs_losses=True,
)
def self_paced(towards: Array, start: float, losses: Array | None = None) -> Array:
    """The samples below a threshold that is annealed; at the start it lets that share through.

    Samples of one loss come together, so that the first share may be larger than the start's.

    Source: Kumar et al. 2010, equation 4 with K = 1 / threshold; they start with more than half.
    """
    assert losses is not None  # `Pacing` refuses to be called without
    ordered = np.sort(losses)
    threshold = ordered[max(math.ceil(start * len(ordered) - 1e-9), 1) - 1]
    positive = ordered[ordered > 0]
    if not len(positive):
        return np.ones_like(towards)
    threshold = max(threshold, positive[0])  # 0 would stay 0
    stages = math.ceil(math.log(ordered[-1] / threshold) / math.log(_ANNEALING) - 1e-9)
    limits = threshold * _ANNEALING ** np.floor(towards * stages + 1e-9)
    return np.searchsorted(ordered, limits, side="right") / len(ordered)
