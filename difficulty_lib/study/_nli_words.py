"""The sentences of the chapter on natural language inference; every verdict follows from an interval."""

from __future__ import annotations

from difficulty_lib.analysis import Estimate
from difficulty_lib.scores import SCORES
from difficulty_lib.study._nli import NliStudy
from difficulty_lib.study._nli_people import People
from difficulty_lib.study._nli_premise import EASIEST, WithoutPremise
from difficulty_lib.study._nli_pvi import Information
from difficulty_lib.study._words import groups, interval, percent, verdict

PAPERS = {"largest": 43.99, "smallest": 0.0166, "accuracy": 0.79}  # BERT-base on MultiNLI
PVI_OF_RELATIVES = 0.90  # Spearman of BERT's and DistilBERT's values on MultiNLI
DISTANCE_OF_ROBERTA = 0.311  # Jensen–Shannon distance of RoBERTa-large to ChaosNLI's MultiNLI part


def left_out(what: str, why: str) -> str:
    """A sentence in the place of a result that the data do not allow."""
    return f"*{what} is left out here: {why}.*"


def beside(study: NliStudy) -> str:
    """Which runs without a part of the inputs there are, and whether one of any run learnt nothing."""
    parts = []
    for run, said in (
        (study.hypothesis_run, "without the premise"),
        (study.null_run, "with empty inputs"),
    ):
        if run is not None:
            parts.append(
                f"Run `{run.hash}` was trained and evaluated {said} (seed {run.config.seed}, "
                f"{run.config.epochs} epochs)."
            )
    return " ".join(parts)


def extremes(study: NliStudy) -> str:
    """The largest and smallest action score, beside the paper's where the data are its own."""
    action = study.samples["action"]
    said = f"Action scores reach from {action.min():.4f} to {action.max():.2f} nats"
    if study.spec.name != "mnli":
        return f"{said}."
    return (
        f"{said}; the paper's, of BERT-base on MultiNLI, from {PAPERS['smallest']:.4f} to "
        f"{PAPERS['largest']:.2f}, with an accuracy of {100 * PAPERS['accuracy']:.0f} %."
    )


def genres(study: NliStudy) -> str:
    """Whether genres differ in difficulty, and by how much."""
    found = study.genres
    if found is None:
        return left_out("Difficulty by genre", study.why["genre"])
    hardest, means = found.table["group"].iloc[0], study.genre_seeds
    again, seeds = int((means.idxmax() == hardest).sum()), means.shape[1]
    repeated = f" In {again} of {seeds} seeds *{hardest}* is the hardest." if seeds > 1 else ""
    return groups(found, "genre") + repeated


def people(study: NliStudy) -> str:
    """Whether the scores rank as hard what a hundred people disagree on."""
    found = study.people
    if found is None:
        return left_out("The comparison with ChaosNLI's annotators", study.why["people"])
    action, given = found.with_entropy("action_score"), found.given_confidence("action_score")
    outvoted = found.with_outvoted("action_score")
    alone = found.table[found.table["against"] == "alone"].set_index("score")
    best = alone.index[0]
    best_said = (
        "no score does better"
        if best.startswith("action_score")
        else f"the best is {SCORES[best].title} with {alone.loc[best, 'value']:.2f}"
    )
    each = int(found.counts.sum(axis=1).median())
    return (
        f"{len(found):,} of the {len(study.dynamics):,} pairs were shown to {each} annotators each, "
        "all of them pairs on which only three of MultiNLI's own five annotators had agreed. The "
        f"action score's Spearman with the entropy of their labels is {interval(action)}; "
        f"{best_said}. Two halves of the annotators agree so well that {found.ceiling.value:.2f} "
        f"would be the most that any score could reach. Paired over the pairs: action score minus "
        f"entropy {interval(found.against('predictive_entropy'), 3)}, minus last loss "
        f"{interval(found.against('last_loss'), 3)}. With the model's confidence (its largest "
        f"probability after the last epoch) held fixed, the action score's correlation is "
        f"{interval(given)}. With the share of the annotators who did not choose the gold label it "
        f"is {interval(outvoted)}. "
        + verdict(
            action,
            0.0,
            "So the action score is higher where people disagree, ",
            "So the action score is *lower* where people disagree, ",
            "So no relation of the action score to people's disagreement is shown, ",
        )
        + verdict(
            given,
            0.0,
            "and it says something of it that the model's confidence does not.",
            "and beyond the model's confidence it points the other way.",
            "and nothing beyond the model's confidence is shown.",
        )
    )


def distance(found: People) -> str:
    """How far the model's probabilities are from people's labels."""
    bounds = found.distance
    if bounds is None:
        return left_out("The distance to people's labels", "it is known for three classes only")
    low, high = bounds
    whole = Estimate(low.value, low.low, high.high, n=low.n)
    if whole.excludes(DISTANCE_OF_ROBERTA):
        nearer = "nearer to" if whole.high < DISTANCE_OF_ROBERTA else "farther from"
        said = f"this model is {nearer} people than that"
    else:
        said = "the two cannot be told apart"
    return (
        "The recorded columns tell the three probabilities, but, where the prediction is right, not "
        "which of the two other classes has which. The mean Jensen–Shannon distance between the "
        f"model's and the annotators' distributions is therefore known to lie between "
        f"{low.value:.3f} and {high.value:.3f} (with the sampling error: {whole.low:.3f} to "
        f"{whole.high:.3f}). RoBERTa-large's published distance is {DISTANCE_OF_ROBERTA:.3f}: {said}. "
        f"Saying a third for every class, whatever the pair, would be at {found.uniform_distance:.3f}."
    )


def premise(study: NliStudy) -> str:
    """What the hypothesis alone gives away, and what stays hard."""
    found = study.without_premise
    if found is None:
        return left_out("Difficulty without the premise", study.why["premise"])
    return (
        f"Without the premise the model is right on {percent(found.accuracy)} of {len(found):,} "
        f"pairs, the commonest class on {percent(found.majority)}, and the model that reads both on "
        f"{percent(study.accuracy)}. "
        + verdict(
            found.gain,
            0.0,
            f"So hypotheses give their label away beyond chance, by {_points(found.gain)}. ",
            f"So the hypothesis alone is worse than always naming the commonest class, by "
            f"{_points(found.gain)}. ",
            f"That hypotheses give their label away is not shown: the difference to the commonest "
            f"class is {_points(found.gain)}. ",
        )
        + _easy(found)
    )


def _easy(found: WithoutPremise) -> str:
    return (
        f"The action scores with and without the premise have a Spearman of "
        f"{interval(found.correlation)}. Of the easiest {100 * EASIEST:.0f} % of pairs the hypothesis alone "
        f"gets {percent(found.easiest)} right, of the hardest {percent(found.hardest)}; on the "
        f"easiest it is right more often than on all others by {_points(found.easier)}. "
        + verdict(
            found.easier,
            0.0,
            "So a part of what is easy is easy because the hypothesis gives it away",
            "So what is easy with the premise is rather hard without it",
            "So it is not shown that the easy pairs are those that the hypothesis gives away",
        )
        + (
            ", and on the hardest it is right less often than the commonest class: there it misleads."
            if found.hardest.high < found.majority.value
            else "."
        )
    )


def information(study: NliStudy) -> str:
    """How this model's pointwise V-information relates to BERT's."""
    found = study.information
    if found is None:
        return left_out("Pointwise V-information", study.why["information"])
    said = (
        f"On average the pair gives the model {interval(found.mean, 3)} bits about its label, "
        "beyond the labels' frequencies."
    )
    if found.own_trained is not None:
        trained = float(found.own_trained.mean())
        said += f" Against a model that was trained on empty inputs it is {trained:.3f} bits."
    if found.other is None:
        return f"{said} {left_out('The comparison with BERT', study.why.get('pvi_bert', 'too few values'))}"
    return f"{said} {_beside_bert(found)}"


def _beside_bert(found: Information) -> str:
    seeds = found.between_seeds
    between = f" Two seeds of this model agree with {interval(seeds)}." if seeds is not None else ""
    return (
        f"BERT's released values have a mean of {interval(found.other_mean, 3)} bits. Over "
        f"{len(found.pairs):,} pairs, Spearman of the two models' values is "
        f"{interval(found.rank_correlation)}, Pearson {interval(found.linear_correlation)}; the "
        f"action score's Spearman with BERT's values, turned, is "
        f"{interval(found.action_correlation)}.{between} Between BERT and DistilBERT "
        f"{PVI_OF_RELATIVES:.2f} was published: "
        + verdict(
            found.rank_correlation,
            PVI_OF_RELATIVES,
            "this model is nearer to BERT than DistilBERT is.",
            "what is hard for this model is rather hard for BERT, too, but less so than for DistilBERT, "
            "which was distilled from it."
            if found.rank_correlation.low > 0
            else "that what is hard for this model is hard for BERT, too, is not shown.",
            "whether this model is as near to BERT as that is undecided.",
        )
    )


def _points(estimate: Estimate) -> str:
    value, low, high = (100 * x for x in (estimate.value, estimate.low, estimate.high))
    return f"{value:.1f} points (95 % interval {low:.1f} to {high:.1f})"
