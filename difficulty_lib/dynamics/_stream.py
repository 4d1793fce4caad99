"""What was observed of one split in one stream: ids, epochs and a matrix per column."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics._columns import DERIVED, STATIC, STORED
from difficulty_lib.dynamics._health import Finding, check_health
from difficulty_lib.dynamics._reductions import DEFAULT_REDUCTION, REDUCED, reduce_tokens
from difficulty_lib.dynamics._tokens import TokenDynamics, token_lists

Array = NDArray[np.float64]
EVERY = slice(None)


@dataclass(frozen=True)
class StreamDynamics:
    """Dynamics of `N` samples over `E` epochs, every sample seen exactly once in every epoch.

    Attributes:
        ids: shape (N,), int64, sorted and unique.
        epochs: shape (E,), int, increasing; epoch 0 is the model before its first update.
        columns: stored columns by name, each of shape (E, N).
        label: shape (N,), int64, the gold class, or None where there is none.
        split: the split's name, for messages.
        stream: "evaluation", "training", "cross_validated" or "second_split".
        static: values that a sample has once per run, by name, each of shape (N,).
        health: what speaks against the run having learnt anything; `check_health` finds it when
            it is not given. A selection of samples keeps that of the whole.
        tokens: of sequences, what was observed of every token; None where a sample is no sequence.
        reduction: by which the columns were made from the tokens; None where they were recorded.
            Without one, the columns that follow from tokens are their `mean`.

    Raises:
        DynamicsError: on shapes that disagree, doubled ids or values that are not finite.
    """

    ids: NDArray[np.int64]
    epochs: NDArray[np.int64]
    columns: dict[str, NDArray[np.generic]] = field(repr=False)
    label: NDArray[np.int64] | None = field(default=None, repr=False)
    split: str = "train"
    stream: str = "evaluation"
    static: dict[str, Array] = field(default_factory=dict, repr=False)
    health: tuple[Finding, ...] | None = field(default=None, repr=False, compare=False)
    tokens: TokenDynamics | None = field(default=None, repr=False)
    reduction: str | None = None

    def __post_init__(self) -> None:
        where = f"{self.split}/{self.stream}"
        shape = (len(self.epochs), len(self.ids))
        if not self.columns and self.tokens is None:
            raise DynamicsError(f"{where}: no columns; expected some of {', '.join(STORED)}")
        for name, values in self.columns.items():
            if values.shape != shape:
                raise DynamicsError(
                    f"{where}: column '{name}' has shape {values.shape}; "
                    f"expected (epochs, samples) = {shape}"
                )
            if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
                epoch, sample = np.argwhere(~np.isfinite(values))[0]
                raise DynamicsError(
                    f"{where}: column '{name}' is not finite at epoch {self.epochs[epoch]}, "
                    f"sample {self.ids[sample]}"
                )
        if len(self.epochs) and (self.epochs[0] < 0 or (np.diff(self.epochs) < 1).any()):
            raise DynamicsError(
                f"{where}: epochs are {self.epochs.tolist()}; expected increasing numbers from 0 on"
            )
        if not (self.ids[1:] > self.ids[:-1]).all() and len(np.unique(self.ids)) != len(self.ids):
            ids, counts = np.unique(self.ids, return_counts=True)
            raise DynamicsError(
                f"{where}: doubled sample ids, first: {ids[counts > 1][:5].tolist()}"
            )
        if self.label is not None and self.label.shape != self.ids.shape:
            raise DynamicsError(f"{where}: {len(self.label)} labels for {len(self.ids)} samples")
        for name, once in self.static.items():
            if name not in STATIC:
                raise DynamicsError(
                    f"{where}: unknown static column '{name}'; expected some of {', '.join(STATIC)}"
                )
            if once.shape != self.ids.shape or not np.isfinite(once).all():
                raise DynamicsError(
                    f"{where}: static column '{name}' has shape {once.shape}; expected a finite "
                    f"number for each of the {len(self.ids)} samples"
                )

        if self.tokens is not None:
            self._check_tokens(self.tokens, where)
        if self.health is None:
            object.__setattr__(self, "health", tuple(check_health(self)))

    def _check_tokens(self, tokens: TokenDynamics, where: str) -> None:
        if (tokens.epochs, len(tokens)) != (len(self.epochs), len(self.ids)):
            raise DynamicsError(
                f"{where}: tokens of {tokens.epochs} epochs and {len(tokens)} samples; "
                f"expected {len(self.epochs)} and {len(self.ids)}"
            )
        for name, values in tokens.columns.items():
            if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
                epoch, token = np.argwhere(~np.isfinite(values))[0]
                sample = np.searchsorted(tokens.offsets, token, side="right") - 1
                raise DynamicsError(
                    f"{where}: token column '{name}' is not finite at epoch {self.epochs[epoch]}, "
                    f"sample {self.ids[sample]}, position {token - tokens.offsets[sample]}"
                )

    def __len__(self) -> int:
        return len(self.ids)

    def reduce(self, name: str = DEFAULT_REDUCTION, **settings: Any) -> StreamDynamics:
        """The same dynamics with per-sample columns made from the tokens; the tokens are kept.

        Args:
            name: a registered reduction: mean, sum, max, softmin, top_k_mean.
            settings: `temperature` of softmin, `k` of top_k_mean.

        Returns:
            Columns `loss`, `margin`, `entropy`, `max_probability`, `correct` beside those recorded.

        Raises:
            DynamicsError: if no tokens were recorded, or a sample has none, naming the first.
            ConfigError: on an unknown reduction or setting.
        """
        where = f"{self.split}/{self.stream}"
        if self.tokens is None:
            raise DynamicsError(f"{where}: no tokens were recorded, so nothing is to be reduced")
        empty = self.ids[self.tokens.lengths == 0]
        if len(empty):
            raise DynamicsError(
                f"{where}: {len(empty)} samples have no gold token, first: {empty[:5].tolist()}; "
                "expected at least one each: leave them out with take()"
            )
        columns = reduce_tokens(self.tokens, name, **settings)
        return replace(self, columns={**self.columns, **columns}, reduction=name)

    @cached_property
    def _by_default(self) -> StreamDynamics:
        return self.reduce()

    @property
    def recorded(self) -> dict[str, NDArray[np.generic]]:
        """The columns without those that a reduction made."""
        made = REDUCED if self.reduction is not None else ()
        return {name: values for name, values in self.columns.items() if name not in made}

    @property
    def collapsed(self) -> str | None:
        """Why no score should be computed from this run, or None for one that learnt something."""
        found = [finding.message for finding in self.health or () if finding.collapsed]
        return "; ".join(found) or None

    def trusted(self) -> StreamDynamics:
        """The same dynamics with nothing held against the run: a collapsed one is scored, too."""
        return replace(self, health=())

    @property
    def has_initial(self) -> bool:
        """Whether epoch 0, the model before its first update, was recorded."""
        return bool(len(self.epochs)) and int(self.epochs[0]) == 0

    @property
    def held_out(self) -> bool:
        """Whether the samples were kept from the model that observed them."""
        return self.stream == "cross_validated" or (
            self.stream == "evaluation" and self.split != "train"
        )

    def available(self, name: str) -> bool:
        """Whether `matrix(name)` can be had, stored or derived."""
        if name.startswith("initial_"):
            return self.has_initial and self.available(name.removeprefix("initial_"))
        if name == "label":
            return self.label is not None
        if name in self.columns or name in self.static:
            return True
        if self.tokens is not None and self.reduction is None and name in (*REDUCED, *DERIVED):
            return True
        return name in DERIVED and any(
            all(
                (part == "label" and self.label is not None) or part in self.columns
                for part in need
            )
            for need in DERIVED[name][0]
        )

    def _rows(self, name: str, epochs: slice, samples: slice) -> Array:
        if name in self.columns:
            return np.asarray(self.columns[name][epochs, samples], dtype=np.float64)
        if not self.available(name):
            raise DynamicsError(
                f"{self.split}/{self.stream}: no '{name}'; recorded are {', '.join(self.columns)}"
            )
        if self.tokens is not None and self.reduction is None:
            return self._by_default._rows(name, epochs, samples)
        some = {key: values[epochs, samples] for key, values in self.columns.items()}
        return DERIVED[name][1](some, None if self.label is None else self.label[samples])

    def matrix(self, name: str, samples: slice = EVERY) -> Array:
        """Column `name`, stored or derived, of the trained epochs (1 … E).

        Args:
            name: the column.
            samples: a slice of the samples' places in `ids`, all of them by default. What is
                derived, or turned into float64, is so for these alone.

        Returns:
            Shape (E, N), float64, rows in the order of the epochs and columns in that of `ids`.
            `initial_<name>` instead gives the row of epoch 0, `label` the gold classes, and a
            static column its values: each of shape (N,).

        Raises:
            DynamicsError: if the column was not recorded and does not follow from those that were.
        """
        if name.startswith("initial_"):
            if not self.has_initial:
                raise DynamicsError(
                    f"{self.split}/{self.stream}: epoch 0 was not recorded, so there is no '{name}'"
                )
            row: Array = self._rows(name.removeprefix("initial_"), slice(0, 1), samples)[0]
            return row
        if name in self.static:
            return np.asarray(self.static[name][samples], dtype=np.float64)
        if name == "label" and self.label is not None:
            return np.asarray(self.label[samples], dtype=np.float64)
        return self._rows(name, slice(int(self.has_initial), None), samples)

    @property
    def trained_epochs(self) -> NDArray[np.int64]:
        """The epochs that `matrix` gives: all but epoch 0."""
        return self.epochs[1:] if self.has_initial else self.epochs

    def take(self, ids: NDArray[np.int64]) -> StreamDynamics:
        """The same dynamics for these ids only, in the order of `self.ids`."""
        unknown = np.setdiff1d(ids, self.ids)
        if len(unknown):
            raise DynamicsError(
                f"{self.split}/{self.stream}: unknown sample ids, first: {unknown[:5].tolist()}"
            )
        keep = np.isin(self.ids, ids)
        return StreamDynamics(
            ids=self.ids[keep],
            epochs=self.epochs,
            columns={name: values[:, keep] for name, values in self.columns.items()},
            label=None if self.label is None else self.label[keep],
            split=self.split,
            stream=self.stream,
            static={name: values[keep] for name, values in self.static.items()},
            health=self.health,
            tokens=None if self.tokens is None else self.tokens.take(keep),
            reduction=self.reduction,
        )

    def with_static(self, **columns: ArrayLike) -> StreamDynamics:
        """The same dynamics with these values beside them, each of shape (N,) in the order of `ids`."""
        added = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
        return replace(self, static=self.static | added)

    def to_frame(self) -> pd.DataFrame:
        """Long form: one row per (epoch, sample_id), with `split` and `stream`."""
        count = len(self.ids)
        data: dict[str, NDArray[np.generic]] = {
            "epoch": np.repeat(self.epochs, count),
            "sample_id": np.tile(self.ids, len(self.epochs)),
        }
        data |= {name: values.reshape(-1) for name, values in self.recorded.items()}
        if self.tokens is not None:
            data |= token_lists(self.tokens)
        if self.label is not None:
            data["label"] = np.tile(self.label, len(self.epochs))
        frame = pd.DataFrame(data)
        frame.insert(0, "stream", self.stream)
        frame.insert(0, "split", self.split)
        return frame
