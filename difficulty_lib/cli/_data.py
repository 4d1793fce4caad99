"""`difficulty data`: the registry, and where a data set comes from on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from difficulty_lib.data import TextData


def data(
    name: Annotated[str | None, typer.Argument(help="A data set to load and check.")] = None,
) -> None:
    """List the known data sets, or load one and say where it came from."""
    from difficulty_lib.data import DATASETS, changed_splits, load_data

    if name is None:
        for spec in DATASETS.values():
            rows = ", ".join(f"{split} {s.rows:,}" for split, s in spec.splits.items())
            embedded = "fixture" if spec.fixture else "embedded" if spec.embedded else None
            source = embedded or (f"hub {spec.hub.id}" if spec.hub else "mirror")
            typer.echo(f"{spec.name}: {spec.title} ({spec.task}); {rows}; {source}; {spec.licence}")
        return
    loaded = load_data(name)
    changed = changed_splits(loaded)
    typer.echo(f"{name}: from {loaded.origin}")
    for split, frame in loaded.splits.items():
        state = "differs from the registry" if split in changed else "as in the registry"
        typer.echo(
            f"  {split}: {len(frame):,} rows ({_labels(loaded, split)}); fingerprint {state}"
        )
    found = loaded.problems.groupby(["split", "problem", "used"], sort=False)["sample_id"]
    for (split, problem, used), ids in found:
        shown = ", ".join(map(str, ids.head(5))) + (", …" if len(ids) > 5 else "")
        what = "kept" if used else "set aside"
        typer.echo(f"  {split}: {len(ids):,} {what}, {problem}: {shown}")
    for note in loaded.notes:
        typer.echo(f"  {note}")


def _labels(data: TextData, split: str) -> str:
    """What a split's labels are, in a few words."""
    labels = data[split]["label"]
    if data.target == "text":
        return f"{labels.str.split().str.len().mean():.1f} words a reference on average"
    if data.target == "answers":
        answers = labels.map(len)
        return f"{int((answers == 0).sum()):,} without answer, at most {answers.max()} answers"
    counts = labels.explode().value_counts().sort_index()
    return ", ".join(f"{data.label_names[int(str(k))]} {n:,}" for k, n in counts.items())
