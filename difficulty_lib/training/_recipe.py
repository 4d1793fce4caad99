"""Mixtures by recipe: `{"mixup": {"run": …, …}}` says how pairs follow from an earlier run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.mixup import (
    data_map,
    mixup_intervention,
    pair_samples,
    random_pairs,
    repeat_pairs,
)
from difficulty_lib.training._mixing import MIXUP, SETTINGS
from difficulty_lib.training._scores_from import source_run

if TYPE_CHECKING:
    from difficulty_lib.training._config import RunConfig

RUN = "run"
MAP = ("easy", "ambiguous", "mislabelled", "within_class")
PAIRS = ("labels", "by", "top")
KEYS = (RUN, "pairing", "stream", *MAP, *PAIRS, *SETTINGS)
PAIRINGS = ("map", "random")


def with_pairs(config: RunConfig, ids: pd.Index, roots: Sequence[Path]) -> RunConfig:
    """The configuration with a recipe's pairs written out; others come back as they are.

    `{"mixup": {"run": name, "pairing": "map", …}}`: the named run's training dynamics make a data
    map (shares `easy`, `ambiguous`, `mislabelled`, and `within_class`; see `data_map`), each easy
    sample gets an ambiguous partner (`labels`, `by`, `top`; see `pair_samples`), and the pairs are
    repeated until they are as many as the run has training samples. With `"pairing": "random"` any
    sample goes with any other, without the map's mislabelled ones if there is such a share. `stream`
    of the run is "training" if not given; `alpha`, `layer`, `weight`, `dominant` are those of
    `MixupSettings`. The configuration names the run alone, so that it is known before that run is
    done.

    Args:
        config: of the run that is to train.
        ids: of its training samples.
        roots: folders of runs, the first that has the named one is taken.

    Raises:
        ConfigError: on settings that are none of these, or no such run.
        DataError: if that run is of other data or other training samples.
        DynamicsError: if it does not hold what the map needs.
    """
    given = config.intervention.get(MIXUP)
    if not isinstance(given, dict) or RUN not in given:
        return config
    unknown = sorted(set(map(str, given)) - set(KEYS))
    if unknown:
        raise ConfigError(
            f"intervention {MIXUP} has no {', '.join(unknown)}; known: {', '.join(KEYS)}"
        )
    pairing = given.get("pairing", PAIRINGS[0])
    if pairing not in PAIRINGS:
        raise ConfigError(
            f"intervention {MIXUP}: pairing is {pairing!r}; expected {' or '.join(PAIRINGS)}"
        )
    stream = _stream(config, given, roots)
    if set(stream.ids.tolist()) != set(ids.tolist()):
        raise DataError(
            f"intervention {MIXUP}: run '{given[RUN]}' saw {len(stream.ids)} training samples, this "
            f"one has {len(ids)}, not the same; expected a run on the same samples"
        )
    shares = {name: given[name] for name in MAP if name in given}
    shares["allow_collapsed"] = True  # what comes of a map that is chance is a result, too
    choices = {name: given[name] for name in PAIRS if name in given}
    if pairing == "random":
        strange = sorted(choices) + [name for name in ("easy", "ambiguous") if name in shares]
        if strange:
            raise ConfigError(
                f"intervention {MIXUP}: random pairs have no {', '.join(strange)}; expected none"
            )
        label = pd.Series(stream.label, index=stream.ids)
        if shares.get("mislabelled"):
            wrong = data_map(stream, easy=0, ambiguous=0, **shares).ids("mislabelled")
            label = label.drop(index=wrong)
        pairs = random_pairs(label, count=len(ids), seed=config.seed)
    else:
        found = data_map(stream, **shares)
        pairs = pair_samples(
            found.ids("easy"),
            found.ids("ambiguous"),
            found.table["label"],
            found.table["entropy"],
            seed=config.seed,
            **choices,
        )
        pairs = repeat_pairs(pairs, len(ids))
    settings = {name: given[name] for name in SETTINGS if name in given}
    written = mixup_intervention(pairs, **settings)
    return replace(config, intervention={**config.intervention, **written})


def _stream(config: RunConfig, given: dict[str, Any], roots: Sequence[Path]) -> Any:
    run = source_run(str(given[RUN]), MIXUP, config.dataset, roots)
    name = given.get("stream", "training")
    return run.load_dynamics("train", name).stream("train", name)
