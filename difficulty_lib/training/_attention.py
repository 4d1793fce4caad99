"""Which of a model's attentions is faster on the hardware at hand; both compute the same."""

from __future__ import annotations

from typing import Any

from difficulty_lib._extras import require
from difficulty_lib.training._precision import use_bfloat16

LONG = 128  # tokens, above which plain attention is chosen


def faster_attention(model: Any, precision: str, max_length: int) -> None:
    """Let a model that is trained on long inputs on a CPU multiply matrices one by one.

    PyTorch's fused attention is slow there in bfloat16, most of all backwards: MiniLM's training
    step on 16 texts of 256 tokens takes 1.5 times as long with it, on texts of 64 a tenth longer.

    Args:
        model: a `transformers` model; changed in place.
        precision: as in `RunConfig`.
        max_length: tokens that the model reads.
    """
    on_cpu = not require("torch", "train").cuda.is_available()
    if on_cpu and max_length > LONG and use_bfloat16(precision):
        model.set_attn_implementation("eager")
