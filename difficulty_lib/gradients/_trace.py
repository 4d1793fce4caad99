"""Watches a forward pass at the level of torch's functions, and takes per-sample gradients from it.

Every use of a trainable parameter is met where it enters a function of torch, whatever module made
the call: `linear`, `embedding`, norms, `addmm` and products report the norm of the samples'
gradients from the two factors, the input and the gradient of the output, and the weight itself is
left out of the graph, so that its gradient is never computed. A parameter that meets the batch by
broadcasting is given a first dimension of samples. Whatever else a parameter is used for stays in
the graph, where `uncovered` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from difficulty_lib._extras import require
from difficulty_lib.gradients._batch import SAMPLES, mark, mark_of, mark_results, tensors
from difficulty_lib.gradients._rules import RULES, read_rows, remember_rows
from difficulty_lib.gradients._uses import Uses

torch = require("torch", "train")
F = torch.nn.functional

if TYPE_CHECKING:
    TorchFunctionMode = Any
    Function = Any
else:
    TorchFunctionMode = require("torch.overrides", "train").TorchFunctionMode
    Function = torch.autograd.Function

_BROADCAST = {
    f"{prefix}{name}{suffix}"
    for name in ("add", "sub", "mul", "div", "truediv")
    for prefix, suffix in (("", ""), ("", "_"), ("__", "__"), ("__r", "__"), ("__i", "__"))
} | {"rsub", "subtract", "multiply", "divide", "true_divide", "where", "masked_fill"}
_BROADCAST.add("scaled_dot_product_attention")


class _Leaf(Function):
    """An output whose gradient is wanted although nothing before it has one."""

    @staticmethod
    def forward(ctx: Any, anchor: Any, compute: Callable[[], Any]) -> Any:
        return compute()

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[None, None]:
        return None, None


class Trace(TorchFunctionMode):
    """While it is active, the uses of `parameters` are met; `squared` is filled by the backward pass.

    Args:
        parameters: the trainable ones.
        batch: number of samples.
    """

    def __init__(self, parameters: Iterable[Any], batch: int) -> None:
        super().__init__()
        kept = list(parameters)
        self.uses = {id(p): Uses(p) for p in kept}
        self.batch = batch
        device = kept[0].device
        self.anchor = torch.zeros((), device=device, requires_grad=True)
        self.squared = torch.zeros(batch, device=device)
        self.derived: dict[int, tuple[Any, Any]] = {}
        self.skipped: set[int] = set()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Any call of torch's while the mode is active."""
        kwargs = kwargs or {}
        rule = RULES.get(func)
        out = None if rule is None else rule(self, *args, **kwargs)
        if out is not None:
            return out
        if getattr(func, "__name__", "") in _BROADCAST:
            args, kwargs = self._broadcast(func, args, kwargs)
        out = func(*args, **kwargs)
        mark_results(func, args, kwargs, out, self.batch)
        if func is F.embedding:
            remember_rows(out, *args, **kwargs)
        return out

    # --- uses ---

    def tracked(self, value: Any) -> bool:
        """Whether this is one of the parameters."""
        return id(value) in self.uses

    def samples(self, value: Any) -> bool:
        """Whether the rows of this tensor are known to be those of one sample after the other."""
        return (
            isinstance(value, torch.Tensor)
            and mark_of(value) == SAMPLES
            and value.ndim > 0
            and len(value) % self.batch == 0
        )

    def expect(self, *parameters: Any) -> None:
        """Announce a use, in the forward pass, of those that are tracked."""
        for parameter in parameters:
            if self.tracked(parameter):
                self.uses[id(parameter)].expected += 1

    def by_sample(self, value: Any, last: int = 1) -> Any:
        """Rows of samples as (batch, T, …): all but the first and the `last` dimensions made one."""
        return value.reshape(self.batch, -1, *value.shape[value.ndim - last :])

    def report(self, parameter: Any, kind: str, *parts: Any) -> None:
        """Report a use, in the backward pass."""
        if not self.tracked(parameter) or id(parameter) in self.skipped:
            return
        total = getattr(self.uses[id(parameter)], f"add_{kind}")(*parts)
        if total is not None:
            self.squared += total

    def tap(
        self, compute: Callable[[], Any], on_gradient: Callable[[Any], None], source: Any = None
    ) -> Any:
        """Compute an output, of `source` if it has one, and have its gradient reported."""
        wanted = source is not None and source.requires_grad
        out = compute() if wanted else _Leaf.apply(self.anchor, compute)
        out.register_hook(on_gradient)
        return mark(out, SAMPLES)

    # --- parameters that broadcast ---

    def _broadcast(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments, with those that hang on parameters alone given a dimension of samples."""
        given = list(tensors((*args, *kwargs.values())))
        if not any(self.samples(t) and len(t) == self.batch for t in given):
            return args, kwargs
        ndim = max(t.ndim for t in given)
        if not all(t.ndim == ndim for t in given if mark_of(t) is not None):
            return args, kwargs
        in_place = func.__name__.endswith("_") and not func.__name__.endswith("__")
        in_place = in_place or func.__name__.startswith("__i")

        def spread(value: Any, place: int) -> Any:
            if not isinstance(value, torch.Tensor) or not value.requires_grad:
                return value
            if mark_of(value) is not None or (in_place and place == 0):
                return value
            return self._per_sample(value, ndim)

        return (
            tuple(spread(value, place) for place, value in enumerate(args)),
            {name: spread(value, -1) for name, value in kwargs.items()},
        )

    def _per_sample(self, value: Any, ndim: int) -> Any:
        """A stand-in with a first dimension of samples, whose gradient is each sample's own."""
        source = read_rows(value)
        if source is not None and value.ndim <= ndim and self.tracked(source[0]):
            return self._read_rows(value, ndim, *source)
        if value.ndim == ndim and len(value) == 1:
            shape = (self.batch, *value.shape[1:])
        elif value.ndim < ndim:
            shape = (self.batch, *[1] * (ndim - value.ndim - 1), *value.shape)
        else:
            return value
        if self.tracked(value):
            self.expect(value)
        elif id(value) not in self.derived:
            self.derived[id(value)] = (value, [])
            self.expect(*reachable(value).values())

        def on_gradient(gradient: Any) -> None:
            own = gradient.reshape(self.batch, *value.shape)
            if self.tracked(value):
                self.report(value, "dense", own)
            else:
                self.derived[id(value)][1].append(own)

        plain = value.detach()
        return self.tap(lambda: plain.expand(shape), on_gradient)

    def _read_rows(self, value: Any, ndim: int, weight: Any, ids: Any, padding: Any) -> Any:
        """The same for rows of a table that were read at places that every sample shares."""
        if value.ndim == ndim and len(value) == self.batch:
            pass  # a first dimension of samples already, though made without looking at them
        elif value.ndim == ndim and len(value) == 1:
            ids = ids.expand(self.batch, *ids.shape[1:])
        elif value.ndim < ndim:
            ids = ids.expand(self.batch, *[1] * (ndim - value.ndim - 1), *ids.shape)
        else:
            return value
        plain = value.detach()
        shape = (*ids.shape, plain.shape[-1])
        return self.tap_rows(lambda: plain.expand(shape), weight, ids, padding)

    def tap_rows(self, compute: Callable[[], Any], weight: Any, ids: Any, padding: Any) -> Any:
        """`tap` of rows `ids`, (batch, …), of a table; those of the row `padding` have no gradient."""
        places = ids.reshape(self.batch, -1)
        self.expect(weight)
        self.uses[id(weight)].read.append(places)

        def on_gradient(gradient: Any) -> None:
            rows = self.by_sample(gradient)
            if padding is not None:
                unread = (places == padding % len(weight)).unsqueeze(-1)
                rows = rows.masked_fill(unread, 0.0)
            self.report(weight, "rows", places, rows)

        return self.tap(compute, on_gradient)

    # --- after the forward pass ---

    def uncovered(self, total: Any, parameters: Iterable[Any]) -> list[Any]:
        """The parameters that the graph of `total` still reaches, in the order of `parameters`."""
        reached = reachable(total)
        found = [p for p in parameters if id(p) in reached]
        self.skipped = {id(p) for p in found}
        return found

    def finish(self) -> Any:
        """The squared norms, (batch,), after the backward pass."""
        for value, gradients in self.derived.values():
            if gradients:
                self._through(value, sum(gradients[1:], gradients[0]))
        for key, uses in self.uses.items():
            if key not in self.skipped and (total := uses.finish()) is not None:
                self.squared += total
        return self.squared

    def _through(self, value: Any, gradient: Any) -> None:
        """Take the samples' gradients of a tensor back to the parameters that it was made from."""
        sources = [leaf for key, leaf in reachable(value).items() if self.tracked(leaf)]
        gradients = torch.autograd.grad(
            value, sources, gradient.to(value.dtype), retain_graph=True, is_grads_batched=True
        )
        for source, own in zip(sources, gradients):
            self.report(source, "dense", own)


def reachable(total: Any) -> dict[int, Any]:
    """The leaves that the gradient of `total` goes to, by id."""
    found: dict[int, Any] = {}
    if total.grad_fn is None:
        return {id(total): total} if total.requires_grad else found
    queue, seen = [total.grad_fn], {total.grad_fn}
    while queue:
        node = queue.pop()
        if hasattr(node, "variable"):
            found[id(node.variable)] = node.variable
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                queue.append(following)
    return found
