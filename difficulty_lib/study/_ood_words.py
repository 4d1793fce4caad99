"""The sentences on texts out of distribution: what tells them, and whom it mistakes for them."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.analysis import Estimate
from difficulty_lib.ood import OOD_SCORES
from difficulty_lib.study._mixup_methods import MIXUP_METHODS, PLAIN
from difficulty_lib.study._ood import LENGTHS, OodStudy
from difficulty_lib.study._words import interval
from difficulty_lib.training._ood import INSIDE

MSP = "maximum_softmax_probability"


def title(score: str) -> str:
    """A score in words."""
    return OOD_SCORES[score].title


def about(study: OodStudy) -> str:
    """What was trained on what, and what is strange to it."""
    run = study.run(PLAIN, study.seeds[0])
    asked = run.config.intervention["out_of_distribution"]
    inside = study.first.loc[INSIDE]
    parts = []
    for name in study.outsides:
        source, table = asked["outside"][name], study.first.loc[name]
        cut = source.get("sentences")
        first = "" if not cut else f", cut after {cut} {'sentence' if cut == 1 else 'sentences'}"
        parts.append(
            f"**{name}**: {len(table):,} texts of {source['split']}{first}, "
            f"{_median(table['words'])} words at the median"
        )
    return (
        f"Trained on {run.sizes['train']:,} texts of {run.config.dataset}, {run.config.epochs} epochs, "
        f"{len(study.seeds)} seeds, {len(study.methods)} ways to train: {len(study.cells)} trainings. In "
        f"distribution are {len(inside):,} other texts of the same source, "
        f"{_median(inside['words'])} words at the median, of which "
        f"{_percent(study.accuracies())} are classified right. From elsewhere: {'; '.join(parts)}."
    )


def _median(words: pd.Series) -> str:
    return f"{words.median():.0f}"


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.0f} %"


def best(study: OodStudy, outside: str, measure: str = "auroc") -> tuple[str, Estimate] | None:
    """The score of highest area that looks at more than the length, and the area."""
    own = study.detections[study.detections["outside"] == outside]
    own = own[~own["score"].isin(LENGTHS) & own[measure].notna()]
    if own.empty:
        return None
    row = max(own.to_dict("records"), key=lambda r: r[measure].value)
    return str(row["score"]), row[measure]


def detection(study: OodStudy) -> str:
    """Which score tells best, what length alone tells, and what is left at equal lengths."""
    lines = []
    for outside in study.outsides:
        score, area = best(study, outside) or ("", Estimate(0, 0, 0, 0))
        length = study.detected(outside, "length")
        msp = study.detected(outside, MSP)
        rate = study.detected(outside, MSP, "false_positives")
        assert length is not None
        assert msp is not None
        assert rate is not None
        said = (
            f"**{outside}**: maximum softmax probability has an AUROC of {interval(msp)}, and lets "
            f"{100 * rate.value:.0f} % of them in where 95 % of the data's own are; best of all, chosen "
            f"with hindsight, is {title(score)} with {interval(area)}. Length alone has "
            f"{interval(length)}"
        )
        lines.append(f"{said}. {_lengths(study, outside, length)}{_matched(study, outside)}")
    alike = [f"{title(a)} as {title(b)}" for a, b in study.alike.items()]
    more = f" Some rank alike here: {'; '.join(alike)}." if alike else ""
    return "\n".join(f"- {line}" for line in lines) + (f"\n\n{more.strip()}" if more else "")


def _lengths(study: OodStudy, outside: str, length: Estimate) -> str:
    strength = max(length.value, 1 - length.value)
    msp = study.detected(outside, MSP)
    assert msp is not None
    if strength > 0.99:
        return (
            "Length tells the two apart by itself, all but perfectly: on these texts an AUROC says "
            "nothing of meaning."
        )
    if strength > msp.value:
        return "That is more than the classifier's own confidence tells."
    return "That is less than the classifier's own confidence tells."


def _matched(study: OodStudy, outside: str) -> str:
    own = study.detections[study.detections["outside"] == outside].set_index("score")
    inside, other = (int(own[f"matched_{side}"].iloc[0]) for side in ("inside", "outside"))
    found = best(study, outside, "matched_auroc")
    if found is None:
        return " Too few texts have a length in common for a comparison at equal lengths."
    msp = study.detected(outside, MSP, "matched_auroc")
    total = len(study.first.loc[outside])
    assert msp is not None
    return (
        f" Among texts of like length, {inside:,} of the data's own and {other:,} of {total:,} from "
        f"elsewhere, maximum softmax probability has {interval(msp)} and the best, {title(found[0])}, "
        f"{interval(found[1])}."
    )


def join(study: OodStudy) -> str:
    """Whether difficulty predicts who is mistaken for strange."""
    table = study.joins
    parts = []
    for row in table[table["source"] == "other"].itertuples(index=False):
        shown = "" if not row.mistaken.excludes(0.5) else ", more than chance"
        if row.mistaken.excludes(0.5) and row.mistaken.value < 0.5:
            shown = ", the wrong way round"
        parts.append(
            f"**{title(row.score)}**: the area under the ROC curve for being mistaken is "
            f"{interval(row.mistaken)}{shown}; Spearman {interval(row.spearman)}, and "
            f"{interval(row.partial)} with length held fixed"
        )
    return (
        "Where 95 % of the data's own texts are let in, 5 % are taken for strange. Does the action "
        "score of *other seeds'* trainings say which?\n\n" + "\n".join(f"- {p}." for p in parts)
    )


def join_verdict(study: OodStudy) -> str:
    """The join in one sentence."""
    table = study.joins[study.joins["source"] == "other"]
    found = [r.score for r in table.itertuples(index=False) if _above(r.mistaken, 0.5)]
    kept = [r.score for r in table.itertuples(index=False) if _above(r.partial, 0.0)]
    total = len(table)
    return (
        f"**Verdict.** A text's difficulty to other trainings says whether it is mistaken for a strange "
        f"one: shown for {len(found)} of {total} scores"
        + (f" ({', '.join(title(s) for s in found)})" if 0 < len(found) < total else "")
        + f"; and that hard texts look stranger, length held fixed, for {len(kept)} of {total}"
        + (f" ({', '.join(title(s) for s in kept)})." if 0 < len(kept) < total else ".")
    )


def _above(estimate: Estimate, number: float) -> bool:
    return bool(estimate.low > number)


def changes(study: OodStudy) -> str:
    """What dropping or mixing changes."""
    table = study.changes
    if table.empty:
        return "*One way to train: nothing to compare.*"
    lines = []
    for method, rows in table.groupby("method", sort=False):
        said = []
        for measure, what, better in (
            ("auroc", "AUROC", 1),
            ("false_positives", "FPR at 95 % TPR", -1),
            ("spearman", "the correlation of difficulty and strangeness", 0),
        ):
            own = [r.estimate for r in rows[rows["measure"] == measure].itertuples(index=False)]
            high = sum(_above(e, 0.0) for e in own)
            low = sum(e.high < 0 for e in own)
            words = {1: ("better", "worse"), -1: ("worse", "better"), 0: ("higher", "lower")}[
                better
            ]
            told = [f"{words[0]} in {high}"] if high else []
            told += [f"{words[1]} in {low}"] if low else []
            said.append(
                f"{what} is shown to be {' and '.join(told) or 'other in none'} of {len(own)}"
            )
        inside = study.accuracies(str(method))
        lines.append(
            f"**{MIXUP_METHODS[str(method)].title}**: {'; '.join(said)}; accuracy {interval(inside)}, "
            f"against {interval(study.accuracies())} of plain training"
        )
    total = len(table)
    return (
        "Against plain training, paired by seed, over all scores and sources of texts:\n\n"
        + "\n".join(f"- {line}." for line in lines)
        + f"\n\nOf {total} such intervals about {0.05 * total:.0f} would leave out 0 by chance."
    )


def not_measured(study: OodStudy) -> str:
    """What is left open."""
    parts = [] if "perplexity" in study.scores else ["perplexity of a language model"]
    parts += [
        "scores that are trained on strange texts, or tuned on them; nothing here was",
        "one language model or feature layer against another",
        "strangeness within a source: another topic, another time",
    ]
    surface = (
        "That two sources differ in spelling, spaces and capitals is not taken out, as length is: a "
        "model may tell them by these alone."
    )
    return f"Not measured here: {'; '.join(parts)}. {surface}"
