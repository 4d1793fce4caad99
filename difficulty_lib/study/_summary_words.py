"""The sentences of the chapter on summaries: numbers computed, verdicts from intervals."""

from __future__ import annotations

from typing import Any

from difficulty_lib._extras import require
from difficulty_lib.study._summaries import ROUGE, TOGETHER, SummaryStudy
from difficulty_lib.study._words import interval, verdict

STRONG = 0.9  # a correlation from which "nearly linear" is a fair name for a relation


def nothing(what: str) -> Any:
    """In the place of a table whose numbers are not at hand."""
    markdown = require("IPython.display", "book").Markdown
    return markdown(f"*{what[0].upper()}{what[1:]}: not recorded, or the texts are not at hand.*")


def measures(study: SummaryStudy) -> str:
    """How well the model summarizes."""
    found = study.measures(study.run)
    said = ", ".join(f"{name} {value:.1f}" for name, value in found.items() if "ROUGE" in name)
    loss = f"The mean loss is {found['loss per token']:.2f} nats per token of the reference"
    if not said:
        return f"{loss}."
    beams = study.run.config.num_beams
    how = "greedily" if beams == 1 else f"with {beams} beams"
    unrepeated = study.run.config.no_repeat_ngram_size
    if unrepeated:
        how += f", no {unrepeated} tokens in a row twice,"
    return f"Generated {how} after the last epoch: {said} (F, per cent, stemmed). {loss}."


def lengths(study: SummaryStudy) -> str:
    """Whether long dialogues are harder, as the paper says of its clusters."""
    if study.lengths is None:
        return ""
    dialogue, summary = (study.with_length(column) for column in ("dialogue", "summary"))
    return (
        f"Spearman of the action score with the words of the dialogue is {interval(dialogue)}, with "
        f"those of the reference {interval(summary)}. "
        + verdict(
            dialogue,
            0.0,
            "Longer dialogues are harder, as the paper says.",
            "Longer dialogues are *easier*, against the paper.",
            "That longer dialogues are harder is not shown.",
        )
    )


def linear(study: SummaryStudy) -> str:
    """Whether action score and entropy are nearly linear in each other."""
    table = study.linear.set_index(["reduction", "entropy"])
    forced = table.loc[(study.reduction, "teacher-forced")]
    pearson, _, given = (forced[name] for name in TOGETHER)
    nearly = (
        "is what one may call nearly linear"
        if pearson.low >= STRONG
        else "is not nearly linear"
        if pearson.high < STRONG
        else "may or may not be called nearly linear"
    )
    parts = [
        f"With the mean over the tokens, as in the paper, and the entropy of the reference's tokens, "
        f"Pearson is {interval(pearson)}: a relation that {nearly} if that takes {STRONG} or more. "
        f"A straight line explains {100 * study.straight.value:.0f} % of the entropy's variance "
        f"(95 % interval {100 * study.straight.low:.0f} to {100 * study.straight.high:.0f} %). "
        + verdict(
            study.bent,
            0.0,
            f"A cubic curve explains more, out of fold ({interval(study.bent, 3)}), so it is bent.",
            "A cubic curve explains less, out of fold, so a line it is.",
            f"A cubic curve explains no more, out of fold ({interval(study.bent, 3)}).",
        ),
        f"With the number of tokens held fixed Spearman is {interval(given)}.",
    ]
    if (study.reduction, "generated") in table.index:
        own = table.loc[(study.reduction, "generated")]
        parts.append(
            "With the entropy of the model's own text instead, Pearson is "
            f"{interval(own[TOGETHER[0]])} and Spearman {interval(own[TOGETHER[1]])}: "
            + verdict(
                own[TOGETHER[1]],
                0.0,
                "it writes less surely where the reference is hard.",
                "it writes *more* surely where the reference is hard.",
                "no relation is shown.",
            )
        )
    return " ".join(parts)


def copying(study: SummaryStudy) -> str:
    """Whether easy summaries reuse the dialogue's words."""
    if study.copying is None:
        return ""
    row = study.copying.set_index("measure").loc["coverage"]
    return (
        "Coverage is the share of a summary's words that lie in fragments copied from the dialogue, "
        "density their mean squared length, compression the dialogue's words per word of the summary. "
        f"Hard minus easy, coverage differs by {interval(row['difference'])}. "
        + verdict(
            row["difference"],
            0.0,
            "Hard summaries copy *more*, against the paper.",
            "Easy summaries reuse the dialogue's words, as the paper says.",
            "That easy summaries reuse the dialogue's words is not shown.",
        )
    )


def rouge(study: SummaryStudy) -> str:
    """Whether a high score means a bad summary of the model's own."""
    if study.with_rouge.empty:
        return ""
    first = study.with_rouge["Spearman"].iloc[0]
    return (
        f"Spearman of the action score with ROUGE-1 is {interval(first)}. "
        + verdict(
            first,
            0.0,
            "The model's own summaries are *better* where the reference is hard.",
            "Where the reference is hard, the model's own summary has less in common with it.",
            "Whether the model's own summaries are worse where the reference is hard is undecided.",
        )
        + f" ROUGE counts shared words with one reference, so {len(ROUGE)} measures of it are one "
        "signal and not three."
    )
