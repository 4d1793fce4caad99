"""Mean and spread of many entries at once, streamed (Welford), and merged (Chan et al.)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from difficulty_lib._extras import require

torch = require("torch", "train")


class Moments:
    """Rows of entries: the mean, and the sum of squared deviations from it, in float32.

    Attributes:
        count: how many rounds were closed, each of which has every row once.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = torch.zeros(0, 0)
        self.squares = torch.zeros(0, 0)

    def add(self, places: Any, values: Any) -> None:
        """Values, shape (n, width), of the rows `places`, shape (n,), in the round that is open."""
        if not len(places):
            return
        self._grow(int(places.max()) + 1, values.shape[1])
        mean = self.mean[places]
        off = values - mean
        mean += off / (self.count + 1)
        self.mean[places] = mean
        self.squares[places] += off.mul_(values - mean)

    def _grow(self, rows: int, width: int) -> None:
        if rows > len(self.mean):
            more = max(rows, 2 * len(self.mean)) - len(self.mean)
            fill = torch.zeros(more, width)
            self.mean = torch.cat([self.mean.reshape(-1, width), fill])
            self.squares = torch.cat([self.squares.reshape(-1, width), fill])

    def close(self, rows: int) -> None:
        """End the round; there are so many rows."""
        self.count += 1
        if rows < len(self.mean):  # what was kept for rows that did not come
            self.mean, self.squares = self.mean[:rows].clone(), self.squares[:rows].clone()

    def merged(self, other: Moments) -> Moments:
        """The moments of both together; either may be let go of afterwards."""
        if not self.count:
            return other
        both = Moments()
        both.count = self.count + other.count
        off = other.mean - self.mean
        both.mean = self.mean + off * (other.count / both.count)
        weight = self.count * other.count / both.count
        both.squares = (self.squares + other.squares).addcmul_(off, off, value=weight)
        return both

    def deviation(self) -> Any:
        """Standard deviation of every entry, ddof 0."""
        return (self.squares / self.count).clamp_min_(0.0).sqrt_()

    def state(self) -> dict[str, Any]:
        """Tensors from which `restored` makes the same."""
        return {"count": torch.tensor([self.count]), "mean": self.mean, "squares": self.squares}

    @classmethod
    def restored(cls, state: Mapping[str, Any], prefix: str) -> Moments:
        """What `state` gave, under names with this prefix."""
        moments = cls()
        moments.count = int(state[f"{prefix}count"])
        moments.mean = state[f"{prefix}mean"]
        moments.squares = state[f"{prefix}squares"]
        return moments
