"""What a difficulty score is: a pure function with its direction, needs and source beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib._registry import Registry
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores._blocks import in_blocks
from difficulty_lib.scores._collapsed import refuse_collapsed
from difficulty_lib.scores._same_samples import same_epochs, same_samples

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """A registered difficulty score.

    Attributes:
        name: how it is asked for.
        function: pure; its positional parameters are columns of the dynamics, each of shape
            (E, N) — or (N,) for `initial_…` and static columns; with the runs' axis before it
            where there are several — and its result has shape (N,).
        higher_is_harder: the direction.
        means: what its hard end says of a sample, "difficult" or "ambiguous".
        title: for headings and axes.
        formula: in LaTeX.
        citation: key into the book's bibliography.
        default_stream: the stream that it was defined on.
        held_out: whether it is defined only for samples that were kept from the model.
        only_stream: the one stream that it can be computed from, if it is just one.
        several_runs: whether it is computed from several runs of the same samples (`across`).
        all_samples: whether a sample's value depends on the other samples, so that it cannot be
            computed block by block.
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
    several_runs: bool = False
    all_samples: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of the dynamics that it is computed from."""
        return tuple(
            p.name
            for p in inspect.signature(self.function).parameters.values()
            if p.default is inspect.Parameter.empty
        )

    def available(self, dynamics: StreamDynamics) -> bool:
        """Whether these dynamics of one run hold what the score needs."""
        return not self.several_runs and self._possible(dynamics)

    def available_across(self, streams: Sequence[StreamDynamics]) -> bool:
        """Whether these dynamics of several runs hold what the score needs."""
        return len(streams) > 1 and all(self._possible(stream) for stream in streams)

    def _possible(self, dynamics: StreamDynamics) -> bool:
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

    def __call__(self, dynamics: StreamDynamics, *, allow_collapsed: bool = False) -> pd.Series:
        """The score of every sample, indexed by sample_id.

        Args:
            dynamics: one split and stream.
            allow_collapsed: whether to score a run, too, that learnt nothing.

        Raises:
            DynamicsError: if a column that it needs was not recorded, nothing after epoch 0, or
                in another stream or split than the score is defined on, or if it is made of
                several runs, or if the run collapsed.

        Warns:
            CollapsedRunWarning: if it is doubtful whether the run learnt anything.
        """
        self.check_one_run(dynamics)
        refuse_collapsed(dynamics, allow=allow_collapsed)
        return self._series(in_blocks([self], dynamics)[0], dynamics)

    def check_one_run(self, dynamics: StreamDynamics) -> None:
        """Refuse dynamics of a stream or split, or of fewer runs, than the score is defined on."""
        if self.several_runs:
            raise DynamicsError(
                f"{dynamics.split}/{dynamics.stream}: '{self.name}' is made of several runs; "
                "expected the dynamics of two or more"
            )
        self._check(dynamics)

    def across(self, streams: Sequence[StreamDynamics]) -> pd.Series:
        """The score of every sample from several runs, indexed by sample_id.

        Args:
            streams: the same samples, observed in the same stream, of two runs or more.

        Raises:
            DynamicsError: if the score is made of one run, or the runs hold other samples, streams
                or epochs, or one of them does not hold what the score needs or collapsed.
        """
        if not self.several_runs:
            raise DynamicsError(f"'{self.name}' is made of one run; `ensemble` averages it")
        same_samples(streams)
        same_epochs(streams)
        for stream in streams:
            refuse_collapsed(stream)
        values = self.function(*map(np.stack, zip(*(self._columns(s) for s in streams))))
        return self._series(values, streams[0])

    def _check(self, dynamics: StreamDynamics) -> None:
        if (refusal := self._refusal(dynamics)) is not None:
            raise DynamicsError(f"{dynamics.split}/{dynamics.stream}: {refusal}")

    def _columns(self, dynamics: StreamDynamics) -> list[Array]:
        self._check(dynamics)
        refuse_collapsed(dynamics)
        return [dynamics.matrix(need) for need in self.needs]

    def _series(self, values: Array, dynamics: StreamDynamics) -> pd.Series:
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
    several_runs: bool = False,
    all_samples: bool = False,
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
                several_runs=several_runs,
                all_samples=all_samples,
            )
        )
        return function

    return register
