"""Float32 products of a forward pass, by oneDNN where it is the faster of PyTorch's two libraries.

PyTorch gives `linear` in float32 to MKL, which on AMD's processors does no more than AVX2, and
convolutions to oneDNN, which uses AVX-512. A convolution over single pixels, their channels side by
side in memory, is the same product without a conversion.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from math import prod
from typing import Any

from difficulty_lib._extras import require

# MKL sums this many terms at a time on AMD's processors. Cut in the same places, oneDNN's product
# is the same to the bit (MKL 2024.2, Zen 5), at 1.4 to 2 times the speed; uncut it is up to 2.3
# times as fast, with twice the rounding error.
TERMS = 192
# Smaller products are as fast either way, or slower.
ROWS, OUTPUTS = 256, 192
# With fewer images PyTorch leaves a convolution over pixels on a single thread to MKL, too.
IMAGES_ON_ONE_THREAD = 16


def faster_products() -> AbstractContextManager[object]:
    """A context in which large float32 products without gradients go through oneDNN.

    Where MKL is not known to be slower (Intel's processors, no AVX-512, a GPU), nothing changes.
    """
    return _by_onednn()() if _mkl_is_slower() else nullcontext()


@cache
def _mkl_is_slower() -> bool:
    torch = require("torch", "train")
    if not torch.backends.mkl.is_available() or not torch.backends.mkldnn.is_available():
        return False
    processor: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return "AMD" in str(processor.get("cpu_name")) and bool(processor.get("avx512_f"))


@cache
def _by_onednn() -> Any:
    """The context's class; made here, so that this module imports without torch."""
    torch = require("torch", "train")
    functional = torch.nn.functional
    linear, conv2d, pad = functional.linear, functional.conv2d, functional.pad
    mode: Any = torch.overrides.TorchFunctionMode

    def worth_it(values: Any, weight: Any, *_bias: Any) -> bool:
        return (
            type(values) is torch.Tensor
            and type(weight) in (torch.Tensor, torch.nn.Parameter)
            and values.device.type == weight.device.type == "cpu"
            and values.dtype == weight.dtype == torch.float32
            and values.layout == weight.layout == torch.strided
            and weight.ndim == 2
            and values.shape[-1:] == weight.shape[1:]  # else PyTorch says what is wrong
            and prod(values.shape[:-1]) >= ROWS
            and weight.shape[0] >= OUTPUTS
            and not torch.is_grad_enabled()
            and not torch.compiler.is_compiling()
        )

    def product(values: Any, weight: Any, bias: Any = None) -> Any:
        rows = values.reshape(-1, values.shape[-1])
        images = IMAGES_ON_ONE_THREAD if torch.get_num_threads() == 1 else 1
        missing = -len(rows) % images
        total: Any = None
        for start in range(0, weight.shape[1], TERMS):
            terms = slice(start, start + TERMS)
            cut = pad(rows[:, terms], (0, 0, 0, missing)) if missing else rows[:, terms]
            pixels = cut.reshape(images, -1, 1, cut.shape[1]).permute(0, 3, 1, 2)
            part = conv2d(pixels, weight[:, terms, None, None], None if start else bias)
            total = part if total is None else total.add_(part)
        outputs = total.permute(0, 2, 3, 1).reshape(-1, len(weight))[: len(rows)]
        return outputs.view(*values.shape[:-1], len(weight))

    class ByOneDNN(mode):  # type: ignore[misc]
        def __torch_function__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
        ) -> Any:
            if func is linear and not kwargs and worth_it(*args):
                return product(*args)
            return func(*args, **(kwargs or {}))

    return ByOneDNN
