"""From the parameters of the chapter on curricula to its runs, trained where not recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from difficulty_lib._errors import ConfigError
from difficulty_lib.budget import EVALUATION_COST
from difficulty_lib.curriculum import ORDERS, PACINGS
from difficulty_lib.scores import SCORES
from difficulty_lib.study._curriculum import SOURCES, Curriculum, CurriculumStudy
from difficulty_lib.study._steered import LONGER, MARGIN, PLAIN, SteeredCell
from difficulty_lib.study._steered_runs import (
    Condition,
    RunsAtHand,
    conditions_of,
    steered_settings,
    taken,
)
from difficulty_lib.training import Run, RunConfig, find_run

AMBIGUITY = "variability"  # orders of ambiguity take it where they name no score
TUNED = "validation"


@dataclass(frozen=True)
class CurriculumPlan:
    """What a chapter's parameters ask for.

    Attributes:
        base: how everything is trained, but for what condition, seed and curriculum change.
        conditions: under which.
        curricula: by title, random orders with the same pacings among them.
        seeds: that are reported.
        rates: learning rates of which the plain training's best is taken, for each condition.
        tuning_seeds: on which it is chosen, none of them reported.
        tuning_split: on which it is chosen.
        split: that is reported.
        other_model: whose plain runs give scores to the curricula that say so.
        equal_cost: whether there is plain training that costs what a curriculum and its scores do.
        start: share of the data that is available at the first update.
        end: share of the updates after which all are.
        margin: of accuracy, below which a difference does not matter.
    """

    base: RunConfig
    conditions: list[Condition]
    curricula: dict[str, Curriculum]
    seeds: list[int]
    rates: list[float]
    tuning_seeds: list[int]
    tuning_split: str = TUNED
    split: str = "test"
    other_model: str | None = None
    equal_cost: bool = True
    start: float = 0.2
    end: float = 0.5
    margin: float = MARGIN

    def tuning(self, condition: Condition) -> list[RunConfig]:
        """The runs that the learning rate is chosen on; none where there is no choice."""
        if len(self.rates) < 2:
            return []
        return [
            replace(
                condition.applied(self.base),
                learning_rate=rate,
                seed=seed,
                evaluation_splits=(self.tuning_split,),
            )
            for rate in self.rates
            for seed in self.tuning_seeds
        ]

    def plain(self, condition: Condition, rate: float, seed: int) -> RunConfig:
        """Plain training: the baseline, and where somebody needs its scores, their source."""
        scored = any(self.teacher(other) == condition for other in self.conditions)
        return replace(
            condition.applied(self.base),
            learning_rate=rate,
            seed=seed,
            evaluation_splits=("train", self.split) if scored and self.taught else (self.split,),
        )

    def others(self, condition: Condition, rate: float, seed: int) -> RunConfig:
        """Plain training of the other model, on the same rows and labels."""
        assert self.other_model is not None  # curricula that need it are refused without
        plain = self.plain(condition, rate, seed)
        return replace(plain, model=self.other_model, evaluation_splits=("train",))

    def longer(self, condition: Condition, rate: float, seed: int) -> RunConfig:
        """Plain training for as long as a curriculum and the run that scored for it take."""
        plain = replace(self.plain(condition, rate, seed), evaluation_splits=(self.split,))
        return replace(plain, epochs=plain.epochs + round(plain.epochs * (1 + EVALUATION_COST)))

    def steered(
        self, condition: Condition, curriculum: Curriculum, rate: float, seed: int, source: str
    ) -> RunConfig:
        """A training by a curriculum, whose scores are those of the run that lies in `source`."""
        config = replace(self.plain(condition, rate, seed), evaluation_splits=(self.split,))
        given: dict[str, Any] = {"order": curriculum.order, "pacing": curriculum.pacing}
        given |= {"start": self.start, "end": self.end}
        if curriculum.score is not None:
            given |= {"score": curriculum.score, "run": source, "allow_collapsed": True}
        if curriculum.source == "first_epoch":
            given["epochs"] = 1
        return replace(config, intervention={**config.intervention, "curriculum": given})

    def teacher(self, condition: Condition) -> Condition:
        """The condition whose plain runs give the scores."""
        if condition.teacher is None:
            return condition
        return next(other for other in self.conditions if other.name == condition.teacher)

    @property
    def taught(self) -> bool:
        """Whether any curriculum needs scores of the same model."""
        return any(c.source in ("same", "first_epoch") for c in self.curricula.values())


def curriculum_plan(parameters: Mapping[str, Any]) -> CurriculumPlan:
    """What a chapter's parameters ask for.

    Args:
        parameters: `conditions`, a mapping of a name to a `Condition`'s settings; `curricula`, a
            list of [order, pacing], [order, pacing, score] or [order, pacing, score, source];
            `seeds`, two or more; `learning_rates` and `tuning_seeds`; `size`; and any other
            attribute of the plan, or setting of `RunConfig`, by its name. Random orders with the
            same pacings are added.

    Raises:
        ConfigError: on an unknown name, or a value that cannot be.
    """
    settings = steered_settings(parameters, ("conditions", "curricula", "learning_rates"))
    if parameters.get("size", "full") == "small":
        settings["equal_cost"] = False
    other = taken(settings, "other_model", str)
    seeds = taken(settings, "seeds", list)
    rates = taken(settings, "learning_rates", list, [5e-5])
    tuning = taken(settings, "tuning_seeds", list, [])
    plan = CurriculumPlan(
        conditions=conditions_of(settings.pop("conditions", None)),
        curricula=_curricula(settings.pop("curricula", None), other),
        seeds=list(seeds),
        rates=[float(rate) for rate in rates],
        tuning_seeds=list(tuning),
        tuning_split=taken(settings, "tuning_split", str, TUNED),
        split=taken(settings, "split", str, "test"),
        other_model=other,
        equal_cost=taken(settings, "equal_cost", bool, True),
        start=taken(settings, "start", float, 0.2),
        end=taken(settings, "end", float, 0.5),
        margin=taken(settings, "margin", float, MARGIN),
        base=RunConfig.from_dict(settings | {"record_initial": False}),
    )
    if len(set(plan.seeds)) < 2 or len(set(plan.seeds)) < len(plan.seeds):
        raise ConfigError(f"seeds is {seeds!r}; expected two or more, each another one")
    if not plan.rates:
        raise ConfigError(f"learning_rates is {rates!r}; expected one or more")
    both = sorted(set(plan.tuning_seeds) & set(plan.seeds))
    if len(plan.rates) > 1 and (both or not plan.tuning_seeds):
        raise ConfigError(
            f"tuning_seeds is {tuning!r}; expected one or more, none of them among seeds, "
            f"{', '.join(map(str, plan.seeds))}"
        )
    if len(plan.rates) > 1 and plan.tuning_split == plan.split:
        raise ConfigError(
            f"tuning_split is '{plan.split}', which is reported; expected another split"
        )
    return plan


def curriculum_configs(parameters: Mapping[str, Any]) -> list[RunConfig]:
    """The runs of a chapter's parameters, those that score before those that they steer.

    Those after the choice of a learning rate are among them once the runs that it is chosen on are
    recorded.

    Raises:
        ConfigError: as `curriculum_plan`.
    """
    configs: dict[str, RunConfig] = {}

    def listed(config: RunConfig) -> Run | None:
        configs[config.hash] = config
        return find_run(config.resolved())

    _walk(curriculum_plan(parameters), listed)
    return list(configs.values())


def curriculum_study(parameters: Mapping[str, Any], *, progress: bool = True) -> CurriculumStudy:
    """The study of a chapter's parameters; runs are trained where they are not recorded.

    Raises:
        DifficultyError: one line, on parameters that cannot be, or if a run is neither recorded nor
            can be trained.
    """
    plan = curriculum_plan(parameters)
    hand = RunsAtHand(plan.base.dataset, progress=progress)
    cells, tuning = _walk(plan, hand.get)
    return CurriculumStudy(
        cells, plan.conditions, plan.curricula, tuning, margin=plan.margin, split=plan.split
    )


def _walk(
    plan: CurriculumPlan, get: Callable[[RunConfig], Run | None]
) -> tuple[list[SteeredCell], pd.DataFrame]:
    """Every run that the plan asks for, in an order in which they can be trained."""
    cells: list[SteeredCell] = []
    tuned: list[dict[str, Any]] = []
    names: dict[tuple[str, int], str] = {}  # folders of the plain runs

    def cell(condition: Condition, method: str, config: RunConfig) -> str:
        run = get(config)
        if run is None:
            return config.folder_name
        cells.append(SteeredCell.of_run(condition.name, method, run))
        return run.folder.name

    for condition in sorted(plan.conditions, key=lambda c: c.teacher is not None):
        tuning = [get(config) for config in plan.tuning(condition)]
        if any(run is None for run in tuning):
            continue
        rate, rows = _best(plan, [run for run in tuning if run is not None])
        tuned += [{"condition": condition.name, "chosen": rate} | row for row in rows]
        for seed in plan.seeds:
            names[condition.name, seed] = cell(condition, PLAIN, plan.plain(condition, rate, seed))
            source = {"same": names.get((plan.teacher(condition).name, seed))}
            source["first_epoch"] = source["same"]
            if source["same"] is None:
                continue
            if any(c.source == "other_model" for c in plan.curricula.values()):
                config = plan.others(condition, rate, seed)
                run = get(config)
                source["other_model"] = config.folder_name if run is None else run.folder.name
            if plan.equal_cost and plan.taught and condition.teacher is None:
                cell(condition, LONGER, plan.longer(condition, rate, seed))
            for title, curriculum in plan.curricula.items():
                name = source.get(curriculum.source) or ""
                cell(condition, title, plan.steered(condition, curriculum, rate, seed, name))
    order = {condition.name: place for place, condition in enumerate(plan.conditions)}
    cells.sort(key=lambda c: order[c.condition])
    return cells, pd.DataFrame(tuned)


def _best(plan: CurriculumPlan, runs: list[Run]) -> tuple[float, list[dict[str, Any]]]:
    """The learning rate whose mean accuracy is highest, and all of them: the first of equals."""
    if not runs:
        return plan.rates[0], []
    rows = [
        {"rate": run.config.learning_rate, "seed": run.config.seed}
        | {"accuracy": run.accuracy(plan.tuning_split)}
        for run in runs
    ]
    means = pd.DataFrame(rows).groupby("rate", sort=False)["accuracy"].mean()
    return float(means.idxmax()), rows


def _curricula(given: Any, other_model: str | None) -> dict[str, Curriculum]:
    if not isinstance(given, list | tuple) or not given:
        raise ConfigError(f"curricula is {given!r}; expected a list of [order, pacing, …]")
    found: dict[str, Curriculum] = {}
    for value in given:
        if not isinstance(value, list | tuple) or not 2 <= len(value) <= 4:
            raise ConfigError(f"curriculum {value!r}; expected [order, pacing, score, source]")
        order, pacing, *rest = value
        for name, known in ((order, ORDERS), (rest[1] if len(rest) > 1 else "same", SOURCES)):
            if name not in known:
                raise ConfigError(f"curriculum {value!r}: '{name}'; expected {', '.join(known)}")
        PACINGS[pacing]
        if order == "random":
            made = Curriculum(order, pacing)
        else:
            usual = AMBIGUITY if order.startswith("ambiguous") else "action_score"
            score = rest[0] if rest else usual
            SCORES[score]
            made = Curriculum(order, pacing, score, rest[1] if len(rest) > 1 else "same")
        if made.source == "other_model" and other_model is None:
            raise ConfigError(f"curriculum {value!r}: other_model is None; expected a model")
        found[made.title] = made
    for pace in dict.fromkeys(c.pacing for c in found.values()):
        control = Curriculum("random", pace)
        found.setdefault(control.title, control)
    return found
