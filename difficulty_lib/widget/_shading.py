"""A text in pieces, each with the step of the shading that its own difficulty gives it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib.analysis import token_difficulty
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.review import plain
from difficulty_lib.scores import token_table

SCORE = "action_score"
FULL = 0.98  # the quantile of all tokens from which on the shade is the darkest


class Shading:
    """The shaded texts of single samples.

    Args:
        stream: with tokens.
        texts: what the gold tokens were made from, by sample_id.
        tokenizer: as `token_difficulty` takes it.
    """

    def __init__(self, stream: StreamDynamics, texts: pd.Series, tokenizer: Any) -> None:
        self._stream, self._texts, self._tokenizer = stream, texts, tokenizer
        values = token_table(stream, [SCORE], allow_collapsed=True)[SCORE].to_numpy(dtype=float)
        self._top = (float(np.quantile(values, FULL)) if len(values) else 0.0) or 1.0

    def of(self, sample_id: int) -> list[dict[str, Any]]:
        """The sample's text in its order: `text`, `level` (None where no token was recorded) and
        `said`, the piece's score and its loss in each epoch.
        """
        from difficulty_lib.book._token_map import _pieces, level

        one = self._stream.take(np.array([sample_id], dtype=np.int64))
        text = str(self._texts.at[sample_id])
        found = token_difficulty(
            one, self._texts.loc[[sample_id]], self._tokenizer, allow_collapsed=True
        )
        parts: list[dict[str, Any]] = []
        position = 0
        for piece in _pieces(found, np.arange(len(found.table)), text, SCORE):
            parts.append(_part(text[position : piece.start]))
            losses = ", ".join(f"{loss:.2f}" for loss in piece.losses)
            said = f"{piece.score:.2f} nats; loss by epoch {losses}"
            parts.append(_part(piece.shown, level(piece.score, self._top), said))
            position = max(position, piece.end)
        return [part for part in [*parts, _part(text[position:])] if part["text"]]


def _part(text: str, level: int | None = None, said: str = "") -> dict[str, Any]:
    return {"text": plain(text), "level": level, "said": said}
