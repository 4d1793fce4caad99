"""In which numbers a run computes."""

from __future__ import annotations

from difficulty_lib._extras import require


def use_bfloat16(precision: str) -> bool:
    """Whether to autocast to bfloat16: as told, or where the hardware computes in it."""
    if precision != "auto":
        return precision == "bfloat16"
    torch = require("torch", "train")
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return bool(supported())
