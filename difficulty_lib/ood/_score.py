"""What an out-of-distribution score is: a pure function, with its direction and needs beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._registry import Registry

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OodScore:
    """A registered out-of-distribution score.

    Attributes:
        name: how it is asked for.
        function: pure; its parameters without a default are the arrays that it needs, and its
            result has shape (N,).
        higher_is_outside: the direction.
        title: for headings and axes.
        formula: in LaTeX.
        citation: key into the book's bibliography; empty for a control of ours.
    """

    name: str
    function: Callable[..., Array]
    higher_is_outside: bool
    title: str
    formula: str
    citation: str

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the arrays that it is computed from."""
        parameters = inspect.signature(self.function).parameters.values()
        return tuple(p.name for p in parameters if p.default is inspect.Parameter.empty)

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the parameters that have a default."""
        parameters = inspect.signature(self.function).parameters.values()
        return tuple(p.name for p in parameters if p.default is not inspect.Parameter.empty)

    def available(self, arrays: Mapping[str, Any]) -> bool:
        """Whether these arrays are what the score needs."""
        return all(arrays.get(need) is not None for need in self.needs)

    def __call__(self, arrays: Mapping[str, Any], **settings: Any) -> Array:
        """The score of every sample, as published: see `outsideness` for one direction.

        Args:
            arrays: by the names in `needs`; others are left aside.
            settings: of the function.

        Raises:
            DataError: if an array that it needs is not there.
            ConfigError: on a setting that it has not.
        """
        missing = [need for need in self.needs if arrays.get(need) is None]
        if missing:
            raise DataError(
                f"'{self.name}' needs {', '.join(self.needs)}; {', '.join(missing)} not given"
            )
        unknown = [name for name in settings if name not in self.settings]
        if unknown:
            raise ConfigError(
                f"'{self.name}' has no setting {', '.join(unknown)}; "
                f"known: {', '.join(self.settings) or 'none'}"
            )
        return self.function(**{need: arrays[need] for need in self.needs}, **settings)

    def outsideness(self, arrays: Mapping[str, Any], **settings: Any) -> Array:
        """The score, or its negative, such that high is out of distribution."""
        values = self(arrays, **settings)
        return values if self.higher_is_outside else -values


OOD_SCORES: Registry[OodScore] = Registry("out-of-distribution score")


def ood_score(
    *, higher_is_outside: bool, title: str, formula: str, citation: str = ""
) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Register the decorated function as the score of its name; the function stays as it is."""

    def register(function: Callable[..., Array]) -> Callable[..., Array]:
        name = function.__name__  # type: ignore[attr-defined]
        OOD_SCORES.add(OodScore(name, function, higher_is_outside, title, formula, citation))
        return function

    return register


def as_rows(name: str, values: Any, least: int = 1) -> Array:
    """Finite float64 of shape (N, D).

    Raises:
        DataError: on another shape, fewer columns than `least`, or a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] < least:
        raise DataError(
            f"{name} of shape {array.shape}; expected (samples, {least} columns or more)"
        )
    return _finite(name, array)


def as_values(name: str, values: Any) -> Array:
    """Finite float64 of shape (N,).

    Raises:
        DataError: on another shape, or a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise DataError(f"{name} of shape {array.shape}; expected one number per sample")
    return _finite(name, array)


def _finite(name: str, array: Array) -> Array:
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        raise DataError(f"{name} of sample {wrong[0][0]} is not finite; expected numbers")
    return array
