"""Mixup's sentences: what the method does against its controls, as intervals decide."""

from __future__ import annotations

from difficulty_lib.analysis import Estimate
from difficulty_lib.study._mixup import KINDS, MEASURES, MixupStudy
from difficulty_lib.study._mixup_methods import FULL, MIXUP_METHODS, PLAIN
from difficulty_lib.study._steered_words import collapsed_words
from difficulty_lib.study._words import interval

CLAIMED = 0.02  # "about 2 % improvement"
CONTROLS = (PLAIN, "random_mixup", "label_smoothing")
HEAD = ("f1", "ece", "brier", "accuracy_elsewhere", "auroc")


def outcome(measure: str, distance: Estimate) -> str:
    """ "better", "worse", or "not shown to differ", by which side of 0 the interval lies on."""
    if not distance.excludes(0):
        return "not shown to differ"
    return "better" if distance.value * MEASURES[measure].better > 0 else "worse"


def about(study: MixupStudy) -> str:
    """What was trained on what."""
    seeds, methods = len(study.seeds), len(study.methods)
    parts = []
    for setting in study.settings:
        run = study.cells_of(setting, PLAIN)[0].run
        sizes = run.sizes
        asked = run.config.intervention["out_of_distribution"]
        outside = ", ".join(f"*{name}*" for name in asked["outside"]) or "none"
        parts.append(
            f"**{setting}**: {sizes['train']:,} training texts and {sizes[asked['inside']]:,} to "
            f"measure on, {len(run.label_names)} classes, {run.config.epochs} epochs; texts from "
            f"elsewhere: {outside}"
        )
    o = study.options
    return (
        f"{'; '.join(parts)}. {methods} ways to train, {seeds} seeds each: {len(study.cells)} "
        f"trainings. Each seed's training without mixup gives the data map of that seed's others: "
        f"the {100 * o['mislabelled']:g} % of lowest area under the margin are taken for mislabelled, "
        f"of those left the {100 * o['ambiguous']:.0f} % of highest variability for ambiguous, and of "
        f"those left then the {100 * o['easy']:.0f} % of highest confidence for easy"
        + (", within each class. " if o["within_class"] else ". ")
        + "Every easy text is mixed with an ambiguous one of its class, those of highest entropy "
        f"first, with λ from a Beta distribution, α = {o['alpha']:g}, in "
        + _place(o["layer"])
        + "; the mixtures, as many as there were texts, are all that is trained on."
        + collapsed_words(study.collapsed)
    )


def _place(layer: int | str) -> str:
    if layer == "head":
        return "what the classifying head reads"
    return "the embeddings" if layer == 0 else f"what layer {layer} puts out"


def verdict(study: MixupStudy) -> str:
    """Whether the method beats its controls, and the abstract's claim."""
    lines = []
    for setting in study.settings:
        said = []
        for control in CONTROLS:
            if control not in study.methods:
                continue
            apart = study.difference("f1", setting, FULL, control)
            said.append(
                f"{outcome('f1', apart)} {'from' if not apart.excludes(0) else 'than'} "
                f"{MIXUP_METHODS[control].title} ({_points(apart)})"
            )
        lines.append(
            f"**{setting}**: in F1 it is {'; '.join(said)}.{_claim(study, setting)} "
            f"{_above_guessing(study, setting)}"
        )
    total, better, worse = _count(study)
    return (
        f"**Verdict.** Mixup by difficulty and entropy, against no mixup: of {total} comparisons of "
        f"setting and measure it is shown to be better in {better} and worse in {worse}. If nothing "
        f"differed, about {0.05 * total:.1f} would be shown to differ by chance.\n\n"
        + "\n".join(f"- {line}" for line in lines)
        + f"\n\nShown means that the 95 % interval of the difference over {len(study.seeds)} seeds, "
        "paired by seed, leaves out 0; what is not shown to differ need not be equal."
    )


def _points(estimate: Estimate) -> str:
    return (
        f"{100 * estimate.value:+.1f} points, 95 % interval {100 * estimate.low:+.1f} to "
        f"{100 * estimate.high:+.1f}"
    )


def _claim(study: MixupStudy, setting: str) -> str:
    apart = study.difference("f1", setting)
    if not apart.excludes(0):
        fits = "would fit" if apart.low <= CLAIMED <= apart.high else "would not fit"
        return f" An improvement of {100 * CLAIMED:g} points {fits} into that first interval."
    return ""


def _above_guessing(study: MixupStudy, setting: str) -> str:
    """Whether there was anything to gain: a model that learnt nothing cannot be told from another."""
    found, guess = study.over_seeds("f1", setting, PLAIN), study.guessing(setting)["f1"]
    low = "" if found.low > guess else " Here the model has hardly learnt the task at all."
    return (
        f"Without mixup F1 is {interval(found)}; always saying the most frequent class has "
        f"{guess:.2f}.{low}"
    )


def _count(study: MixupStudy) -> tuple[int, int, int]:
    own = study.differences[study.differences["method"] == FULL]
    found = [outcome(row.measure, row.estimate) for row in own.itertuples(index=False)]
    return len(found), found.count("better"), found.count("worse")


def controls(study: MixupStudy) -> str:
    """What each method does to the headline measures."""
    parts = []
    for setting in study.settings:
        known = [m for m in HEAD if m in study.measures(setting)]
        for method in study.methods:
            if method == PLAIN or MIXUP_METHODS[method].part:
                continue
            shown = {m: study.difference(m, setting, method) for m in known}
            better = [MEASURES[m].title for m, e in shown.items() if outcome(m, e) == "better"]
            worse = [MEASURES[m].title for m, e in shown.items() if outcome(m, e) == "worse"]
            said = [f"better in {', '.join(better)}"] if better else []
            said += [f"worse in {', '.join(worse)}"] if worse else []
            parts.append(
                f"{setting}, {MIXUP_METHODS[method].title}: {_points(shown['f1'])} in F1; "
                f"{' and '.join(said) or 'no difference is shown'}"
            )
    return "Against no mixup:\n\n" + "\n".join(f"- {part}." for part in parts)


def ablations(study: MixupStudy) -> str:
    """Which parts of the method are shown to matter."""
    table = study.ablations
    if table.empty:
        return "*No part was left out here, so that nothing is known of the parts.*"
    said = []
    for part, rows in table.groupby("part", sort=False):
        found = [(r, outcome(r.measure, r.estimate)) for r in rows.itertuples(index=False)]
        helped = [f"{MEASURES[r.measure].title} ({r.setting})" for r, o in found if o == "better"]
        harmed = [f"{MEASURES[r.measure].title} ({r.setting})" for r, o in found if o == "worse"]
        if not helped and not harmed:
            said.append(f"**{part}**: not shown to matter for any of {len(found)} figures")
            continue
        told = [f"shown to help {', '.join(helped)}"] if helped else []
        told += [f"shown to harm {', '.join(harmed)}"] if harmed else []
        said.append(f"**{part}**: {' and '.join(told)}, of {len(found)} figures")
    return "\n".join(f"- {line}" for line in said)


def regions(study: MixupStudy) -> str:
    """Who is easy and who is called mislabelled."""
    table = study.regions
    parts = []
    for setting in study.settings:
        own = table[(table["setting"] == setting) & (table["map"] == KINDS[1])]
        together = own.set_index("region")
        whole = (together["rarest"] * together["share"]).sum()
        easy = together["rarest"].get("easy", float("nan"))
        said = (
            f"**{setting}**: {100 * whole:.0f} % of the training texts are of the rarest class. With "
            f"one map for all classes, of the easy ones {100 * easy:.0f} % are"
        )
        if "mislabelled" in together.index:
            said += f", and of those taken for mislabelled {100 * together['rarest']['mislabelled']:.0f} %"
        parts.append(said)
    return (
        f"{'. '.join(parts)}. A map of all classes takes what is rare for what is wrong, and "
        "a class without easy texts is not in the mixtures at all if partners are of one class: "
        "therefore the shares here are of each class by itself, which the abstract does not say, and "
        "one map for all is among the ablations."
        if study.options["within_class"]
        else f"{'. '.join(parts)}."
    )


def not_measured(study: MixupStudy) -> str:
    """What this comparison leaves open."""
    left = [MIXUP_METHODS[m].title for m in MIXUP_METHODS if m not in study.methods]
    parts = [f"{', '.join(left)}"] if left else []
    parts += [
        "other values of the shares, of α and of the layer, which were not tuned, as no method's were",
        "thresholds for the mislabelled by a class of threshold samples, which cost trainings more",
        "the cost: the data map needs a training of its own, which the other methods do not",
        "other models and data",
    ]
    return f"Not measured here: {'; '.join(parts)}."


def difference_said(measure: str, estimate: Estimate) -> str:
    """A difference with its interval, and what it means."""
    return f"{interval(estimate, 3)}: {outcome(measure, estimate)}"
