"""What a corruption is: a pure function, and what it does to which kind of label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from difficulty_lib._registry import Registry

Corrupted = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Corruption:
    """A registered corruption.

    Attributes:
        name: how it is asked for.
        function: (frame, rate, seed, **settings) → the corrupted frame and the truth. The frame is
            a copy; the truth, on the same index, has the columns of `TRUTH`.
        target: what it corrupts: labels that are a "class" or a "text".
        means: what it does, in words.
    """

    name: str
    function: Callable[..., Corrupted]
    target: Literal["class", "text"]
    means: str

    def __call__(self, frame: pd.DataFrame, rate: float, seed: int, **settings: Any) -> Corrupted:
        """The corrupted frame and the truth, as the function gives them."""
        return self.function(frame, rate, seed, **settings)


CORRUPTIONS: Registry[Corruption] = Registry("corruption")


def corruption(
    *, target: Literal["class", "text"], means: str
) -> Callable[[Callable[..., Corrupted]], Callable[..., Corrupted]]:
    """Register the decorated function as the corruption of its name; the function stays as it is."""

    def register(function: Callable[..., Corrupted]) -> Callable[..., Corrupted]:
        CORRUPTIONS.add(Corruption(function.__name__, function, target, means))  # type: ignore[attr-defined]
        return function

    return register
