"""GraNd: the norm of each sample's gradient, from one forward and one backward pass of the batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from difficulty_lib._errors import ConfigError, ModelError
from difficulty_lib._evaluating import in_eval_mode
from difficulty_lib._extras import require
from difficulty_lib.gradients._batch import SAMPLES, mark
from difficulty_lib.gradients._losses import classification_loss
from difficulty_lib.gradients._trace import Trace

torch = require("torch", "train")

Loss = Callable[[Any, Any], Any]


def gradient_norms(
    model: Any, inputs: Mapping[str, Any], labels: Any, loss: Loss = classification_loss
) -> Any:
    """‖∇_θ loss‖₂ of each sample over all trainable parameters, exactly.

    One forward pass, and one backward pass of the sum of the losses, in which no parameter's
    gradient is computed: the norms come from each layer's input and the gradient of its output.
    The pass is in eval mode and outside any autocast; afterwards the model is as it was, its
    gradients, flags and mode included. A parameter that is used in a way which is not known here is
    differentiated sample by sample: as exact, but slow.

    Args:
        model: a `transformers` model, or any module that is called with keywords and whose samples
            do not influence one another.
        inputs: its keyword arguments; tensors have the samples first.
        labels: what `loss` compares with, a tensor with the samples first, or a mapping of such.
        loss: (outputs, labels) → shape (batch,).

    Returns:
        Shape (batch,), float32, in nats per unit of the parameters; high is hard.

    Raises:
        ModelError: if no parameter is trainable.
        ConfigError: if `loss` does not return one number per sample.

    Source: GraNd of Paul et al. 2021, definition 2.1; the factored norms are Goodfellow's
    (arXiv 1510.01799), those of sequences Li et al.'s (arXiv 2110.05679).
    """
    model = unwrapped(model)
    trainable = [p for p in model.parameters() if p.requires_grad]
    if not trainable:
        raise ModelError(
            f"{type(model).__name__} has no parameter with requires_grad; expected one or more"
        )
    batch = len(next(iter(labels.values()))) if isinstance(labels, Mapping) else len(labels)
    with differentiating(model):
        trace = Trace(trainable, batch)
        marked = {name: _marked(value, batch) for name, value in inputs.items()}
        with trace:
            outputs = model(**marked)
        total = _losses(loss, outputs, labels, batch).sum()
        uncovered = trace.uncovered(total, trainable)
        del outputs
        if total.requires_grad:
            torch.autograd.grad(total, [trace.anchor, *uncovered], allow_unused=True)
        squared = trace.finish()
        if uncovered:
            squared = squared + _one_by_one(model, inputs, labels, loss, uncovered, batch)
    return squared.sqrt()


class differentiating:
    """Eval mode with gradients, outside autocast; afterwards the model is as it was."""

    def __init__(self, model: Any) -> None:
        self.parts = [in_eval_mode(model), torch.inference_mode(False), torch.enable_grad()]

    def __enter__(self) -> None:
        for part in self.parts:
            part.__enter__()

    def __exit__(self, *error: Any) -> None:
        for part in reversed(self.parts):
            part.__exit__(*error)


def unwrapped(model: Any) -> Any:
    """The model itself, without what distributes or compiles it."""
    for name in ("module", "_orig_mod"):
        inner = getattr(model, name, None)
        if isinstance(inner, torch.nn.Module) and type(model).__name__ in (
            "DistributedDataParallel",
            "DataParallel",
            "OptimizedModule",
        ):
            return unwrapped(inner)
    return model


def _marked(value: Any, batch: int) -> Any:
    if not isinstance(value, torch.Tensor) or not value.ndim or len(value) != batch:
        return value
    # An alias, so that the caller's tensor stays unmarked.
    return mark(value.clone() if value.is_inference() else value.detach(), SAMPLES)


def _losses(loss: Loss, outputs: Any, labels: Any, batch: int) -> Any:
    losses = loss(outputs, labels)
    if losses.shape != (batch,):
        raise ConfigError(
            f"the loss has shape {tuple(losses.shape)}; expected ({batch},), one number per sample"
        )
    return losses


def _one_by_one(
    model: Any,
    inputs: Mapping[str, Any],
    labels: Any,
    loss: Loss,
    parameters: list[Any],
    batch: int,
) -> Any:
    """Squared norms over these parameters, by a forward and a backward pass for each sample."""
    squared = []
    for place in range(batch):
        own = {name: _row(value, place, batch) for name, value in inputs.items()}
        gold = (
            {name: _row(value, place, batch) for name, value in labels.items()}
            if isinstance(labels, Mapping)
            else labels[place : place + 1]
        )
        value = _losses(loss, model(**own), gold, 1).sum()
        gradients = torch.autograd.grad(value, parameters, allow_unused=True)
        squared.append(sum(g.float().square().sum() for g in gradients if g is not None))
    return torch.stack(squared)


def _row(value: Any, place: int, batch: int) -> Any:
    if not isinstance(value, torch.Tensor) or not value.ndim or len(value) != batch:
        return value
    return value[place : place + 1]
