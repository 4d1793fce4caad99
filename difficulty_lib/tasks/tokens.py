"""Token classification: what is observed of every labelled token."""

from __future__ import annotations

from typing import Any

from difficulty_lib.tasks._task import TASKS, Task, Tensors
from difficulty_lib.tasks.sequences import observe_tokens


def observe_token_classification(logits: Any, labels: Any) -> Tensors:
    """Per-token loss, entropy, top-2 logits, gold logit and prediction, computed in float32.

    Args:
        logits: tensor of shape (batch, length, classes), any float dtype.
        labels: tensor of shape (batch, length), the gold classes; −100 where there is none, as on
            special tokens and on all but the first piece of a word.

    Returns:
        Tensors of shape (batch, length), as `observe_tokens`.
    """
    return observe_tokens(logits, labels)


TOKEN_CLASSIFICATION = TASKS.add(
    Task(
        name="token-classification",
        title="Token classification",
        auto_model="AutoModelForTokenClassification",
        observe=observe_token_classification,
        labels="tokens",
    )
)
