"""What a task is: which head, how texts become inputs, and what is observed of its outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from difficulty_lib._registry import Registry

Tensors = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A registered task.

    Attributes:
        name: how it is asked for.
        title: for headings.
        auto_model: the `transformers` class that loads its models.
        observe: (logits, labels) → stored columns of the dynamics, on the logits' device. Of shape
            (batch,), `loss` among them; or, of sequences, `token_…` of shape (batch, length), with
            `token_gold` −100 where there is no token.
        labels: what a sample is labelled with: a "class"; "tokens", one label each; or a "span",
            for which logits and labels are pairs, of its start and its end.
    """

    name: str
    title: str
    auto_model: str
    observe: Callable[[Any, Any], Tensors]
    labels: Literal["class", "tokens", "span"] = "class"


TASKS: Registry[Task] = Registry("task")
