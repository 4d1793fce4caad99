"""Recorders that plug into transformers' Trainer: one for each stream."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm.auto import tqdm

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.dynamics import write_part, write_samples
from difficulty_lib.tasks import observe_classification
from difficulty_lib.training._evaluation import ID_COLUMN, Collate, Observe, Rows, observe_split
from difficulty_lib.training._loop import Recorder

if TYPE_CHECKING:
    TrainerCallback = object
else:
    TrainerCallback = require("transformers", "train").TrainerCallback


def _world(args: Any) -> tuple[int, int]:
    return int(args.process_index), int(args.world_size)


def _whole(epoch: float) -> bool:
    """Whether an epoch ended where it should: `max_steps` can stop the training inside one."""
    return abs(epoch - round(epoch)) < 1e-6


def list_samples(folder: Path, split: str, rows: Rows) -> None:
    """Write which ids, with which labels, every epoch of this split must have."""
    ids, labels = [], []
    for place in range(len(rows)):
        row = rows[place]
        if "labels" not in row and "label" not in row:
            raise DynamicsError(
                f"split '{split}', row {place}: no 'labels'; there are {', '.join(map(str, row))}"
            )
        ids.append(int(row.get(ID_COLUMN, place)))
        labels.append(int(row["labels"] if "labels" in row else row["label"]))
    order = np.argsort(ids, kind="stable")
    if len(np.unique(ids)) != len(ids):
        raise DynamicsError(f"split '{split}': sample_id is not unique; expected one row per id")
    write_samples(folder, split, np.array(ids)[order], np.array(labels)[order])


class RecordEvaluation(TrainerCallback):
    """Record the evaluation stream of any splits after every epoch.

    Three lines in a script that has a Trainer::

        trainer.add_callback(RecordEvaluation("my-run", {"validation": encoded_validation}))
        trainer.train()
        scores = score_table(Dynamics.load("my-run").stream("validation"))

    Args:
        folder: the run's folder; the dynamics go to `<folder>/dynamics`.
        splits: split → encoded rows (a `datasets.Dataset` or any sequence of dicts) with
            `input_ids`, `labels` or `label`, and `sample_id`; without the last, a row's number.
        initial: whether epoch 0, before the first update, is recorded.
        collate: pads rows into tensors; by default the Trainer's tokenizer does.
        observe: what is observed of (logits, labels).
        batch_tokens: padded tokens per batch, as for `observe_split`.
    """

    def __init__(
        self,
        folder: str | Path,
        splits: Mapping[str, Rows],
        *,
        initial: bool = True,
        collate: Collate | None = None,
        observe: Observe = observe_classification,
        batch_tokens: int | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.splits = dict(splits)
        self.initial = initial
        self.collate = collate
        self.observe = observe
        self.batch_tokens = batch_tokens

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """List the samples, and record epoch 0."""
        if args.process_index == 0:
            for split, rows in self.splits.items():
                list_samples(self.folder, split, rows)
        if self.initial and state.global_step == 0:
            self._record(args, 0, **kwargs)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record the epoch that has just ended."""
        if _whole(state.epoch):
            self._record(args, round(state.epoch), **kwargs)

    def _record(
        self, args: Any, epoch: int, *, model: Any, processing_class: Any = None, **_: Any
    ) -> None:
        collate = self.collate or _padding(processing_class)
        rank, world = _world(args)
        model = getattr(model, "module", model)  # DistributedDataParallel wraps it
        for split, rows in self.splits.items():
            with tqdm(
                total=len(range(rank, len(rows), world)),
                desc=f"recording {split}, epoch {epoch}",
                unit="samples",
                leave=False,
                disable=args.disable_tqdm or rank > 0,
            ) as bar:
                columns = observe_split(
                    model,
                    rows,
                    collate,
                    observe=self.observe,
                    batch_tokens=self.batch_tokens,
                    rank=rank,
                    world=world,
                    progress=bar.update,
                )
            if len(columns[ID_COLUMN]):  # with fewer rows than ranks some have nothing
                write_part(self.folder, split, "evaluation", epoch, columns, rank)


def _padding(tokenizer: Any) -> Collate:
    if tokenizer is None or not hasattr(tokenizer, "pad"):
        raise DynamicsError(
            "RecordEvaluation has no tokenizer to pad with: pass collate=, or "
            "processing_class=tokenizer to the Trainer"
        )
    transformers = require("transformers", "train")
    collate: Collate = transformers.DataCollatorWithPadding(tokenizer)
    return collate


class TrainingRecorder(TrainerCallback):
    """A `Recorder` as a callback: `RecordTrainingMixin` feeds it, the Trainer says when to write.

    Args:
        folder: the run's folder.
        split: name of the split that is trained on.
        observe: what is observed of (logits, labels).
    """

    def __init__(
        self, folder: str | Path, split: str = "train", observe: Observe = observe_classification
    ) -> None:
        self.recorder = Recorder(folder, split, observe=observe)

    def step(self, ids: Any, logits: Any, labels: Any) -> None:
        """Observe one batch: shapes (batch,), (batch, classes), (batch,)."""
        self.recorder.step(ids, logits, labels)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start an epoch."""
        self.recorder.discard()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write the epoch that has just ended, if it was a whole one."""
        rank, world = _world(args)
        if not self.recorder.pending:
            raise DynamicsError(
                "the training stream is empty: the Trainer's class needs RecordTrainingMixin before "
                "Trainer, and its training_recorder set to this object"
            )
        if _whole(state.epoch):
            self.recorder.epoch_end(round(state.epoch), rank=rank, world=world)
        self.recorder.discard()


class RecordTrainingMixin:
    """Put before `Trainer` in the bases: the training stream, from inside the training forward pass.

    The batches must carry `sample_id`: keep it with `remove_unused_columns=False`. Set
    `training_recorder` to a `TrainingRecorder`, and add the same object as a callback.
    """

    training_recorder: TrainingRecorder | None = None

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The Trainer's own loss; the logits are observed on the way."""
        ids = inputs.pop(ID_COLUMN, None)
        labels = inputs.get("labels")  # label smoothing takes them out of the inputs
        loss, outputs = super().compute_loss(  # type: ignore[misc]
            model, inputs, return_outputs=True, num_items_in_batch=num_items_in_batch
        )
        if model.training and self.training_recorder is not None:
            if ids is None:
                raise DynamicsError(
                    "the batch has no 'sample_id': add the column to the training data and set "
                    "remove_unused_columns=False in TrainingArguments"
                )
            self.training_recorder.step(ids, outputs.logits, labels)
        return (loss, outputs) if return_outputs else loss
