"""Sequences: what is observed of every teacher-forced token, never per vocabulary entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.tasks._task import Tensors

IGNORED = -100
# So many logits are held in float32 at a time: on a CPU what its caches hold, elsewhere 64 MiB.
CHUNK = {"cpu": 1 << 18, "other": 1 << 24}


def observe_tokens(logits: Any, labels: Any) -> Tensors:
    """Per-token loss, entropy, top-2 logits, gold logit and prediction, computed in float32.

    Logits and labels are aligned, as in sequence-to-sequence models: `logits[:, i]` predicts
    `labels[:, i]`. Beside the result, a few logits at a time are held in float32.

    Args:
        logits: tensor of shape (batch, length, vocabulary), any float dtype.
        labels: tensor of shape (batch, length), the gold tokens; −100 where there is none.

    Returns:
        Tensors of shape (batch, length), detached, on the logits' device: `token_gold`, the labels,
        and the token columns of the dynamics. Where the label is −100 they mean nothing.

    Raises:
        DynamicsError: if the shapes disagree.
    """
    torch = require("torch", "train")
    if logits.ndim != 3 or logits.shape[:2] != labels.shape or logits.shape[-1] < 2:
        raise DynamicsError(
            f"logits {tuple(logits.shape)}, labels {tuple(labels.shape)}; expected "
            "(batch, length, at least 2 tokens) and (batch, length)"
        )
    labels = labels.detach()
    gold = labels.flatten()
    shape = (len(gold),)
    seen: Tensors = {"token_gold": labels.int()}
    for name in ("loss", "entropy", "top1", "top2", "gold_logit"):
        seen[f"token_{name}"] = logits.new_zeros(shape, dtype=torch.float32)
    seen["token_predicted"] = logits.new_zeros(shape, dtype=torch.int32)
    for places, z in _pieces(logits.detach(), gold):
        for name, values in _observe(z, _known(gold[places])).items():
            seen[name][places] = values
    return {name: values.reshape(labels.shape) for name, values in seen.items()}


def observe_causal_tokens(logits: Any, labels: Any) -> Tensors:
    """As `observe_tokens`, for causal models: `logits[:, i]` predicts `labels[:, i + 1]`.

    Args:
        logits: tensor of shape (batch, length, vocabulary), any float dtype.
        labels: tensor of shape (batch, length), as the model takes them: not shifted, −100 on the
            prompt and the padding. The first token of a row is never predicted.

    Returns:
        As `observe_tokens`; what is at place i is of the token at place i + 1.
    """
    torch = require("torch", "train")
    # The labels move, not the logits: a slice of the logits would have to be copied.
    shifted = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=IGNORED)
    return observe_tokens(logits, shifted)


def _pieces(logits: Any, gold: Any) -> Iterator[tuple[Any, Any]]:
    """A few tokens at a time: their places in the flattened batch, and logits (t, vocabulary)."""
    length, width = logits.shape[1:]
    on_cpu = logits.device.type == "cpu"
    tokens = max(1, CHUNK["cpu" if on_cpu else "other"] // width)
    if on_cpu:
        # Prompts and padding are passed over; on a GPU, finding them would wait for the model.
        for places in (gold != IGNORED).nonzero().squeeze(-1).split(tokens):
            yield places, logits[places // length, places % length]
    elif logits.is_contiguous():
        flat = logits.flatten(0, 1)
        for start in range(0, len(flat), tokens):
            yield slice(start, start + tokens), flat[start : start + tokens]
    else:
        for row, z in enumerate(logits):
            for start in range(0, length, tokens):
                stop = min(start + tokens, length)
                yield slice(row * length + start, row * length + stop), z[start:stop]


def _known(gold: Any) -> Any:
    # Any other negative number is no token, and the lookup refuses it.
    return gold.masked_fill(gold == IGNORED, 0)


def _observe(z: Any, gold: Any) -> Tensors:
    """The token columns of logits (t, vocabulary) and gold tokens (t,), each of shape (t,)."""
    z = z.float()
    top, index = z.topk(2, dim=-1)
    gold_logit = z.gather(-1, gold.unsqueeze(-1)).squeeze(-1)
    below = z - top[:, :1]
    weights = below.exp()
    total = weights.sum(dim=-1)
    log_total = total.log()
    return {
        "token_loss": (top[:, 0] - gold_logit) + log_total,
        # H = log Σ e^d − Σ e^d d / Σ e^d; a masked entry is 0 · −∞, and counts as nothing
        "token_entropy": log_total - weights.mul_(below).nansum(dim=-1) / total,
        "token_top1": top[:, 0],
        "token_top2": top[:, 1],
        "token_gold_logit": gold_logit,
        "token_predicted": index[:, 0].int(),
    }
