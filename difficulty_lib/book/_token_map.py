"""A text with every token shaded by its own difficulty, in plain HTML and CSS, without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import TokenDifficulty
from difficulty_lib.book._token_style import LEVELS, STYLE
from difficulty_lib.review import plain

Array = NDArray[np.float64]
MOST = 36  # samples on a page
TITLES = {"action_score": "action score", "last_loss": "loss of the last epoch"}


@dataclass(frozen=True)
class TokenMap:
    """Shaded texts, shown by notebooks and by the book.

    Attributes:
        html: the figure with its style; loads and runs nothing.
        text: the same in words, for places that show no HTML.
    """

    html: str = field(repr=False)
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def token_map(
    tokens: TokenDifficulty,
    ids: Sequence[int] | None = None,
    *,
    titles: Mapping[int, str] | None = None,
    marked: pd.DataFrame | None = None,
    score: str = "action_score",
    top: float | None = None,
) -> TokenMap:
    """Texts with each token shaded by its own score and, on hover or focus, its loss per epoch.

    The shades are steps of one hue, at equal distances of the square root of the score, so that
    the many easy tokens differ, too. Under the text that the pointer or the keyboard is in appear the
    token's score, its loss in each epoch as numbers, and the curve of them. A screen reader is given
    the same when a token has the focus, and a table of all tokens after each text. Text is
    escaped; characters that would reorder the page or are invisible controls are shown by their
    number.

    Args:
        tokens: tokens or words with their losses.
        ids: the samples, in this order; all of them if not given, 36 at most.
        titles: a line above a sample's text, by sample_id.
        marked: by sample_id, `start` and `end` of a piece to underline, such as a planted error;
            −1 where there is none.
        score: "action_score" or "last_loss", in nats.
        top: from which score on the shade is the darkest; by default the 98th percentile of the
            shown tokens.

    Raises:
        ConfigError: on an unknown score, or a top that is not above 0.
        DataError: if there are no samples, too many, or ids that are unknown.
    """
    if score not in TITLES:
        raise ConfigError(f"score is '{score}'; expected {' or '.join(TITLES)}")
    wanted = tokens.ids if ids is None else np.asarray(ids, dtype=np.int64).reshape(-1)
    if not 0 < len(wanted) <= MOST:
        raise DataError(f"{len(wanted)} samples to show; expected 1 to {MOST}: choose some by ids")
    if len(np.unique(wanted)) != len(wanted):
        raise DataError("a sample is to be shown twice; expected each id once")
    shown = tokens.take(wanted)
    values = shown.table[score].to_numpy(dtype=float)
    if top is None:
        top = float(np.quantile(values, 0.98)) or 1.0
    if not top > 0:
        raise ConfigError(f"top is {top!r}; expected a number above 0")
    highest = float(shown.losses.max(initial=0.0)) or 1.0
    parts = [
        _sample(sample_id, shown, rows, titles, marked, score, top, highest)
        for sample_id, rows in shown.by_sample()
    ]
    epochs = shown.epochs
    words = (
        f"{len(wanted)} texts of {len(values)} tokens, each shaded by its {TITLES[score]}; "
        f"hover over a token, or move to it with the Tab key, for its loss in epochs "
        f"{epochs[0]} to {epochs[-1]}."
    )
    html = (
        f'<style>{STYLE}</style><figure class="token-map" role="group" aria-label="{escape(words)}">'
        f"{_legend(top, TITLES[score], marked is not None)}{''.join(parts)}"
        '<p class="tm-room" aria-hidden="true"></p></figure>'
    )
    return TokenMap(html, _plain(shown, score, words))


def level(value: float, top: float) -> int:
    """The step of the scale, 0 to `LEVELS` − 1, at equal distances of the square root."""
    return min(int(LEVELS * np.sqrt(max(value, 0.0) / top)), LEVELS - 1)


def visible(text: str) -> str:
    """Text for HTML: escaped, with controls and what reorders text shown by their numbers."""
    shown = "\t".join(plain(part) for part in text.split("\t"))  # a tab is space here, too
    return escape(shown, quote=True)


def _legend(top: float, title: str, marked: bool) -> str:
    steps = "".join(
        f'<span class="tm-step tm-{step}">{top * (step / LEVELS) ** 2:.2g}</span>'
        for step in range(LEVELS)
    )
    mark = '<span class="tm-key"><span class="tm-mark">changed</span></span>' if marked else ""
    return (
        f'<p class="tm-legend"><span>{escape(title)}, nats, from</span> '
        f'<span class="tm-scale">{steps}</span>{mark}</p>'
    )


def _sample(
    sample_id: int,
    shown: TokenDifficulty,
    rows: NDArray[np.int64],
    titles: Mapping[int, str] | None,
    marked: pd.DataFrame | None,
    score: str,
    top: float,
    highest: float,
) -> str:
    text = str(shown.texts.at[sample_id])
    pieces = _pieces(shown, rows, text, score)
    start, end = (-1, -1) if marked is None else _mark(marked, sample_id)
    line, position = [], 0
    for piece in pieces:
        line.append(visible(text[position : piece.start]))
        inside = piece.start < end and piece.end > start
        line.append(_token(piece, top, highest, shown.epochs, inside))
        position = max(position, piece.end)
    rest = text[position:]
    if rest.strip():
        line.append(f'<span class="tm-cut" title="not scored">{visible(rest)}</span>')
    title = (titles or {}).get(sample_id, "")
    head = f'<span class="tm-id">{sample_id}</span> {visible(str(title))}'
    return (
        f'<section class="tm-sample"><p class="tm-head">{head}</p>'
        f'<p class="tm-text" dir="auto">{"".join(line)}</p>'
        f"{_table(pieces, sample_id, TITLES[score])}</section>"
    )


@dataclass(frozen=True)
class _Piece:
    """What is shown as one: a token, or several that share characters."""

    start: int
    end: int
    shown: str
    special: bool
    score: float
    losses: Array
    tokens: int


def _pieces(shown: TokenDifficulty, rows: NDArray[np.int64], text: str, score: str) -> list[_Piece]:
    """Tokens in the order of the text; those of the same character, or of none, are put together."""
    table = shown.table.iloc[rows]
    found: list[_Piece] = []
    columns = (table[name].tolist() for name in ("start", "end", "special", score, "tokens"))
    for place, (start, end, special, value, count) in enumerate(zip(*columns)):
        losses = shown.losses[:, rows[place]]
        before = found[-1] if found else None
        if before is not None and not special and not before.special and start < before.end:
            start = before.start
        elif special or start < end or before is None or before.special:
            word = "⟨end⟩" if special and place else "⟨start⟩" if special else text[start:end]
            found.append(_Piece(start, end, word, bool(special), value, losses, count))
            continue
        else:
            start = before.start
        end = max(end, before.end)
        found[-1] = _Piece(
            start,
            end,
            text[start:end],
            False,
            before.score + value,
            before.losses + losses,
            before.tokens + count,
        )
    return found


def _mark(marked: pd.DataFrame, sample_id: int) -> tuple[int, int]:
    if missing := [name for name in ("start", "end") if name not in marked.columns]:
        raise DataError(f"marked has no column '{missing[0]}'; expected start and end of a piece")
    if sample_id not in marked.index:
        return -1, -1
    return int(marked.at[sample_id, "start"]), int(marked.at[sample_id, "end"])


def _token(
    piece: _Piece, top: float, highest: float, epochs: NDArray[np.int64], inside: bool
) -> str:
    numbers = " ".join(
        f"<span><i>{epoch}</i>{loss:.2f}</span>" for epoch, loss in zip(epochs, piece.losses)
    )
    made = f" · {piece.tokens} tokens" if piece.tokens > 1 else ""
    classes = f"tm-t tm-{level(piece.score, top)}"
    classes += " tm-special" if piece.special else ""
    classes += " tm-mark" if inside else ""
    return (
        f'<span class="{classes}" tabindex="0">{visible(piece.shown)}'
        f'<span class="tm-tip" role="tooltip"><b>{visible(piece.shown)}</b> '
        f"<span>{piece.score:.2f} nats{made}</span>{_curve(piece.losses, highest)}"
        f'<span class="tm-losses"><i>epoch</i> {numbers}</span></span></span>'
    )


def _curve(losses: Array, highest: float) -> str:
    """A loss per epoch as a line of 96 by 28 pixels, from 0 to the highest of the figure."""
    x = np.linspace(2, 94, len(losses))
    y = 26 - 24 * losses / highest
    if len(losses) == 1:
        x, y = np.array([2, 94]), np.repeat(y, 2)
    points = " ".join(f"{a:.0f},{b:.0f}" for a, b in zip(x, y))
    return f'<svg viewBox="0 0 96 28" aria-hidden="true"><polyline points="{points}"/></svg>'


def _table(pieces: list[_Piece], sample_id: int, title: str) -> str:
    """What a screen reader finds after the text; the losses are read at the tokens themselves."""
    rows = "".join(f"<tr><td>{visible(p.shown)}</td><td>{p.score:.2f}</td></tr>" for p in pieces)
    return (
        f'<table class="tm-hidden"><caption>Sample {sample_id}: {escape(title)} of every token, '
        f"in nats</caption><tr><th>token</th><th>{escape(title)}</th></tr>{rows}</table>"
    )


def _plain(shown: TokenDifficulty, score: str, words: str) -> str:
    lines = [words]
    for sample_id, rows in shown.by_sample():
        table = shown.table.iloc[rows].nlargest(3, score)
        worst = ", ".join(f"{t or '⟨end⟩'} {v:.2f}" for t, v in zip(table["token"], table[score]))
        lines.append(f"{sample_id}: hardest {worst}")
    return "\n".join(lines)
