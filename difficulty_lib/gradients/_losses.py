"""Losses of one sample at a time, as `gradient_norms` takes them: (outputs, labels) → (batch,)."""

from __future__ import annotations

from typing import Any

from difficulty_lib._extras import require

torch = require("torch", "train")


def classification_loss(outputs: Any, labels: Any) -> Any:
    """−log p(gold) of each sample, in nats, in float32.

    Args:
        outputs: a model's, with logits of shape (batch, classes).
        labels: shape (batch,), the gold classes.

    Returns:
        Shape (batch,).
    """
    return torch.nn.functional.cross_entropy(outputs.logits.float(), labels, reduction="none")


def sequence_loss(outputs: Any, labels: Any) -> Any:
    """Mean of −log p over a sample's target tokens, where logits and labels stand side by side.

    Args:
        outputs: a sequence-to-sequence model's, with logits of shape (batch, T, vocabulary).
        labels: shape (batch, T), the target tokens; −100 is no target.

    Returns:
        Shape (batch,), nats per token; 0 for a sample without target tokens.
    """
    losses = torch.nn.functional.cross_entropy(
        outputs.logits.float().flatten(0, 1), labels.flatten(), reduction="none", ignore_index=-100
    )
    counts = (labels != -100).sum(1).clamp_min(1)
    return losses.view(labels.shape).sum(1) / counts


def causal_loss(outputs: Any, labels: Any) -> Any:
    """Mean of −log p over a sample's target tokens, each predicted at the position before it.

    Args:
        outputs: a causal language model's, with logits of shape (batch, T, vocabulary).
        labels: shape (batch, T), the tokens; −100 is no target.

    Returns:
        Shape (batch,), nats per token.
    """
    after = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=-100)
    return sequence_loss(outputs, after)
