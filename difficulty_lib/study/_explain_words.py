"""What makes a sample hard, in sentences: the verdict on a hypothesis follows from intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from difficulty_lib.analysis import Estimate, Explanation
from difficulty_lib.features import FEATURES, column_title, feature_of
from difficulty_lib.study._words import interval, verdict

HYPOTHESIS = {
    "structure": "complex structure makes samples hard",
    "rarity": "rare words make samples hard",
    "ambiguity": "ambiguity makes samples hard",
}
NONE: Mapping[str, str] = MappingProxyType({})
SMALL = 0.1  # a small correlation by Cohen's convention, and so a small standardised coefficient


def explained(result: Explanation) -> str:
    """How much of the difficulty the features explain, and which was left out."""
    dropped = "; ".join(f"{column_title(f)} ({why})" for f, why in result.dropped.items())
    left_out = f" Left out: {dropped}." if dropped else ""
    share = interval(result.r2)
    entangled = result.table[result.table["vif"] > 5]
    tangled = (
        " Hard to tell apart, with a variance inflation of more than 5: "
        f"{'; '.join(map(column_title, entangled['feature']))}."
        if len(entangled)
        else ""
    )
    said = verdict(
        result.r2,
        0.0,
        f"The {len(result.table)} features together predict samples that were not fitted: "
        f"out-of-fold R² {share}, {result.r2_fitted:.2f} on those that were.",
        f"The {len(result.table)} features predict samples that were not fitted worse than the mean "
        f"does: out-of-fold R² {share}.",
        f"That the {len(result.table)} features say anything of samples that were not fitted is not "
        f"shown: out-of-fold R² {share}.",
    )
    return said + tangled + left_out


def hypothesis(result: Explanation, also: Mapping[str, str] = NONE) -> str:
    """Which parts of the paper's hypothesis hold: complex structure, rare words, ambiguity.

    Args:
        result: from `explain_difficulty`.
        also: column that is no registered feature → the part for which its high values stand, such
            as the entropy of people's labels for "ambiguity".
    """
    sentences = [_part(result, aspect, claim, also) for aspect, claim in HYPOTHESIS.items()]
    return " ".join([*sentences, *_beyond(result, also)])


def verdicts(result: Explanation, also: Mapping[str, str] = NONE) -> dict[str, str]:
    """Part of the hypothesis → "holds", "contradicted", "undecided" or "not measured".

    It follows from the interval of what the part's features do together (`together`): the sum of
    their coefficients, each turned so that above 0 is what the hypothesis says. Arguments as for
    `hypothesis`.
    """
    return {aspect: _judged(result, aspect, also) for aspect in HYPOTHESIS}


def together(result: Explanation, aspect: str, also: Mapping[str, str] = NONE) -> Estimate | None:
    """What a part's features do together, above 0 where the hypothesis is right; None without any."""
    signs = _signs(result, aspect, also)
    return result.together(signs) if signs else None


def _signs(result: Explanation, aspect: str, also: Mapping[str, str]) -> dict[str, float]:
    """The part's features that have a coefficient, and the sign that is expected of it."""
    signs: dict[str, float] = {}
    for name in result.table["feature"]:
        found = feature_of(name)
        if found is None and also.get(name) == aspect:
            signs[name] = 1.0
        elif found is not None and found[0].aspect == aspect and found[0].direction:
            signs[name] = 1.0 if found[0].direction == "harder" else -1.0
    return signs


def _judged(result: Explanation, aspect: str, also: Mapping[str, str]) -> str:
    found = together(result, aspect, also)
    if found is None:
        return "not measured"
    return verdict(found, 0.0, "holds", "contradicted", "undecided")


def _part(result: Explanation, aspect: str, claim: str, also: Mapping[str, str]) -> str:
    found = together(result, aspect, also)
    if found is None:
        wanted = ", ".join(e.title for e in FEATURES.values() if e.aspect == aspect)
        return f"That {claim} could not be tested: there is no feature of it here ({wanted})."
    judged = _judged(result, aspect, also)
    said = {
        "holds": f"That {claim} holds here",
        "contradicted": f"That {claim} is contradicted here",
        "undecided": f"That {claim} is not shown here",
    }[judged]
    if judged != "undecided" and abs(found.value) < SMALL:
        said += ", but the effect is small"
    signs = _signs(result, aspect, also)
    if len(signs) > 1:
        said += f"; its features together have {interval(found)}, above 0 being what it says"
    clear = [f for f in signs if result.coefficient(f).excludes(0.0)]
    return f"{said}: {_listed(result, signs)}.{_against(result, signs, clear, judged)}{_alone(result, clear)}"


def _listed(result: Explanation, features: Iterable[str]) -> str:
    return "; ".join(f"{column_title(f)} {interval(result.coefficient(f))}" for f in features)


def _against(result: Explanation, signs: dict[str, float], clear: list[str], judged: str) -> str:
    """Features that say clearly the opposite of the verdict on their part."""
    expected = -1.0 if judged == "contradicted" else 1.0
    turned = [f for f in clear if result.coefficient(f).value * signs[f] * expected < 0]
    if not turned:
        return ""
    return f" Clearly the other way: {'; '.join(map(column_title, turned))}."


def _alone(result: Explanation, features: list[str]) -> str:
    """Features whose own correlation points the other way than their coefficient."""
    turned = [
        f"{column_title(f)} ({interval(result.spearman(f))})"
        for f in features
        if result.spearman(f).excludes(0.0)
        and result.spearman(f).value * result.coefficient(f).value < 0
    ]
    if not turned:
        return ""
    return f" Taken alone, by rank correlation, the sign is the other one for {'; '.join(turned)}."


def _beyond(result: Explanation, also: Mapping[str, str]) -> list[str]:
    """The clear coefficients outside the hypothesis."""
    named = {f for aspect in HYPOTHESIS for f in _signs(result, aspect, also)}
    others = [
        f for f in result.table["feature"] if f not in named and result.coefficient(f).excludes(0.0)
    ]
    if not others:
        return []
    more = (
        " The first of these is larger than any that the hypothesis names."
        if named and result.table["feature"].iloc[0] == others[0]
        else ""
    )
    return [
        "What it does not name has a part, too (below 0 is easier): "
        f"{_listed(result, others)}.{more}{_of_classes(result, others)}"
    ]


def _of_classes(result: Explanation, features: list[str]) -> str:
    """What a feature of the class, and not of the sample, cannot show."""
    found = {f: feature_of(f) for f in features}
    per_class = [f for f, entry in found.items() if entry is not None and entry[0].per_class]
    values = result.table.set_index("feature")["values"]
    return "".join(
        f" Of the {column_title(f)} there are {values[f]} values only, one per class or fewer: its "
        "coefficient is that of all in which these classes differ, and the interval does not know it."
        for f in per_class
    )
