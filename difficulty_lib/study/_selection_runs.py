"""From the parameters of the chapter on selection to its runs, trained where not recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib.scores import SCORES
from difficulty_lib.selection import SELECTIONS
from difficulty_lib.study._selection import (
    RANDOM,
    SUSPECTS,
    TRUTH,
    Selection,
    SelectionStudy,
)
from difficulty_lib.study._steered import MARGIN, PLAIN, SteeredCell
from difficulty_lib.study._steered_runs import (
    Condition,
    RunsAtHand,
    conditions_of,
    steered_settings,
    taken,
)
from difficulty_lib.training import Run, RunConfig, find_run

SCORE = {"easiest": "action_score", "hardest": "action_score", "most_ambiguous": "variability"}
FLOOR = 1  # of every class, lest one that is evaluated could not be learnt


@dataclass(frozen=True)
class SelectionPlan:
    """What a chapter's parameters ask for.

    Attributes:
        base: how everything is trained, but for what condition, seed and selection change.
        conditions: under which.
        selections: that keep a share.
        with_errors: the same where errors are planted.
        suspects: scores whose hardest rows are dropped, where errors are planted, as many.
        seeds: of every training.
        split: of the data themselves, that is reported.
        elsewhere: by name, the splits of other data that are reported, too.
        equal_updates: whether a part of the rows is trained on for as many updates as all of them.
        margin: of accuracy, below which a difference does not matter.
    """

    base: RunConfig
    conditions: list[Condition]
    selections: list[Selection]
    with_errors: list[Selection]
    suspects: list[str]
    seeds: list[int]
    split: str = "test"
    elsewhere: tuple[str, ...] = ()
    equal_updates: bool = False
    margin: float = MARGIN

    def of(self, condition: Condition) -> dict[str, Selection]:
        """What is trained under a condition, by title."""
        chosen = list(self.with_errors if condition.noise else self.selections)
        if condition.noise:
            left = round(1 - condition.noise, 6)
            chosen += [Selection(SUSPECTS, left, score) for score in self.suspects]
            chosen += [Selection(TRUTH, left), Selection(RANDOM, left)]
        return {selection.title: selection for selection in chosen}

    def plain(self, condition: Condition, seed: int) -> RunConfig:
        """Training on all rows: the baseline, and the source of all scores."""
        config = condition.applied(self.base)
        return replace(config, seed=seed, evaluation_splits=("train", self.split, *self.elsewhere))

    def selected(
        self, condition: Condition, selection: Selection, seed: int, source: str
    ) -> RunConfig:
        """Training on a part of the rows, by the scores of the run that lies in `source`."""
        config = replace(
            self.plain(condition, seed), evaluation_splits=(self.split, *self.elsewhere)
        )
        # A class that errors alone have brought about goes with them where these are known.
        floor = {} if selection.how == TRUTH else {"floor": FLOOR}
        given: dict[str, Any] = {"how": selection.how, **floor}
        if selection.how in (RANDOM, "class_balanced"):
            given["seed"] = seed  # else every seed would have the same rows
        if selection.how == SUSPECTS:
            given["fraction"] = round(1 - selection.kept, 6)
        elif selection.how != TRUTH:
            given["fraction"] = selection.kept
        if selection.score is not None:
            given |= {"score": selection.score, "run": source, "allow_collapsed": True}
        if self.equal_updates:
            config = replace(config, epochs=max(1, round(config.epochs / selection.kept)))
        return replace(config, intervention={**config.intervention, "selected": given})


def selection_plan(parameters: Mapping[str, Any]) -> SelectionPlan:
    """What a chapter's parameters ask for.

    Args:
        parameters: `conditions`, a mapping of a name to a `Condition`'s settings; `selections`, a
            list of [how], [how, score] or [how, score, shares]; `fractions`, the shares of those
            that name none; `fractions_with_errors`, those of all selections where errors are
            planted, or None where they are the same (an empty list leaves pruning alone, and random
            rows, as many); `suspects`, a list of scores;
            `seeds`, two or more; `only` and `elsewhere`, as the runs' interventions `only` and
            `also_evaluated`, or None; `size`; and any other attribute of the plan, or setting of
            `RunConfig`, by its name. Random rows are added, as many as each selection keeps.

    Raises:
        ConfigError: on an unknown name, or a value that cannot be.
    """
    settings = steered_settings(
        parameters,
        (
            "conditions",
            "selections",
            "fractions",
            "fractions_with_errors",
            "suspects",
            "elsewhere",
        ),
    )
    fractions = taken(settings, "fractions", list, [0.5])
    with_errors = taken(settings, "fractions_with_errors", list)
    if parameters.get("size", "full") == "small":
        fractions, with_errors = fractions[:1], with_errors and with_errors[:1]
    selections = settings.pop("selections", None)
    kept = _selections(selections, fractions)
    seeds = taken(settings, "seeds", list)
    only = taken(settings, "only", dict, {})
    elsewhere = taken(settings, "elsewhere", dict, {})
    intervention = dict(settings.pop("intervention", {}))
    intervention |= {"only": dict(only)} if only else {}
    intervention |= {"also_evaluated": dict(elsewhere)} if elsewhere else {}
    suspects = taken(settings, "suspects", list, [])
    for score in suspects:
        SCORES[score]
    plan = SelectionPlan(
        conditions=conditions_of(settings.pop("conditions", None)),
        selections=kept,
        with_errors=kept
        if with_errors is None
        else _selections(selections, with_errors, all_of_them=True),
        suspects=list(suspects),
        seeds=list(seeds),
        split=taken(settings, "split", str, "test"),
        elsewhere=tuple(elsewhere),
        equal_updates=taken(settings, "equal_updates", bool, False),
        margin=taken(settings, "margin", float, MARGIN),
        base=RunConfig.from_dict(
            settings | {"record_initial": False, "intervention": intervention}
        ),
    )
    if len(set(plan.seeds)) < 2 or len(set(plan.seeds)) < len(plan.seeds):
        raise ConfigError(f"seeds is {seeds!r}; expected two or more, each another one")
    taught = [condition.name for condition in plan.conditions if condition.teacher is not None]
    if taught:
        raise ConfigError(
            f"condition '{taught[0]}' has a teacher; expected none: scores are of its own runs"
        )
    return plan


def selection_configs(parameters: Mapping[str, Any]) -> list[RunConfig]:
    """The runs of a chapter's parameters, those that score before those that they steer.

    Raises:
        ConfigError: as `selection_plan`.
    """
    configs: dict[str, RunConfig] = {}

    def listed(config: RunConfig) -> Run | None:
        configs[config.hash] = config
        return find_run(config.resolved())

    _walk(selection_plan(parameters), listed)
    return list(configs.values())


def selection_study(parameters: Mapping[str, Any], *, progress: bool = True) -> SelectionStudy:
    """The study of a chapter's parameters; runs are trained where they are not recorded.

    Raises:
        DifficultyError: one line, on parameters that cannot be, a class with too few rows to be
            balanced, or if a run is neither recorded nor can be trained.
    """
    plan = selection_plan(parameters)
    cells = _walk(plan, RunsAtHand(plan.base.dataset, progress=progress).get)
    titles: dict[str, Selection] = {}
    for condition in plan.conditions:
        titles |= plan.of(condition)
    return SelectionStudy(cells, plan.conditions, titles, split=plan.split, margin=plan.margin)


def _walk(plan: SelectionPlan, get: Callable[[RunConfig], Run | None]) -> list[SteeredCell]:
    """Every run that the plan asks for, in an order in which they can be trained."""
    cells: list[SteeredCell] = []
    for condition in plan.conditions:
        for seed in plan.seeds:
            config = plan.plain(condition, seed)
            run = get(config)
            source = config.folder_name if run is None else run.folder.name
            found = {PLAIN: run}
            for title, selection in plan.of(condition).items():
                found[title] = get(plan.selected(condition, selection, seed, source))
            cells += [
                SteeredCell.of_run(condition.name, title, one)
                for title, one in found.items()
                if one is not None
            ]
    return cells


def _selections(
    given: Any, fractions: list[float], *, all_of_them: bool = False
) -> list[Selection]:
    """The selections that are given, of these shares where they name none, or all of these shares."""
    if not isinstance(given, list | tuple) or not given:
        raise ConfigError(f"selections is {given!r}; expected a list of [how, score]")
    found: dict[str, Selection] = {}
    for value in given:
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= 3:
            raise ConfigError(f"selection {value!r}; expected [how, score, shares]")
        how, score, shares = (*value, None, None)[:3]
        if how not in SELECTIONS:
            raise ConfigError(f"selection {value!r}: '{how}'; expected {', '.join(SELECTIONS)}")
        score = (score or SCORE[how]) if how in SCORE else None
        if score is not None:
            SCORES[score]
        for share in fractions if shares is None or all_of_them else shares:
            number = isinstance(share, int | float) and not isinstance(share, bool)
            if not number or not 0 < share < 1:
                raise ConfigError(
                    f"selection {value!r}: {share!r}; expected shares between 0 and 1"
                )
            made = Selection(how, float(share), score)
            found[made.title] = made
    for share in sorted({selection.kept for selection in found.values()}):
        control = Selection(RANDOM, share)
        found.setdefault(control.title, control)
    return list(found.values())
