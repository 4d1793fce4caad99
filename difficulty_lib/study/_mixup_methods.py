"""What is done with a data map: mixtures, dropped samples, smoothed labels, as runs' configurations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib.training import RunConfig
from difficulty_lib.training._ood import NAME as OOD

PLAIN, FULL = "plain", "mixup"
# Shares of the training samples of each class; λ ~ Beta(α, α), mixed in the embeddings.
OPTIONS: dict[str, Any] = {
    "easy": 1 / 3,
    "ambiguous": 1 / 3,
    "mislabelled": 0.05,
    "within_class": True,
    "alpha": 0.4,
    "layer": 0,
    "smoothing": 0.1,
}

Steer = Callable[[str, int, Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Method:
    """A way to train.

    Attributes:
        title: in words.
        intervention: of the plain run's folder name, the seed and the options, what is done.
        part: of the full method, the part that this one leaves out; empty for what is none of its
            ablations.
    """

    title: str
    intervention: Steer
    part: str = ""


def _mixed(**more: Any) -> Steer:
    def steer(teacher: str, seed: int, options: Mapping[str, Any]) -> dict[str, Any]:
        names = ("easy", "ambiguous", "mislabelled", "within_class", "alpha", "layer")
        return {"mixup": {"run": teacher, **{n: options[n] for n in names}, **more}}

    return steer


def _random(teacher: str, seed: int, options: Mapping[str, Any]) -> dict[str, Any]:
    how = {name: options[name] for name in ("alpha", "layer")}
    return {"mixup": {"run": teacher, "pairing": "random", **how}}


def _dropped(teacher: str, seed: int, options: Mapping[str, Any]) -> dict[str, Any]:
    where = {"score": "aum", "run": teacher, "stream": "training"}
    return {"selected": {"how": "drop_suspects", "fraction": options["mislabelled"], **where}}


def _thinned(teacher: str, seed: int, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"selected": {"how": "random", "fraction": 1 - options["mislabelled"], "seed": seed}}


MIXUP_METHODS: dict[str, Method] = {
    PLAIN: Method("no mixup", lambda teacher, seed, options: {}),
    FULL: Method("mixup by difficulty and entropy", _mixed()),
    "random_mixup": Method("random mixup", _random),
    "label_smoothing": Method(
        "label smoothing", lambda teacher, seed, options: {"label_smoothing": options["smoothing"]}
    ),
    "keep_mislabelled": Method(
        "without dropping the mislabelled", _mixed(mislabelled=0.0), "dropping the mislabelled"
    ),
    "any_label": Method(
        "with partners of any label", _mixed(labels="any"), "partners of one label"
    ),
    "random_entropy": Method(
        "with partners at random", _mixed(by="random"), "the choice by entropy"
    ),
    "lowest_entropy": Method(
        "with the surest partners", _mixed(by="lowest"), "the highest entropy first"
    ),
    "whole_map": Method(
        "with one map for all classes", _mixed(within_class=False), "a map of each class"
    ),
    "dropped": Method("the mislabelled dropped, nothing mixed", _dropped),
    "random_dropped": Method("as many dropped at random", _thinned),
}


def method_config(
    plain: RunConfig, method: str, options: Mapping[str, Any] | None = None
) -> RunConfig:
    """The configuration of a method's run.

    Args:
        plain: that of the run without anything, whose data map the others use; it records the
            training stream.
        method: one of `MIXUP_METHODS`.
        options: instead of those in `OPTIONS`.

    Raises:
        ConfigError: on an unknown method or option.
    """
    if method not in MIXUP_METHODS:
        raise ConfigError(f"unknown method '{method}'; known: {', '.join(MIXUP_METHODS)}")
    strange = sorted(set(options or {}) - set(OPTIONS))
    if strange:
        raise ConfigError(f"unknown option {', '.join(strange)}; known: {', '.join(OPTIONS)}")
    if method == PLAIN:
        return plain
    done = MIXUP_METHODS[method].intervention(
        plain.resolved().folder_name, plain.seed, OPTIONS | dict(options or {})
    )
    intervention = {**plain.intervention, **done}
    if OOD in intervention:  # a language model says the same of a text whatever was trained
        asked = intervention[OOD].items()
        intervention[OOD] = {name: value for name, value in asked if name != "language_model"}
    return replace(plain, record_training=False, intervention=intervention)
