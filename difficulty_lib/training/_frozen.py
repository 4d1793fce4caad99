"""The lowest layers of a causal model kept as they are: what they make of a row is computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from difficulty_lib._errors import ModelError
from difficulty_lib._evaluating import evaluating
from difficulty_lib._extras import require
from difficulty_lib.tasks import EncodedSplit
from difficulty_lib.tasks._batches import length_batches

STATE_ROW = "state_row"  # a row's place among the kept states
_TOKENS = 2048  # per batch of the one pass through the frozen layers
_TOLERANCE = 1e-4  # of logits, through all layers and through the kept states


@contextmanager
def frozen_layers(
    model: Any, splits: Mapping[str, EncodedSplit], layers: int, *, progress: bool = False
) -> Iterator[dict[str, EncodedSplit]]:
    """Train all but the lowest `layers` layers of a causal model, and pass no row through those twice.

    The embeddings, the lowest layers and the head, which shares the embeddings' weights in many
    models, keep their weights, and without dropout they make the same of a row each time. So their
    states are computed once, in float32, and kept (4 bytes · hidden size per token); within the
    context, rows that carry their place among them enter the model above the frozen layers.
    Afterwards the model is whole again, and its lowest layers are as they were.

    Args:
        model: a causal `transformers` model of Llama's build: `model.model.layers`, rotary
            positions, no dropout.
        splits: encoded rows by split.
        layers: how many of the lowest layers are frozen, 0 for none.
        progress: whether to show a bar.

    Yields:
        The splits; unless `layers` is 0, with `state_row` in every row.

    Raises:
        ModelError: on a model that cannot be split so, or without so many layers.
    """
    if not layers:
        yield dict(splits)
        return
    decoder = _decoder(model, layers)
    trained = [*decoder.layers[layers:].parameters(), *decoder.norm.parameters()]
    wanted = [parameter.requires_grad for parameter in model.parameters()]
    model.requires_grad_(False)
    for parameter in trained:
        parameter.requires_grad_(True)
    whole, hung = type(model), set(model.__dict__)
    try:
        rows = [row for split in splits.values() for row in split.rows]
        model.frozen_states = _states(model, decoder, rows, layers, progress)
        model.frozen_layers = layers
        model.__class__ = type(whole.__name__, (_AboveFrozen, whole), {})
        placed = _placed(splits)
        _check(model, next(row for split in placed.values() for row in split.rows))
        yield placed
    finally:
        model.__class__ = whole
        model.__dict__.pop("frozen_states", None)
        model.__dict__.pop("frozen_layers", None)
        # accelerate hangs a forward of its own, around that of the class meanwhile, on the model
        for name in ("forward", "_original_forward"):
            if name not in hung:
                model.__dict__.pop(name, None)
        for parameter, flag in zip(model.parameters(), wanted):
            parameter.requires_grad_(flag)


class _AboveFrozen:
    """What a model's class becomes meanwhile: rows with kept states skip the frozen layers."""

    frozen_states: list[Any]
    frozen_layers: int

    def forward(
        self: Any,
        input_ids: Any = None,
        attention_mask: Any = None,
        state_row: Any = None,
        labels: Any = None,
        logits_to_keep: Any = 0,
        **kwargs: Any,
    ) -> Any:
        """As the model's own; with `state_row`, shape (batch,), through the upper layers alone."""
        passed = {"labels": labels, "logits_to_keep": logits_to_keep, **kwargs}
        if state_row is None:
            return super().forward(input_ids=input_ids, attention_mask=attention_mask, **passed)  # type: ignore[misc]
        states = [self.frozen_states[row] for row in state_row.tolist()]
        embeds = states[0].new_zeros(*input_ids.shape, states[0].shape[-1])
        for place, state in enumerate(states):  # rows are padded on the right
            embeds[place, : len(state)] = state
        with _only(self.model, slice(self.frozen_layers, None)):
            return super().forward(  # type: ignore[misc]
                inputs_embeds=embeds.to(input_ids.device), attention_mask=attention_mask, **passed
            )


@contextmanager
def _only(decoder: Any, which: slice) -> Iterator[None]:
    layers = decoder.layers
    decoder.layers = layers[which]
    try:
        yield
    finally:
        decoder.layers = layers


def _decoder(model: Any, layers: int) -> Any:
    decoder = getattr(model, "model", None)
    found = getattr(decoder, "layers", None)
    if model.config.is_encoder_decoder or found is None or not hasattr(decoder, "norm"):
        raise ModelError(
            f"frozen_layers is {layers}, and a {type(model).__name__} has no 'model.layers' below a "
            "norm; expected 0, or a causal model of Llama's build"
        )
    if not 0 < layers < len(found):
        raise ModelError(
            f"frozen_layers is {layers}, and the model has {len(found)} layers; expected fewer, so "
            "that one at least is trained"
        )
    dropout = require("torch", "train").nn.Dropout
    rates = [module.p for module in found[:layers].modules() if isinstance(module, dropout)]
    if any([*rates, getattr(model.config, "attention_dropout", 0.0)]):
        raise ModelError(
            f"frozen_layers is {layers}, and the model has dropout, by which a layer makes something "
            "else of a row each time; expected 0, or a model without"
        )
    return decoder


def _states(
    model: Any, decoder: Any, rows: list[dict[str, Any]], layers: int, progress: bool
) -> list[Any]:
    """What the frozen layers make of every row: tensors of shape (tokens, hidden size)."""
    torch = require("torch", "train")
    tqdm = require("tqdm.auto", "train").tqdm
    found: list[Any] = [None] * len(rows)
    norm, decoder.norm = decoder.norm, torch.nn.Identity()
    try:
        with (
            evaluating(model),
            _only(decoder, slice(layers)),
            tqdm(total=len(rows), desc="frozen layers", unit="rows", disable=not progress) as bar,
        ):
            for batch in length_batches([len(row["input_ids"]) for row in rows], _TOKENS, 64, 0.9):
                ids = [torch.tensor(rows[place]["input_ids"]) for place in batch]
                padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
                mask = torch.nn.utils.rnn.pad_sequence(
                    [torch.ones_like(row) for row in ids], batch_first=True
                )
                states = decoder(
                    input_ids=padded.to(model.device),
                    attention_mask=mask.to(model.device),
                    use_cache=False,
                ).last_hidden_state
                for place, row, state in zip(batch, ids, states):
                    found[place] = state[: len(row)].float().cpu().clone()
                bar.update(len(batch))
    finally:
        decoder.norm = norm
    return found


def _placed(splits: Mapping[str, EncodedSplit]) -> dict[str, EncodedSplit]:
    placed, start = {}, 0
    for name, split in splits.items():
        rows = [{**row, STATE_ROW: start + place} for place, row in enumerate(split.rows)]
        placed[name] = replace(split, rows=rows)
        start += len(rows)
    return placed


def _check(model: Any, row: dict[str, Any]) -> None:
    """That a row comes out as it does through all layers."""
    torch = require("torch", "train")
    ids = torch.tensor([row["input_ids"]], device=model.device)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    with evaluating(model):
        through_all = model(**inputs).logits
        above = model(**inputs, state_row=torch.tensor([row[STATE_ROW]])).logits
    off = float((above - through_all).abs().max())
    if not off <= _TOLERANCE * max(1.0, float(through_all.abs().max())):
        raise ModelError(
            f"the logits of {type(model).__name__} differ by {off:.2g} when its layers are passed in "
            "two parts; expected frozen_layers 0 for this model"
        )
