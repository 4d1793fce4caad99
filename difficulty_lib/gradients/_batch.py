"""Whether the first dimension of a tensor is still the samples, op by op through a forward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from difficulty_lib._extras import require

torch = require("torch", "train")

SAMPLES = "samples"  # the first dimension is the samples, or equally many rows of each in turn
MIXED = "mixed"  # depends on the batch, but which rows are of which sample is not known
_MARK = "_difficulty_batch"

_SWAPS = {"transpose", "swapaxes", "swapdims", "transpose_", "moveaxis", "movedim"}
_ALONG = {"select", "unbind", "index_select", "flip", "roll", "gather", "sort", "cumsum", "softmax"}
_ALONG |= {"sum", "mean", "max", "min", "amax", "amin", "argmax", "argmin", "std", "var", "norm"}
_SHUFFLES = {"t", "t_", "masked_select", "nonzero", "rot90", "__get__"}
_VIEWS = {"view", "reshape", "flatten", "unflatten", "view_as", "reshape_as"}


def mark_of(value: Any) -> str | None:
    """The mark of a tensor; None if it does not depend on the batch."""
    return getattr(value, _MARK, None)


def mark(value: Any, kind: str) -> Any:
    """Mark a tensor in place."""
    setattr(value, _MARK, kind)
    return value


def tensors(values: Any) -> Iterator[Any]:
    """The tensors among the arguments of a call, lists and tuples of them included."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors(value)


def mark_results(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, batch: int
) -> None:
    """Mark what a call returned, given the marks of what it got."""
    sources = [t for t in tensors((*args, *kwargs.values())) if mark_of(t) is not None]
    results = list(tensors((out,)))
    if not sources or not results:
        return
    widest = max(sources, key=lambda t: t.ndim)
    known = batch == 1 or (
        all(mark_of(t) == SAMPLES for t in sources) and _keeps_first(func, args, kwargs, batch)
    )
    name = getattr(func, "__name__", "")
    for result in results:
        if batch == 1:
            kept = True
        elif not known or not result.ndim:
            kept = False
        elif name in _VIEWS:
            kept = result.shape[0] > 0 and result.shape[0] % batch == 0
        else:
            kept = result.shape[0] == widest.shape[0] and result.ndim <= widest.ndim + _grown(name)
        mark(result, SAMPLES if kept else MIXED)


def _grown(name: str) -> int:
    """How many dimensions a call may add behind the first."""
    return 4 if name in ("embedding", "unsqueeze", "__getitem__", "one_hot", "stack") else 0


def _keeps_first(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], batch: int
) -> bool:
    name = getattr(func, "__name__", "")
    if name == "einsum":
        inputs, _, result = str(args[0]).replace(" ", "").partition("->")
        return bool(result) and all(part[:1] == result[0] for part in inputs.split(","))
    if name == "__getitem__":
        return _index_keeps_first(args[0], args[1], batch)
    if name in _SWAPS or name == "permute" or name in _ALONG:
        if not args or not isinstance(args[0], torch.Tensor):
            return False
        ndim, rest = args[0].ndim, (*args[1:], *kwargs.values())
        if name in _ALONG:
            return not any(_is_first(value, ndim) for value in rest[:2])
        if name in _SWAPS:
            return len(rest) == 2 and not any(_is_first(value, ndim) for value in rest)
        order = rest[0] if isinstance(rest[0], list | tuple) else rest
        return _is_first(order[0], ndim)
    return name not in _SHUFFLES


def _is_first(dims: Any, ndim: int) -> bool:
    each = dims if isinstance(dims, list | tuple) else [dims]
    return any(isinstance(d, int) and not isinstance(d, bool) and d in (0, -ndim) for d in each)


def _index_keeps_first(value: Any, index: Any, batch: int) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    first = parts[0] if parts else Ellipsis
    if first is Ellipsis or isinstance(first, slice):
        return first is Ellipsis or first == slice(None)
    if not isinstance(first, torch.Tensor):
        return False
    if first.dtype == torch.bool:  # so many rows of every sample, in order
        counts = first.reshape(len(first), -1).sum(1)
        return len(first) == batch and bool((counts == counts[0]).all()) and int(counts[0]) > 0
    own = torch.arange(batch, device=first.device)
    return bool(first.numel() == batch == len(first) and (first.flatten() == own).all())
