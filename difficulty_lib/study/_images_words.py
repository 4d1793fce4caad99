"""The sentences on images: every number computed, every verdict from an interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from difficulty_lib.analysis import Estimate
from difficulty_lib.audit import over_seeds
from difficulty_lib.scores import SCORES
from difficulty_lib.study._audit import title as streamed
from difficulty_lib.study._images import ACTION, CHOSEN, OVERALL, SERIES, ImageStudy
from difficulty_lib.study._words import interval, percent, verdict

EVALUATED, TRAINED, BLIND = (f"{ACTION}/{s}" for s in ("evaluation", "training", "autoencoder"))
PLANTED = "flipped labels"


def title(contestant: str) -> str:
    """A contestant in words."""
    if contestant == BLIND:
        return "autoencoder's action score (no labels)"
    return streamed(contestant).replace(
        "disagreement with 10 neighbours", "neighbours' disagreement (pixels)"
    )


def provenance(
    study: ImageStudy,
    parameters: Mapping[str, Any],
    edition: str,
    where: Mapping[str, Any],
    made: str,
) -> str:
    """The line under the title: what the page was made from, and how to make it anew."""
    data = study.data
    rows = ", ".join(f"{split} {len(images):,}" for split, images in data.images.items())
    given = " ".join(
        f"-y '{name}: {list(value)}'" if isinstance(value, list | tuple) else f"-p {name} {value}"
        for name, value in parameters.items()
        if value is not None
    )
    return (
        f"**{edition.capitalize()} edition** · data: [{data.title}]({data.homepage}) ({rows}; "
        f"{data.licence}) · models: a convolutional classifier and an autoencoder, trained on this page "
        f"· seeds {', '.join(map(str, study.seeds))} · {where['hardware']}, of which one thread · "
        f"{where['date']} · settings and data `{made}`\n\nRe-execute with other parameters:\n"
        f"```bash\nDIFFICULTY_CHARTS=book papermill notebooks/images.ipynb out.ipynb {given}\n```"
    )


def about(study: ImageStudy) -> str:
    """What was trained on what, and where that is not what the paper did."""
    data, known = study.data, study.settings
    epochs = study.epochs("classifier")
    latent = known.get("latent", 128)
    code = (
        ""
        if latent == 128
        else f"; the code has {latent} numbers and not 128, for an image has {data.side**2} pixels only"
    )
    halvings = (
        ""
        if data.side >= 16
        else ", and of its four convolutions those are left out that such small images cannot be halved for"
    )
    return (
        f"{len(data.images['train']):,} images of {data.side} × {data.side} pixels are trained on and "
        f"{len(data.images[CHOSEN]):,} others scored, in {len(data.label_names)} classes. The models are "
        f"those of the paper's appendices B.1 and E, with its optimiser (Adam). Ours: {epochs} epochs "
        f"each and no early stopping, since sums over epochs are compared{code}{halvings}. Each of the "
        f"{len(study.seeds)} seeds trains both, and the classifier once more on planted labels. After "
        f"the last epoch the classifier reads {100 * study.accuracies.value:.1f} % of the scored images "
        f"right (over seeds, 95 % interval {100 * study.accuracies.low:.1f} to "
        f"{min(100.0, 100 * study.accuracies.high):.1f} %)."
    )


def extremes(study: ImageStudy) -> str:
    """What the hardest images are, as far as it can be measured."""
    top, rest = study.wrong_shares
    far = study.unusual
    return (
        f"Of the hardest tenth the first seed's classifier misreads {percent(top)} at the end, of all "
        f"others {percent(rest)}. The paper finds canonical poses among the easiest and unusual ones "
        "among the hardest images. Measured as the distance of an image from the mean image of its "
        f"class, in pixels, the correlation with the action score is {interval(far)}: "
        + verdict(
            far,
            0,
            "unusual images are harder.",
            "unusual images are *easier*, which the paper does not have.",
            "it is not shown that unusual images are harder.",
        )
    )


def curves(study: ImageStudy, kind: str) -> str:
    """How the clusters differ."""
    found = study.clusters(kind)
    ends = "; ".join(
        f"*{name}*, {size:,} images, from {centre[0]:.2f} to {centre[-1]:.2f}"
        for name, size, centre in zip(found.names, found.sizes, found.centres)
    )
    return f"The {kind}'s mean loss per cluster, in nats, from the first epoch to the last: {ends}."


def drawn(study: ImageStudy) -> str:
    """Whether full images are hard for the autoencoder, and why."""
    used = study.drawn_correlation("autoencoder", "used")
    floor = study.drawn_correlation("autoencoder", "floor")
    rest = study.drawn_correlation("excess", "used")
    part = float((study.drawn["floor"] / study.scores["autoencoder"]).mean())
    return (
        "The paper says that the hardest images cover the whole frame and the easiest use the fewest "
        f"pixels. The correlation of the action score with the share of pixels that are not empty is "
        f"{interval(used)}: "
        + verdict(
            used, 0, "so it is here.", "here it is the other way round.", "here it is undecided."
        )
        + " But the binary cross-entropy of a grey pixel cannot fall below the pixel's own entropy, "
        "however good the model: that floor alone is "
        f"{100 * part:.0f} % of the average action score, and its correlation with the score is "
        f"{interval(floor)}. What is left of the score above the floor, which is the model's own "
        f"failure, correlates with the share of used pixels by {interval(rest)}: "
        + verdict(
            rest,
            0,
            "full images are harder in that sense, too.",
            "in that sense full images are easier.",
            "in that sense full images are not shown to be harder.",
        )
    )


def edges(study: ImageStudy) -> str:
    """Whether edges are the hardest pixels."""
    whole, floor, rest = study.edges["estimate"]
    return (
        "The paper sees the hardest pixels around the borders of what is drawn. Pixels at an edge "
        f"have an action score that is {interval(whole)} nats above that of the others of their image: "
        + verdict(whole, 0, "it is so.", "it is the other way round.", "it is undecided.")
        + f" Of that, {interval(floor)} is what grey pixels cost in any case, and {interval(rest)} is "
        "the model's: "
        + verdict(
            rest,
            0,
            "edges are hard to reconstruct, and not only grey.",
            "without their grey, edges would be easier than the rest.",
            "that edges are hard beyond their grey is not shown.",
        )
    )


def agreement(study: ImageStudy) -> str:
    """Whether a model agrees with itself more than with another."""
    one, two, both = (study.agreed(pair) for pair in SERIES)
    table = study.agreement
    classes = table[(table["series"] == SERIES["both"]) & (table["label"] != OVERALL)]
    above = sum(e.low > 0 for e in classes["estimate"])
    apart = both.high < min(one.low, two.low)
    published = (
        " The paper has .932 between two runs of this classifier on Fashion-MNIST, and .829 between it "
        "and another classifier; it does not say which correlation that is."
        if study.data.name == "fashion-mnist"
        else ""
    )
    return (
        "Two seeds of the classifier agree, over all images, with a rank correlation of "
        f"{interval(one)}, two seeds of the autoencoder with {interval(two)}, and the two models, "
        f"their scores averaged over the seeds, with {interval(both)}.{published} "
        + (
            "That a model agrees with its own rerun more than with another is what the paper found, and "
            "so it is here"
            if apart
            else "That a model agrees with its own rerun more than with another, as the paper found, is "
            "not shown here"
        )
        + f". Within {above} of {len(classes)} classes the two models' scores go together "
        "(the 95 % interval is above 0): "
        + (
            "what is hard to read and what is hard to redraw are related."
            if above == len(classes)
            else "in none is it shown that what is hard to read is hard to redraw."
            if not above
            else "in the others it is not shown that what is hard to read is hard to redraw."
        )
    )


def planted(study: ImageStudy) -> str:
    """Who finds the flipped labels."""
    table = study.found.set_index("contestant")["estimate"]
    best = str(table.index[0])
    blind, chance = table.get(BLIND), study.ahead(BLIND, "random")
    parts = [
        f"{100 * study.base_rate:.1f} % of the labels were flipped, each seed's own. Average precision "
        f"is 1 if all of them come first. The action score has {_of(study, TRAINED)} while "
        f"training and {_of(study, EVALUATED)} after each epoch, a random order "
        f"{_of(study, 'random')}.",
        f"First of all is {title(best)} with {_of(study, best)}.",
    ]
    for name in (TRAINED, EVALUATED):
        against = study.ahead(name, "neighbour_disagreement/10")
        parts.append(
            f"The average precision of the {streamed(name)}, minus that of the disagreement of the nearest "
            f"neighbours' labels, which needs no training, is {interval(against, 3)}: "
            + verdict(against, 0, "it wins.", "it loses.", "a tie.")
        )
    if blind is not None:
        parts.append(
            "That of the autoencoder's action score, minus that of a random order, is "
            f"{interval(chance, 3)}: "
            + verdict(
                chance,
                0,
                "it must be that unusual images were hit more often, for it sees no label.",
                "worse than chance, by chance.",
                "it sees no label and finds none, as it should be.",
            )
        )
    return " ".join(parts)


def _of(study: ImageStudy, contestant: str) -> str:
    return interval(over_seeds(study.precision[contestant].tolist()), 3)


def short(study: ImageStudy) -> str:
    """The answer in a few sentences."""
    one, two, both = (study.agreed(pair) for pair in SERIES)
    ahead = study.ahead(EVALUATED, "random")
    known = {name.partition("/")[0] for name in study.precision} & set(SCORES)
    return (
        "Nothing of the library had to be changed for images: it is the same recorder, the same audit "
        f"and the same scores, {len(known)} of which follow from what a plain loop records. Two seeds of "
        f"the classifier rank the images alike with a correlation of {one.value:.2f}, two of the "
        f"autoencoder with {two.value:.2f}, the two models with {both.value:.2f}. In finding flipped "
        "labels the action score is "
        + verdict(
            ahead,
            0,
            f"{ahead.value:.2f} above a random order in average precision.",
            f"{-ahead.value:.2f} below a random order in average precision.",
            "not shown to be better than a random order.",
        )
    )


def figure(estimate: Estimate, digits: int = 2) -> str:
    """A number with its interval, for a table."""
    f = f".{digits}f"
    return f"{estimate.value:{f}} [{estimate.low:{f}}, {estimate.high:{f}}]"
