"""The study's sentences: every number in them is computed, every verdict follows from an interval."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from difficulty_lib.analysis import Estimate, GroupDifficulty
from difficulty_lib.scores import SCORES, ranking
from difficulty_lib.study._classification import ClassificationStudy
from difficulty_lib.study._study import TOP, Study

EQUAL = 1.2  # classes whose frequencies differ by less than this factor have no rare one
PAPERS_HARDEST = "i feel that he was being overshadowed by the supporting characters"


def interval(estimate: Estimate, digits: int = 2) -> str:
    """A number with its interval."""
    f = f".{digits}f"
    return f"{estimate.value:{f}} (95 % interval {estimate.low:{f}} to {estimate.high:{f}})"


def percent(estimate: Estimate) -> str:
    """A share with its interval, in per cent."""
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{100 * estimate.value:.0f} % (95 % interval {low:.0f} to {high:.0f} %)"


def verdict(estimate: Estimate, null: float, above: str, below: str, undecided: str) -> str:
    """Which of three sentences the interval supports."""
    if not estimate.excludes(null) or not np.isfinite(estimate.low):
        return undecided
    return above if estimate.value > null else below


def groups(found: GroupDifficulty, kind: str, kinds: str = "") -> str:
    """Which group is hardest and which easiest by the action score, and whether groups differ.

    Args:
        found: of the action score, by group.
        kind: what a group is called.
        kinds: several of them; with an s if not given.
    """
    kinds = kinds or f"{kind}s"
    hardest, easiest = (_group(found.table.iloc[place]) for place in (0, -1))
    p = "< 0.001" if found.p_value < 0.001 else f"= {found.p_value:.3f}"
    effect = found.effect
    # Cohen's bounds for a share of variance.
    size = next(
        name
        for bound, name in (
            (0.01, "but the {} is a negligible"),
            (0.06, "but the {} is a small"),
            (0.14, "and the {} is a medium"),
            (math.inf, "and the {} is a large"),
        )
        if effect.value < bound
    ).format(kind)
    said = (
        f"{kinds} do differ beyond chance, {size} part of difficulty"
        if found.p_value < 0.05
        else f"no difference between {kinds} is shown beyond chance"
    )
    return (
        f"The hardest {kind} is {hardest}, the easiest {easiest}. Kruskal and Wallis' H is "
        f"{found.h:.1f}, and shuffled {kinds} differ as much with p {p}. The share of the ranks' "
        f"variance that lies between the {kinds} is ε² = {effect.value:.4f} (95 % interval "
        f"{effect.low:.4f} to {effect.high:.4f}; {found.chance:.4f} by chance alone). So {said}."
    )


def _group(row: pd.Series) -> str:
    value, low, high = (float(row[name]) for name in ("mean", "low", "high"))
    mean = interval(Estimate(value, low, high, n=int(row["n"])))
    return f"*{row['group']}* with a mean action score of {mean} over {row['n']:,} samples"


def about(study: Study) -> str:
    """What the data are, and where the paper's own hardest sample stands."""
    notes = study.run.record["data"]["notes"]
    truncated = study.run.record["data"]["truncated"].get(study.split, 0)
    limit = study.run.record["data"]["max_length"]
    lines = list(notes)
    if truncated:
        lines.append(f"{truncated:,} texts of {study.split} were cut at {limit} tokens.")
    lines += [
        f"{len(found['ids']):,} of {found['split']}: {found['problem']}"
        + ("." if found["used"] else ", so set aside.")
        for found in study.run.record["data"].get("problems", [])
        if found["split"] in ("train", study.split)
    ]
    place = papers_sample(study)
    if place is not None:
        rank, total = place
        lines.append(
            f"The paper's hardest sample, “{PAPERS_HARDEST}”, stands at rank {rank:,} of {total:,} "
            f"by action score (top {100 * rank / total:.1f} %)."
        )
    return " ".join(lines)


def papers_sample(study: Study) -> tuple[int, int] | None:
    """Rank of the paper's hardest sample by action score, and out of how many, if it is there."""
    if study.texts is None:
        return None
    found = study.texts.index[study.texts == PAPERS_HARDEST]
    if not len(found):
        return None
    ranks = ranking(study.scores["action_score"])
    return int(ranks.loc[found[0]]), len(ranks)


def silhouette(study: Study) -> str:
    """Whether three is a good number of clusters."""
    values = study.clusters.silhouette
    best = max(values, key=lambda k: values[k])
    listed = ", ".join(f"{k}: {v:.2f}" for k, v in values.items())
    judged = (
        "three is where it is highest"
        if best == 3
        else f"it is highest for {best}, so three clusters are the paper's choice and not the data's"
    )
    return (
        f"The silhouette by number of clusters (1 is perfectly separated, 0 not at all) is {listed}: "
        f"{judged}."
    )


def action_entropy(study: Study) -> str:
    """Whether the action score sees what entropy does not."""
    said = verdict(
        study.confident,
        0.5,
        "the model is surer of most of the hardest samples than of the typical one, and entropy "
        "cannot find them",
        "the model is less sure of the hardest samples than of the typical one, and entropy ranks most "
        "of them in its upper half, too",
        "whether the model is surer of the hardest samples than of the typical one is undecided",
    )
    wrong = study.confidently_wrong
    sure = (
        "."
        if wrong is None
        else f", though; in absolute terms, {percent(wrong)} of these hardest samples are predicted "
        "wrongly with a probability of .9 or more."
    )
    return (
        f"Over all samples, Spearman is {interval(study.action_entropy)}, Pearson "
        f"{interval(study.action_entropy_linear)}. Of the {TOP:.0%} of samples with the highest action "
        f"score, {percent(study.confident)} have an entropy below the median; if the two had nothing "
        f"to do with each other, half would. So {said}. The median itself is "
        f"{study.samples['entropy'].median():.3f} nats{sure}"
    )


def classes(study: ClassificationStudy) -> str:
    """Whether rarer classes are harder."""
    by_class, by_sample = study.classes.correlation, study.rarity
    count, p = by_class.n, study.classes.p_value
    counts = study.run.record["data"]["label_counts"]["train"]
    if max(counts) < EQUAL * min(counts):
        return (
            f"The classes are all but equally frequent in training, {min(counts):,} to "
            f"{max(counts):,} samples, so these data say nothing of rarity."
        )
    exact = f", exact permutation p = {p:.2f}" if np.isfinite(p) else ""
    return (
        f"Over the {count} classes, Spearman between frequency and mean action score is "
        f"{interval(by_class)}{exact}; the interval is of resampled samples, and {count} classes are "
        f"few. Over the samples, between the action score and the frequency of the sample's class, "
        f"it is {interval(by_sample)}. "
        + verdict(
            by_sample,
            0.0,
            "Here the *more frequent* classes are the harder ones.",
            "Here rarer classes are harder, as the paper says.",
            "Whether rarer classes are harder is undecided here.",
        )
    )


def disagreement(study: ClassificationStudy) -> str:
    """Whether the score measures difficulty for people."""
    if not study.rated:
        return ""
    table = study.disagreement.set_index("score")
    action = table.loc["action_score"]
    found = Estimate(action["value"], action["low"], action["high"], int(action["n"]))
    best = table.index[0]
    last, entropy = study.against("last_loss"), study.against("predictive_entropy")
    best_said = (
        "no score does better"
        if best.startswith("action_score")
        else f"the best is {SCORES[best].title} with {table.loc[best, 'value']:.2f}"
    )
    return (
        "Disagreement is the share of a sentence's raters who did not give the answer that most gave. "
        f"The action score's Spearman with it is {interval(found)}; {best_said}. Two halves of the "
        f"raters agree so well that {study.ceiling.value:.2f} would be the most that any score could "
        f"reach. Against simpler rivals, paired over the samples: action score minus last loss "
        f"{interval(last, 3)}, minus entropy {interval(entropy, 3)}. "
        + verdict(
            found,
            0.0,
            "So the action score does measure something of the difficulty that people have, and not "
            "only this model's trouble.",
            "So what people find hard the action score ranks as easy.",
            "So no relation to the difficulty that people have is shown.",
        )
    )


def correlations(study: Study) -> str:
    """How few signals there are among the scores."""
    table = study.correlations
    values = table.to_numpy()
    twins = [
        f"{SCORES[a].title} and {SCORES[b].title} ({values[i, j]:.3f})"
        for i, a in enumerate(table.index)
        for j, b in enumerate(table.index)
        if i < j and values[i, j] > 0.99
    ]
    near = f" Practically the same ranking give {'; '.join(twins)}." if twins else ""
    row = table.loc["action_score"].drop("action_score").sort_values()
    return (
        f"The action score agrees most with {SCORES[row.index[-1]].title} ({row.iloc[-1]:.2f}) and "
        f"least with {SCORES[row.index[0]].title} ({row.iloc[0]:.2f}).{near}"
    )


def seeds(study: Study) -> str:
    """What a single seed is worth."""
    if len(study.runs) < 2:
        return (
            "This page shows one seed, so its intervals are over samples and say nothing of how "
            "another seed would come out. Give `seeds` more of them to see that."
        )
    table = study.seeds()
    numbers = table.select_dtypes("number").drop(columns="seed")
    spread = "; ".join(f"{name} {_mean_range(numbers[name])}" for name in numbers)
    return (
        f"Over {len(table)} seeds (mean, lowest to highest): {spread}. Between two seeds the action "
        f"scores of the same samples have a Spearman of {study.seed_agreement():.2f} on average. "
        f"{reliability(study)}"
    )


def reliability(study: Study) -> str:
    """How many seeds a score takes."""
    parts = []
    for name, needed in study.reliability.items():
        seeds, low, high = (
            "more than there can be" if n is None else str(n)
            for n in (needed.seeds, needed.low, needed.high)
        )
        parts.append(f"{SCORES[name].title} {seeds} ({low} to {high})")
    return (
        "How many seeds must be averaged for two such averages to correlate at .9, by Spearman and "
        f"Brown (95 % interval): {'; '.join(parts)}."
    )


def _mean_range(values: pd.Series) -> str:
    return f"{values.mean():.3f} ({values.min():.3f} to {values.max():.3f})"
