"""One piece of a text changed for another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib.corruptions._choice import KIND, OTHER, PIECE, chosen, draws, strings
from difficulty_lib.corruptions._truth import Change, corrupted


@dataclass(frozen=True)
class Piece:
    """A piece of a text that could be another.

    Attributes:
        start: where it starts, in characters.
        end: where it ends.
        others: what it could be, in an order that does not change.
        weights: how likely each of them is, shape (others,); equally if None.
    """

    start: int
    end: int
    others: Sequence[str]
    weights: NDArray[np.float64] | None = None

    def drawn(self, number: float) -> str:
        """One of the others, by a number in [0, 1)."""
        if self.weights is None:
            return self.others[int(number * len(self.others))]
        ends = np.cumsum(self.weights)
        return self.others[int(np.searchsorted(ends, number * ends[-1], side="right"))]


Finder = Callable[[str, str], list[Piece]]  # (dialogue, summary) → pieces that have others


def change_pieces(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    finders: dict[str, Finder],
    *,
    text: str,
    target: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Change one piece of the target in each of the chosen rows.

    Args:
        frame: with the columns `text` and `target`, indexed by sample_id.
        rate: probability of a row to be chosen.
        seed: of the choice.
        finders: for every kind of piece what finds them; of several kinds that a text has, each is
            as likely.
        text: the column that the target is about.
        target: the column that is changed.
    """
    picked = np.flatnonzero(chosen(frame, rate, seed, (text, target)))
    sources, texts = strings(frame, text), strings(frame, target)
    which_kind, which_piece, which_other = (draws(frame, seed, k) for k in (KIND, PIECE, OTHER))
    changes: dict[int, Change | str] = {}
    for place in picked:
        found = {kind: find(sources[place], texts[place]) for kind, find in finders.items()}
        kinds = [kind for kind, pieces in found.items() if pieces]
        if not kinds:
            changes[int(place)] = f"no {' or '.join(finders)} to change"
            continue
        kind = kinds[int(which_kind[place] * len(kinds))]
        piece = found[kind][int(which_piece[place] * len(found[kind]))]
        changes[int(place)] = _changed(
            texts[place], piece, kind, piece.drawn(float(which_other[place]))
        )
    return corrupted(frame, target, changes)


def _changed(text: str, piece: Piece, kind: str, other: str) -> Change:
    return Change(
        label=text[: piece.start] + other + text[piece.end :],
        start=piece.start,
        end=piece.start + len(other),
        kind=kind,
        original=text[piece.start : piece.end],
        replacement=other,
    )
