"""Gradients of what the model says of the gold class, with respect to the input's embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from difficulty_lib._errors import ConfigError, ModelError
from difficulty_lib._extras import require
from difficulty_lib.gradients._norms import differentiating, unwrapped

torch = require("torch", "train")

if TYPE_CHECKING:
    TorchFunctionMode = Any
else:
    TorchFunctionMode = require("torch.overrides", "train").TorchFunctionMode


def _gold(values: Any, labels: Any) -> Any:
    """Values at the labels; for sequences summed over the target tokens, those not −100."""
    at = values.gather(-1, labels.clamp_min(0).unsqueeze(-1)).squeeze(-1)
    return at if at.ndim == 1 else at.masked_fill(labels == -100, 0.0).sum(1)


def gold_logit(logits: Any, labels: Any) -> Any:
    """z(y): (batch, classes) and (batch,) → (batch,)."""
    return _gold(logits.float(), labels)


def gold_probability(logits: Any, labels: Any) -> Any:
    """p(y): (batch, classes) and (batch,) → (batch,)."""
    return _gold(logits.float().softmax(-1), labels)


TARGETS = {"logit": gold_logit, "probability": gold_probability}


def input_gradients(
    model: Any, inputs: Mapping[str, Any], labels: Any, targets: Sequence[str] = ("logit",)
) -> dict[str, Any]:
    """The gradient of the gold class's logit (or probability) with respect to the input embeddings.

    One forward pass, and for each target one backward pass of the sum over the batch, in which no
    parameter's gradient is computed; in eval mode, where samples do not influence one another, and
    outside any autocast. The model is left as it was.

    Args:
        model: a `transformers` model.
        inputs: its keyword arguments, `input_ids` of shape (batch, T) and, where there is padding,
            `attention_mask` among them.
        labels: shape (batch,), the gold classes; for sequences (batch, T'), the target tokens at
            the place of their logits, −100 where there is none, and what is differentiated is the
            sum over them.
        targets: any of `TARGETS`.

    Returns:
        By target, shape (batch, T, hidden), float32: the gradient with respect to the rows that
        were read of the table of word embeddings. 0 at padding.

    Raises:
        ConfigError: on an unknown target.
        ModelError: if the model does not read a table of embeddings.
    """
    unknown = [target for target in targets if target not in TARGETS]
    if unknown:
        raise ConfigError(f"unknown target '{unknown[0]}'; known: {', '.join(TARGETS)}")
    model = unwrapped(model)
    with differentiating(model), _Rows(model) as rows:
        logits = model(**inputs).logits
        if rows.read is None:
            raise ModelError(f"{type(model).__name__} does not read its table of input embeddings")
        sums = [TARGETS[target](logits, labels).sum() for target in targets]
        gradients = {
            target: torch.autograd.grad(
                total, rows.read, retain_graph=total is not sums[-1], allow_unused=False
            )[0].float()
            for target, total in zip(targets, sums)
        }
    mask = inputs.get("attention_mask")
    if mask is None:
        return gradients
    padding = (mask == 0).unsqueeze(-1)
    return {target: gradient.masked_fill(padding, 0.0) for target, gradient in gradients.items()}


class _Rows(TorchFunctionMode):
    """The first rows that are read of the model's table of input embeddings, made a leaf."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        inner = model.get_encoder() if model.config.is_encoder_decoder else model
        self.table = inner.get_input_embeddings().weight
        self.read: Any = None

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Any call of torch's while the mode is active."""
        out = func(*args, **(kwargs or {}))
        if func is torch.nn.functional.embedding and self.read is None and args[1] is self.table:
            out = self.read = out.detach().requires_grad_()
        return out
