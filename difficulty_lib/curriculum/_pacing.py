"""What a pacing function is: the share of the data that is available at a point of the training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._registry import Registry

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pacing:
    """A registered pacing function.

    Attributes:
        name: how it is asked for.
        function: (how far towards `end`, shape (T,), in [0, 1]; the share at the start; the
            samples' losses or None) → shares, shape (T,), never falling, 1 where it is told 1.
        means: how the share grows, in words.
        formula: in LaTeX, x being how far it is towards `end` and s the share at the start.
        citation: key into the book's bibliography.
        needs_losses: whether it follows the samples' losses.
    """

    name: str
    function: Callable[[Array, float, Array | None], Array]
    means: str
    formula: str
    citation: str
    needs_losses: bool = False

    def __call__(
        self,
        progress: ArrayLike,
        *,
        start: float = 0.2,
        end: float = 0.5,
        losses: ArrayLike | None = None,
    ) -> Array:
        """The share of the data that is available.

        Args:
            progress: share of all updates that have been made, in [0, 1]; any shape.
            start: share of the data at progress 0, above 0 and at most 1.
            end: progress from which on all data are available, above 0 and at most 1.
            losses: shape (N,), at least 0, high is hard; for a pacing that `needs_losses`.

        Returns:
            Of the shape of `progress`, in (0, 1]; never falling in `progress`.

        Raises:
            ConfigError: on a start or end that cannot be.
            DataError: on progress outside [0, 1], or losses that are missing, below 0 or no numbers.
        """
        check_shares(start, end)
        done = np.asarray(progress, dtype=np.float64)
        if not ((done >= 0) & (done <= 1)).all():
            raise DataError("progress is outside 0 to 1; expected the share of updates made")
        known = _losses(self.name, losses) if self.needs_losses else None
        towards = np.minimum(done / end, 1.0)
        shares = np.where(towards >= 1, 1.0, self.function(towards, float(start), known))
        result: Array = np.clip(shares, 0.0, 1.0)
        return result


PACINGS: Registry[Pacing] = Registry("pacing")


def pacing(
    *, means: str, formula: str, citation: str, needs_losses: bool = False
) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Register the decorated function as the pacing of its name; the function stays as it is."""

    def register(function: Callable[..., Array]) -> Callable[..., Array]:
        name = function.__name__  # type: ignore[attr-defined]
        PACINGS.add(Pacing(name, function, means, formula, citation, needs_losses))
        return function

    return register


def check_shares(start: Any, end: Any) -> None:
    """Refuse shares that are not above 0 and at most 1.

    Raises:
        ConfigError: naming the one.
    """
    for name, value in (("start", start), ("end", end)):
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not 0 < value <= 1:
            raise ConfigError(f"pacing's {name} is {value!r}; expected above 0, at most 1")


def _losses(name: str, losses: ArrayLike | None) -> Array:
    if losses is None:
        raise DataError(f"pacing '{name}' follows the samples' losses, and there are none")
    known = np.asarray(losses, dtype=np.float64)
    if known.ndim != 1 or not len(known) or not (np.isfinite(known) & (known >= 0)).all():
        raise DataError(
            f"pacing '{name}' follows losses; expected numbers of at least 0, high for hard samples"
        )
    return known
