"""The benchmark's sentences: where the action score wins, ties and loses, as intervals decide."""

from __future__ import annotations

from collections.abc import Sequence

from difficulty_lib.analysis import Estimate
from difficulty_lib.corruptions import CORRUPTIONS
from difficulty_lib.scores import SCORES
from difficulty_lib.study._audit import (
    SECONDS,
    SHARE,
    STREAMS,
    AuditStudy,
    Setting,
    named,
    title,
)
from difficulty_lib.study._words import interval, percent

OUTCOMES = ("wins", "ties", "loses")
ROUNDING = 1e-9  # rankings that are alike may be measured in another order of sums


def outcome(distance: Estimate) -> str:
    """ "wins" or "loses" where the interval lies to one side of 0, else "ties"."""
    if not distance.excludes(0) or abs(distance.value) < ROUNDING:
        return "ties"
    return "wins" if distance.value > 0 else "loses"


def outcomes(study: AuditStudy, first: str, second: str = "best") -> dict[str, list[Setting]]:
    """The settings by what becomes of the first contestant against the second."""
    found: dict[str, list[Setting]] = {name: [] for name in OUTCOMES}
    for setting in study.settings:
        found[outcome(study.distance(first, second, setting))].append(setting)
    return found


def about(study: AuditStudy) -> str:
    """What was planted in what, and who was to find it."""
    rows = study.cells[0].truth
    kinds = list(dict.fromkeys(corruption for corruption, _ in study.settings))
    held_out = any("/cross_validated" in name for name in study.precision)
    folds = ", and those of the folds," if held_out else ""
    more = " or a few more" if any(CORRUPTIONS[kind].adds_rows for kind in kinds) else ""
    planted = "; ".join(
        f"**{kind.replace('_', ' ')}**: {CORRUPTIONS[kind].means}" for kind in kinds
    )
    return (
        f"{_many(len(study.settings), 'setting', 'settings')} of corruption and rate, {len(study.seeds)} "
        f"seeds each: {len(study.cells)} trainings{folds} on {len(rows):,} rows{more}, each seed with "
        f"errors, order and head of its own. {study.precision.shape[1]} contestants rank the rows. "
        f"What was planted: {planted}.{_learnt(study)}{_collapsed(study)}"
    )


def _learnt(study: AuditStudy) -> str:
    if not study.learnt:
        return ""
    shares = sorted(study.learnt.items(), key=lambda item: item[1].value)
    (hard, least), (easy, most) = shares[0], shares[-1]
    told = (
        percent(least)
        if len(shares) == 1
        else f"between {percent(least)} at {named(hard)} and {percent(most)} at {named(easy)}"
    )
    return (
        f" How well the models know their task: in the last epoch they get {told} of the rows without an "
        "error right."
    )


def _collapsed(study: AuditStudy) -> str:
    count = sum(cell.collapsed for cell in study.cells)
    if not count:
        return ""
    return (
        f" In {count} of the trainings the model learnt nothing: their scores count all the same, for "
        "a method that fails there has failed, but what their epochs give is not followed."
    )


def overview(study: AuditStudy) -> str:
    """How the best rival was chosen, and how far above chance things are."""
    parts = []
    for name in study.actions:
        far = study.distance(name, "best")
        parts.append(f"{title(name)} {interval(far, 3)}")
    optimism = [
        study.over_seeds(study.oracle[s], s).value - study.over_seeds("best", s).value
        for s in study.settings
    ]
    return (
        "Average precision is 1 when all errors come first; a random order has about the base rate. "
        "The *best other score* is chosen for each seed on the other seeds of its setting, among "
        f"{len(study.rivals)} contestants that are registered scores, so that it is not chosen on "
        "what is reported. *Best with hindsight* is chosen on the very seeds that are reported: an "
        f"upper bound, {max(optimism):.3f} above the other at the most. Over all settings, the "
        f"distance to the best other score is: {'; '.join(parts)}."
    )


def ranks(study: AuditStudy) -> str:
    """What the mean ranks tell, and what was left out of them."""
    found = study.comparison
    order = found.mean_ranks
    first = str(order.index[0])
    alike = [name for name in order.index[1:] if not found.differ(first, str(name))]
    p = "< 0.001" if found.p_value < 0.001 else f"= {found.p_value:.3f}"
    parts = [
        f"Friedman's test: p {p} that all are alike. The best mean rank of {len(order)} is "
        f"{order.iloc[0]:.1f}, {title(first)}; "
        + (
            f"{_many(len(alike), 'other is', 'others are')} not shown to differ from it"
            if alike
            else "all others differ from it"
        )
        + f" (critical difference {found.critical_difference:.1f})."
    ]
    for name in study.actions:
        kept = study.same.get(name, name)
        place = int(order.index.get_loc(kept)) + 1
        parts.append(f"{_upper(title(name))} has place {place}, mean rank {order[kept]:.1f}.")
    if study.same:
        left = "; ".join(f"{title(a)} as {title(b)}" for a, b in study.same.items())
        parts.append(f"Some are shown once, for they find the same everywhere: {left}.")
    parts.append(
        "Trainings count as independent in this test, though settings share rows and seeds: it "
        "speaks of these data and this model alone."
    )
    return " ".join(parts)


def effort(study: AuditStudy) -> str:
    """Minutes per error in the first setting, and the saving over all."""
    table = study.minutes.set_index(["setting", "series"])["estimate"]
    first = named(study.settings[0])
    shown = [f"{name} {interval(table[first, name])}" for name in study.series]
    return (
        f"One reviewer at {SECONDS:g} seconds a row, until {100 * SHARE:g} % of the errors are "
        f"found. Minutes per error at {first}: {'; '.join(shown)}."
    )


def over_time(study: AuditStudy) -> str:
    """What the first epoch already gives, and whether later ones help or harm."""
    table = study.over_time
    if table.empty:
        return "*No stream of the training split was recorded, so that this is not shown.*"
    if table["epoch"].nunique() < 2:
        return "*One epoch was trained: there is nothing to follow.*"
    parts = []
    for (score, observed), part in table.groupby(["title", "observed"], sort=False):
        first = part[part["epoch"] == part["epoch"].min()]
        last = part[part["epoch"] == part["epoch"].max()]
        worse = sum(outcome(found) == "loses" for found in first["to_last"])
        better = sum(outcome(found) == "wins" for found in first["to_last"])
        parts.append(
            f"{score}, {observed}: {first['value'].mean():.2f} after the first epoch, "
            f"{last['value'].mean():.2f} after the last, on average; the first alone is shown to be "
            f"worse in {worse} of {len(first)} settings and better in {better}; Spearman of the two rankings "
            f"{first['spearman'].mean():.2f}"
        )
    for action, ahead in study.beyond_last.items():
        stream = STREAMS[action.split("/")[1]]
        parts.append(
            f"{stream}, the sum over all epochs minus the last epoch's loss alone is "
            f"{interval(ahead, 3)}, over all settings"
        )
    return f"{'. '.join(_upper(part) for part in parts)}."


def verdict(study: AuditStudy) -> str:
    """Where the action score wins, ties and loses, and by how much on average."""
    total = len(study.settings)
    parts = [_against(study, name) for name in study.actions]
    return (
        f"**Verdict.** {_summary(study)}\n\n"
        + "\n".join(f"- {part}" for part in parts)
        + f"\n\nTo win or to lose, the 95 % interval of the distance over {len(study.seeds)} seeds "
        "must leave out 0; a tie is not a proof that the two are equal. If nothing differed, about "
        f"{0.05 * total:.1f} of {_many(total, 'such interval', 'such intervals')} would leave it out "
        "by chance."
    )


def _summary(study: AuditStudy) -> str:
    """The answer in plain words: whether errors are found at all, and how each stream's score stands."""
    action, total = study.actions[0], len(study.settings)
    parts = []
    if study.contestant("random") is not None:
        found = len(outcomes(study, action, "random")["wins"])
        parts.append(
            "The action score finds planted errors"
            + (
                ""
                if found == total
                else " in some settings"
                if found
                else " nowhere, as far as these seeds show"
            )
            + f": in {found} of {_many(total, 'setting', 'settings')} it is shown to be better than a "
            "random order."
        )
    against = [
        f"{STREAMS[name.split('/')[1]]} "
        + {
            "wins": "it is ahead of the best other score",
            "ties": "it is not shown to differ from the best other score",
            "loses": "the best other score is ahead of it",
        }[outcome(study.distance(name, "best"))]
        for name in study.actions
    ]
    parts.append(f"On the whole: {'; '.join(against)}.")
    return " ".join(parts)


def _against(study: AuditStudy, action: str) -> str:
    total = len(study.settings)
    found = outcomes(study, action)
    said = [
        f"**{_upper(title(action))}**, against the best other score: {_counts(found, total)}"
        f"{_which(found, total)}; over all settings the distance is "
        f"{interval(study.distance(action, 'best'), 3)}"
    ]
    for score in ("confident_learning", "neighbour_disagreement", "random"):
        rival = study.contestant(score)
        if rival is not None:
            said.append(f"against {title(rival)}: {_counts(outcomes(study, action, rival), total)}")
    return "; ".join(said) + "."


def not_measured(study: AuditStudy) -> str:
    """What this benchmark leaves open."""
    parts = []
    used = {corruption for corruption, _ in study.settings}
    target = CORRUPTIONS[study.settings[0][0]].target
    left = [n for n in CORRUPTIONS if CORRUPTIONS[n].target == target and n not in used]
    if left:
        parts.append(f"what else can be planted: {_list([n.replace('_', ' ') for n in left])}")
    rates = sorted({rate for _, rate in study.settings})
    parts.append(
        f"rates below {100 * rates[0]:g} % or above {100 * rates[-1]:g} %"
        if len(rates) > 1
        else f"rates other than {100 * rates[0]:g} %"
    )
    scored = {name.partition("/")[0] for name in study.precision}
    lacking = [SCORES[n].title for n in SCORES if n not in scored]
    if lacking:
        parts.append(f"scores whose numbers were not recorded here: {_list(lacking)}")
    if not any("/cross_validated" in name for name in study.precision):
        parts.append("cross-validated scores")
    if study.contestant("confident_learning") is None:
        parts.append("confident learning, for there were no out-of-sample probabilities")
    parts.append("other models and other data sets")
    return (
        f"Not measured here: {'; '.join(parts)}. And planted errors are not those that people make: "
        "a ranking that finds flipped labels need not find a tired annotator's."
    )


def _counts(found: dict[str, list[Setting]], total: int) -> str:
    wins, ties, loses = (len(found[name]) for name in OUTCOMES)
    return f"wins {wins}, ties {ties} and loses {loses} of {total}"


def _which(found: dict[str, list[Setting]], total: int) -> str:
    told = [
        f"{name} {', '.join(f'*{named(s)}*' for s in found[name])}"
        for name in ("wins", "loses")
        if 0 < len(found[name]) < total
    ]
    return f" ({'; '.join(told)})" if told else ""


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
