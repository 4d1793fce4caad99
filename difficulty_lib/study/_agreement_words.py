"""The sentences of the chapter on agreement; every verdict follows from an interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from difficulty_lib.analysis import Estimate
from difficulty_lib.study._agreement import ACTION, ALL, TARGET, AgreementStudy
from difficulty_lib.study._agreement_neighbours import Neighbours
from difficulty_lib.study._words import interval, percent, verdict

# Correlations of action scores of images between two models, and between two reruns of each of
# them (Arriaga et al. 2023, on Fashion-MNIST).
PAPER_BETWEEN, PAPER_RERUNS = 0.829, (0.932, 0.898)


def about(study: AgreementStudy) -> str:
    """What is compared."""
    seeds = [study.runs[place].config.seed for place in study.runs_of(study.models[0])]
    models = ", ".join(study.models)
    return (
        f"{len(study.dynamics):,} samples of {study.split}, each scored by "
        f"{len(study.runs)} fine-tunings of {study.run.config.epochs} epochs: {models} under the "
        f"seeds {', '.join(map(str, seeds))}. The seed decides the head's first weights, the order "
        "of the samples and dropout; the data are the same."
    )


def agreement(study: AgreementStudy) -> str:
    """How well reruns and models agree, overall."""
    parts = []
    for group in study.groups:
        rank, linear = (study.overall(group, method) for method in ("spearman", "pearson"))
        parts.append(f"between {group}: Spearman {interval(rank)}, Pearson {interval(linear)}")
    papers = (
        f"The vision paper has {PAPER_RERUNS[0]:.3f} and {PAPER_RERUNS[1]:.3f} between reruns of its "
        f"two models, and {PAPER_BETWEEN:.3f} between the models"
    )
    alone = ""
    if len(study.models) == 1:
        alone = (
            " **Between models nothing is measured here:** the runs are of one model. With `models` of "
            "two names or more this page sets them against each other."
        )
    apart = "".join(f" {_apart(models, less)}" for models, less in study.models_apart.items())
    return f"Action scores correlate {'; '.join(parts)}.{apart} {papers}.{alone}"


def _apart(models: str, less: Estimate) -> str:
    said = verdict(
        less,
        0.0,
        f"Across {models} runs agree more than within each",
        f"Across {models} runs agree less than within each",
        f"It is not shown that across {models} runs agree less than within each",
    )
    return f"{said}: the difference of the rank correlations is {interval(less)}."


def classes(study: AgreementStudy) -> str:
    """In which classes reruns agree best and least."""
    table = study.agreement
    own = table[(table["group"] == study.reruns) & (table["class"] != ALL)]
    left = len(study.names) - len(own)
    note = f" {left} classes of fewer than ten samples are left out." if left else ""
    if len(own) < 2:
        return f"There are not two classes that could be compared.{note}"
    order = sorted(own.to_dict("records"), key=lambda row: -row["spearman"].value)
    most, least = order[0], order[-1]
    apart = (
        "the intervals do not overlap"
        if most["spearman"].low > least["spearman"].high
        else "the intervals overlap"
    )
    return (
        f"Within a class the seeds agree best on *{most['class']}*, Spearman "
        f"{interval(most['spearman'])} over {most['n']:,} samples, and least on *{least['class']}*, "
        f"{interval(least['spearman'])} over {least['n']:,}; {apart}.{note}"
    )


def against_null(row: pd.Series) -> str:
    """Whether something observed is above, within or below the null's band."""
    if row["value"] > row["null_high"]:
        return "more"
    return "less" if row["value"] < row["null_low"] else "as much"


def parts(study: AgreementStudy) -> str:
    """Where runs agree more or less than restriction of range allows."""
    table = study.parts[study.parts["group"] == study.reruns].reset_index(drop=True)
    tops = study.tops[study.tops["group"] == study.reruns].reset_index(drop=True)
    found = [against_null(row) for _, row in table.iterrows()]
    counts = {name: found.count(name) for name in ("more", "as much", "less")}
    hard, easy, top = table.iloc[-1], table.iloc[0], tops.iloc[-1]
    return (
        f"Of {len(table)} parts the seeds agree more than the null's band in {counts['more']}, within "
        f"it in {counts['as much']}, less in {counts['less']}. In the hardest part Spearman is "
        f"{_of(hard)}, which is {_than(hard)}; in the easiest {_of(easy)}, {_than(easy)}. Of the "
        f"hardest {100 * top['top']:.0f} % taken together it is {_of(top)}, {_than(top)}; over all "
        f"samples it was {study.overall(study.reruns).value:.2f}."
    )


def _of(row: pd.Series) -> str:
    low, high, value = (float(row[name]) for name in ("low", "high", "value"))
    return (
        f"{interval(Estimate(value, low, high, n=int(row['n'])))} against {row['null']:.2f} of the "
        f"null ({row['null_low']:.2f} to {row['null_high']:.2f})"
    )


def _than(row: pd.Series) -> str:
    return {
        "more": "more than restriction of range explains",
        "less": "less than even restriction of range explains",
        "as much": "what restriction of range alone would give",
    }[against_null(row)]


def overlap(study: AgreementStudy) -> str:
    """How many of the hardest two seeds share."""
    table = study.overlap[study.overlap["group"] == study.reruns]
    said = "; ".join(
        f"{row.k:,} hardest ({100 * row.share:.0f} %): {100 * row.overlap:.0f} % in common, corrected "
        f"{row.value:.2f} [{row.low:.2f}, {row.high:.2f}], null {row.null:.2f}"
        for row in table.itertuples()
        if round(row.share, 2) in (0.01, 0.05, 0.1, 0.2) or len(table) < 3
    )
    found = [against_null(row) for _, row in table.iterrows()]
    return (
        f"Of the {said}. Of {len(table)} sizes the overlap is above the null's band in "
        f"{found.count('more')}, within it in {found.count('as much')}, below it in "
        f"{found.count('less')}."
    )


def reliability(study: AgreementStudy) -> str:
    """How many seeds a score takes, of the action score and of the least and most reliable."""
    table = study.reliability_of_scores
    count = len(study.own_streams)
    parts = []
    for row in _chosen(table).itertuples(index=False):
        needed = row.needed
        seeds = "no number of seeds" if needed.seeds is None else _seeds(needed.seeds)
        ends = "" if needed.low == needed.high else f" ({_end(needed.low)} to {_end(needed.high)})"
        parts.append(f"{row.title}: {row.single.value:.2f} between two seeds, {seeds}{ends}")
    over = (
        "Brackets and ranges are over samples and seeds"
        if count > 2
        else "With two seeds brackets and ranges are over samples alone: nothing is known of other "
        "seeds"
    )
    left = (
        f" {len(study.unreliable)} scores are the same for every sample in some seed, or were not "
        "recorded, and are left out."
        if study.unreliable
        else ""
    )
    return (
        f"For a correlation of {TARGET:g} between two means, each over so many seeds: "
        f"{'; '.join(parts)}. {over}.{left}"
    )


def _chosen(table: pd.DataFrame) -> pd.DataFrame:
    """The action score, the most and the least reliable score."""
    places = {0, len(table) - 1} | set(table.index[table["score"] == ACTION])
    return table.loc[sorted(places)]


def _seeds(count: int) -> str:
    return f"{count:,} seed" + ("s" if count > 1 else "")


def _end(count: int | None) -> str:
    return "∞" if count is None else f"{count:,}"


def neighbours(found: Neighbours | None) -> str:
    """Whether the hardest lie among samples of other classes."""
    if found is None:
        return (
            "The texts are not at hand, so the neighbours are left out: with the data set under "
            "`DIFFICULTY_DATA`, or fetched, this page has them."
        )
    space = (
        "of the texts' characters (TF-IDF), for no sentence model is at hand"
        if found.space == "tfidf"
        else f"of sentence embeddings ({found.space}, before any fine-tuning)"
    )
    hard = found.of_hardest
    part = "" if len(found.training) == found.trained else f" of the {found.trained:,}"
    said = verdict(
        found.apart,
        0.0,
        "More of the hardest samples' neighbours share their label than of the others'",
        "The hardest samples lie among samples of other classes",
        "The hardest samples' neighbours share their label as often as the others'",
    )
    return (
        f"In the space {space}, among {len(found.training):,}{part} training samples. {said}: of their "
        f"{found.count} nearest {percent(hard['label'])} have their label, of the others' "
        f"{percent(found.of_others)}; the difference is {_points(found.apart)}. {_sides(found)}"
    )


def _sides(found: Neighbours) -> str:
    if found.sides.n < 3:
        return ""
    said = verdict(
        found.sides,
        0.0,
        "the neighbours side with the model: more have the predicted label than the given one",
        "the neighbours side with the given label, against the model",
        "it is not shown that the neighbours side with the model, or with the given label",
    )
    return (
        f"Around the {found.sides.n:,} of them that the model gets wrong, {said}; the difference is "
        f"{_points(found.sides)}."
    )


def _points(found: Estimate) -> str:
    value, low, high = (round(100 * x) + 0.0 for x in (found.value, found.low, found.high))
    return f"{value:.0f} percentage points (95 % interval {low:.0f} to {high:.0f})"


def accuracy(study: AgreementStudy) -> str:
    """By which score the hardest part holds most errors of another seed's model."""
    table = study.accuracy_by_score
    own, other = study.judges
    last = table[table["part"] == table["part"].max()].set_index(["series", "title"])["value"]
    action = table.loc[table["score"] == ACTION, "title"].iloc[0]
    ranked = last[other].sort_values(kind="stable")
    overall = {
        s: float(np.mean(study.streams[r].matrix("correct")[-1])) for s, r in study.judges.items()
    }
    return (
        f"Over all samples the model of the other seed is right in {100 * overall[other]:.1f} %. In the "
        f"hardest part by the action score it is right in {100 * last[other][action]:.0f} %, the model that "
        f"was scored in {100 * last[own][action]:.0f} %; the score holds the latter's errors already, so "
        f"the former counts. Of {len(ranked)} scores, *{ranked.index[0]}* leaves the other "
        f"model the lowest accuracy in the hardest part ({100 * ranked.iloc[0]:.0f} %), "
        f"*{ranked.index[-1]}* the highest ({100 * ranked.iloc[-1]:.0f} %); the best of so many is "
        "partly luck."
    )


def variance(study: AgreementStudy) -> str:
    """Whether action variance is entropy under another name."""
    closer = verdict(
        study.variance_closer,
        0.0,
        "Action variance follows entropy more closely than the action score does",
        "Action variance follows entropy less closely than the action score does",
        "It is not shown that action variance and action score differ in how closely they follow "
        "entropy",
    )
    return (
        f"Spearman of action variance and entropy is {interval(study.variance_entropy)}, Pearson "
        f"{interval(study.variance_entropy_linear)}; Spearman of action score and entropy is "
        f"{interval(study.action_entropy)}. {closer}: the difference is "
        f"{interval(study.variance_closer)}. With the action score itself action variance has "
        f"{interval(study.variance_action)}."
    )


def answer(study: AgreementStudy) -> str:
    """The chapter in a few sentences."""
    table = study.reliability_of_scores.set_index("score")
    needed = table.at[ACTION, "needed"]
    rank = study.overall(study.reruns)
    hard = study.parts[study.parts["group"] == study.reruns].iloc[-1]
    overlap = study.overlap[study.overlap["group"] == study.reruns]
    tenth = overlap.iloc[(overlap["share"] - 0.1).abs().argmin()]
    seeds = (
        "no number of seeds would" if needed.seeds is None else f"it takes {_seeds(needed.seeds)}"
    )
    return (
        f"Two seeds rank the samples alike with Spearman {interval(rank)}. Among the hardest part they "
        f"agree with {hard['value']:.2f}, {_than(hard)}, and of the hardest "
        f"{100 * tenth['share']:.0f} % they share {100 * tenth['overlap']:.0f} %. "
        f"For two means to correlate at {TARGET:g}, {seeds} "
        + ("do." if needed.seeds is None else "each.")
        + "".join(
            f" Across {models} a run of one and a run of the other agree by "
            f"{interval(study.overall(models))}."
            for models in study.models_apart
        )
    )
