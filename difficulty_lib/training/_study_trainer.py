"""The Trainer of a run: transformers' own, with recording, an order of its own and a finite loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from difficulty_lib._errors import TrainingError
from difficulty_lib._extras import require
from difficulty_lib.curriculum._mixin import add_epochs
from difficulty_lib.training._curriculum import RunCurriculum
from difficulty_lib.training._recorders import RecordTrainingMixin

if TYPE_CHECKING:
    Trainer = Any
else:
    Trainer = require("transformers", "train").Trainer


class StudyTrainer(RecordTrainingMixin, Trainer):
    """Trainer with both streams, grouping by length, that stops at a loss which is not finite."""

    lengths: list[int]
    epochs_done: int = 0  # of a run that goes on from a checkpoint
    curriculum: RunCurriculum | None = None

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        """One forward and backward pass."""
        loss = super().training_step(*args, **kwargs)
        if not loss.isfinite():
            raise TrainingError(
                f"the loss is {loss.item()} at step {self.state.global_step + 1} "
                f"(epoch {int(self.state.epoch or 0) + 1}); try a smaller learning rate, or "
                "precision 'float32'"
            )
        return loss

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.curriculum is not None:
            curriculum = self.curriculum.sampler(
                [row["sample_id"] for row in self.train_dataset.rows],
                epochs=int(self.args.num_train_epochs),
                batch_size=self.args.train_batch_size * self.args.gradient_accumulation_steps,
                seed=self.args.seed,
                lengths=self.lengths,
            )
            add_epochs(self, curriculum)
            return curriculum
        torch = require("torch", "train")
        utils = require("transformers.trainer_pt_utils", "train")
        generator = torch.Generator()
        generator.manual_seed(self.args.seed)
        # Given the lengths, the sampler need not read every sample to find them.
        sampler = utils.LengthGroupedSampler(
            self.args.train_batch_size * self.args.gradient_accumulation_steps,
            lengths=list(self.lengths),
            generator=generator,
        )
        for _ in range(self.epochs_done):
            iter(sampler)  # an epoch's order is drawn from where the one before left the generator
        return sampler
