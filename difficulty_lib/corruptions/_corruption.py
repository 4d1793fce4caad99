"""What a corruption is: a pure function, and what it does to which kind of label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from difficulty_lib._registry import Registry

Target = Literal["class", "text", "answers"]
Corrupted = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Corruption:
    """A registered corruption.

    Attributes:
        name: how it is asked for.
        function: (frame, rate, seed, **settings) → the corrupted frame and the truth. The frame is
            a copy; the truth, on the same index, has the columns of `TRUTH`.
        target: the kind of labels of the data that it is for: a "class", a "text" or "answers".
        means: what it does, in words.
        changes: whether labels change, or the texts that they belong to.
        adds_rows: whether what is corrupted are new samples, with ids that no other has. The
            samples themselves stay as they are, before the new ones, and the truth says more (see
            `ADDED`).
        needs: settings that must be given, for they are known from elsewhere.
    """

    name: str
    function: Callable[..., Corrupted]
    target: Target
    means: str
    changes: Literal["label", "text"] = "label"
    adds_rows: bool = False
    needs: tuple[str, ...] = ()

    def __call__(self, frame: pd.DataFrame, rate: float, seed: int, **settings: Any) -> Corrupted:
        """The corrupted frame and the truth, as the function gives them."""
        return self.function(frame, rate, seed, **settings)


CORRUPTIONS: Registry[Corruption] = Registry("corruption")


def corruption(
    *,
    target: Target,
    means: str,
    changes: Literal["label", "text"] = "label",
    adds_rows: bool = False,
    needs: tuple[str, ...] = (),
) -> Callable[[Callable[..., Corrupted]], Callable[..., Corrupted]]:
    """Register the decorated function as the corruption of its name; the function stays as it is."""

    def register(function: Callable[..., Corrupted]) -> Callable[..., Corrupted]:
        name = function.__name__  # type: ignore[attr-defined]
        CORRUPTIONS.add(Corruption(name, function, target, means, changes, adds_rows, needs))
        return function

    return register
