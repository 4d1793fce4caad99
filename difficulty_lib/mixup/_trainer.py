"""Mixup in transformers' Trainer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from difficulty_lib._errors import ConfigError
from difficulty_lib._extras import require
from difficulty_lib.mixup._examples import SECOND
from difficulty_lib.mixup._mixing import (
    Layer,
    check_layer,
    head_of,
    mixed_logits,
    mixed_targets,
    soft_cross_entropy,
)
from difficulty_lib.training._loss_scaling import fix_loss_scaling

if TYPE_CHECKING:
    Trainer = Any
else:
    Trainer = require("transformers", "train").Trainer

_NO_INPUTS = ("labels", "label", "sample_id", "feature_id")


@dataclass(frozen=True)
class MixupSettings:
    """How samples are mixed.

    Attributes:
        alpha: λ ~ Beta(α, α), anew for every example and update; above 0.
        layer: 0 mixes the embeddings, k what the k-th layer puts out, "head" what the head reads.
        weight: λ itself, instead of a draw.
        dominant: whether λ is replaced by max(λ, 1 − λ), so that the first sample of a pair
            prevails (Chen et al. 2020).
        seed: of the draws.

    Raises:
        ConfigError: on an alpha that is not above 0, or a weight outside 0 to 1.
    """

    alpha: float = 0.4
    layer: Layer = 0
    weight: float | None = None
    dominant: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.alpha < np.inf:
            raise ConfigError(f"alpha is {self.alpha!r}; expected a number above 0")
        if self.weight is not None and not 0 <= self.weight <= 1:
            raise ConfigError(f"weight is {self.weight!r}; expected 0 to 1, or None")

    def draw(self, count: int, *at: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """λ of so many examples, shape (count,): the same for the same place in training.

        Args:
            count: how many.
            at: whole numbers that tell one batch from another.
        """
        if self.weight is not None:
            return np.full(count, float(self.weight))
        drawn = np.random.default_rng([self.seed, *at]).beta(self.alpha, self.alpha, count)
        return np.maximum(drawn, 1 - drawn) if self.dominant else drawn


class MixupMixin:
    """Put before `Trainer` in the bases: batches of pairs are mixed, others are as ever.

    The training data are `MixedExamples`, the collator is a `mixing_collator`; keep their columns
    with `remove_unused_columns=False`. Set `mixup`. The loss is the cross-entropy with λ of the
    first class and 1 − λ of the second, on top of `label_smoothing_factor`. Where λ is 1 throughout
    a batch, the second samples are not read: loss, gradients and dropout are those of no mixup.
    λ depends on the seed, the update and the process, and so is the same in a resumed run.
    """

    mixup: MixupSettings | None = None
    _place = (-1, 0)  # the update, and how many batches were mixed for it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        model = kwargs.get("model", args[0] if args else None)
        if model is not None:
            fix_loss_scaling(model)
        super().__init__(*args, **kwargs)
        trainer: Any = self
        if model is None:  # a model_init has made it
            fix_loss_scaling(trainer.model)
            trainer.model_accepts_loss_kwargs &= getattr(trainer.model, "accepts_loss_kwargs", True)
        if trainer.args.remove_unused_columns:
            raise ConfigError(
                "remove_unused_columns=True drops the second samples; expected False in the "
                "TrainingArguments"
            )

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The loss of mixtures, or the Trainer's own where a batch has no pairs."""
        second = {
            name.removeprefix(SECOND): inputs.pop(name)
            for name in list(inputs)
            if name.startswith(SECOND)
        }
        if second and self.mixup is None:
            raise ConfigError("a batch of pairs, and no mixup; expected MixupSettings in `mixup`")
        if getattr(self, "training_recorder", None) is None:
            inputs.pop("sample_id", None)
        elif second:
            raise ConfigError("mixtures have no training dynamics; expected no training_recorder")
        weight = self._weights(len(inputs["labels"])) if second else None
        if weight is None or (weight == 1).all():
            if weight is not None:
                inputs = _trimmed(inputs)
            return super().compute_loss(  # type: ignore[misc]
                model, inputs, return_outputs=return_outputs, num_items_in_batch=num_items_in_batch
            )
        loss, outputs = self._mixed(model, inputs, second, weight)
        return (loss, outputs) if return_outputs else loss

    def _weights(self, count: int) -> Any:
        assert self.mixup is not None
        trainer: Any = self
        step = int(trainer.state.global_step)
        self._place = (step, self._place[1] + 1 if self._place[0] == step else 0)
        return self.mixup.draw(count, *self._place, int(trainer.args.process_index))

    def _mixed(self, model: Any, first: Any, second: Any, weight: Any) -> tuple[Any, Any]:
        torch = require("torch", "train")
        trainer: Any = self
        inner = trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=True)
        head_of(inner)
        lam = torch.as_tensor(weight, dtype=torch.float32, device=first["labels"].device)
        assert self.mixup is not None
        logits = mixed_logits(
            inner, _read(first), _read(second), lam, self.mixup.layer, wrapped=model
        )
        smoothing = float(trainer.args.label_smoothing_factor)
        targets = mixed_targets(first["labels"], second["labels"], lam, logits.shape[-1], smoothing)
        return soft_cross_entropy(logits.float(), targets), {"logits": logits}


def _trimmed(inputs: dict[str, Any]) -> dict[str, Any]:
    """Without the columns that only the second texts needed: dropout would be drawn for them."""
    mask = inputs["attention_mask"]
    read = mask.any(dim=0).nonzero().flatten()
    first, last = int(read[0]), int(read[-1]) + 1
    return {
        name: value[:, first:last] if value.shape == mask.shape else value
        for name, value in inputs.items()
    }


def _read(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in _NO_INPUTS}


class MixupTrainer(MixupMixin, Trainer):
    """transformers' Trainer with mixup: see `MixupMixin`.

    Args:
        args: those of a `Trainer`.
        mixup: how samples are mixed.
        kwargs: those of a `Trainer`.

    Raises:
        ConfigError: if the model has no such layer, or columns would be dropped.
        ModelError: if the model cannot be mixed in.
    """

    def __init__(self, *args: Any, mixup: MixupSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        head_of(self.model)
        check_layer(self.model, mixup.layer)
        self.mixup = mixup
