"""Another name in a reference summary: who did it was somebody else."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from difficulty_lib.corruptions._choice import strings
from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._pieces import Finder, Piece, change_pieces
from difficulty_lib.words import Vocabulary, vocabulary, word_spans
from difficulty_lib.words._spans import plain, stem


@corruption(target="text", means="one name in a summary becomes another person's")
def change_entity(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    text: str = "dialogue",
    target: str = "label",
    names: Vocabulary | None = None,
    mentions: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Change one name in each chosen summary for one that is not in its dialogue.

    A name is a word that speaks in some dialogue of the data (`words.speakers`): a line's start
    with a colon. One place of one name is changed, its 's is kept; the other name is drawn in
    proportion to how many dialogues it speaks in, so that changed names are on average as common as
    those that they replace. It is neither in the dialogue nor in the summary. Names say nothing of
    gender here, so a pronoun may no longer fit.

    Args:
        frame: dialogues and summaries, indexed by sample_id.
        rate: probability of a sample to be changed, 0.01 to 0.4; by a hash of its id and the seed.
        seed: at least 0.
        text: the column of the dialogues.
        target: the column of the summaries.
        names: where the names come from; all dialogues of the frame if not given.
        mentions: whether names that never speak (places, products) are changed as well, each for
            another of that kind. By their form alone they cannot be told from `Polish`.

    Returns:
        The corrupted frame and the truth (see `corruptions._truth.corrupted`). A chosen summary
        without a name is as it was, with the problem "no name to change".

    Raises:
        ConfigError: on a rate or seed that cannot be.
        DataError: on a missing column, a value that is no string, or if nothing was changed.
    """
    finders = {"name": name_finder(frame, text, names, mentions=mentions)}
    return change_pieces(frame, rate, seed, finders, text=text, target=target)


def name_finder(
    frame: pd.DataFrame, text: str, names: Vocabulary | None, *, mentions: bool
) -> Finder:
    """What finds the names of a summary and the others that they could be."""
    if names is None:
        names = vocabulary(strings(frame, text) if text in frame.columns else [])
    pools = [_Pool(names.speakers), *([_Pool(names.mentions)] if mentions else [])]

    def find(dialogue: str, summary: str) -> list[Piece]:
        here = {
            plain(stem(part[start:end]))
            for part in (dialogue, summary)
            for start, end in word_spans(part)
        }
        pieces = []
        for start, end in word_spans(summary):
            word = stem(summary[start:end])
            for pool in pools:
                if word in pool.place and (piece := pool.piece(start, word, here)):
                    pieces.append(piece)
        return pieces

    return find


class _Pool:
    """Names of one kind, in the order of the alphabet, with how often each occurs."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.names = sorted(counts)
        self.counts = np.array([counts[name] for name in self.names], dtype=np.float64)
        self.place = {name: place for place, name in enumerate(self.names)}
        self.by_form: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            self.by_form.setdefault(plain(name), []).append(place)

    def piece(self, start: int, word: str, here: set[str]) -> Piece | None:
        """The name at `start` and the others, or None where there are none."""
        weights = self.counts.copy()
        weights[[place for form in here for place in self.by_form.get(form, ())]] = 0.0
        if not weights.any():
            return None
        return Piece(start, start + len(word), self.names, weights)
