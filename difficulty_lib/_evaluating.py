"""A model as it is observed: in eval mode, in its own dtype."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from difficulty_lib._extras import require
from difficulty_lib._onednn import faster_products


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Eval mode, without gradients and autocast; afterwards the model is as it was."""
    torch = require("torch", "train")
    with in_eval_mode(model), torch.inference_mode(), faster_products():
        yield


@contextmanager
def in_eval_mode(model: Any) -> Iterator[None]:
    """Eval mode, without autocast; afterwards the model is as it was."""
    torch = require("torch", "train")
    was_training = model.training
    device = next(model.parameters()).device.type
    # For mixed precision accelerate replaces the model's forward by one that autocasts, whatever
    # the surroundings say; the one it was made from is kept beside it.
    own = model.__dict__
    autocasting = own.get("forward") if "_original_forward" in own else None
    if autocasting is not None:
        model.forward = own["_original_forward"]
    model.eval()
    try:
        with torch.autocast(device, enabled=False):
            yield
    finally:
        if autocasting is not None:
            model.forward = autocasting
        model.train(was_training)
