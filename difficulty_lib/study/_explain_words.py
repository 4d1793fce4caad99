"""What makes a sample hard, in sentences: the verdict on a hypothesis follows from intervals."""

from __future__ import annotations

from collections.abc import Iterable

from difficulty_lib.analysis import Estimate, Explanation
from difficulty_lib.features import FEATURES, column_title, feature_of
from difficulty_lib.study._words import interval, verdict

HYPOTHESIS = {
    "structure": "complex structure makes samples hard",
    "rarity": "rare words make samples hard",
    "ambiguity": "ambiguity makes samples hard",
}
SMALL = 0.1  # a small correlation by Cohen's convention, and so a small standardised coefficient


def explained(result: Explanation) -> str:
    """How much of the difficulty the features explain, and which was left out."""
    dropped = "; ".join(f"{column_title(f)} ({why})" for f, why in result.dropped.items())
    left_out = f" Left out: {dropped}." if dropped else ""
    share = interval(result.r2)
    entangled = result.table[result.table["vif"] > 5]
    tangled = (
        " Hard to tell apart, with a variance inflation of more than 5: "
        f"{', '.join(map(column_title, entangled['feature']))}."
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


def hypothesis(result: Explanation) -> str:
    """Which parts of the paper's hypothesis hold: complex structure, rare words, ambiguity."""
    sentences = [_part(result, aspect, claim) for aspect, claim in HYPOTHESIS.items()]
    return " ".join([*sentences, *_beyond(result)])


def verdicts(result: Explanation) -> dict[str, str]:
    """Part of the hypothesis → "holds", "contradicted", "undecided" or "not measured".

    It follows from the interval of what the part's features do together (`together`): the sum of
    their coefficients, each turned so that above 0 is what the hypothesis says.
    """
    return {aspect: _judged(result, aspect) for aspect in HYPOTHESIS}


def together(result: Explanation, aspect: str) -> Estimate | None:
    """What a part's features do together, above 0 where the hypothesis is right; None without any."""
    signs = _signs(result, aspect)
    return result.together(signs) if signs else None


def _signs(result: Explanation, aspect: str) -> dict[str, float]:
    """The part's features that have a coefficient, and the sign that is expected of it."""
    found = {f: feature_of(f) for f in result.table["feature"]}
    return {
        f: 1.0 if entry[0].direction == "harder" else -1.0
        for f, entry in found.items()
        if entry and entry[0].aspect == aspect and entry[0].direction
    }


def _judged(result: Explanation, aspect: str) -> str:
    found = together(result, aspect)
    if found is None:
        return "not measured"
    return verdict(found, 0.0, "holds", "contradicted", "undecided")


def _part(result: Explanation, aspect: str, claim: str) -> str:
    found = together(result, aspect)
    if found is None:
        wanted = ", ".join(e.title for e in FEATURES.values() if e.aspect == aspect)
        return f"That {claim} could not be tested: there is no feature of it here ({wanted})."
    judged = _judged(result, aspect)
    said = {
        "holds": f"That {claim} holds here",
        "contradicted": f"That {claim} is contradicted here",
        "undecided": f"That {claim} is not shown here",
    }[judged]
    if judged != "undecided" and abs(found.value) < SMALL:
        said += ", but the effect is small"
    signs = _signs(result, aspect)
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
    return f" Clearly the other way: {', '.join(map(column_title, turned))}."


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
    return f" Taken alone, by rank correlation, the sign is the other one for {', '.join(turned)}."


def _beyond(result: Explanation) -> list[str]:
    """The clear coefficients outside the hypothesis."""
    named = {f for aspect in HYPOTHESIS for f in _signs(result, aspect)}
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
        f"{_listed(result, others)}.{more}"
    ]
