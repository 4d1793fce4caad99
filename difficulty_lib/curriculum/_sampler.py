"""`CurriculumSampler`: the rows of every epoch, of those available at each update."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib._whole import whole_number
from difficulty_lib.curriculum._checked import check_same_samples
from difficulty_lib.curriculum._draws import draw, grouped, stage_size
from difficulty_lib.curriculum._order import ORDERS, ordered, turned
from difficulty_lib.curriculum._pacing import PACINGS, check_shares

Counts = NDArray[np.int64]
_FURTHER = 2**40  # seeds of the permutations after an epoch's first


class CurriculumSampler:
    """A sampler that draws, at every update, from the samples that the curriculum makes available.

    It is given to a `DataLoader` as `sampler=`, or to a Trainer (see `CurriculumMixin`)::

        sampler = CurriculumSampler(ids, scores, order="easy_first", pacing="linear",
                                    epochs=3, batch_size=32)
        loader = DataLoader(data, batch_size=32, sampler=sampler)

    **Equal updates**: an epoch has as many rows as the data whatever the pacing; easy ones come
    several times while few are available. With the pacing "constant" every epoch holds every row
    once, in exactly the order of plain training with the same seed.

    **Several processes.** Accelerate and the Trainer deal the batches out themselves: every process
    makes the same sampler. For a plain `DataLoader` give `rank` and `world`: each process gets every
    `world`-th row of the same order, as with torch's `DistributedSampler`, and where the rows do
    not go up the first ones of the epoch fill the last places.

    **Resumed.** An epoch's rows follow from the arguments and the epoch's number alone: the Trainer
    and accelerate's `skip_first_batches` need nothing else. For a plain `DataLoader` keep
    `state_dict(epoch, samples)` with the checkpoint and give it back with `load_state_dict`.

    An epoch that was drawn to its end is followed by the next; another is chosen by `set_epoch`.

    Args:
        ids: shape (N,), the sample_id of every row of the data in their order; rows of one sample
            (a question's pieces, say) come under the same score.
        scores: indexed by sample_id, of the samples of the data and no others; a random order needs
            none. The name is that of a registered score unless `higher_is_harder` is given.
        order: see `ordered`.
        pacing: name in `PACINGS`. Of those that follow losses the scores must be, and easy first.
        start: share of the data at the first update.
        end: share of all updates after which all data are available.
        epochs: of the whole training.
        batch_size: samples per update, over all processes.
        seed: of the drawing, of a random order and of ties.
        higher_is_harder: the direction, for numbers that are not of a registered score.
        classes: indexed by sample_id, for the orders "in class".
        lengths: shape (N,), of every row: rows of similar length are then put together as by
            `transformers`' LengthGroupedSampler, and what is available changes from one of its groups
            (up to 50 updates) to the next.
        like: whose plain order it has with the pacing "constant": "trainer", the Trainer's and
            accelerate's sampler, seeded with seed + epoch; "torch", a RandomSampler whose generator
            was seeded once and goes on. With lengths it is always the LengthGroupedSampler's.
        rank: this process, of a plain `DataLoader` under several.
        world: number of processes.

    Raises:
        ConfigError: on an unknown order or pacing, or a setting that cannot be.
        DataError: on scores or classes of other samples than the data's (naming the first), or no numbers.

    Source: Bengio et al. 2009; the drawing from the available samples is Hacohen and Weinshall 2019's
    and Wu et al. 2021's.
    """

    def __init__(
        self,
        ids: ArrayLike,
        scores: pd.Series | None = None,
        *,
        order: str = "easy_first",
        pacing: str = "linear",
        start: float = 0.2,
        end: float = 0.5,
        epochs: int,
        batch_size: int,
        seed: int = 0,
        higher_is_harder: bool | None = None,
        classes: pd.Series | None = None,
        lengths: ArrayLike | None = None,
        like: str = "trainer",
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.ids = np.asarray(ids, dtype=np.int64)
        for name, value in (("epochs", epochs), ("batch_size", batch_size), ("world", world)):
            whole_number(name, value, 1)
        if like not in ("trainer", "torch"):
            raise ConfigError(f"like is {like!r}; expected trainer or torch")
        if not 0 <= rank < world:
            raise ConfigError(f"rank is {rank!r}; expected 0 to {world - 1}")
        if self.ids.ndim != 1 or not len(self.ids):
            raise DataError("a curriculum of no samples; expected one or more")
        check_shares(start, end)
        self.order, self.pacing, self.start, self.end = order, PACINGS[pacing], start, end
        self.epochs, self.batch_size, self.seed = epochs, batch_size, whole_number("seed", seed, 0)
        self.higher_is_harder, self.like = higher_is_harder, like
        self.rank, self.world = rank, world
        self.lengths = None if lengths is None else np.asarray(lengths, dtype=np.int64)
        if self.lengths is not None and self.lengths.shape != self.ids.shape:
            raise DataError(
                f"{len(self.lengths)} lengths of {len(self.ids)} rows; expected as many"
            )
        if self.pacing.needs_losses and order != "easy_first":
            raise ConfigError(
                f"pacing '{pacing}' takes samples of low loss first; expected the order easy_first"
            )
        if scores is None and order in ORDERS and order != "random":
            raise ConfigError(f"the order '{order}' needs scores; without them it can be random")
        self.classes = classes
        self.epoch = 0
        self._skip = 0
        self._updated: pd.Series | None = None
        self._set(pd.Series(0.0, index=np.unique(self.ids)) if scores is None else scores)

    def _set(self, scores: pd.Series) -> None:
        check_same_samples(str(scores.name), scores.index.to_numpy(), self.ids)
        sequence = ordered(
            scores,
            self.order,
            seed=self.seed,
            higher_is_harder=self.higher_is_harder,
            classes=self.classes,
        )
        place = pd.Series(np.arange(len(sequence)), index=sequence)
        rows = np.argsort(place.loc[self.ids].to_numpy(), kind="stable")
        self._rank = np.empty(len(rows), dtype=np.int64)
        self._rank[rows] = np.arange(len(rows))
        self._losses = None
        if self.pacing.needs_losses:
            values = turned(scores, higher_is_harder=self.higher_is_harder)
            self._losses = pd.Series(values, index=scores.index).loc[self.ids].to_numpy()
            self.pacing(0.0, start=self.start, losses=self._losses)  # refused here, not in training

    def update(self, scores: pd.Series) -> None:
        """Order the samples by new scores from the next epoch on, in every process alike.

        With pacing "self_paced" and the model's present losses this is self-paced learning.

        Raises:
            ConfigError, DataError: as when it was made.
        """
        self._set(scores)
        self._updated = scores.copy()

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that is drawn next, from 0."""
        if epoch != self.epoch:
            self._skip = 0
        self.epoch = int(epoch)

    def available(self, epoch: int) -> Counts:
        """How many rows are available at every place of an epoch, from 0: shape (N,), 1 to N."""
        size = len(self.ids)
        stage = stage_size(size, self.batch_size, self.lengths)
        place = np.arange(size) // stage * stage
        progress = np.minimum((epoch * size + place) / (self.epochs * size), 1.0)
        stages = self.pacing(progress[::stage], start=self.start, end=self.end, losses=self._losses)
        # A share is of whole samples, and one is always there.
        counts = np.clip(np.ceil(stages * size - 1e-9), 1, size).astype(np.int64)
        result: Counts = counts[place // stage]
        return result

    def rows(self, epoch: int) -> Counts:
        """The rows of an epoch, from 0, over all processes: shape (N,)."""
        available = self.available(epoch)
        drawn = draw(self._permutations(epoch), self._rank, available)
        if self.lengths is None:
            return drawn
        stage = stage_size(len(self.ids), self.batch_size, self.lengths)
        return grouped(drawn, self.lengths, stage, self._rank, int(available[0]))

    def _permutations(self, epoch: int) -> Iterator[Counts]:
        torch = require("torch", "train")
        size = len(self.ids)
        generator = torch.Generator()
        # Drawn in an epoch: RandomSampler asks for a second permutation, of which it takes nothing.
        each = 1 if self.lengths is not None else 2 if self.like == "torch" else 0
        generator.manual_seed(self.seed + (0 if each else epoch))
        for _ in range(each * epoch):
            torch.randperm(size, generator=generator)
        yield torch.randperm(size, generator=generator).numpy()
        generator.manual_seed(_FURTHER + self.seed * 2**20 + epoch)
        while True:
            yield torch.randperm(size, generator=generator).numpy()

    def __len__(self) -> int:
        """Rows that this process gets per epoch."""
        return -(-len(self.ids) // self.world)

    def __iter__(self) -> Iterator[int]:
        epoch, skip = self.epoch, self._skip
        self._skip = 0
        rows = np.resize(self.rows(epoch), len(self) * self.world)[self.rank :: self.world]
        yield from rows[skip:].tolist()
        self.epoch = epoch + 1

    def state_dict(self, epoch: int, samples: int) -> dict[str, Any]:
        """What a checkpoint must keep.

        Args:
            epoch: that the loop is in, from 0. A loader draws ahead, so the sampler does not know.
            samples: of this epoch, that this process has trained on.
        """
        kept = self._updated
        return {
            "epoch": int(epoch),
            "samples": int(samples),
            "identity": self._identity(),
            "scores": None
            if kept is None
            else {"name": kept.name, "ids": kept.index.tolist(), "values": kept.tolist()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict()`: the next pass over the sampler begins where that epoch was left.

        Raises:
            ConfigError: if the state is of other data or settings.
        """
        if state["identity"] != self._identity():
            changed = [k for k, v in self._identity().items() if state["identity"].get(k) != v]
            raise ConfigError(
                f"the curriculum's state is of another {', '.join(changed)}; expected the settings "
                "that the training began with"
            )
        if state["scores"] is not None:
            given = state["scores"]
            self.update(pd.Series(given["values"], index=given["ids"], name=given["name"]))
        self.epoch = state["epoch"]
        self._skip = state["samples"]

    def _identity(self) -> dict[str, Any]:
        return {
            "rows": len(self.ids),
            "order": self.order,
            "pacing": self.pacing.name,
            "start": float(self.start),
            "end": float(self.end),
            "epochs": int(self.epochs),
            "batch_size": int(self.batch_size),
            "seed": self.seed,
            "like": self.like,
            "world": int(self.world),
        }
