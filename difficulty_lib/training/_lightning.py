"""Both streams from a Lightning Trainer, by one callback."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.dynamics._features import FEATURE
from difficulty_lib.tasks import observe_classification
from difficulty_lib.training._evaluation import ID_COLUMN, Observe
from difficulty_lib.training._loop import Recorder

if TYPE_CHECKING:
    Callback = object
else:
    # The same code comes under two names; a Trainer wants the callbacks of its own.
    NAME = "lightning.pytorch" if "lightning.pytorch" in sys.modules else "pytorch_lightning"
    Callback = require(NAME, "lightning").Callback


class _Validation(Recorder):
    stream = "evaluation"

    def restore(self, epoch: int, batches: list[dict[str, Any]]) -> None:
        """Go on after `epoch`. Later epochs are removed with the next one that is written.

        A checkpoint of an epoch's last step comes before its validation, which Lightning does not
        do again: what was recorded of that one must stay.
        """
        self.epoch = epoch
        self.batches = list(batches)
        self._cleaned = False


class RecordLightning(Callback):
    """Record the training stream, and the evaluation stream of what Lightning validates on.

    A line in the script, and the logits beside the loss that the module's steps return::

        trainer = Trainer(callbacks=[RecordLightning("my-run")])

        def training_step(self, batch, batch_idx):    # validation_step likewise
            logits = self(batch["inputs"])
            return {"loss": cross_entropy(logits, batch["labels"]), "logits": logits}

    `labels` (or `label`) and `sample_id` (of questions' features `feature_id`, too) are taken from
    what the step returns, or else from the batch, where it is a mapping. A validation step that
    returns no logits is not recorded.

    The training stream is of the forward pass that trains, before the update. The evaluation stream
    is of the validation at the end of every epoch, never of the sanity check nor of a validation
    within the epoch; `trainer.validate(…)` before `fit` gives epoch 0. An epoch that is stopped
    before its last batch is not written. Several processes (DDP) and resuming from a checkpoint
    are as for `Recorder`: give the resumed Trainer the callback as before. To resume within an epoch the
    DataLoader must be able to, that is, have `state_dict` and `load_state_dict`.

    Args:
        folder: the run's folder; the dynamics go to `<folder>/dynamics`.
        split: name of the split that is trained on.
        validation: names of the splits that are validated on, one for each validation DataLoader;
            one that is empty is not recorded.
        observe: what is observed of (logits, labels).
    """

    def __init__(
        self,
        folder: str | Path,
        split: str = "train",
        *,
        validation: Sequence[str] = ("validation",),
        observe: Observe = observe_classification,
    ) -> None:
        names = (validation,) if isinstance(validation, str) else tuple(validation)
        self.recorder = Recorder(folder, split, observe=observe)
        self.validation = [_Validation(folder, name, observe=observe) for name in names]
        self._resumed = False

    @property
    def state_key(self) -> str:
        """Under which Lightning keeps the state: one callback for each split that is trained on."""
        return f"RecordLightning({self.recorder.split})"

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Write an epoch whose checkpoint was made after its last batch and before its end."""
        if self._resumed and self.recorder.pending and trainer.current_epoch > self.recorder.epoch:
            self.recorder.epoch_end()

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Start an epoch; one that is resumed within does not come here."""
        self.recorder.discard()

    def on_train_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        """Refuse to see an epoch's first batches again."""
        if self._resumed and self.recorder.pending and not _resumable(trainer.train_dataloader):
            raise DynamicsError(
                f"{self.recorder.split}: resumed after batch {self.recorder.pending} of epoch "
                f"{trainer.current_epoch + 1}, but the DataLoader begins the epoch again; resume from "
                "a checkpoint of an epoch's end, or give it state_dict and load_state_dict"
            )
        self._resumed = False

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Observe what the training step returned: its forward pass came before the update."""
        if outputs is None or not len(outputs):  # the step was skipped
            return
        self._observe(self.recorder, "training_step", outputs, batch)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Write the epoch, if its last batch was reached."""
        if trainer.is_last_batch and self.recorder.pending:
            self.recorder.epoch_end(trainer.current_epoch + 1)
        self.recorder.discard()

    def on_validation_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Start a validation."""
        for recorder in self.validation:
            recorder.discard()

    def on_validation_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Observe what the validation step returned."""
        if _epoch_of(trainer) is None or not isinstance(outputs, Mapping):
            return
        if dataloader_idx >= len(self.validation):
            raise DynamicsError(
                f"there are more validation DataLoaders than names ({len(self.validation)}): pass "
                "validation= a name for each, empty for one that is not to be recorded"
            )
        recorder = self.validation[dataloader_idx]
        if recorder.split and "logits" in outputs:
            self._observe(recorder, "validation_step", outputs, batch)

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Write the validation of an epoch's end."""
        epoch = _epoch_of(trainer)
        for recorder in self.validation:
            if epoch is not None and recorder.pending:
                if epoch > 1 and recorder.epoch == 0:
                    raise DynamicsError(
                        f"{recorder.split}: the first validation is of epoch {epoch}; expected one at the "
                        "end of every epoch (check_val_every_n_epoch=1), or the name '' for this split"
                    )
                recorder.epoch_end(epoch)
            recorder.discard()

    def state_dict(self) -> dict[str, Any]:
        """What Lightning keeps in a checkpoint."""
        return self.recorder.state_dict() | {"validation": [r.epoch for r in self.validation]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint of as many processes."""
        self.recorder.load_state_dict(state_dict)
        self._resumed = True
        for recorder, epoch in zip(self.validation, state_dict["validation"]):
            recorder.restore(epoch, [])

    def _observe(self, recorder: Recorder, step: str, outputs: Any, batch: Any) -> None:
        ids, logits, labels = (
            _find(names, outputs, batch, step)
            for names in ((ID_COLUMN,), ("logits",), ("labels", "label"))
        )
        recorder.step(ids, logits, labels, _number(outputs, batch))


def _epoch_of(trainer: Any) -> int | None:
    """The epoch at whose end a validation is, or None for one that is not recorded."""
    doing = str(getattr(trainer.state.fn, "value", trainer.state.fn))
    if doing == "validate" and trainer.global_step == 0:
        return 0
    if doing != "fit" or trainer.sanity_checking or not trainer.is_last_batch:
        return None
    return int(trainer.current_epoch) + 1


def _resumable(loaders: Any) -> bool:
    """Whether DataLoaders can go on within an epoch."""
    if isinstance(loaders, Mapping):
        loaders = list(loaders.values())
    each = loaders if isinstance(loaders, list | tuple) else [loaders]
    return all(hasattr(x, "state_dict") and hasattr(x, "load_state_dict") for x in each)


def _number(*places: Any) -> Any:
    """The features' numbers, if there are any."""
    found = (p[FEATURE] for p in places if isinstance(p, Mapping) and FEATURE in p)
    return next(found, None)


def _find(names: tuple[str, ...], outputs: Any, batch: Any, step: str) -> Any:
    for place in (outputs, batch):
        if isinstance(place, Mapping):
            for name in names:
                if name in place:
                    return place[name]
    raise DynamicsError(
        f"{step} returned no '{names[0]}', nor has the batch it; expected a mapping with 'loss' and "
        "'logits', and 'labels' and 'sample_id' there or in the batch"
    )
