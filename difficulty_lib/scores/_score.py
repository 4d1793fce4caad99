"""What a difficulty score is: a pure function with its direction, needs and source beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib._registry import Registry
from difficulty_lib.dynamics import StreamDynamics

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """A registered difficulty score.

    Attributes:
        name: how it is asked for.
        function: pure; its positional parameters are columns of the dynamics, each of shape
            (E, N) — or (N,) for `initial_…` — and its result has shape (N,).
        higher_is_harder: the direction.
        means: what its hard end says of a sample, "difficult" or "ambiguous".
        title: for headings and axes.
        formula: in LaTeX.
        citation: key into the book's bibliography.
        default_stream: the stream that it was defined on.
    """

    name: str
    function: Callable[..., Array]
    higher_is_harder: bool
    means: Literal["difficult", "ambiguous"]
    title: str
    formula: str
    citation: str
    default_stream: Literal["evaluation", "training"]

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of the dynamics that it is computed from."""
        return tuple(
            p.name
            for p in inspect.signature(self.function).parameters.values()
            if p.default is inspect.Parameter.empty
        )

    def available(self, dynamics: StreamDynamics) -> bool:
        """Whether these dynamics hold what the score needs."""
        trained = len(dynamics.trained_epochs) > 0
        return trained and all(dynamics.available(need) for need in self.needs)

    def __call__(self, dynamics: StreamDynamics) -> pd.Series:
        """The score of every sample, indexed by sample_id.

        Raises:
            DynamicsError: if a column that it needs was not recorded, or nothing after epoch 0.
        """
        if not len(dynamics.trained_epochs):
            raise DynamicsError(
                f"{dynamics.split}/{dynamics.stream}: only epoch 0 was recorded; "
                f"'{self.name}' needs an epoch of training"
            )
        values = self.function(*(dynamics.matrix(need) for need in self.needs))
        index = pd.Index(dynamics.ids, name="sample_id")
        return pd.Series(values, index=index, name=self.name)


SCORES: Registry[Score] = Registry("score")


def score(
    *,
    higher_is_harder: bool,
    title: str,
    formula: str,
    citation: str,
    means: Literal["difficult", "ambiguous"] = "difficult",
    default_stream: Literal["evaluation", "training"] = "evaluation",
) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Register the decorated function as the score of its name; the function stays as it is."""

    def register(function: Callable[..., Array]) -> Callable[..., Array]:
        SCORES.add(
            Score(
                name=function.__name__,
                function=function,
                higher_is_harder=higher_is_harder,
                means=means,
                title=title,
                formula=formula,
                citation=citation,
                default_stream=default_stream,
            )
        )
        return function

    return register
