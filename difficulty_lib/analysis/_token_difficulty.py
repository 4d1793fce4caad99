"""Every token of a text with its own action score, put back where it stands in the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError, DynamicsError
from difficulty_lib.analysis._align import align_pieces, align_words
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import token_table
from difficulty_lib.words import space_spans, tokens_to_words, word_spans

SCORED = ("action_score", "last_loss")


@dataclass(frozen=True)
class TokenDifficulty:
    """The tokens, or words, of some samples' texts with what each of them cost.

    Attributes:
        texts: the texts that were scored, by sample_id.
        table: indexed by (sample_id, position), high is hard: `start`, `end` (characters of the
            text; both at its end for a special token), `token` (what stands there), `special`
            (whether it is no part of the text, such as the end of the sequence), `tokens` (how many
            tokens it is made of), `action_score` (nats, the sum of its loss over the epochs) and
            `last_loss` (nats).
        losses: shape (E, T), nats: the loss of every row of the table in every trained epoch.
        epochs: shape (E,), the epochs' numbers.
    """

    texts: pd.Series
    table: pd.DataFrame = field(repr=False)
    losses: NDArray[np.float64] = field(repr=False)
    epochs: NDArray[np.int64] = field(repr=False)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Shape (N,): the samples, in the order of the table."""
        return np.asarray(self.table.index.get_level_values(0).unique(), dtype=np.int64)

    def by_sample(self) -> list[tuple[int, NDArray[np.int64]]]:
        """Every sample's id with the places of its rows in the table."""
        owners = self.table.index.get_level_values(0).to_numpy()
        if not len(owners):
            return []
        # a sample's rows lie one after the other
        starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
        parts = np.split(np.arange(len(owners)), starts[1:])
        return [(int(owners[start]), part) for start, part in zip(starts, parts)]

    def take(self, ids: Any) -> TokenDifficulty:
        """These samples only, in the given order.

        Raises:
            DataError: on an id that is not there.
        """
        wanted = np.asarray(ids, dtype=np.int64).reshape(-1)
        missing = np.setdiff1d(wanted, self.ids)
        if len(missing):
            raise DataError(f"unknown sample ids, first: {missing[:5].tolist()}")
        place = dict(self.by_sample())
        rows = np.concatenate([place[int(i)] for i in wanted]) if len(wanted) else np.empty(0, int)
        return replace(
            self,
            texts=self.texts.loc[wanted],
            table=self.table.iloc[rows],
            losses=self.losses[:, rows],
        )

    def words(self, *, by_spaces: bool = False) -> TokenDifficulty:
        """The same texts by words: a word's loss is the sum of its tokens', as −log p adds up.

        A token belongs to the word with which it shares the most characters (`tokens_to_words`).
        Special tokens stay as they are, each by itself; tokens that are only space are of no word
        and left out, and so are words of which no token was recorded.

        Args:
            by_spaces: whether words are what stands between spaces, their punctuation included;
                otherwise they are those of `word_spans`.
        """
        places, owner = _owners(self, space_spans if by_spaces else word_spans)
        kept = owner >= 0
        _, first, group = np.unique(owner[kept], return_index=True, return_inverse=True)
        # in the order of the tokens: a special one may stand before the first word
        order = np.argsort(first, kind="stable")
        group, first = np.argsort(order, kind="stable")[group], np.flatnonzero(kept)[first[order]]
        losses = np.zeros((len(self.losses), len(first)))
        np.add.at(losses.T, group, self.losses[:, kept].T)
        return replace(
            self, table=self._grouped(places[owner[first]], first, group, kept), losses=losses
        )

    def _grouped(
        self,
        places: NDArray[np.int64],
        first: NDArray[np.int64],
        group: NDArray[np.int64],
        kept: NDArray[np.bool_],
    ) -> pd.DataFrame:
        """The table of words at these places, of the tokens that are kept."""
        ids = self.table.index.get_level_values(0).to_numpy()[first]
        starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1])) if len(ids) else ids
        position = np.arange(len(ids)) - np.repeat(starts, np.diff(np.append(starts, len(ids))))
        texts = self.texts.to_dict()
        sums = {
            name: np.bincount(group, weights=self.table[name].to_numpy(dtype=float)[kept])
            for name in ("tokens", *SCORED)
        }
        return pd.DataFrame(
            {
                "start": places[:, 0],
                "end": places[:, 1],
                "token": [texts[i][a:b] for i, (a, b) in zip(ids.tolist(), places.tolist())],
                "special": self.table["special"].to_numpy()[first],
                "tokens": sums["tokens"].astype(np.int64),
                **{name: sums[name] for name in SCORED},
            },
            index=pd.MultiIndex.from_arrays([ids, position], names=self.table.index.names),
        )


def token_difficulty(
    stream: StreamDynamics,
    texts: pd.Series,
    tokenizer: Any = None,
    *,
    tags: Mapping[int, Any] | None = None,
    allow_collapsed: bool = False,
) -> TokenDifficulty:
    """Every token's action score from the stored losses, aligned with the text by characters.

    Args:
        stream: one split and stream of sequences, or of labelled tokens.
        texts: what the gold tokens were made from, by sample_id: the reference summaries, or the
            texts whose words are tagged. All samples of the stream.
        tokenizer: a fast tokenizer, the one that made the gold tokens; None where every gold label
            is of one word of `text.split(" ")`, as in token classification.
        tags: for labelled words, the labels by sample_id, one per word: the gold labels must be
            these, or the first of them where the text was cut. Without them only the numbers of
            labels and words are compared.
        allow_collapsed: whether to score a run, too, that learnt nothing.

    Returns:
        The tokens that were recorded, in their order; `tokens` is 1 for each.

    Raises:
        DynamicsError: if no tokens were recorded, the run collapsed, or the gold tokens are not
            those of the text, naming the first sample.
        DataError: if a sample has no text, or the tokenizer cannot say where tokens stand.
    """
    if stream.tokens is None:
        raise DynamicsError(
            f"{stream.split}/{stream.stream}: no tokens were recorded; expected the dynamics of "
            "sequences or labelled tokens"
        )
    scores = token_table(stream, list(SCORED), allow_collapsed=allow_collapsed)
    missing = np.setdiff1d(stream.ids, texts.index.to_numpy())
    if len(missing):
        raise DataError(
            f"{len(missing)} samples of {stream.split} have no text, first: {missing[:5].tolist()}"
        )
    own = texts.loc[stream.ids]
    golds = np.split(stream.tokens.gold, stream.tokens.offsets[1:-1])
    if tokenizer is None:
        spans = [
            align_words(text, gold, i, None if tags is None else tags[i])
            for i, text, gold in zip(stream.ids.tolist(), own, golds)
        ]
    else:
        spans = align_pieces(own, golds, tokenizer)
    places = np.concatenate(spans) if spans else np.empty((0, 3), dtype=np.int64)
    table = pd.DataFrame({"start": places[:, 0], "end": places[:, 1]}, index=scores.index)
    table["token"] = [text[a:b] for text, part in zip(own, spans) for a, b, _ in part.tolist()]
    table["special"] = places[:, 2] > 0
    table["tokens"] = 1
    losses = stream.tokens.matrix("loss")[int(stream.has_initial) :]
    return TokenDifficulty(own, table.join(scores), losses, stream.trained_epochs)


def _owners(
    tokens: TokenDifficulty, spans: Callable[[str], list[tuple[int, int]]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places (W, 2) of all words and special tokens, and which of them each token is of, or −1."""
    offsets = tokens.table[["start", "end"]].to_numpy()
    special = tokens.table["special"].to_numpy()
    owner = np.full(len(offsets), -1, dtype=np.int64)
    places: list[tuple[int, int]] = []
    for sample_id, rows in tokens.by_sample():
        words = spans(tokens.texts.at[sample_id])
        own = tokens_to_words(offsets[rows], words)
        own[special[rows]] = len(words) + np.arange(special[rows].sum())
        owner[rows] = np.where(own < 0, -1, own + len(places))
        places += [*words, *((int(a), int(b)) for a, b in offsets[rows][special[rows]])]
    return np.array(places, dtype=np.int64).reshape(-1, 2), owner
