"""Labels of any shape: a class, one per token, or the places of a span; in rows and in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require

SPAN = ("start_positions", "end_positions")
NAMES = ("labels", "label", *SPAN)
NONE = -100


def label_of(row: Mapping[str, Any]) -> Any:
    """A row's label: a number, a list of them, or a span's (starts, ends); None if it has none."""
    for name in ("labels", "label"):
        if row.get(name) is not None:
            return row[name]
    if all(row.get(name) is not None for name in SPAN):
        return tuple(np.atleast_1d(row[name]).tolist() for name in SPAN)
    return None


def is_class(label: Any) -> bool:
    """Whether a label is one number, the class of the whole sample."""
    return not isinstance(label, tuple) and np.ndim(label) == 0


def is_span(row: Mapping[str, Any]) -> bool:
    """Whether a row is a feature of a question, of which a sample may have several."""
    return "labels" not in row and all(name in row for name in SPAN)


def share(rows: Any, rank: int, world: int) -> Sequence[int]:
    """The places of a rank's rows: rank, rank + world, …; a question's features stay together."""
    if not len(rows) or world == 1 or not is_span(rows[0]):
        return range(rank, len(rows), world)
    seen: dict[int, int] = {}
    owner = [
        seen.setdefault(int(rows[place].get("sample_id", place)), len(seen)) % world
        for place in range(len(rows))
    ]
    return [place for place, number in enumerate(owner) if number == rank]


def labels_of(inputs: Mapping[str, Any]) -> Any:
    """A batch's labels: a tensor, or the pair of a span's positions; None if it has none."""
    if inputs.get("labels") is not None:
        return inputs["labels"]
    start, end = (inputs.get(name) for name in SPAN)
    return None if start is None or end is None else (start, end)


def logits_of(outputs: Any, inputs: Mapping[str, Any]) -> Any:
    """A model's logits: a tensor, or the pair of a span's start and end.

    A span's are −inf on padding: the heads of transformers let it take part in the softmax, and a
    sample's loss would depend on how long its neighbours in the batch are.

    Args:
        outputs: of the model.
        inputs: the batch, with `attention_mask` where there is padding.
    """
    if getattr(outputs, "start_logits", None) is None:
        return outputs.logits
    pair = outputs.start_logits, outputs.end_logits
    mask = inputs.get("attention_mask")
    if mask is None or mask.shape != pair[0].shape:
        return pair
    return tuple(z.detach().masked_fill(mask == 0, float("-inf")) for z in pair)


def refuse_shapes(ids: Any, logits: Any, labels: Any, *, classes: bool) -> None:
    """Refuse a batch whose ids, logits and labels are not of the same samples.

    Args:
        ids: shape (batch,).
        logits: a tensor or a pair; the first axis is the batch.
        labels: likewise.
        classes: whether a sample has one label.

    Raises:
        DynamicsError: naming the shapes.
    """
    first_logits, first_labels = (x[0] if isinstance(x, tuple) else x for x in (logits, labels))
    batch = tuple(ids.shape)
    same = batch == tuple(first_logits.shape[:1]) == tuple(first_labels.shape[:1])
    if same and not (classes and first_labels.ndim != 1):
        return
    shapes = (
        f"ids {batch}, logits {tuple(first_logits.shape)}, labels {tuple(first_labels.shape)}; "
    )
    if same:
        raise DynamicsError(
            f"{shapes}observe_classification takes one label per sample: for sequences, spans or "
            "tokens pass observe=TASKS[name].observe"
        )
    raise DynamicsError(f"{shapes}expected (batch,), (batch, classes) and (batch,)")


def stacked_spans(labels: Sequence[tuple[list[int], list[int]]]) -> tuple[Any, Any]:
    """(batch, answers) starts and ends, −100 where a row has fewer answers."""
    torch = require("torch", "train")
    for starts, ends in labels:
        if len(starts) != len(ends):
            raise DynamicsError(f"{len(starts)} starts and {len(ends)} ends; expected as many")
    most = max(len(starts) for starts, _ in labels)
    return tuple(
        torch.tensor([row[side] + [NONE] * (most - len(row[side])) for row in labels])
        for side in (0, 1)
    )


def teacher_forced(model: Any, inputs: dict[str, Any], labels: Any, accepted: set[str]) -> None:
    """Add to a batch what makes its forward pass that of the labels, whatever the padding.

    The labels themselves are kept from the model, which would compute a loss of its own from them.

    Args:
        model: a `transformers` model.
        inputs: the collated batch, changed in place.
        labels: shape (batch, length), −100 where there is none.
        accepted: the names that its forward pass takes.

    Raises:
        DynamicsError: if the labels of an encoder-decoder model do not start with the first token.
    """
    if getattr(model.config, "is_encoder_decoder", False):
        there = labels != NONE
        if bool((~there[:, 0] & there.any(dim=1)).any()):
            raise DynamicsError(
                "labels are padded on the left, so that the decoder would start with padding; "
                "expected a tokenizer with padding_side='right'"
            )
        if inputs.get("decoder_input_ids") is None:
            if not hasattr(model, "prepare_decoder_input_ids_from_labels"):
                inputs["labels"] = labels
                return
            inputs["decoder_input_ids"] = model.prepare_decoder_input_ids_from_labels(labels=labels)
        return
    mask = inputs.get("attention_mask")
    if (
        mask is not None
        and "position_ids" in accepted
        and inputs.get("position_ids") is None
        and model.can_generate()
        and bool((mask[:, 0] == 0).any())
    ):
        # Padded on the left, a text would otherwise start at a later position than by itself.
        inputs["position_ids"] = (mask.cumsum(dim=-1) - 1).clamp(min=0)
