"""Recorders that plug into transformers' Trainer: one for each stream."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.dynamics import write_part, write_samples
from difficulty_lib.dynamics._features import FEATURE
from difficulty_lib.dynamics._ranks import missing_epoch, remove_later
from difficulty_lib.tasks import observe_classification
from difficulty_lib.training._beside import Observer, beside
from difficulty_lib.training._checkpoints import checkpoints, is_whole, usable_checkpoint
from difficulty_lib.training._evaluation import ID_COLUMN, Collate, Observe, Rows, observe_split
from difficulty_lib.training._labels import is_class, label_of, labels_of, logits_of, share
from difficulty_lib.training._listing import Listed, check_classes, samples_of
from difficulty_lib.training._loop import STREAM, Recorder
from difficulty_lib.training._loss_scaling import fix_loss_scaling
from difficulty_lib.training._pending import (
    check_finite,
    load_pending,
    pack,
    pending_path,
    save_pending,
    unpack,
)
from difficulty_lib.training._ranks import refuse_split_models, wait_for_ranks

if TYPE_CHECKING:
    TrainerCallback = object
else:
    TrainerCallback = require("transformers", "train").TrainerCallback


def _world(args: Any) -> tuple[int, int]:
    return int(args.process_index), int(args.world_size)


def _whole(epoch: float) -> bool:
    """Whether an epoch ended where it should: `max_steps` can stop the training inside one."""
    return abs(epoch - round(epoch)) < 1e-9


class RecordEvaluation(TrainerCallback):
    """Record the evaluation stream of any splits after every epoch.

    Three lines in a script that has a Trainer::

        trainer.add_callback(RecordEvaluation("my-run", {"validation": encoded_validation}))
        trainer.train()
        scores = score_table(Dynamics.load("my-run").stream("validation"))

    Args:
        folder: the run's folder; the dynamics go to `<folder>/dynamics`.
        splits: split → encoded rows (a `datasets.Dataset` or any sequence of dicts) with
            `input_ids`, `labels` or `label` (or `start_positions` and `end_positions`), and
            `sample_id`; without the last, a row's number.
        initial: whether epoch 0, before the first update, is recorded.
        collate: pads rows into tensors; by default the Trainer's tokenizer does.
        observe: what is observed of (logits, labels): that of one of `TASKS`.
        batch_tokens: padded tokens per batch, as for `observe_split`.
        stream: what the values are recorded as; another one than the evaluation stream where the
            model was trained on these samples in an earlier stage.
        also: what else is observed of the same samples, such as a `RecordGradients`; its columns go
            into the same files.
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
        stream: str = "evaluation",
        also: Sequence[Observer] = (),
    ) -> None:
        self.stream = stream
        self.also = tuple(also)
        self.folder = Path(folder)
        self.splits = dict(splits)
        self.initial = initial
        self.collate = collate
        self.observe = observe
        self.batch_tokens = batch_tokens

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """List the samples, clear what an earlier run has left, and record epoch 0.

        Raises:
            DifficultyError: one line, if a sample is doubled or has a label that the model has no
                class for, if an epoch before the resumed checkpoint is not there, or if the model is
                split among processes.
        """
        refuse_split_models(args, kwargs["model"])
        rank, world = _world(args)
        done = int(state.epoch or 0) if state.global_step else -1
        for split, rows in self.splits.items():
            listed = samples_of(split, rows)
            self._check_labels(split, listed, kwargs["model"])
            if rank == 0:
                write_samples(self.folder, split, *listed)
            remove_later(self.folder, split, self.stream, done, rank, world)
        if state.global_step == 0:
            if self.initial:
                self._record(args, 0, **kwargs)
            return
        absent = self._absent(done, rank, world)
        late = absent is not None and absent[1] == done
        if (late or any(o.behind(done) for o in self.also)) and _whole(state.epoch):
            # Killed between the checkpoint and the end of its epoch: the weights are that epoch's.
            self._record(args, done, **kwargs)
            absent = self._absent(done, rank, world)
        if absent is not None:
            raise DynamicsError(
                f"{absent[0]}/{self.stream}: epoch {absent[1]} was not recorded in {self.folder} before "
                f"the checkpoint of step {state.global_step}; resume in the folder of the run that "
                "made it"
            )

    def _absent(self, done: int, rank: int, world: int) -> tuple[str, int] | None:
        """The first (split, epoch) that this rank ought to have recorded and has not."""
        for split, rows in self.splits.items():
            if len(share(rows, rank, world)):
                epoch = missing_epoch(self.folder, split, self.stream, range(1, done + 1), rank)
                if epoch is not None:
                    return split, epoch
        return None

    def _check_labels(self, split: str, listed: Listed, model: Any) -> None:
        classes = getattr(model.config, "num_labels", 0)
        if self.observe is observe_classification and classes > 1:
            check_classes(split, listed, classes)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record the epoch that has just ended."""
        if _whole(state.epoch):
            self._record(args, round(state.epoch), **kwargs)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Wait until every process has written its share."""
        wait_for_ranks()

    def _record(
        self, args: Any, epoch: int, *, model: Any, processing_class: Any = None, **_: Any
    ) -> None:
        rank, world = _world(args)
        model = getattr(model, "module", model)  # DistributedDataParallel wraps it
        for split, rows in self.splits.items():
            collate = self.collate or _padding(processing_class, rows)
            with tqdm(
                total=len(share(rows, rank, world)),
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
            for observer in self.also:
                more = observer.observe(
                    self.folder, split, self.stream, epoch, model, rows, collate, rank, world
                )
                columns = beside(columns, more)
            check_finite(columns, f"{split}/{self.stream}, epoch {epoch}")
            if len(columns[ID_COLUMN]):  # with fewer rows than ranks some have nothing
                write_part(self.folder, split, self.stream, epoch, columns, rank)


def _padding(tokenizer: Any, rows: Rows) -> Collate:
    if tokenizer is None or not hasattr(tokenizer, "pad"):
        raise DynamicsError(
            "RecordEvaluation has no tokenizer to pad with: pass collate=, or "
            "processing_class=tokenizer to the Trainer"
        )
    transformers = require("transformers", "train")
    label = label_of(rows[0]) if len(rows) else 0
    if is_class(label) or isinstance(label, tuple):
        return transformers.DataCollatorWithPadding(tokenizer)  # type: ignore[no-any-return]
    # It pads labels with −100, on the side on which the tokenizer pads the inputs.
    return transformers.DataCollatorForSeq2Seq(tokenizer)  # type: ignore[no-any-return]


class TrainingRecorder(TrainerCallback):
    """A `Recorder` as a callback: `RecordTrainingMixin` feeds it, the Trainer says when to write.

    With every checkpoint of the Trainer goes what was observed of the epoch that it lies in, so that
    training goes on from it as if it had never been interrupted.

    Args:
        folder: the run's folder.
        split: name of the split that is trained on.
        observe: what is observed of (logits, labels).
    """

    def __init__(
        self, folder: str | Path, split: str = "train", observe: Observe = observe_classification
    ) -> None:
        self.recorder = Recorder(folder, split, observe=observe)
        self.checkpoint: Path | None = None

    def step(self, ids: Any, logits: Any, labels: Any, features: Any = None) -> None:
        """Observe one batch, as `Recorder.step`."""
        self.recorder.step(ids, logits, labels, features)

    def on_train_begin(
        self,
        args: Any,
        state: Any,
        control: Any,
        train_dataloader: Any = None,
        model: Any = None,
        **kwargs: Any,
    ) -> None:
        """List the samples, and go on where the checkpoint was written.

        Raises:
            DifficultyError: one line, if the data or the way of training cannot give every sample
                once per epoch, or the checkpoint lacks what was observed before it.
        """
        refuse_split_models(args, model)
        rank, world = _world(args)
        if train_dataloader is not None:
            self._list(args, train_dataloader, model, world)
        if state.global_step:
            self._resume(args, state, rank, world)
        else:
            self.recorder.restore(0, [])

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

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Keep what was observed since the last epoch's end with the checkpoint just written."""
        rank, world = _world(args)
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        kept = {
            "epoch": self.recorder.epoch,
            "world": world,
            "pending": pack(self.recorder.batches),
        }
        save_pending(kept, pending_path(checkpoint, self.recorder.split, rank))

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Wait until every process has written its share."""
        wait_for_ranks()

    def _list(self, args: Any, loader: Any, model: Any, world: int) -> None:
        split, rows = self.recorder.split, loader.dataset
        if not hasattr(rows, "__len__") or not hasattr(rows, "__getitem__"):
            raise DynamicsError(
                f"split '{split}': the training data is an iterable, whose samples cannot be told "
                "apart by epoch; expected a data set with a length"
            )
        if not len(rows) or ID_COLUMN not in rows[0] or label_of(rows[0]) is None:
            return  # the collator may add them; a batch without ids is refused
        left = len(rows) % (args.train_batch_size * world) if args.dataloader_drop_last else 0
        if left:
            raise DynamicsError(
                f"split '{split}': dataloader_drop_last=True leaves {left} of {len(rows)} samples, "
                "others each time, out of every epoch; expected dataloader_drop_last=False"
            )
        listed = samples_of(split, rows)
        classes = getattr(getattr(model, "config", None), "num_labels", 0)
        if self.recorder.observe is observe_classification and classes > 1:
            check_classes(split, listed, classes)
        self.recorder.expect(*listed)

    def _resume(self, args: Any, state: Any, rank: int, world: int) -> None:
        split, folder = self.recorder.split, self.recorder.folder
        done = int(state.epoch + 1e-9)
        checkpoint = self.checkpoint or Path(args.output_dir) / f"checkpoint-{state.global_step}"
        path = pending_path(checkpoint, split, rank)
        kept: dict[str, Any] = {"world": world, "pending": {}}
        if path.exists():
            kept = load_pending(path)
        if kept["world"] != world:
            raise DynamicsError(
                f"{checkpoint} is of {kept['world']} processes, there are {world} now; expected as "
                "many, or the batches are others"
            )
        if not path.exists() and not _whole(state.epoch):
            raise DynamicsError(
                f"{checkpoint} lies inside epoch {done + 1} and does not hold what was recorded of "
                f"it ({path.name}); resume from another checkpoint, or start anew"
            )
        # With ignore_data_skip the epoch starts again, and so does its record.
        pending = (
            [] if args.ignore_data_skip and not _whole(state.epoch) else unpack(kept["pending"])
        )
        self.recorder.restore(done, pending)
        if pending and _whole(state.epoch):
            # Killed between the checkpoint and the end of its epoch.
            self.recorder.epoch_end(done, rank=rank, world=world)
        epoch = missing_epoch(folder, split, STREAM, range(1, done + 1), rank)
        if epoch is not None:
            raise DynamicsError(
                f"{split}/{STREAM}: epoch {epoch} was not recorded in {folder} before {checkpoint}; "
                "resume in the folder of the run that made it"
            )


class RecordTrainingMixin:
    """Put before `Trainer` in the bases: the training stream, from inside the training forward pass.

    The batches must carry `sample_id` (features of questions `feature_id`, too, where several
    processes train): keep it with `remove_unused_columns=False`. Set
    `training_recorder` to a `TrainingRecorder`, and add the same object as a callback.

    It also puts the scale of the loss right, see `fix_loss_scaling`, keeps the ids from the model
    wherever the Trainer calls it (`generate` refuses them), and `train(resume_from_checkpoint=True)`
    takes the last checkpoint that is whole, where the process was killed while it wrote one.
    """

    training_recorder: TrainingRecorder | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        model = kwargs.get("model", args[0] if args else None)
        if model is not None:
            fix_loss_scaling(model)
        super().__init__(*args, **kwargs)
        if model is None:  # a model_init has made it
            trainer: Any = self
            fix_loss_scaling(trainer.model)
            trainer.model_accepts_loss_kwargs &= getattr(trainer.model, "accepts_loss_kwargs", True)

    def train(self, resume_from_checkpoint: Any = None, *args: Any, **kwargs: Any) -> Any:
        """The Trainer's own; True resumes from the last whole checkpoint."""
        recorder = self.training_recorder
        if recorder is not None:
            if resume_from_checkpoint is True:
                resume_from_checkpoint = self._last_whole(recorder)
            given = isinstance(resume_from_checkpoint, str | Path)
            recorder.checkpoint = Path(resume_from_checkpoint) if given else None
        return super().train(resume_from_checkpoint, *args, **kwargs)  # type: ignore[misc]

    def _last_whole(self, recorder: TrainingRecorder) -> Any:
        args = self.args  # type: ignore[attr-defined]
        folder, world = Path(args.output_dir), _world(args)[1]
        found = usable_checkpoint(folder, recorder.recorder.split, world)
        if found is None:
            there = checkpoints(folder)
            if not there:
                return True  # the Trainer says that there is none
            if whole := [c for c in there if is_whole(c, [])]:
                raise DynamicsError(
                    f"{whole[0]} does not hold what {world} recording processes had observed, and "
                    "neither does any before it; start anew, without resume_from_checkpoint"
                )
            warnings.warn(f"{there[0]} is not whole; training starts anew", stacklevel=3)
            return None
        return str(found)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The Trainer's own loss; the logits are observed on the way."""
        ids, features = (inputs.pop(name, None) for name in (ID_COLUMN, FEATURE))
        labels = labels_of(inputs)  # label smoothing takes them out of the inputs
        loss, outputs = super().compute_loss(  # type: ignore[misc]
            model, inputs, return_outputs=True, num_items_in_batch=num_items_in_batch
        )
        if model.training and self.training_recorder is not None:
            if ids is None:
                raise DynamicsError(
                    "the batch has no 'sample_id': add the column to the training data and set "
                    "remove_unused_columns=False in TrainingArguments"
                )
            self.training_recorder.step(ids, logits_of(outputs, inputs), labels, features)
        return (loss, outputs) if return_outputs else loss

    def prediction_step(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The Trainer's own, without the ids."""
        inputs = {n: value for n, value in inputs.items() if n not in (ID_COLUMN, FEATURE)}
        return super().prediction_step(model, inputs, *args, **kwargs)  # type: ignore[misc]
