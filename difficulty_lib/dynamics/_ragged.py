"""A column whose rows have different lengths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DynamicsError


@dataclass(frozen=True)
class Ragged:
    """`N` rows of different lengths, one after the other; indexed, it behaves as an array of rows.

    Attributes:
        offsets: shape (N + 1,), int64: row i is `values[offsets[i]:offsets[i + 1]]`.
        values: shape (T,), those of all rows.

    >>> rows = Ragged.from_rows([[1, 2], [], [3]], np.int64)
    >>> rows[[2, 0]].values
    array([3, 1, 2])
    """

    offsets: NDArray[np.int64]
    values: NDArray[np.generic] = field(repr=False)

    def __post_init__(self) -> None:
        if not len(self.offsets) or self.offsets[0] != 0 or self.offsets[-1] != len(self.values):
            raise DynamicsError(
                f"offsets must start at 0 and end at {len(self.values)}, the number of values; "
                f"got {self.offsets[:1].tolist()} to {self.offsets[-1:].tolist()}"
            )
        if (np.diff(self.offsets) < 0).any():
            raise DynamicsError("offsets fall; expected the running number of values of the rows")

    @classmethod
    def from_rows(cls, rows: Sequence[ArrayLike], dtype: np.typing.DTypeLike) -> Ragged:
        """From one sequence of numbers per row."""
        arrays = [np.asarray(row, dtype=dtype).reshape(-1) for row in rows]
        values = np.concatenate(arrays) if arrays else np.empty(0, dtype=dtype)
        return cls(running([len(array) for array in arrays]), values)

    @classmethod
    def concatenate(cls, parts: Sequence[Ragged]) -> Ragged:
        """The rows of all parts, in their order."""
        lengths = np.concatenate([part.lengths for part in parts])
        return cls(running(lengths), np.concatenate([part.values for part in parts]))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Shape (N,): values per row."""
        return np.diff(self.offsets)

    @property
    def shape(self) -> tuple[int]:
        """(N,), as of an array of rows."""
        return (len(self),)

    def finite(self) -> NDArray[np.bool_]:
        """Shape (N,): whether all values of a row are finite."""
        wrong = np.zeros(len(self), dtype=bool)
        bad = np.flatnonzero(~np.isfinite(self.values))  # type: ignore[call-overload]
        wrong[np.searchsorted(self.offsets, bad, side="right") - 1] = True
        return ~wrong

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, rows: ArrayLike) -> Ragged:
        """These rows: places, or a mask."""
        offsets, places = gathered(self.offsets, np.asarray(rows))
        return Ragged(offsets, self.values[places])

    def rows(self) -> list[NDArray[np.generic]]:
        """One array per row."""
        return np.split(self.values, self.offsets[1:-1]) if len(self) else []


def running(lengths: Iterable[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Offsets of rows of these lengths, shape (N + 1,)."""
    sizes = np.fromiter(lengths, dtype=np.int64)
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])


def gathered(
    offsets: NDArray[np.int64], rows: NDArray[np.generic]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets of the chosen rows, and where their values lie, shape (their tokens,)."""
    chosen = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
    lengths = np.diff(offsets)[chosen]
    taken = running(lengths)
    within = np.arange(taken[-1]) - np.repeat(taken[:-1], lengths)
    return taken, np.repeat(offsets[:-1][chosen], lengths) + within
