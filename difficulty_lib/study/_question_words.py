"""The sentences of the chapter on questions: numbers computed, verdicts from intervals."""

from __future__ import annotations

from difficulty_lib.features import column_title
from difficulty_lib.study._questions import QuestionStudy
from difficulty_lib.study._words import groups, interval, verdict

CLAIMS = {
    "answer_length": ("longer answers are harder", "shorter answers are harder"),
    "answer_position": (
        "answers late in the context are harder",
        "answers early in the context are harder",
    ),
    "words_near_answer": (
        "questions whose words stand near the answer are *harder*",
        "questions whose words stand near the answer are easier",
    ),
    "lexical_overlap": (
        "questions that repeat the context's words are *harder*",
        "questions that repeat the context's words are easier",
    ),
    "answer_disagreement": (
        "questions that annotators answer differently are harder",
        "questions that annotators answer differently are *easier*",
    ),
}


def measures(study: QuestionStudy) -> str:
    """How well the model answers."""
    found = study.measures(study.run)
    if not found:
        return "The model's own answers were not kept."
    said = " and ".join(f"{name} {value:.1f}" for name, value in found.items())
    assert study.with_f1 is not None
    return (
        f"After the last epoch, on {len(study.dynamics):,} questions of {study.split}: {said} (per "
        "cent, the best over the gold answers). The action score's Spearman with the F1 of the "
        f"model's own answer is {interval(study.with_f1)}: "
        + verdict(
            study.with_f1,
            0.0,
            "where it is high, the answers are *better*.",
            "where it is high, the answers are worse.",
            "no relation is shown.",
        )
    )


def types(study: QuestionStudy) -> str:
    """Whether kinds of questions differ in difficulty."""
    found = study.by_type
    if found is None:
        return ""
    return groups(found, "kind of question", "kinds of questions")


def answers(study: QuestionStudy) -> str:
    """What length, place, overlap and disagreement do."""
    if study.with_answers is None:
        return ""
    parts = []
    for row in study.with_answers.to_dict("records"):
        harder, easier = CLAIMS[row["feature"]]
        title = column_title(row["feature"])
        said = verdict(row["Spearman"], 0.0, harder, easier, f"nothing is shown of the {title}")
        parts.append(f"{said} (Spearman {interval(row['Spearman'])})")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if parts else ""
