"""What was observed of every token of a sequence, kept ragged and never per vocabulary entry.

Stored per token and epoch:

============ ======= =================================================================
column       dtype   meaning
============ ======= =================================================================
loss         float32 −log p(gold token), in nats
entropy      float32 −Σ p log p over the vocabulary (or the classes), in nats
top1         float32 the largest logit
top2         float32 the second largest logit
gold_logit   float32 the gold token's logit
predicted    int32   index of the largest logit
============ ======= =================================================================

Stored once per sample: `gold`, the gold tokens' ids. Derived when asked for: `gold_probability`,
`margin`, `max_probability`, `correct`. On disk and in tables the names start with `token_`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics._integers import integers
from difficulty_lib.dynamics._ragged import Ragged, gathered

TOKEN_COLUMNS: dict[str, np.dtype[np.generic]] = {
    "loss": np.dtype("float32"),
    "entropy": np.dtype("float32"),
    "top1": np.dtype("float32"),
    "top2": np.dtype("float32"),
    "gold_logit": np.dtype("float32"),
    "predicted": np.dtype("int32"),
}
PREFIX = "token_"
GOLD = "token_gold"
STORED_TOKENS: dict[str, np.dtype[np.generic]] = {
    GOLD: np.dtype("int32"),
    **{PREFIX + name: dtype for name, dtype in TOKEN_COLUMNS.items()},
}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TokenDynamics:
    """The tokens of `N` samples over `E` epochs, `T` of them in all, in the order of the samples.

    Attributes:
        offsets: shape (N + 1,), int64: sample i has the tokens `offsets[i]` to `offsets[i + 1]`.
        gold: shape (T,), int32, the gold tokens' ids (or classes).
        columns: every one of `TOKEN_COLUMNS` by name, each of shape (E, T).

    Raises:
        DynamicsError: on shapes that disagree, a missing or unknown column.
    """

    offsets: NDArray[np.int64]
    gold: NDArray[np.int32] = field(repr=False)
    columns: dict[str, NDArray[np.generic]] = field(repr=False)

    def __post_init__(self) -> None:
        Ragged(self.offsets, self.gold)
        if set(self.columns) != set(TOKEN_COLUMNS):
            raise DynamicsError(
                f"tokens: columns are {', '.join(sorted(self.columns)) or 'none'}; "
                f"expected {', '.join(TOKEN_COLUMNS)}"
            )
        epochs = {np.shape(values)[0] for values in self.columns.values() if np.ndim(values)}
        for name, values in self.columns.items():
            if np.shape(values)[1:] != self.gold.shape or len(epochs) != 1:
                raise DynamicsError(
                    f"tokens: column '{name}' has shape {np.shape(values)}; expected (epochs, "
                    f"tokens) with {len(self.gold)} tokens and the same epochs in every column"
                )

    @classmethod
    def from_rows(
        cls, gold: Sequence[ArrayLike], **columns: Sequence[Sequence[ArrayLike]]
    ) -> TokenDynamics:
        """From nested lists: `gold` one list per sample, every column one such list per epoch.

        >>> tokens = TokenDynamics.from_rows(
        ...     [[5], [7, 2]],
        ...     loss=[[[1.0], [0.5, 2.0]]],
        ...     entropy=[[[1.0], [0.7, 1.1]]],
        ...     top1=[[[3.0], [4.0, 2.0]]],
        ...     top2=[[[1.0], [3.0, 1.0]]],
        ...     gold_logit=[[[1.0], [4.0, 1.0]]],
        ...     predicted=[[[6], [7, 1]]],
        ... )
        >>> tokens.matrix("margin")
        array([[-2.,  1., -1.]])
        """
        ragged = Ragged.from_rows(gold, np.int32)
        return cls(
            offsets=ragged.offsets,
            gold=np.asarray(ragged.values, dtype=np.int32),
            columns={
                name: stacked(name, [Ragged.from_rows(rows, np.float64) for rows in epochs], ragged)
                for name, epochs in columns.items()
            },
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Shape (N,): tokens per sample."""
        return np.diff(self.offsets)

    @property
    def positions(self) -> NDArray[np.int64]:
        """Shape (T,): every token's place among those of its sample, from 0."""
        return np.arange(len(self.gold)) - np.repeat(self.offsets[:-1], self.lengths)

    def matrix(self, name: str) -> Array:
        """Column `name`, stored or derived, of every epoch: shape (E, T), float64.

        `gold_probability` = exp(−loss); `margin` = gold logit − the largest other logit;
        `max_probability`; `correct`, 1 where the prediction is the gold token.

        Raises:
            DynamicsError: on an unknown name.
        """
        if name in self.columns:
            return np.asarray(self.columns[name], dtype=np.float64)
        if name not in _DERIVED:
            raise DynamicsError(
                f"tokens: no '{name}'; there are {', '.join((*self.columns, *_DERIVED))}"
            )
        return _DERIVED[name](self)

    def take(
        self, samples: NDArray[np.generic], epochs: NDArray[np.generic] | None = None
    ) -> TokenDynamics:
        """The tokens of these samples and epochs only: places in the wanted order, or a mask."""
        offsets, places = gathered(self.offsets, samples)
        rows = slice(None) if epochs is None else epochs
        return TokenDynamics(
            offsets=offsets,
            gold=self.gold[places],
            columns={name: values[rows][:, places] for name, values in self.columns.items()},
        )

    def margins(self) -> NDArray[np.float32]:
        """`matrix("margin")` in float32, made an epoch at a time."""
        values = np.empty((self.epochs, len(self.gold)), dtype=np.float32)
        for row in range(self.epochs):
            values[row] = self.epoch(row).matrix("margin")[0]
        return values

    @property
    def epochs(self) -> int:
        """How many epochs there are, E."""
        return len(self.columns["loss"])

    def epoch(self, row: int) -> TokenDynamics:
        """The tokens of one epoch, by its place, −1 for the last; nothing is copied.

        Raises:
            DynamicsError: if there is no such place.
        """
        if not -self.epochs <= row < self.epochs:
            raise DynamicsError(f"no epoch at place {row}; there are {self.epochs}")
        row %= self.epochs
        one = {name: values[row : row + 1] for name, values in self.columns.items()}
        return TokenDynamics(self.offsets, self.gold, one)

    def stored(self, row: int) -> dict[str, Ragged]:
        """What is stored of one epoch, by its name on disk, `token_gold` among it."""
        parts = {GOLD: Ragged(self.offsets, self.gold)}
        for name in TOKEN_COLUMNS:
            parts[PREFIX + name] = Ragged(self.offsets, self.columns[name][row])
        return parts


def _margin(tokens: TokenDynamics) -> Array:
    right = tokens.columns["predicted"] == tokens.gold
    other = np.where(right, tokens.matrix("top2"), tokens.matrix("top1"))
    return tokens.matrix("gold_logit") - other


def _max_probability(tokens: TokenDynamics) -> Array:
    # gold_logit + loss is the logarithm of the sum over the vocabulary.
    log_sum = tokens.matrix("gold_logit") + tokens.matrix("loss")
    return np.minimum(np.exp(tokens.matrix("top1") - log_sum), 1.0)


def _correct(tokens: TokenDynamics) -> Array:
    return (tokens.columns["predicted"] == tokens.gold).astype(np.float64)


def _gold_probability(tokens: TokenDynamics) -> Array:
    return np.exp(-tokens.matrix("loss"))


_DERIVED: dict[str, Callable[[TokenDynamics], Array]] = {
    "gold_probability": _gold_probability,
    "margin": _margin,
    "max_probability": _max_probability,
    "correct": _correct,
}


def token_lists(tokens: TokenDynamics) -> dict[str, NDArray[np.generic]]:
    """The tokens in long form: by name on disk, a list per (epoch, sample), shape (E × N,)."""
    lists: dict[str, NDArray[np.generic]] = {}
    for name in STORED_TOKENS:
        cells = np.empty(tokens.epochs * len(tokens), dtype=object)
        epochs = [tokens.stored(row)[name].rows() for row in range(tokens.epochs)]
        for place, row in enumerate(row for rows in epochs for row in rows):
            cells[place] = row
        lists[name] = cells
    return lists


def from_token_lists(
    frame: Mapping[str, Any], shape: tuple[int, int], where: str
) -> TokenDynamics | None:
    """The tokens of a table in long form, sorted by epoch and sample, or None where it has none.

    Args:
        frame: `token_…` columns with a list in every cell, and `sample_id`.
        shape: (epochs, samples).
        where: split and stream, for messages.

    Raises:
        DynamicsError: if a column is missing, or lists disagree in length, or in the gold tokens.
    """
    if not any(name in frame for name in STORED_TOKENS):
        return None
    if GOLD not in frame:
        raise DynamicsError(f"{where}: no column '{GOLD}' beside those of the tokens")
    count = shape[1]
    epochs: list[dict[str, Ragged]] = []
    for row in range(shape[0]):
        some = slice(row * count, (row + 1) * count)
        epochs.append(
            {
                name: Ragged.from_rows(list(frame[name])[some], dtype)
                for name, dtype in STORED_TOKENS.items()
                if name in frame
            }
        )
    ids = np.asarray(frame["sample_id"])[:count]
    gold = epochs[0][GOLD]
    for number, columns in enumerate(epochs):
        for place, (one, other) in enumerate(zip(columns[GOLD].rows(), gold.rows())):
            if not np.array_equal(one, other):
                raise DynamicsError(
                    f"{where}, row {number} of the epochs: the gold tokens of sample {ids[place]} "
                    "change between epochs; expected the same in each"
                )
    names = [f"{where}, row {number} of the epochs" for number in range(shape[0])]
    return assemble(epochs, gold, names, ids)


def stacked(name: str, epochs: Sequence[Ragged], gold: Ragged) -> NDArray[np.generic]:
    """One column of all epochs, shape (E, T), in the type in which it is stored.

    Raises:
        DynamicsError: if an epoch has other numbers of tokens than the gold tokens.
    """
    dtype = TOKEN_COLUMNS.get(name, np.dtype("float32"))
    for number, rows in enumerate(epochs):
        if not np.array_equal(rows.offsets, gold.offsets):
            raise DynamicsError(
                f"tokens: column '{name}', row {number} of the epochs: {_differing(rows, gold)}"
            )
    values = [rows.values for rows in epochs]
    if dtype.kind == "i":
        values = [integers(row, f"tokens, column '{name}'") for row in values]
    shape = (len(epochs), len(gold.values))
    return np.array(values, dtype=dtype).reshape(shape)


def _differing(rows: Ragged, gold: Ragged) -> str:
    if len(rows) != len(gold):
        return f"{len(rows)} samples; expected {len(gold)}"
    place = int(np.flatnonzero(rows.lengths != gold.lengths)[0])
    return (
        f"sample number {place} has {rows.lengths[place]} tokens; expected {gold.lengths[place]}, "
        "one value per gold token"
    )


def assemble(
    epochs: Sequence[Mapping[str, Ragged]], gold: Ragged, where: Sequence[str], ids: ArrayLike
) -> TokenDynamics:
    """Tokens from what was read of every epoch, samples in the order of `ids`.

    Args:
        epochs: for each epoch the columns by their name on disk (`token_loss`, …).
        gold: the gold tokens.
        where: what to call every epoch in a message.
        ids: shape (N,), the samples' ids, for messages.

    Raises:
        DynamicsError: if a column is missing, or a sample has another number of tokens in some
            column or epoch, naming the sample and the epoch.
    """
    names = np.asarray(ids)
    for columns, place in zip(epochs, where):
        for name in TOKEN_COLUMNS:
            if PREFIX + name not in columns:
                raise DynamicsError(f"{place}: no column '{PREFIX}{name}'; record it again")
            lengths = columns[PREFIX + name].lengths
            wrong = np.flatnonzero(lengths != gold.lengths)
            if len(wrong):
                raise DynamicsError(
                    f"{place}: sample {names[wrong[0]]} has {lengths[wrong[0]]} tokens in "
                    f"'{PREFIX}{name}'; expected {gold.lengths[wrong[0]]}, as of its gold tokens"
                )
    return TokenDynamics(
        offsets=gold.offsets,
        gold=np.asarray(gold.values, dtype=np.int32),
        columns={
            name: stacked(name, [columns[PREFIX + name] for columns in epochs], gold)
            for name in TOKEN_COLUMNS
        },
    )
