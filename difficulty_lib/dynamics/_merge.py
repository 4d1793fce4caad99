"""Dynamics of disjoint samples, put together as if one run had observed them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics._ragged import Ragged
from difficulty_lib.dynamics._stream import StreamDynamics
from difficulty_lib.dynamics._tokens import TokenDynamics


def merge_samples(parts: Sequence[StreamDynamics], split: str, stream: str) -> StreamDynamics:
    """One stream of all samples of the parts.

    Args:
        parts: the same epochs and columns, observed on samples that no two parts share.
        split: the split's name in the result.
        stream: how the samples were observed, one of `STREAMS`.

    Returns:
        The samples in the order of their ids; collapsed if a part is.

    Raises:
        DynamicsError: if there are no parts, the epochs or columns of two parts differ, or a sample
            is in more than one, naming the first ids.
    """
    where = f"{split}/{stream}"
    if not parts:
        raise DynamicsError(f"{where}: no parts; expected at least one")
    first = parts[0]
    for place, part in enumerate(parts[1:], start=2):
        for what, one, other in (
            ("epochs", first.epochs.tolist(), part.epochs.tolist()),
            ("columns", sorted(first.columns), sorted(part.columns)),
            ("static columns", sorted(first.static), sorted(part.static)),
            ("tokens", _kind(first), _kind(part)),
        ):
            if one != other:
                raise DynamicsError(
                    f"{where}: part {place} has the {what} {other}, the first {one}; "
                    "expected the same in each"
                )
    whole = _merged(parts, split, stream)
    # A part that learnt nothing would be hidden among the others.
    found = [
        replace(finding, message=f"part {place}: {finding.message}")
        for place, part in enumerate(parts, start=1)
        for finding in part.health or ()
        if finding.collapsed
    ]
    return replace(whole, health=(*(whole.health or ()), *found)) if found else whole


def _kind(part: StreamDynamics) -> str:
    if part.tokens is None:
        return "none"
    return f"reduced by {part.reduction}" if part.reduction else "whole"


def _merged_tokens(
    parts: Sequence[StreamDynamics], order: NDArray[np.int64]
) -> TokenDynamics | None:
    tokens = [part.tokens for part in parts if part.tokens is not None]
    if not tokens:
        return None

    def merged(values: Sequence[NDArray[np.generic]]) -> Ragged:
        return Ragged.concatenate([Ragged(t.offsets, v) for t, v in zip(tokens, values)])[order]

    gold = merged([t.gold for t in tokens])
    return TokenDynamics(
        offsets=gold.offsets,
        gold=gold.values.astype(np.int32, copy=False),
        columns={
            name: np.stack(
                [
                    merged([t.columns[name][row] for t in tokens]).values
                    for row in range(len(parts[0].epochs))
                ]
            )
            for name in tokens[0].columns
        },
    )


def _merged(parts: Sequence[StreamDynamics], split: str, stream: str) -> StreamDynamics:
    first = parts[0]
    ids = np.concatenate([part.ids for part in parts])
    order = np.argsort(ids, kind="stable")
    labels = [part.label for part in parts if part.label is not None]
    return StreamDynamics(
        ids=ids[order],
        epochs=first.epochs,
        columns={
            name: np.concatenate([part.columns[name] for part in parts], axis=1)[:, order]
            for name in first.columns
        },
        label=np.concatenate(labels)[order] if len(labels) == len(parts) else None,
        split=split,
        stream=stream,
        static={
            name: np.concatenate([part.static[name] for part in parts])[order]
            for name in first.static
        },
        tokens=_merged_tokens(parts, order),
        reduction=first.reduction,
    )
