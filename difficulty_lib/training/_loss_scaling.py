"""The Trainer's scale of the loss, put right for heads that do not count the accumulated batch.

A head whose forward pass takes `**kwargs` is taken by transformers' Trainer for one that divides its
loss by `num_items_in_batch`. Most classification, token and encoder-decoder heads take them and
ignore them: their loss, a mean over the batch, is then not divided by the number of accumulated
batches, and is multiplied by the number of ranks. Gradients, clipping and logged losses are off by
that factor.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from difficulty_lib._extras import require

_COUNT = "num_items_in_batch"
_LOSS = re.compile(r"\w*(?:Loss|loss_fct|loss_function|cross_entropy)\(")
_CALL = re.compile(r"self\.loss_function\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")


def _source(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def ignores_item_count(model: Any) -> bool:
    """Whether the model's forward pass computes a loss and leaves `num_items_in_batch` aside.

    Read from its source: it neither names the count nor hands its keyword arguments to a loss
    function that does. False where that cannot be told.
    """
    source = _source(type(model).forward)
    if not _LOSS.search(source) or _COUNT in source:
        return False
    calls = _CALL.findall(source)
    if not any("**" in call for call in calls):
        # Some heads leave the loss to a part of theirs, and hand their keyword arguments on to it.
        return not re.search(r"\(\s*[^()]*\blabels=labels\b[^()]*\*\*", source)
    loss = _source(model.loss_function)
    return bool(loss) and _COUNT not in loss and "**" not in loss


def fix_loss_scaling(model: Any) -> Any:
    """Make the Trainer scale this model's loss rightly under gradient accumulation and ranks.

    Sets `model.accepts_loss_kwargs = False` on a head that ignores `num_items_in_batch`; a head that
    heeds it, as causal language models do, and one that already says so itself are left alone. Call
    it before the Trainer is made; `RecordTrainingMixin` does so itself.

    Args:
        model: a `transformers` model with a head, or one that wraps it (PEFT).

    Returns:
        The same model.
    """
    utils = require("transformers.trainer_utils", "train")
    head = getattr(utils, "unwrap_peft_model", _inner)(model)
    if not hasattr(head, "accepts_loss_kwargs") and ignores_item_count(head):
        head.accepts_loss_kwargs = False
    return model


def _inner(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model
