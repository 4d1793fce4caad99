"""`difficulty data`: the registry, and where a data set comes from on this machine."""

from __future__ import annotations

from typing import Annotated

import typer


def data(
    name: Annotated[str | None, typer.Argument(help="A data set to load and check.")] = None,
) -> None:
    """List the known data sets, or load one and say where it came from."""
    from difficulty_lib.data import DATASETS, changed_splits, load_data

    if name is None:
        for spec in DATASETS.values():
            rows = ", ".join(f"{split} {s.rows:,}" for split, s in spec.splits.items())
            source = "embedded" if spec.embedded else f"hub {spec.hub.id}" if spec.hub else "mirror"
            typer.echo(f"{spec.name}: {spec.title} ({spec.task}); {rows}; {source}; {spec.licence}")
        return
    loaded = load_data(name)
    changed = changed_splits(loaded)
    typer.echo(f"{name}: from {loaded.origin}")
    for split, frame in loaded.splits.items():
        counts = frame["label"].value_counts().sort_index()
        labels = ", ".join(f"{loaded.label_names[int(str(k))]} {n:,}" for k, n in counts.items())
        state = "differs from the registry" if split in changed else "as in the registry"
        typer.echo(f"  {split}: {len(frame):,} rows ({labels}); fingerprint {state}")
    for note in loaded.notes:
        typer.echo(f"  {note}")
