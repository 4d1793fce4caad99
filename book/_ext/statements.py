"""Directives made from the registry and the recorded runs: the data statement and the model cards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from difficulty_lib.data import DATASETS, DataSpec, read_registry, registry_folder
from difficulty_lib.tasks import TASKS
from difficulty_lib.training import Run, runs_folder

TARGETS = {
    "class": "a class",
    "text": "a text, the reference",
    "answers": "spans of the text, the answers",
    "tags": "a tag per word",
}


def recorded_runs() -> list[Run]:
    """All recorded runs, the published ones first."""
    roots = dict.fromkeys((registry_folder() / "runs", runs_folder()))
    records = [record for root in roots for record in sorted(root.glob("*/run.json"))]
    return [Run.load(record.parent) for record in records]


def source_of(spec: DataSpec) -> str:
    """Where the data come from, at which revision."""
    if spec.fixture:
        return "written for this library, and part of it"
    if spec.embedded:
        found = spec.embedded
        return (
            f"the source distribution of `{found.package}` {found.version} on the Python package "
            f"index (sha256 `{found.sha256[:16]}…`)"
        )
    if spec.hub:
        config = f", configuration `{spec.hub.config}`" if spec.hub.config else ""
        return f"`{spec.hub.id}` on the Hugging Face hub{config}, revision `{spec.hub.revision}`"
    return "a local mirror (`DIFFICULTY_DATA`) alone: the registry knows no place to fetch it from"


def data_lines(specs: Iterable[DataSpec], runs: Iterable[Run]) -> list[str]:
    """One entry per data set in MyST markdown: licence, size, revision, fingerprint, limits."""
    used = [run.config.dataset for run in runs]
    lines: list[str] = []
    for spec in specs:
        title = f"[{spec.title}]({spec.homepage})" if spec.homepage else spec.title
        cited = f" {{cite:p}}`{spec.citation}`" if spec.citation else ""
        classes = f": {', '.join(spec.label_names)}" if spec.label_names else ""
        passed_on = (
            "may be passed on"
            if spec.redistributable
            else "are not passed on: pages quote a few rows, downloads hold ids and numbers"
        )
        lines += [
            f"**{title}** (`{spec.name}`){cited}",
            f": *For* {TASKS[spec.task].title.lower()}: a sample is {' and '.join(spec.text_columns)}; "
            f"what is to be predicted is {TARGETS[spec.target]}{classes}.",
            "",
            f"  *Licence*: {spec.licence}; texts {passed_on}.",
            "",
            f"  *Source*: {source_of(spec)}.",
            "",
            "  *Rows that can be used, and their fingerprint*: "
            + "; ".join(
                f"{name} {split.rows:,} (`{split.fingerprint}`)"
                for name, split in spec.splits.items()
            )
            + ".",
            "",
        ]
        if spec.notes:
            lines += [f"  *Limits*: {' '.join(spec.notes)}", ""]
        if spec.name in used:
            lines += [f"  *Recorded runs on it*: {used.count(spec.name)}.", ""]
    return lines


def results_lines(name: str, runs: Iterable[Run]) -> list[str]:
    """A table of a model's recorded runs without intervention, by data set, size and split.

    The split is the first that was evaluated and not trained on; the largest trainings come first.
    """
    groups: dict[tuple[str, str, int, str], list[Run]] = {}
    for run in runs:
        if run.config.model == name and not run.config.intervention:
            splits = (split for split in run.config.evaluation_splits if split != "train")
            of = (run.config.dataset, run.config.task, -run.sizes["train"])
            key = (*of, next(splits, "train"))
            groups.setdefault(key, []).append(run)
    if not groups:
        return ["  *No run of it is recorded here.*", ""]
    lines = [
        "  | fine-tuned on | training samples | epochs | seeds | on | after the last epoch |",
        "  | --- | --- | --- | --- | --- | --- |",
    ]
    for (dataset, _, size, split), group in sorted(groups.items()):
        measured = _measured(group, split)
        epochs = ", ".join(sorted({str(run.config.epochs) for run in group}))
        seeds = ", ".join(str(s) for s in sorted({run.config.seed for run in group}))
        lines.append(
            f"  | {DATASETS[dataset].title} | {-size:,} | {epochs} | {seeds} | {split} | {measured} |"
        )
    return [*lines, ""]


def _measured(runs: list[Run], split: str) -> str:
    """Some runs' metrics at the end: one number, or the least and the largest."""
    said = []
    for metric in dict.fromkeys(m for run in runs for m in run.record["metrics"] if m != "loss"):
        found = [run.record["metrics"].get(metric, {}) for run in runs]
        # After each epoch, or once, of what the model itself wrote or answered.
        ends = [_last(v[k]) for v in found for k in (f"{split}/evaluation", split) if k in v]
        if ends:
            low, high = f"{min(ends):.3f}", f"{max(ends):.3f}"
            said.append(f"{metric.replace('_', ' ')} {low if low == high else f'{low} to {high}'}")
    return ", ".join(said) or "not measured"


def _last(value: float | list[float]) -> float:
    return value[-1] if isinstance(value, list) else value


def model_lines(models: dict[str, dict[str, Any]], runs: list[Run]) -> list[str]:
    """One card per model that comes with a package: what it is, licence, revision, what it reached."""
    lines: list[str] = []
    for name, entry in models.items():
        cited = f" {{cite:p}}`{entry['citation']}`" if entry.get("citation") else ""
        lines += [
            f"**{entry['title']}** (`{name}`){cited}",
            f": *Licence*: {entry['licence']}. *Source*: the Python package `{entry['package']}` "
            f"{entry['version']}. *Revision* (sha256 of the weights): `{entry['revision']}`.",
            "",
            *results_lines(name, runs),
        ]
    return lines


class _Generated(SphinxDirective):
    """Lines of MyST markdown, read by the page's own parser."""

    def lines(self) -> list[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # runs are recorded without the page being touched
        holder = nodes.container()
        self.state.nested_parse(StringList(self.lines(), "registry"), 0, holder)
        return list(holder.children)


class DataStatement(_Generated):
    """All data sets that the library knows; with the option `fixtures`, those it brings."""

    optional_arguments = 1

    def lines(self) -> list[str]:
        """One entry per data set."""
        fixtures = bool(self.arguments)
        return data_lines(
            [spec for spec in DATASETS.values() if spec.fixture == fixtures], recorded_runs()
        )


class ModelCards(_Generated):
    """All models that come with a package."""

    def lines(self) -> list[str]:
        """One card per model."""
        return model_lines(read_registry("models"), recorded_runs())


def setup(app: Any) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("data-statement", DataStatement)
    app.add_directive("model-cards", ModelCards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
