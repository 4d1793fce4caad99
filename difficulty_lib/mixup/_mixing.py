"""The forward pass of two texts that become one at some layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

from difficulty_lib._errors import ConfigError, ModelError
from difficulty_lib._extras import require

Layer = int | Literal["head"]
HEAD = "head"


class _Reached(Exception):
    """No error: the layer that was wanted is reached, and nothing after it is computed."""


def mixed_logits(
    model: Any,
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    weight: Any,
    layer: Layer = 0,
    *,
    wrapped: Any = None,
) -> Any:
    """Logits of texts that are mixed, λ of the first and 1 − λ of the second, in one layer's input.

    Hidden states are mixed position by position, and padding is zero: where one text has ended, the
    other goes on with its weight. The layers below read each text by itself, those from `layer` on
    read the mixture, at all positions that a text with a weight above 0 has. With λ = 1 that is the
    first text alone. At "head" the whole of the last hidden states, or their pooling, is mixed.

    Args:
        model: an encoder of `transformers` with a head for sequence classification.
        first: its inputs, tensors of shape (batch, length), `attention_mask` among them.
        second: likewise, of the same shape.
        weight: λ, shape (batch,), from 0 to 1.
        layer: 0 mixes the embeddings, 1 what the first layer makes of them, and so on; "head" what
            the head reads.
        wrapped: the model as it is trained, where something is wrapped around it
            (`DistributedDataParallel`), for the pass that makes the logits.

    Returns:
        Shape (batch, classes), with gradients.

    Raises:
        ModelError: on a model without such layers or head.
        ConfigError: on a layer that it has not.

    Source: Zhang et al. 2018, Eq. 1; in a hidden layer Verma et al. 2019, section 2; of texts Chen et
    al. 2020, section 3.2, and, at the head, Sun et al. 2020.
    """
    torch = require("torch", "train")
    _check_shapes(first, second, weight)
    head, layers = head_of(model), layers_of(model)
    check_layer(model, layer)
    both = {name: torch.cat([first[name], second[name]]) for name in first}
    lam = weight.to(first["attention_mask"].device)
    whole = model if wrapped is None else wrapped
    if layer == HEAD:
        with _entering(head, lambda hidden: _mix(hidden, lam, None)):
            return whole(**both).logits
    states, shapes = _states(model, both, layers, int(layer))
    mask = _read(first["attention_mask"], second["attention_mask"], lam)
    mixture = _mix(states, lam, both["attention_mask"])
    with ExitStack() as stack:
        for place, below in enumerate(layers[: int(layer)]):
            stack.enter_context(_skipped(below, shapes[place]))
        stack.enter_context(_entering(layers[int(layer)], lambda hidden: mixture))
        return whole(**{**first, "attention_mask": mask}).logits


def soft_cross_entropy(logits: Any, targets: Any) -> Any:
    """Mean over the batch of the cross-entropy with soft targets.

    Args:
        logits: shape (batch, classes).
        targets: shape (batch, classes), rows adding up to 1.
    """
    torch = require("torch", "train")
    return -(targets * torch.log_softmax(logits, dim=-1)).sum(dim=-1).mean()


def mixed_targets(first: Any, second: Any, weight: Any, classes: int, smoothing: float = 0) -> Any:
    """λ of the first class and 1 − λ of the second, smoothed: shape (batch, classes).

    Args:
        first: shape (batch,), classes.
        second: likewise.
        weight: λ, shape (batch,).
        classes: how many there are.
        smoothing: share that is spread over all classes alike.
    """
    torch = require("torch", "train")
    hot = [torch.nn.functional.one_hot(gold, classes).to(weight.dtype) for gold in (first, second)]
    lam = weight.unsqueeze(-1)
    mixed = lam * hot[0] + (1 - lam) * hot[1]
    return mixed * (1 - smoothing) + smoothing / classes


def layers_of(model: Any) -> Any:
    """The model's encoder layers, in order.

    Raises:
        ModelError: if it has none that can be told.
    """
    torch = require("torch", "train")
    count = getattr(model.config, "num_hidden_layers", 0)
    base = getattr(model, "base_model", model)
    for module in base.modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == count > 0:
            return module
    raise ModelError(
        f"{type(model).__name__}: no list of its {count} layers; expected an encoder with layers "
        "that follow each other"
    )


def head_of(model: Any) -> Any:
    """The head that makes the logits of a text.

    Raises:
        ModelError: if it has none named `classifier`, or the model reads texts from left to right.
    """
    head = getattr(model, "classifier", None)
    if head is None or not hasattr(model, "config") or getattr(model.config, "is_decoder", False):
        raise ModelError(
            f"{type(model).__name__} cannot be mixed in; expected an encoder with a `classifier`, as "
            "BERT, RoBERTa, ELECTRA and DistilBERT have for sequence classification"
        )
    return head


def check_layer(model: Any, layer: Any) -> None:
    """Refuse a layer that the model has not.

    Raises:
        ConfigError: naming what it has.
    """
    count = len(layers_of(model))
    whole = isinstance(layer, int) and not isinstance(layer, bool)
    if layer != HEAD and not (whole and 0 <= layer < count):
        raise ConfigError(f"layer is {layer!r}; expected 0 to {count - 1}, or '{HEAD}'")


def _check_shapes(first: Mapping[str, Any], second: Mapping[str, Any], weight: Any) -> None:
    shapes = {tuple(part["input_ids"].shape) for part in (first, second)}
    if len(shapes) > 1 or set(first) != set(second) or "attention_mask" not in first:
        raise ModelError(
            f"inputs {', '.join(first)} and {', '.join(second)} of shapes "
            f"{' and '.join(map(str, sorted(shapes)))}; expected the same, with an attention_mask"
        )
    if tuple(weight.shape) != next(iter(shapes))[:1]:
        raise ModelError(f"{tuple(weight.shape)} weights of {next(iter(shapes))[0]} texts")


def _states(model: Any, both: Mapping[str, Any], layers: Any, layer: int) -> tuple[Any, list[bool]]:
    """What enters the layer, of all texts, and whether each layer below returns a tuple."""
    caught: list[Any] = []
    tuples: list[bool] = []

    def reached(module: Any, args: Any, kwargs: Any) -> None:
        caught.append(args[0] if args else kwargs["hidden_states"])
        raise _Reached

    handles = [
        below.register_forward_hook(lambda m, a, out: tuples.append(isinstance(out, tuple)))
        for below in layers[:layer]
    ]
    handles.append(layers[layer].register_forward_pre_hook(reached, with_kwargs=True))
    try:
        model(**both)
    except _Reached:
        return caught[0], tuples
    finally:
        for handle in handles:
            handle.remove()
    raise ModelError(f"{type(model).__name__}: layer {layer} was not read from")


def _mix(states: Any, weight: Any, mask: Any) -> Any:
    """Rows of the first texts and then of the second to rows of their mixtures."""
    if mask is not None:
        states = states * mask.unsqueeze(-1).to(states.dtype)
    half = len(weight)
    lam = weight.to(states.dtype).reshape(-1, *[1] * (states.ndim - 1))
    return lam * states[:half] + (1 - lam) * states[half:]


def _read(first: Any, second: Any, weight: Any) -> Any:
    """The mask of a mixture: the positions of texts that have a weight."""
    lam = weight.unsqueeze(-1)
    return ((first.bool() & (lam > 0)) | (second.bool() & (lam < 1))).to(first.dtype)


@contextmanager
def _entering(module: Any, change: Any) -> Iterator[None]:
    """While it lasts, what enters the module is changed."""

    def hook(module: Any, args: Any, kwargs: Any) -> Any:
        if args:
            return (change(args[0]), *args[1:]), kwargs
        name = "hidden_states" if "hidden_states" in kwargs else next(iter(kwargs))
        return args, {**kwargs, name: change(kwargs[name])}

    handle = module.register_forward_pre_hook(hook, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _skipped(module: Any, as_tuple: bool) -> Iterator[None]:
    """While it lasts, the layer hands on what it is given."""
    own = module.__dict__.get("forward")

    def forward(*args: Any, **kwargs: Any) -> Any:
        hidden = args[0] if args else kwargs["hidden_states"]
        return (hidden,) if as_tuple else hidden

    module.forward = forward
    try:
        yield
    finally:
        if own is None:
            del module.forward
        else:
            module.forward = own
