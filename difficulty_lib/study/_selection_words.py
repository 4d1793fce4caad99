"""The sentences of the chapter on selection: every verdict is what the intervals say."""

from __future__ import annotations

import math

import pandas as pd

from difficulty_lib.analysis import Estimate
from difficulty_lib.scores import SCORES
from difficulty_lib.study._selection import HOWS, RANDOM, SUSPECTS, TRUTH, SelectionStudy
from difficulty_lib.study._steered import PLAIN
from difficulty_lib.study._steered_words import (
    collapsed_words,
    condition_words,
    counts,
    listed,
    many,
    points,
)


def about(study: SelectionStudy) -> str:
    """What was trained, how often, and where it is measured."""
    conditions = "; ".join(
        f"*{name}*: {condition_words(settings, study.cell(name, PLAIN, study.seeds[0]))}"
        for name, settings in study.of.items()
    )
    shares = sorted({s.kept for name in study.of for s in study.chosen(name)})
    where = "the same data"
    if study.elsewhere:
        where += f" and elsewhere ({listed(study.elsewhere)})"
    epochs = {cell.epochs for cell in study.cells}
    updates = (
        "A part of the rows is trained on for as many epochs as all of them, so with fewer updates; "
        "random rows, as many, show what that alone costs."
        if len(epochs) == 1
        else "A part of the rows is trained on for more epochs, so that all have about as many updates."
    )
    return (
        f"{many(len(study.of), 'condition')}, {many(len(study.seeds), 'seed')}, "
        f"{len(study.cells)} trainings; shares kept: {listed([f'{100 * s:g} %' for s in shares])}. "
        f"Scores are of a training on all rows with the same seed. Accuracy is measured on {where}. "
        f"{updates} Conditions: {conditions}.{collapsed_words(study.collapsed)}"
    )


def verdict(study: SelectionStudy) -> str:
    """Whether leaving rows out pays, by kind of selection, and whether pruning does."""
    lines = [_of_how(study, how) for how in _hows(study)]
    return (
        f"**Verdict.** {_summary(study)}\n\n"
        + "\n".join(f"- {line}" for line in lines)
        + f"\n\n*Higher* and *lower* say that the 95 % interval over {len(study.seeds)} seeds, paired, "
        f"leaves out 0; *equivalent*, that the difference is shown to be below "
        f"{100 * study.margin:g} points; all else is *undecided*. Shares and splits are not "
        "independent of each other."
    )


def _summary(study: SelectionStudy) -> str:
    return f"{_citations(study)} {_pruning(study)}".strip()


def _citations(study: SelectionStudy) -> str:
    """Does removing hard samples raise accuracy, or does it hurt?"""
    clean = [name for name, condition in study.of.items() if not condition.noise]
    found = [f for name in clean for f in study.found("all rows", condition=name, how="easiest")]
    if not found:
        return ""
    raised = sum(f.verdict == "higher" for f in found)
    hurt = sum(f.verdict == "lower" for f in found)
    said = (
        "both, by share and split: removing hard samples is shown to raise accuracy in some and to "
        "lower it in others"
        if raised and hurt
        else "removing hard samples is shown to raise accuracy"
        if raised
        else "removing hard samples is shown to hurt"
        if hurt
        else "neither is shown: removing hard samples changes nothing beyond chance here"
    )
    fair = [f for name in clean for f in study.found("random rows", condition=name, how="easiest")]
    size = f"; against random rows, as many, {counts(fair)}" if fair else ""
    return (
        "Of the paper's two sources, one says that removing hard samples helps, the other that it "
        f"hurts. Where the labels are as they were, {said} (against all rows {counts(found)}{size})."
    )


def _pruning(study: SelectionStudy) -> str:
    table = study.recovered
    if table.empty:
        return ""
    parts = []
    own = table[(table["split"] == study.split) & (table["how"] == SUSPECTS)]
    for row in own.itertuples(index=False):
        truth = _truth(table, row.condition, study.split)
        parts.append(
            f"{row.condition}: {row.series}, {points(row.gained)}; of the accuracy lost, "
            f"{_share(row.share)} comes back"
            + ("" if truth is None else f", with the errors known {_share(truth.share)}")
        )
    if not parts:
        return ""
    return f"Dropping suspects where errors are planted: {'. '.join(parts)}."


def _truth(table: pd.DataFrame, condition: str, split: str) -> pd.Series | None:
    rows = table[
        (table["condition"] == condition) & (table["split"] == split) & (table["how"] == TRUTH)
    ]
    return None if rows.empty else rows.iloc[0]


def _share(found: Estimate) -> str:
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return "a share that these seeds do not bound"
    return f"{100 * found.value:.0f} % (95 % interval {100 * found.low:.0f} to {100 * found.high:.0f} %)"


def _hows(study: SelectionStudy) -> list[str]:
    known = set(study.differences["how"])
    return [how for how in HOWS if how in known]


def _of_how(study: SelectionStudy, how: str) -> str:
    parts = [f"against all rows {counts(study.found('all rows', how=how))}"]
    if how != RANDOM:
        fair = study.found("random rows", how=how)
        if fair:
            parts.append(f"against random rows, as many, {counts(fair)}")
    for split in study.elsewhere:
        parts.append(
            f"on {split}, against all rows {counts(study.found('all rows', how=how, split=split))}"
        )
    return f"**{HOWS[how][:1].upper()}{HOWS[how][1:]}**: {'; '.join(parts)}."


def recovered(study: SelectionStudy) -> str:
    """What pruning brings back, and what was lost."""
    table = study.recovered
    if table.empty:
        return "*There is no condition with planted errors beside one without, so that this is not shown.*"
    parts = []
    for (condition, split), rows in table.groupby(["condition", "split"], sort=False):
        lost = rows["lost"].iloc[0]
        shown = "" if lost.low > 0 else ", which is not shown to be a loss at all"
        parts.append(
            f"*{condition}*, on {split}: the errors cost {100 * lost.value:.1f} points (95 % interval "
            f"{100 * lost.low:.1f} to {100 * lost.high:.1f}{shown})"
        )
    return (
        f"{'; '.join(parts)}. The share that comes back is the gain over that loss, with Fieller's "
        "interval; more than 100 % is possible, for wrong labels are not the only ones that harm."
    )


def not_measured(study: SelectionStudy) -> str:
    """What is left open."""
    used = {s.score for s in study.selections.values() if s.score is not None}
    parts = (
        [f"other scores than {listed(sorted(SCORES[name].title for name in used))}"] if used else []
    )
    if not study.elsewhere:
        parts.append("accuracy on other data")
    if not any(condition.noise for condition in study.of.values()):
        parts.append("planted errors")
    left = [HOWS[how] for how in HOWS if how not in _hows(study) and how not in (SUSPECTS, TRUTH)]
    if left:
        parts.append(f"selections of another kind: {listed(left)}")
    parts.append("scores of other runs than one on the same rows")
    parts.append("other models and other data sets")
    return (
        f"Not measured here: {'; '.join(parts)}. The share that suspects are dropped at is the true "
        "share of errors, which nobody knows of real data."
        if SUSPECTS in _hows(study)
        else f"Not measured here: {'; '.join(parts)}."
    )
