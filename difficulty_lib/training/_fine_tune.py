"""Fine-tuning through transformers' Trainer, with the recorders in place."""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from difficulty_lib._extras import require
from difficulty_lib.tasks import TASKS, EncodedSplit
from difficulty_lib.training._config import RunConfig
from difficulty_lib.training._curriculum import RunCurriculum
from difficulty_lib.training._mixing import label_smoothing, mixed_training
from difficulty_lib.training._precision import use_bfloat16
from difficulty_lib.training._recorders import RecordEvaluation, TrainingRecorder
from difficulty_lib.training._resumable import (
    FOLDER,
    SaveLongEpochs,
    epochs_done,
    last_checkpoint,
    seconds_so_far,
)
from difficulty_lib.training._study_trainer import StudyTrainer

if TYPE_CHECKING:
    TrainerCallback = object
else:
    TrainerCallback = require("transformers", "train").TrainerCallback


def study_trainer(
    config: RunConfig,
    model: Any,
    tokenizer: Any,
    train: EncodedSplit,
    scratch: Path,
    callbacks: list[Any],
    recorder: TrainingRecorder | None,
    *,
    progress: bool = False,
) -> StudyTrainer:
    """The Trainer of a run, silent; a `recorder` must be among the callbacks, too."""
    transformers = require("transformers", "train")
    rows: Any = train
    made: dict[str, Any] = {"data_collator": _collator(config, tokenizer, model)}
    kind: Any = StudyTrainer
    mixed = mixed_training(config, train)
    if mixed is not None:
        from difficulty_lib.mixup._study import MixedStudyTrainer, mixing_collator

        rows, made["mixup"] = mixed
        made["data_collator"] = mixing_collator(made["data_collator"])
        kind = MixedStudyTrainer
    trainer: StudyTrainer = kind(
        model=model,
        args=_arguments(config, scratch, progress, len(rows)),
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=callbacks,
        **made,
    )
    trainer.lengths = rows.lengths.tolist()
    trainer.training_recorder = recorder
    for chatty in (transformers.PrinterCallback, transformers.ProgressCallback):
        trainer.remove_callback(chatty)
    return trainer


def fine_tune(
    config: RunConfig,
    model: Any,
    tokenizer: Any,
    splits: Mapping[str, EncodedSplit],
    folder: Path,
    *,
    progress: bool = True,
    watched: Mapping[str, EncodedSplit] | None = None,
    stream: str = "evaluation",
    curriculum: RunCurriculum | None = None,
) -> dict[str, float]:
    """Fine-tune `model` on `splits["train"]` and record the dynamics under `folder`.

    `watched` are the samples that are passed through the model after every epoch, those of the
    configuration's evaluation splits if not given, and `stream` is what they are recorded as. A run
    whose epochs take minutes leaves checkpoints in the folder and goes on from the last one.

    Returns:
        Seconds: `train_s` without and `evaluation_s` for the passes of the evaluation stream; where
        gradients are recorded, `gradient_norm_s` and `vog_s` for theirs, and the megabytes that
        the variance of gradients held, `vog_mb`.

    Raises:
        TrainingError: at the first loss that is not finite, naming the step.
    """
    train = splits["train"]
    observe = TASKS[config.task].observe
    gradients = _gradients() if config.record_gradients and stream == "evaluation" else None
    evaluation = _Timed(
        folder,
        {split: splits[split] for split in config.evaluation_splits}
        if watched is None
        else watched,
        initial=config.record_initial,
        collate=_collator(config, tokenizer, model),
        observe=observe,
        stream=stream,
        also=[gradients] if gradients else [],
    )
    callbacks: list[Any] = [gradients, evaluation] if gradients else [evaluation]
    recorder = None
    if config.record_training:
        recorder = TrainingRecorder(folder, observe=observe)
        callbacks.append(recorder)
    scratch = folder / FOLDER
    trainer = study_trainer(
        config, model, tokenizer, train, scratch, callbacks, recorder, progress=progress
    )
    trainer.curriculum = curriculum
    resumed = None
    start = time.perf_counter()
    before = {"train_s": 0.0, "evaluation_s": 0.0}

    def spent() -> dict[str, float]:
        total = time.perf_counter() - start
        return {
            "train_s": before["train_s"] + total - evaluation.seconds,
            "evaluation_s": before["evaluation_s"] + evaluation.seconds,
        }

    if watched is None and gradients is None:
        resumed = last_checkpoint(folder, recorded=("train",) if recorder else ())
        trainer.add_callback(SaveLongEpochs(spent))  # the last: then all else is written
    if resumed is not None:
        before = seconds_so_far(resumed)
        trainer.epochs_done = epochs_done(resumed)
    bar = TrainingBar(len(trainer.train_dataset) * config.epochs, disable=not progress)
    trainer.add_callback(bar)
    with warnings.catch_warnings():
        # Pinned memory is asked for whether or not there is an accelerator.
        warnings.filterwarnings("ignore", message=".*pin_memory.*")
        # Said of every loss of a model made of two, whatever its batch holds.
        warnings.filterwarnings("ignore", message="Version v4.12.0", category=FutureWarning)
        try:
            trainer.train(resume_from_checkpoint=None if resumed is None else str(resumed))
        finally:
            bar.bar.close()
    seconds = spent()
    shutil.rmtree(scratch, ignore_errors=True)
    if gradients:
        seconds["evaluation_s"] -= gradients.seconds
        seconds["gradient_norm_s"] = gradients.seconds - gradients.vog_seconds
        seconds["vog_s"] = gradients.vog_seconds
        seconds["vog_mb"] = gradients.vog_bytes / 1e6
    return seconds


def _collator(config: RunConfig, tokenizer: Any, model: Any) -> Any:
    collate = TASKS[config.task].collate
    assert collate is not None  # RunConfig refuses tasks that are only observed
    return collate(tokenizer, model)


def _gradients() -> Any:
    from difficulty_lib.training._gradients import RecordGradients  # seldom needed

    return RecordGradients()


def _arguments(config: RunConfig, scratch: Path, progress: bool, samples: int) -> Any:
    transformers = require("transformers", "train")
    torch = require("torch", "train")
    steps = -(-samples // config.batch_size) * config.epochs
    return transformers.TrainingArguments(
        output_dir=str(scratch),
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        per_device_train_batch_size=config.batch_size,
        weight_decay=config.weight_decay,
        label_smoothing_factor=label_smoothing(config),
        warmup_steps=round(config.warmup_ratio * steps),
        lr_scheduler_type=config.schedule,
        seed=config.seed,
        data_seed=config.seed,
        bf16=use_bfloat16(config.precision),
        use_cpu=not torch.cuda.is_available(),
        optim="adamw_torch_fused",
        remove_unused_columns=False,  # it would drop sample_id
        logging_strategy="no",
        logging_nan_inf_filter=False,
        save_strategy="no",
        eval_strategy="no",
        report_to="none",
        disable_tqdm=not progress,
        dataloader_num_workers=0,
    )


class TrainingBar(TrainerCallback):
    """A bar over the samples of all epochs."""

    def __init__(self, total: int, disable: bool = False) -> None:
        self.bar = tqdm(
            total=total, desc="fine-tuning", unit="samples", smoothing=0.05, disable=disable
        )
        self.left = total

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begin where the checkpoint was written; what came before took none of this time."""
        if state.global_step:
            self._move_to(state)
            self.bar.initial = self.bar.n

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Advance by one batch on every process."""
        done = min(self.left, state.train_batch_size * args.world_size)
        self.left -= done
        self.bar.update(done)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The last batch of an epoch may be smaller than the others."""
        self._move_to(state)

    def _move_to(self, state: Any) -> None:
        at = round(self.bar.total * state.epoch / state.num_train_epochs)
        self.left = self.bar.total - at
        self.bar.n = at
        self.bar.refresh()


class _Timed(RecordEvaluation):
    """Counts the seconds that recording the evaluation stream takes."""

    seconds = 0.0

    def _record(self, *args: Any, **kwargs: Any) -> None:
        start = time.perf_counter()
        super()._record(*args, **kwargs)
        self.seconds += time.perf_counter() - start
