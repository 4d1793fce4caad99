"""The sentences of the chapter on real errors; every verdict follows from an interval."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.analysis import Estimate
from difficulty_lib.audit import RULE, PartlyJudged, SortingMeasures
from difficulty_lib.scores import SCORES
from difficulty_lib.study._nli_words import left_out
from difficulty_lib.study._real_errors import RealErrorsStudy
from difficulty_lib.study._real_errors_alarms import DISPUTED, MOST_SUSPECT
from difficulty_lib.study._real_errors_imdb import (
    A_VOTE_EACH,
    BESIDE_WORDS,
    KINDS,
    WORDS,
    JudgedErrors,
)
from difficulty_lib.study._real_errors_kinds import KIND_RULE
from difficulty_lib.study._real_errors_variation import Variation
from difficulty_lib.study._words import interval, percent, verdict
from difficulty_lib.training import Run

LEFT_OUT = {
    "rated": "The comparison with raters",
    "chaos": "The comparison with ChaosNLI's annotators",
    "variation": "The comparison with VariErr's annotators",
    "judged": "The audit of IMDB",
}


def missing(study: RealErrorsStudy, what: str) -> str:
    """The sentence in the place of a part that cannot be shown."""
    return left_out(LEFT_OUT[what], study.why[what])


def about(study: RealErrorsStudy) -> str:
    """What the page is made of."""
    runs = study.all_runs
    shown = ", ".join(f"`{run.config.dataset}` (`{run.hash}`)" for run in runs)
    cut = [_cut(run) for run in study.reviews if run.record["data"]["truncated"].get("test")]
    sentences = [f"{len(runs)} recorded runs: {shown}.", "Scores are averaged over the seeds."]
    return " ".join([*sentences, *dict.fromkeys(cut)])


def _cut(run: Run) -> str:
    side = {"left": "beginning", "right": "end"}[run.config.truncation_side]
    return (
        f"Of the test reviews, {run.record['data']['truncated']['test']:,} are longer than the "
        f"{run.record['data']['max_length']} tokens that the model reads, and were cut at the {side}."
    )


def alarms(table: pd.DataFrame, people: str, *, by_construction: bool = False) -> str:
    """Of the most suspect rows by the action score: wrong, ambiguous, clear.

    Args:
        table: of `false_alarms`.
        people: who was asked, for the sentence.
        by_construction: whether the labels are these people's majority, so that none can be wrong.
    """
    base = table.attrs["base"]
    row = table.set_index("score").loc["action_score"]
    wrong = (
        "none can be wrong, as the label is what most raters said; "
        if by_construction
        else f"{percent(row['wrong'])} are wrong: most people gave another label "
        f"({100 * base['wrong']:.0f} % of all are); "
    )
    fewest = table.iloc[0]
    return (
        f"Of the {row['read']:,} most suspect by the action score (the top {MOST_SUSPECT:.0%}), "
        f"{wrong}{percent(row['ambiguous'])} are ambiguous: {_share(DISPUTED)} or more of {people} "
        f"disagree with the label ({100 * base['ambiguous']:.0f} % of all); and "
        f"{percent(row['clear'])} are plain false alarms ({100 * base['clear']:.0f} % of all). "
        + verdict(
            row["clear"],
            base["clear"],
            "So a suspect is *more* likely to be a plain false alarm than any other row.",
            "So fewer of the suspects than of all rows are plain false alarms.",
            "Whether suspects are plain false alarms less often than other rows is undecided.",
        )
        + f" The fewest plain false alarms has {fewest['title']}, {percent(fewest['clear'])}."
    )


def kinds(found: Variation) -> str:
    """How many labels are of which kind, and by which rule."""
    counts = found.counts
    return (
        f"Of {len(found.kinds):,} labels, {counts['error']} are an **error**: no expert gives the "
        f"label, and fewer than {KIND_RULE.error_below:.0f} of a hundred people do. "
        f"{counts['variation']} are **variation**: at least one expert and "
        f"{KIND_RULE.given_by:.0f} people give the label, and another one too. {counts['agreed']} are "
        f"**agreed**: no other label is given by both. {counts['unclear']} are left as unclear. The "
        "experts' labels are those of VariErr's first round: their own validity judgements of the "
        "second round are not in these data, which is why a hundred people have to concur."
    )


def separation(found: Variation) -> str:
    """Whether any score is higher for errors than for variation."""
    table = found.separation[found.separation["question"] == "error against variation"]
    best, row = table.iloc[0], table.set_index("score")
    action = row.loc["action_score"]
    spread = row.loc["variability"]["auroc"]
    apart = [r.title for r in table.itertuples() if r.auroc.low > 0.5]
    listed = (
        f"an interval above one half have {', '.join(apart)}"
        if apart
        else "no score's interval lies above one half"
    )
    return (
        f"An error has a higher action score than a label with variation in "
        f"{interval(action['auroc'])} of the pairs of the two (one half is chance); its average "
        f"precision is {interval(action['average_precision'])} at a base rate of "
        f"{action['base_rate']:.2f}. The best is {best['title']} with {interval(best['auroc'])}; "
        f"variability has {interval(spread)}, and {listed}. "
        + verdict(
            action["auroc"],
            0.5,
            "So the action score does tell errors from honest variation, if not by much.",
            "So the action score is higher for honest variation than for errors.",
            f"So {int(found.counts['error'])} errors do not show that the action score tells them "
            "from honest variation.",
        )
    )


def sorting(found: SortingMeasures, pair: tuple[str, str]) -> str:
    """How often the rule is right."""
    titles = " and ".join(SCORES[name].title for name in pair)
    return (
        f"The rule ({titles}; suspect is the top {RULE.suspects:.0%} of either among all scored "
        f"pairs) suspects {percent(found.errors_suspected)} of the errors and "
        f"{percent(found.variation_suspected)} of the labels with variation. Of suspects, it calls "
        f"{percent(found.errors_called_wrong)} of the errors wrong and "
        f"{percent(found.variation_called_ambiguous)} of the variation ambiguous: a balanced "
        f"accuracy of {interval(found.balanced_accuracy)}, where one half is chance. Without a "
        f"threshold, the lead of the one place over the other separates them with an AUROC of "
        f"{interval(found.separation)}. "
        + verdict(
            found.balanced_accuracy,
            0.5,
            "So the rule is better than chance.",
            "So the rule is worse than chance.",
            "So the rule is not shown to be better than chance.",
        )
    )


def in_words(contestant: str) -> str:
    """A contestant of the reviews in words; all scores there are of the same stream.

    "action_score/evaluation/minilm, 256 tokens" is "action score: minilm, 256 tokens".
    """
    name, _, rest = contestant.partition("/")
    if name in SCORES:
        return ": ".join([SCORES[name].title, *rest.split("/")[1:]])
    return name.replace("_", " ")


def judged(found: JudgedErrors, kind: str) -> str:
    """The three readings of the action score, of the choice and of the oracle, for a kind of error."""
    read = found.headline[kind]
    action, pool, head = (
        read[n] for n in ("action score", "chosen by average precision", "chosen by the head")
    )
    oracle, chosen = read["oracle by average precision"], found.chosen(kind)
    names = " and ".join(f"*{in_words(name)}*" for name in dict.fromkeys(chosen.chosen))
    return (
        f"**{KINDS[kind].capitalize()}** (base rate {100 * action.pool.base_rate:.1f} % of "
        f"{action.pool.n:,} judged). Within the judged, the action score's average precision is "
        f"{interval(action.pool.average_precision, 3)} and its AUROC "
        f"{interval(action.pool.auroc, 3)}. The best score, chosen on one half of the reviews and "
        f"measured on the other ({names}), has {interval(pool.pool.average_precision, 3)} and "
        f"{interval(pool.pool.auroc, 3)}; with the truth at hand *{in_words(chosen.oracle)}* "
        f"would be picked, with {oracle.pool.average_precision.value:.3f}. "
        f"{_head('the action score', action)} "
        f"{_head('the score chosen by these rows (cross-fitted, too)', head)}"
    )


def by_words(study: RealErrorsStudy) -> str:
    """What the model of words is, and what it finds; why it is not there if it is not."""
    found = study.judged
    assert found is not None
    if found.words is None:
        return left_out("A model of words", study.why["words"])
    table = found.table.set_index(["kind", "contestant"])
    last = found.named("last_loss")
    parts = []
    for kind in KINDS:
        alone, model, both = (table.loc[(kind, name)] for name in (WORDS, last, BESIDE_WORDS))
        errors = {"any_error": "errors", "correctable": "correctable errors"}[kind]
        parts.append(
            f"Of {errors} its average precision is {alone['average_precision']:.3f}, that of the last "
            f"loss {model['average_precision']:.3f}, and of both together "
            f"{both['average_precision']:.3f}; of the first {found.at:,} at least "
            f"{100 * alone['lowest']:.1f} %, {100 * model['lowest']:.1f} % and "
            f"{100 * both['lowest']:.1f} % are {errors}."
        )
    each = [table.loc[(kind, A_VOTE_EACH)] for kind in KINDS if (kind, A_VOTE_EACH) in table.index]
    if each:
        any_error, correctable = (
            f"{row['average_precision']:.3f}, at least {100 * row['lowest']:.1f} %" for row in each
        )
        parts.append(
            f"*{A_VOTE_EACH}* is the mean of all log-odds, so that the words count for less; it was "
            f"added when these figures were known. Of errors: {any_error}; of correctable ones: "
            f"{correctable}."
        )
    return (
        "How much of this takes a language model? *bag of words* is a logistic regression on "
        "words and pairs of words, of whole reviews, fitted on both halves of the data but for the "
        f"fold that it ranks; *{BESIDE_WORDS}* is the mean of its log-odds and the fine-tuned "
        f"model's. {' '.join(parts)}"
    )


def published(found: JudgedErrors) -> str:
    """What the published methods' flagged reviews are."""
    parts = [
        f"{row.method}: {100 * row.any_error:.1f} % errors, {100 * row.correctable:.1f} % correctable"
        for row in found.published.itertuples(index=False)
    ]
    return (
        f"Published at {found.at:,}, all of them judged: {'; '.join(parts)}. Only what one of these "
        "three flagged was judged, so that any other ranking reads reviews that nobody judged, and "
        "its share of errors is known between bounds alone."
    )


def _head(who: str, found: PartlyJudged) -> str:
    return (
        f"Of the first {found.at:,} of {found.n:,} by {who}, {percent(found.judged)} were judged; "
        f"{percent(found.errors_among_judged)} of these are errors; of all that are read, between "
        f"{percent(found.lowest)} (if no other is one) and {100 * found.highest.value:.0f} % are."
    )


def over_time(found: JudgedErrors) -> str:
    """Whether later epochs help."""
    table = found.over_time
    action = table[table["score"] == "action_score"]
    first, last = action.iloc[0], action.iloc[-1]
    if len(action) < 2:
        return "The run has a single epoch, so nothing can be said of later ones."
    gain = Estimate(
        -first["to_last"], -first["to_last_high"], -first["to_last_low"], n=len(found.judgements)
    )
    return (
        f"After the first epoch the action score's average precision is "
        f"{first['average_precision']:.3f}, after the last {last['average_precision']:.3f}: a "
        f"difference of {interval(gain, 3)}. "
        + verdict(
            gain,
            0.0,
            "More epochs' dynamics find more.",
            "More epochs' dynamics find less: the first epoch ranks better.",
            "More epochs' dynamics make no difference that shows.",
        )
    )


def _share(value: float) -> str:
    return "a third" if abs(value - 1 / 3) < 1e-9 else f"{value:.0%}"
