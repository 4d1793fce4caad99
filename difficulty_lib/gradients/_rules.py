"""How the functions that a parameter enters give the norm of its per-sample gradients.

A rule gets the trace and the function's arguments, and returns the output, or None where it does
not apply: the call is then made as it was, and its parameters stay in the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from difficulty_lib._extras import require

torch = require("torch", "train")
F = torch.nn.functional

_ROWS = "_difficulty_rows"


def _applies(trace: Any, value: Any, *parameters: Any) -> bool:
    """Whether the rows are of samples, and one of the parameters is tracked and none is derived."""
    given = [p for p in parameters if p is not None]
    return (
        any(trace.tracked(p) for p in given)
        and all(trace.tracked(p) or not p.requires_grad for p in given)
        and trace.samples(value)
    )


def _plain(parameter: Any) -> Any:
    return None if parameter is None else parameter.detach()


def _product(
    trace: Any, call: Callable[..., Any], value: Any, weight: Any, bias: Any, *, rows_in: bool
) -> Any:
    """A linear map of the last dimension; `rows_in` if the weight's rows are the input's features."""
    if value.ndim < 2 or not _applies(trace, value, weight, bias):
        return None
    trace.expect(weight, bias)
    held = [value.detach()]  # let go of in the backward pass, when it has been used

    def on_gradient(gradient: Any) -> None:
        x, g = trace.by_sample(held.pop()), trace.by_sample(gradient)
        trace.report(bias, "dense", g.sum(1))
        trace.report(weight, "outer", *((x, g) if rows_in else (g, x)))

    return trace.tap(lambda: call(_plain(weight), _plain(bias)), on_gradient, value)


def _linear(trace: Any, input: Any, weight: Any, bias: Any = None) -> Any:
    return _product(trace, lambda w, b: F.linear(input, w, b), input, weight, bias, rows_in=False)


def _addmm(trace: Any, *args: Any, **kwargs: Any) -> Any:
    if kwargs or len(args) != 3 or args[0].ndim != 1:
        return None
    bias, value, weight = args
    return _product(trace, lambda w, b: torch.addmm(b, value, w), value, weight, bias, rows_in=True)


def _matmul(trace: Any, *args: Any, **kwargs: Any) -> Any:
    if kwargs or len(args) != 2 or args[1].ndim != 2 or not trace.tracked(args[1]):
        return None
    value, weight = args
    return _product(trace, lambda w, _: torch.matmul(value, w), value, weight, None, rows_in=True)


def _norm(trace: Any, value: Any, scale: Any, shift: Any, call: Callable[..., Any]) -> Any:
    """A norm over the last dimensions, then scale and shift; `call(None, None)` is without them."""
    if not _applies(trace, value, scale, shift):
        return None
    trace.expect(scale, shift)
    held = [value.detach()]

    def on_gradient(gradient: Any) -> None:
        x = held.pop()
        last = (scale if scale is not None else shift).ndim
        if trace.tracked(shift):
            trace.report(shift, "dense", trace.by_sample(gradient, last).sum(1))
        if trace.tracked(scale):
            product = call(x, None, None) * gradient
            trace.report(scale, "dense", trace.by_sample(product, last).sum(1))

    return trace.tap(lambda: call(value, _plain(scale), _plain(shift)), on_gradient, value)


def _layer_norm(
    trace: Any,
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    return _norm(
        trace, input, weight, bias, lambda x, w, b: F.layer_norm(x, normalized_shape, w, b, eps)
    )


def _rms_norm(
    trace: Any, input: Any, normalized_shape: Any, weight: Any = None, eps: Any = None
) -> Any:
    return _norm(
        trace, input, weight, None, lambda x, w, _: F.rms_norm(x, normalized_shape, w, eps)
    )


def _embedding(
    trace: Any,
    input: Any,
    weight: Any,
    padding_idx: Any = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    if max_norm is not None or scale_grad_by_freq or not trace.tracked(weight):
        return None
    if not trace.samples(input):
        return None
    return trace.tap_rows(
        lambda: F.embedding(input, weight.detach(), padding_idx), weight, input, padding_idx
    )


def remember_rows(
    out: Any,
    input: Any,
    weight: Any,
    padding_idx: Any = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> None:
    """Keep beside the rows that were read of a table which they are, for when they meet the batch."""
    if out.requires_grad and max_norm is None and not scale_grad_by_freq:
        setattr(out, _ROWS, (weight, input, padding_idx))


def read_rows(value: Any) -> Any:
    """(table, rows, padding row) if this tensor is just what was read of a table, else None."""
    return getattr(value, _ROWS, None)


RULES: dict[Any, Callable[..., Any]] = {
    F.linear: _linear,
    F.embedding: _embedding,
    F.layer_norm: _layer_norm,
    F.rms_norm: _rms_norm,
    torch.addmm: _addmm,
    torch.matmul: _matmul,
    torch.Tensor.matmul: _matmul,
    torch.Tensor.__matmul__: _matmul,
    torch.mm: _matmul,
    torch.Tensor.mm: _matmul,
}
