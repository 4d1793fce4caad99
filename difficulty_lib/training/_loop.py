"""A recorder for any PyTorch loop: it observes the training stream batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.dynamics import write_part, write_samples
from difficulty_lib.dynamics._features import ANSWERED, FEATURE
from difficulty_lib.dynamics._ranks import remove_later, write_rank_samples
from difficulty_lib.tasks import observe_classification
from difficulty_lib.training._columns import joined, per_sample
from difficulty_lib.training._evaluation import ID_COLUMN, Observe
from difficulty_lib.training._labels import NONE, refuse_shapes
from difficulty_lib.training._pending import check_finite, first_time, ids_of, pack, unpack
from difficulty_lib.training._ranks import rank_and_world

STREAM = "training"


class Recorder:
    """Records the training stream of a loop of one's own.

    Three lines beside what the loop does anyway::

        recorder = Recorder("my-run")
        for epoch in range(epochs):
            for ids, inputs, labels in batches:
                logits = model(inputs)
                recorder.step(ids, logits, labels)
                ...                      # loss, backward, update
            recorder.epoch_end()
        scores = score_table(Dynamics.load("my-run").stream())

    **Several processes** (`torchrun`, `accelerate launch`): the same lines, in every process. Each
    writes its own files and waits for nobody, so let all of them finish before one loads the
    dynamics (`accelerator.wait_for_everyone()`). The samples that pad a rank's last batch of an epoch
    are left out: within a rank when writing, across ranks when reading; the record of the earlier
    batch stays.

    **Killed and resumed**: keep `state_dict()` with the model's checkpoint, wherever in the epoch (at
    its end after `epoch_end()`), and give it back with `load_state_dict()`; with accelerate,
    `accelerator.register_for_checkpointing(recorder)` does both. What was recorded after that
    checkpoint is removed. The samples must come in the same order again, as with accelerate's
    `DataLoaderConfiguration(use_seedable_sampler=True)`.

    Args:
        folder: the run's folder; the dynamics go to `<folder>/dynamics`.
        split: name of the split that is trained on.
        observe: what is observed of (logits, labels).
    """

    stream = STREAM

    def __init__(
        self,
        folder: str | Path,
        split: str = "train",
        *,
        observe: Observe = observe_classification,
    ) -> None:
        self.folder = Path(folder)
        self.split = split
        self.observe = observe
        self.epoch = 0
        self.batches: list[dict[str, Any]] = []
        self._listed: np.ndarray[Any, np.dtype[np.int64]] | None = None
        self._cleaned = False

    def expect(self, ids: ArrayLike, labels: ArrayLike | None = None) -> None:
        """List the samples that every epoch must have; otherwise it is those of the first epoch.

        Args:
            ids: shape (N,), of the whole split, the same in every process.
            labels: shape (N,), the gold classes, if there is one per sample.
        """
        listed = np.asarray(ids, dtype=np.int64)
        order = np.argsort(listed, kind="stable")
        self._listed = listed[order]
        if rank_and_world()[0] == 0:
            gold = None if labels is None else np.asarray(labels, dtype=np.int64)[order]
            write_samples(self.folder, self.split, self._listed, gold)

    def step(self, ids: Any, logits: Any, labels: Any, features: Any = None) -> None:
        """Observe one batch, in the forward pass that trains and before the update.

        Args:
            ids: int64 tensor of shape (batch,), the samples' ids.
            logits: shape (batch, classes), any float dtype; for sequences (batch, length, vocabulary),
                for spans a pair of (batch, length).
            labels: shape (batch,), the gold classes; for sequences (batch, length), for spans a pair
                of (batch,) or (batch, answers).
            features: int64 tensor of shape (batch,): of a question's features, each one's number,
                which no other feature of the split has. On several ranks a feature that pads a last
                batch is known by it, and counts once.

        Raises:
            DynamicsError: if the shapes disagree, or the logits have no column for a label.
        """
        refuse_shapes(ids, logits, labels, classes=self.observe is observe_classification)
        # Nothing is copied to the host here: on a GPU that would wait for the forward pass.
        try:
            seen = self.observe(logits, labels)
        except (IndexError, RuntimeError):
            self._refuse_labels(ids, logits, labels)
            raise
        label = {} if isinstance(labels, tuple) or labels.ndim != 1 else {"label": labels.detach()}
        number = {} if features is None or ANSWERED not in seen else {FEATURE: features.detach()}
        self.batches.append({ID_COLUMN: ids.detach(), **number, **label, **seen})

    def epoch_end(
        self, epoch: int | None = None, *, rank: int | None = None, world: int | None = None
    ) -> None:
        """Write what was observed since the last call, as one epoch.

        Args:
            epoch: which, from 1; the next one if not given.
            rank: this process, where several train together; each writes its own file. By default
                what torch.distributed or the launcher says.
            world: number of processes; likewise.

        Raises:
            DynamicsError: if nothing was observed, a sample more than once, or one that was listed
                not at all; naming the epoch and the first samples.
            TrainingError: if something observed is not a number; likewise.
        """
        if not self.batches:
            raise DynamicsError(f"{self.split}: no batch was observed; call step() for every batch")
        found_rank, found_world = rank_and_world()
        rank = found_rank if rank is None else rank
        world = found_world if world is None else world
        epoch = self.epoch + 1 if epoch is None else epoch
        where = f"{self.split}, epoch {epoch}"
        batches = self.batches
        self.batches = []
        key = FEATURE if FEATURE in batches[0] else ID_COLUMN
        last = ids_of(batches[-1:], key) if world > 1 else None
        if key == FEATURE or ANSWERED not in batches[0]:  # a question may have several features
            batches = first_time(batches, where, world, key)
        columns = joined(batches)
        label = columns.pop("label", None)
        check_finite(columns, where, [len(batch[ID_COLUMN]) for batch in batches])
        if world == 1:
            columns.pop(FEATURE, None)
        if FEATURE not in columns:  # which of them are copies is known when all ranks are read
            columns = per_sample(columns)
        if not self._cleaned:
            remove_later(self.folder, self.split, self.stream, epoch, rank, world)
            self._cleaned = True
        seen = np.unique(columns[ID_COLUMN]) if FEATURE in columns else columns[ID_COLUMN]
        self._list(seen, label, rank, world, where)
        write_part(self.folder, self.split, self.stream, epoch, columns, rank, last_batch=last)
        self.epoch = epoch

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must keep: the epoch, and what was observed of the one that goes on.

        Where several processes train together every one must call it, as accelerate's `save_state`
        does: the observations of all are gathered, so that any process can store the state.
        """
        _, world = rank_and_world()
        mine = pack(self.batches)
        pending: list[Any] = [mine]
        if world > 1:
            pending = [None] * world
            require("torch", "train").distributed.all_gather_object(pending, mine)
        return {"epoch": self.epoch, "pending": pending}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict()`; in every process.

        Raises:
            DynamicsError: if it comes from another number of processes.
        """
        rank, world = rank_and_world()
        if len(state["pending"]) != world:
            raise DynamicsError(
                f"the recorder's state is of {len(state['pending'])} processes, there are {world} "
                "now; expected as many, or the batches are others"
            )
        self.restore(state["epoch"], unpack(state["pending"][rank]))

    def restore(self, epoch: int, batches: list[dict[str, Any]]) -> None:
        """Go on after `epoch`, with these batches of the next one; later epochs are removed."""
        self.epoch = epoch
        self.batches = list(batches)
        remove_later(self.folder, self.split, self.stream, epoch, *rank_and_world())
        self._cleaned = True

    @property
    def pending(self) -> int:
        """Batches observed since the last epoch's end."""
        return len(self.batches)

    def discard(self) -> None:
        """Forget what was observed since the last epoch's end."""
        self.batches.clear()

    def _list(self, ids: Any, label: Any, rank: int, world: int, where: str) -> None:
        """Know, or check, which samples there are."""
        if self._listed is None:
            # One process alone has seen all samples; several together.
            order = np.argsort(ids, kind="stable")
            if world == 1:
                gold = None if label is None else label[order]
                write_samples(self.folder, self.split, ids[order], gold)
                self._listed = ids[order]
            elif self.epoch == 0:
                write_rank_samples(self.folder, self.split, ids, label, rank)
            return
        if np.array_equal(np.sort(ids), self._listed):
            return
        foreign = np.setdiff1d(ids, self._listed)
        missing = np.setdiff1d(self._listed, ids) if world == 1 else foreign[:0]
        for problem, some in (("were not observed", missing), ("are not in the split", foreign)):
            if len(some):
                raise DynamicsError(
                    f"{where}: {len(some)} of {len(self._listed)} samples {problem}, first: "
                    f"{some[:5].tolist()}; expected every sample once in every epoch"
                )

    def _refuse_labels(self, ids: Any, logits: Any, labels: Any) -> None:
        if isinstance(labels, tuple):
            return
        wrong = (labels < 0) | (labels >= logits.shape[-1])
        if labels.ndim == 2:
            wrong &= labels != NONE
            ids = ids.unsqueeze(-1).expand_as(labels)
        if bool(wrong.any()):
            raise DynamicsError(
                f"{self.split}: labels out of range, first: label {int(labels[wrong][0])} of sample "
                f"{int(ids[wrong][0])}; expected 0 to {logits.shape[-1] - 1}"
            )
