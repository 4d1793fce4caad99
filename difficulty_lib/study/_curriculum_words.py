"""The sentences of the chapter on curricula: every verdict is what the intervals say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from difficulty_lib._extras import require
from difficulty_lib.scores import SCORES
from difficulty_lib.study._curriculum import SOURCES, CurriculumStudy
from difficulty_lib.study._steered import LONGER, PLAIN
from difficulty_lib.study._steered_words import (
    collapsed_words,
    condition_words,
    counts,
    listed,
    many,
    points,
)

AGAINST = {
    "plain": "plain training",
    "random": "a random order in the same pacing",
    "as costly": "plain training at the same cost",
}


def about(study: CurriculumStudy) -> str:
    """What was trained, how often, and under which conditions."""
    cells = [study.cell(name, PLAIN, study.seeds[0]) for name in study.of]
    conditions = "; ".join(
        f"*{name}*: {condition_words(study.of[name], cell)}" for name, cell in zip(study.of, cells)
    )
    sources = dict.fromkeys(study.curricula[title].source for title in study.steered)
    return (
        f"{many(len(study.of), 'condition')}, {many(len(study.steered), 'curriculum', 'curricula')} "
        f"by a score and {many(len(study.controls), 'random order')} with the same pacing, "
        f"{len(study.seeds)} seeds each: {len(study.cells)} trainings. Every training under a "
        "condition has the same number of updates, whatever the pacing"
        + (
            f", but for *{LONGER}*"
            if any(LONGER in study.methods(name) for name in study.of)
            else ""
        )
        + f". Scores are of {listed([SOURCES[source] for source in sources])}, of the same seed. "
        f"Conditions: {conditions}.{collapsed_words(study.collapsed)}"
    )


def tuning(study: CurriculumStudy) -> str:
    """Which learning rates were chosen, and on what."""
    if study.tuning.empty:
        rate = {c.run.config.learning_rate for c in study.cells if c.run is not None}
        said = f", {listed([f'{r:g}' for r in sorted(rate)])}" if rate else ""
        return f"The learning rate{said} was not tuned here: there was one to choose from."
    parts = []
    for condition, table in study.tuning.groupby("condition", sort=False):
        means = table.groupby("rate", sort=False)["accuracy"].mean()
        tried = ", ".join(f"{rate:g} ({100 * value:.1f} %)" for rate, value in means.items())
        chosen = float(table["chosen"].iloc[0])
        edge = chosen in (means.index.min(), means.index.max())
        parts.append(
            f"*{condition}*: {chosen:g}, of {tried}"
            + (", at the edge of what was tried" if edge else "")
        )
    seeds = sorted(set(study.tuning["seed"]))
    return (
        "Plain training's learning rate was chosen by its accuracy on another split, with "
        f"{many(len(seeds), 'seed')} that {'is' if len(seeds) == 1 else 'are'} not reported "
        f"({listed([str(seed) for seed in seeds])}), and holds for everything under the condition. "
        f"{'; '.join(parts)}."
    )


def verdict(study: CurriculumStudy) -> str:
    """Whether a curriculum is shown to help, to harm, or not to matter."""
    return (
        f"**Verdict.** {_summary(study)}\n\n"
        + "\n".join(f"- {_in_condition(study, condition)}" for condition in study.of)
        + f"\n\n*Higher* and *lower* say that the 95 % interval over {len(study.seeds)} seeds, paired, "
        f"leaves out 0; *equivalent*, that the difference is shown to be below "
        f"{100 * study.margin:g} points (two one-sided tests at 5 %); all else is *undecided*. "
        + _chance(study)
    )


def _summary(study: CurriculumStudy) -> str:
    plain, paced = study.found("plain"), study.found("random")
    both = [
        (row.condition, row.curriculum)
        for row in study.differences[study.differences["against"] == "plain"].itertuples()
        if row.curriculum in study.steered
        and row.found.verdict == "higher"
        and study.against(row.condition, row.curriculum)["random"].verdict == "higher"
    ]
    ahead = (
        f"{many(len(both), 'curriculum is', 'curricula are')} shown to be better than plain training "
        "and than a random order in the same pacing: "
        + "; ".join(f"*{title}* ({condition})" for condition, title in both)
        if both
        else "No curriculum is shown to be better than both plain training and a random order in the "
        "same pacing"
    )
    advice = _advice(study, both)
    return (
        f"{ahead}. Against plain training the curricula are {counts(plain)}; against a random order "
        f"in the same pacing, {counts(paced)}.{advice}"
    )


def _advice(study: CurriculumStudy, both: Sequence[tuple[str, str]]) -> str:
    if not both:
        plain = study.found("plain")
        harmful = any(f.verdict == "lower" for f in plain)
        open_ = sum(f.verdict == "undecided" for f in plain)
        return (
            " As far as these runs show, *do not bother*: no order of the samples pays"
            + (", and some cost accuracy" if harmful else "")
            + (f", though {open_} of {len(plain)} comparisons are undecided." if open_ else ".")
        )
    costly = [study.against(condition, title).get("as costly") for condition, title in both]
    known = [found for found in costly if found is not None]
    paid = sum(found.verdict == "higher" for found in known)
    if not known:
        return " What their scores cost is not in this."
    return (
        f" With the cost of the scores counted in, {paid} of {len(known)} "
        f"{'is' if paid == 1 else 'are'} still shown to be better."
    )


def _in_condition(study: CurriculumStudy, condition: str) -> str:
    best = study.best[condition]
    compared = study.against(condition, best)
    plain = study.accuracy(condition, PLAIN)
    differences = "; ".join(
        f"{points(found)} against {AGAINST[other]}" for other, found in compared.items()
    )
    return (
        f"**{condition}**: plain training has {100 * plain.value:.1f} % "
        f"({100 * plain.low:.1f} to {100 * plain.high:.1f}). Against it the curricula are "
        f"{counts(study.found('plain', condition))}. The one with the highest mean, *{best}*, chosen "
        f"on what is reported: {differences}."
    )


def _chance(study: CurriculumStudy) -> str:
    total = len(study.found("plain"))
    return (
        f"If nothing differed, about {0.05 * total:.1f} of {many(total, 'such interval')} would leave "
        "out 0 by chance."
    )


def classes(study: CurriculumStudy) -> str:
    """Which class an order costs most, in every condition."""
    table = study.recalls
    if table.empty:
        return "How much of each class is recognized is not recorded here."
    parts = []
    for condition, rows in table[table["method"] != PLAIN].groupby("condition", sort=False):
        worst = rows.iloc[int(np.argmax([found.value for found in rows["lost"]]))]
        lost = worst["lost"]
        parts.append(
            f"*{condition}*: *{worst['label']}* by *{worst['method']}*, of which "
            f"{100 * worst['recall'].value:.0f} % are recognized, {100 * lost.value:.0f} points "
            f"({100 * lost.low:.0f} to {100 * lost.high:.0f}) fewer than by plain training"
        )
    return (
        "The class and the order with the largest loss, picked from all of them by what is reported: "
        f"{'; '.join(parts)}."
    )


def no_classes() -> Any:
    """In the place of a table that needs the runs."""
    return require("IPython.display", "book").Markdown("*Recall by class: not recorded.*")


def costs(study: CurriculumStudy) -> str:
    """What the scores cost, and what the same passes give to plain training."""
    factors = study.costs
    parts = [
        f"{row.condition}, {SOURCES[row.source]}: {row.own:,} passes of its own, {row.trained:,} "
        f"trained and {row.observed:,} observed for the scores, {row.factor:.1f} times the cost"
        for row in factors.itertuples(index=False)
    ]
    said = (
        "Counted in passes of samples, a pass that only observes as a fifth of one that trains: "
        f"{'; '.join(parts)}."
    )
    known = study.found("as costly")
    if not known:
        return f"{said} Plain training at the same cost was not run here."
    return f"{said} Against plain training at the same cost the curricula are {counts(known)}."


def not_measured(study: CurriculumStudy) -> str:
    """What is left open."""
    pacings = listed(list(dict.fromkeys(c.pacing for c in study.curricula.values())))
    used = {c.score for c in study.curricula.values() if c.score is not None}
    parts = [f"other pacings than {pacings}", f"other scores than {listed(sorted(_titles(used)))}"]
    if not any(condition.noise for condition in study.of.values()):
        parts.append("wrong labels")
    if not any(condition.budget < 1 for condition in study.of.values()):
        parts.append("small budgets")
    if not any(c.source == "other_model" for c in study.curricula.values()):
        parts.append("scores of another model")
    parts.append("other models and other data sets")
    noisy = any(condition.noise for condition in study.of.values())
    tuned = not study.tuning.empty
    return f"Not measured here: {'; '.join(parts)}." + (
        " Where labels are wrong, those that the learning rate was chosen on are right, which is "
        "more than one would have."
        if noisy and tuned
        else ""
    )


def _titles(names: set[str]) -> list[str]:
    return [SCORES[name].title for name in names]
