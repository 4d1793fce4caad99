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
        held_out: whether it is defined only for samples that were kept from the model.
        only_stream: the one stream that it can be computed from, if it is just one.
    """

    name: str
    function: Callable[..., Array]
    higher_is_harder: bool
    means: Literal["difficult", "ambiguous"]
    title: str
    formula: str
    citation: str
    default_stream: str
    held_out: bool = False
    only_stream: str | None = None

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
        return self._refusal(dynamics) is None and all(
            dynamics.available(need) for need in self.needs
        )

    def _refusal(self, dynamics: StreamDynamics) -> str | None:
        """Why this score means nothing for these dynamics, or None."""
        if not len(dynamics.trained_epochs):
            return f"only epoch 0 was recorded; '{self.name}' needs an epoch of training"
        if self.only_stream not in (None, dynamics.stream):
            return f"'{self.name}' is defined on the stream {self.only_stream} alone"
        if self.held_out and not dynamics.held_out:
            return (
                f"'{self.name}' is defined for samples that were kept from the model: a split "
                "other than train, or the stream cross_validated"
            )
        return None

    def __call__(self, dynamics: StreamDynamics) -> pd.Series:
        """The score of every sample, indexed by sample_id.

        Raises:
            DynamicsError: if a column that it needs was not recorded, nothing after epoch 0, or
                in another stream or split than the score is defined on.
        """
        if (refusal := self._refusal(dynamics)) is not None:
            raise DynamicsError(f"{dynamics.split}/{dynamics.stream}: {refusal}")
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
    default_stream: str = "evaluation",
    held_out: bool = False,
    only_stream: str | None = None,
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
                default_stream=only_stream or default_stream,
                held_out=held_out,
                only_stream=only_stream,
            )
        )
        return function

    return register
