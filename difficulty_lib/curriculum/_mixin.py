"""A Trainer that draws its training samples by a curriculum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from difficulty_lib._extras import require
from difficulty_lib.curriculum._sampler import CurriculumSampler

if TYPE_CHECKING:
    TrainerCallback = object
else:
    TrainerCallback = require("transformers", "train").TrainerCallback


class CurriculumMixin:
    """A base before `Trainer`, whose training samples come from `curriculum`::

        class MyTrainer(CurriculumMixin, Trainer): ...

        trainer = MyTrainer(...)
        trainer.curriculum = CurriculumSampler(...)
        trainer.train()

    Without a curriculum it trains as the Trainer does. With the pacing "constant" and the Trainer's
    seed it has the Trainer's batches. Right under several ranks and when resumed from a checkpoint.
    The sampler's `batch_size` is that of an update: the batch of a device times accumulation and
    ranks.
    """

    curriculum: CurriculumSampler | None = None

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.curriculum is None:
            return super()._get_train_sampler(train_dataset)  # type: ignore[misc]
        add_epochs(self, self.curriculum)
        return self.curriculum


def add_epochs(trainer: Any, sampler: CurriculumSampler) -> None:
    """Have a Trainer tell the sampler each epoch's number, once however often it is asked."""
    trainer.remove_callback(TellEpoch)
    trainer.add_callback(TellEpoch(sampler))


class TellEpoch(TrainerCallback):
    """Several ranks that go on inside an epoch: what skips the batches does not pass the epoch on."""

    def __init__(self, sampler: CurriculumSampler) -> None:
        self.sampler = sampler

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The epoch that begins, or in which a checkpoint lies."""
        self.sampler.set_epoch(int(state.epoch + 1e-6))
