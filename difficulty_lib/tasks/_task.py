"""What a task is: which head, how texts become inputs, and what is observed of its outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from difficulty_lib._registry import Registry

Tensors = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A registered task.

    Attributes:
        name: how it is asked for.
        title: for headings.
        auto_model: the `transformers` class that loads its models.
        observe: (logits, labels) → stored columns of the dynamics, each of shape (batch,), on the
            logits' device; `loss` is always among them.
    """

    name: str
    title: str
    auto_model: str
    observe: Callable[[Any, Any], Tensors]


TASKS: Registry[Task] = Registry("task")
