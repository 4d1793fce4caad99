"""Text classification: what is observed of a sample's logits."""

from __future__ import annotations

from typing import Any

from difficulty_lib._extras import require
from difficulty_lib.tasks._task import TASKS, Task, Tensors


def observe_classification(logits: Any, labels: Any) -> Tensors:
    """Per-sample loss, margin, entropy, error norm and prediction, computed in float32.

    Args:
        logits: tensor of shape (batch, classes), any float dtype.
        labels: tensor of shape (batch,), the gold classes.

    Returns:
        Tensors of shape (batch,), detached: the stored columns of the dynamics.
    """
    torch = require("torch", "train")
    z = logits.detach().float()
    gold = labels.unsqueeze(-1)
    log_p = torch.log_softmax(z, dim=-1)
    p = log_p.exp()
    z_gold = z.gather(-1, gold).squeeze(-1)
    others = z.scatter(-1, gold, float("-inf"))
    error = p.scatter_add(-1, gold, torch.full_like(z_gold, -1.0).unsqueeze(-1))
    return {
        "loss": -log_p.gather(-1, gold).squeeze(-1),
        "margin": z_gold - others.amax(dim=-1),
        "entropy": -(p * log_p).sum(dim=-1),
        "error_norm": error.norm(dim=-1),
        "predicted": z.argmax(dim=-1).int(),
    }


SENTIMENT = TASKS.add(
    Task(
        name="sentiment",
        title="Sentiment analysis",
        auto_model="AutoModelForSequenceClassification",
        observe=observe_classification,
    )
)
NLI = TASKS.add(
    Task(
        name="nli",
        title="Natural language inference",
        auto_model="AutoModelForSequenceClassification",
        observe=observe_classification,
    )
)
