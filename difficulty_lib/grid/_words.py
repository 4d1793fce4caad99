"""The grid in words: for the terminal, and for the book's page of what was run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from difficulty_lib.training import RunConfig

if TYPE_CHECKING:
    from difficulty_lib.grid._cells import Cell
    from difficulty_lib.grid._plan import Plan
    from difficulty_lib.grid._records import Record

MINUTE, HOUR = 60.0, 3600.0


def duration(seconds: float | None) -> str:
    """In the two units that matter: "45 s", "12 min", "1 h 5 min"; "unknown" for None."""
    if seconds is None:
        return "unknown"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / MINUTE)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def ran_lines(records: Iterable[Record]) -> list[str]:
    """What ran where, and how long: a line per run, and one for all of them."""
    records = list(records)
    lines = [f"{r.name}  {r.date}  {r.hardware}  {duration(r.seconds)}" for r in records]
    total = sum(record.seconds or 0.0 for record in records)
    return [*lines, f"{_runs(len(records))}, {duration(total)} in all"]


def plan_lines(plan: Plan) -> list[str]:
    """What is recorded, what is left and how long it will take, what cannot be done and why."""
    lines = [f"{len(plan.done)} of {_runs(len(plan.cells))} recorded"]
    if plan.left:
        lines.append(f"{_runs(len(plan.left))} left: {left_over(plan)}")
    for cell in plan.not_here:
        lines += [f"not done: {cell.name}: {cell.reason}", f"  {command(cell.name)}"]
    return lines


def left_over(plan: Plan) -> str:
    """The time that is left, as far as it is known."""
    unknown = f"{_runs(plan.unknown)} of unknown length"
    if plan.unknown == len(plan.left):
        return unknown
    known = f"about {duration(plan.seconds_left)}, one run after another"
    return f"{known}, and {unknown}" if plan.unknown else known


def command(name: str) -> str:
    """What trains a run of the published edition, whatever the limit is."""
    return f"make run RUN={name}"


def page_lines(
    editions: Mapping[str, Plan],
    records: Mapping[str, Record],
    titles: Mapping[str, str],
    machine: str = "",
) -> list[str]:
    """The page of what was run, in MyST markdown.

    Args:
        editions: the plan of each edition, by its name; "published" is the one whose gaps are shown.
        records: every published run, by its name.
        titles: of the chapters, by their name.
        machine: on which the plans estimate what is missing.
    """
    total = duration(sum(record.seconds or 0.0 for record in records.values()))
    dates = sorted(record.date for record in records.values())
    lines = [
        f"{_runs(len(records))} recorded, {total} of training and evaluation in all"
        + (f", from {dates[0]} to {dates[-1]}." if dates else "."),
        "",
    ]
    lines += _gaps(editions["published"], titles, machine)
    shown: set[str] = set()
    lines += ["## What ran", ""]
    for plan in editions.values():
        for chapter, cells in _by_chapter(plan).items():
            found = [cell for cell in cells if cell.name in records and cell.name not in shown]
            shown |= {cell.name for cell in found}
            if found:
                title = titles.get(chapter, chapter)
                lines += [*_table(title, [records[cell.name] for cell in found]), ""]
    others = [record for name, record in records.items() if name not in shown]
    if others:
        lines += [*_table("Shown in no chapter of these editions", others), ""]
    return lines


def _gaps(plan: Plan, titles: Mapping[str, str], machine: str) -> list[str]:
    missing = [cell for cell in plan.cells if cell.record is None]
    if not missing:
        return ["Every run of the published edition was done.", ""]
    lines = [
        "## Not done",
        "",
        f"Of the published edition {_runs(len(missing))} of {len(plan.cells)} "
        f"{'is' if len(missing) == 1 else 'are'} missing. A chapter that would show one is not there, "
        "or shows what was recorded before; each command trains one.",
        "",
    ]
    for chapter, cells in _by_chapter(plan).items():
        for cell in cells:
            if cell.record is None:
                cost = "of unknown length"
                if cell.seconds:
                    cost = f"about {duration(cell.seconds)} on {machine}"
                lines += [
                    f"- {titles.get(chapter, chapter)}: {_what(cell.config)}, {cost}: "
                    f"`{command(cell.name)}`"
                ]
    return [*lines, ""]


def _by_chapter(plan: Plan) -> dict[str, list[Cell]]:
    """Each cell under the first chapter that shows it."""
    found: dict[str, list[Cell]] = {}
    for cell in plan.cells:
        found.setdefault(cell.chapters[0], []).append(cell)
    return found


def _table(title: str, records: list[Record]) -> list[str]:
    rows = [
        f"| {_what(r.config)} | `{r.config.hash}` | {r.date} | {r.hardware} | {duration(r.seconds)} |"
        for r in records
    ]
    return [
        f"### {title}",
        "",
        "| Run | Hash | Finished | On | Took |",
        "|---|---|---|---|---:|",
        *rows,
    ]


def _what(config: RunConfig) -> str:
    """Data, model, seed, and what was done to them."""
    done = json.dumps(config.intervention, sort_keys=True) if config.intervention else ""
    words = f"{config.dataset}, {config.model}, seed {config.seed}"
    return f"{words}, `{done}`" if done else words


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"
