"""A recorder for any PyTorch loop: it observes the training stream batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.dynamics import write_part, write_samples
from difficulty_lib.tasks import observe_classification
from difficulty_lib.training._evaluation import ID_COLUMN, Observe


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

    Args:
        folder: the run's folder; the dynamics go to `<folder>/dynamics`.
        split: name of the split that is trained on.
        observe: what is observed of (logits, labels).
    """

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
        self._batches: list[dict[str, Any]] = []

    def step(self, ids: Any, logits: Any, labels: Any) -> None:
        """Observe one batch, in the forward pass that trains and before the update.

        Args:
            ids: int64 tensor of shape (batch,), the samples' ids.
            logits: shape (batch, classes), any float dtype.
            labels: shape (batch,), the gold classes.

        Raises:
            DynamicsError: if the shapes disagree.
        """
        if not ids.shape == labels.shape == logits.shape[:1]:
            raise DynamicsError(
                f"ids {tuple(ids.shape)}, logits {tuple(logits.shape)}, labels {tuple(labels.shape)}; "
                "expected (batch,), (batch, classes) and (batch,)"
            )
        # Nothing is copied to the host here: on a GPU that would wait for the forward pass.
        seen = self.observe(logits, labels)
        self._batches.append({ID_COLUMN: ids.detach(), "label": labels.detach(), **seen})

    def epoch_end(self, epoch: int | None = None, *, rank: int = 0, world: int = 1) -> None:
        """Write what was observed since the last call, as one epoch.

        Args:
            epoch: which, from 1; the next one if not given.
            rank: this process, where several train together; each writes its own file.
            world: number of processes.

        Raises:
            DynamicsError: if nothing was observed, or a sample more than once.
        """
        if not self._batches:
            raise DynamicsError(f"{self.split}: no batch was observed; call step() for every batch")
        torch = require("torch", "train")
        columns = {
            name: torch.cat([batch[name].cpu() for batch in self._batches]).numpy()
            for name in self._batches[0]
        }
        self.discard()
        ids, counts = np.unique(columns[ID_COLUMN], return_counts=True)
        if (counts > 1).any():
            raise DynamicsError(
                f"{self.split}: {int((counts > 1).sum())} samples were observed more than once in "
                f"an epoch, first: {ids[counts > 1][:5].tolist()}; call epoch_end() after every epoch"
            )
        self.epoch = self.epoch + 1 if epoch is None else epoch
        label = columns.pop("label")
        if world == 1:  # one process alone has seen which samples there are
            order = np.argsort(columns[ID_COLUMN], kind="stable")
            write_samples(self.folder, self.split, columns[ID_COLUMN][order], label[order])
        write_part(self.folder, self.split, "training", self.epoch, columns, rank)

    @property
    def pending(self) -> int:
        """Batches observed since the last epoch's end."""
        return len(self._batches)

    def discard(self) -> None:
        """Forget what was observed since the last epoch's end."""
        self._batches.clear()
