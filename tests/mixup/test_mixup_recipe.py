"""Mixtures by recipe, against the same steps taken by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.mixup import (
    data_map,
    mixup_intervention,
    pair_samples,
    random_pairs,
    repeat_pairs,
)
from difficulty_lib.training import get_or_train
from difficulty_lib.training._scores_from import needed_runs

pytestmark = pytest.mark.filterwarnings(
    "ignore:emotion .mirror.", "ignore::difficulty_lib.dynamics.CollapsedRunWarning"
)


@pytest.fixture
def config(config):
    return replace(config, record_training=True, evaluation_splits=("validation",), seed=3)


@pytest.fixture
def teacher(config):
    return get_or_train(config, progress=False)


def mixing(config, **recipe):
    return replace(config, record_training=False, intervention={"mixup": recipe})


def losses(run):
    return run.dynamics.stream("validation", "evaluation").matrix("loss")


def test_a_recipe_is_the_pairs_made_by_hand(config, teacher):
    stream = teacher.dynamics.stream("train", "training")
    found = data_map(stream, easy=0.4, ambiguous=0.4, mislabelled=0.1)
    table = found.table
    by_hand = pair_samples(
        found.ids("easy"),
        found.ids("ambiguous"),
        table["label"],
        table["entropy"],
        labels="any",
        by="lowest",
        seed=3,
    )
    written = mixup_intervention(repeat_pairs(by_hand, len(table)), alpha=0.3, layer=1)
    expected = get_or_train(
        replace(config, record_training=False, intervention=written), progress=False
    )
    recipe = {"easy": 0.4, "ambiguous": 0.4, "mislabelled": 0.1, "labels": "any", "by": "lowest"}
    asked = mixing(config, run=teacher.folder.name, alpha=0.3, layer=1, **recipe)
    run = get_or_train(asked, progress=False)
    np.testing.assert_array_equal(losses(run), losses(expected))
    # It is known by its recipe, not by what came of it.
    assert run.config.intervention == asked.intervention
    assert needed_runs(run.config) == [teacher.folder.name]
    assert needed_runs(config) == []


def test_random_pairs_without_the_mislabelled(config, teacher):
    stream = teacher.dynamics.stream("train", "training")
    label = pd.Series(stream.label, index=stream.ids)
    wrong = data_map(stream, mislabelled=0.25).ids("mislabelled")
    assert len(wrong) == 6
    by_hand = random_pairs(label.drop(index=wrong), count=len(label), seed=3)
    written = mixup_intervention(by_hand, alpha=0.3)
    expected = get_or_train(
        replace(config, record_training=False, intervention=written), progress=False
    )
    asked = mixing(config, run=teacher.folder.name, pairing="random", mislabelled=0.25, alpha=0.3)
    np.testing.assert_array_equal(losses(get_or_train(asked, progress=False)), losses(expected))


@pytest.mark.parametrize(
    ("more", "said", "kind"),
    [
        ({"run": "nope"}, "no recorded run 'nope'", ConfigError),
        ({"mix": 1}, "has no mix", ConfigError),
        ({"pairing": "all"}, "expected map or random", ConfigError),
        ({"pairing": "random", "by": "lowest"}, "random pairs have no by", ConfigError),
        ({"easy": 0.9, "ambiguous": 0.9}, "more than the 24", ConfigError),
    ],
)
def test_bad_recipes_are_refused_in_one_line(config, teacher, more, said, kind):
    asked = mixing(config, **{"run": teacher.folder.name, **more})
    raises_one_line(lambda: get_or_train(asked, progress=False), said, kind=kind)


def test_a_run_on_other_samples_is_refused(config, teacher):
    asked = replace(mixing(config, run=teacher.folder.name), train_size=20)
    raises_one_line(lambda: get_or_train(asked, progress=False), "not the same", kind=DataError)
