"""Dynamics of disjoint samples, put together as if one run had observed them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics._stream import StreamDynamics


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
    )
