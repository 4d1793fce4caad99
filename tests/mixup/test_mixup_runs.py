"""Runs that train on mixtures, and with smoothed labels."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.data import load_data
from difficulty_lib.mixup import data_map, mixup_intervention, pair_samples, repeat_pairs
from difficulty_lib.training import get_or_train

pytestmark = pytest.mark.filterwarnings(
    "ignore:emotion .mirror.", "ignore::difficulty_lib.dynamics.CollapsedRunWarning"
)


def losses(run, split="validation"):
    return run.dynamics.stream(split, "evaluation").matrix("loss")


def identical(config):
    """Every sample mixed with itself."""
    ids = load_data("emotion")["train"].index.tolist()
    return {"mixup": {"pairs": [[i, i] for i in ids], "weight": 1.0}}


def test_from_a_run_to_a_run_on_mixtures(config):
    before = get_or_train(config, progress=False)
    found = data_map(before.dynamics.stream("train", "evaluation"), mislabelled=0.1)
    easy, ambiguous = found.ids("easy"), found.ids("ambiguous")
    table = found.table
    pairs = pair_samples(easy, ambiguous, table["label"], table["entropy"], labels="any")
    examples = repeat_pairs(pairs, len(table))
    made = replace(config, intervention=mixup_intervention(examples, alpha=0.2, layer=1))
    run = get_or_train(made, progress=False)
    recorded = json.loads((run.folder / "run.json").read_text("utf8"))["config"]["intervention"]
    assert recorded["mixup"]["pairs"] == examples[["first", "second"]].to_numpy().tolist()
    assert np.abs(losses(run)[-1] - losses(before)[-1]).max() > 1e-3
    # Dropped samples are watched all the same.
    assert run.dynamics.stream("train", "evaluation").ids.tolist() == table.index.tolist()
    assert get_or_train(made, progress=False).hash == run.hash != before.hash


def test_mixed_with_itself_at_weight_one_is_the_run_without(config):
    plain = get_or_train(config, progress=False)
    mixed = get_or_train(replace(config, intervention=identical(config)), progress=False)
    np.testing.assert_array_equal(losses(mixed), losses(plain))


def test_smoothed_labels(config):
    plain = get_or_train(config, progress=False)
    smooth = get_or_train(replace(config, intervention={"label_smoothing": 0.3}), progress=False)
    none = get_or_train(replace(config, intervention={"label_smoothing": 0}), progress=False)
    np.testing.assert_array_equal(losses(none), losses(plain))
    assert not torch.equal(torch.tensor(losses(smooth)[-1]), torch.tensor(losses(plain)[-1]))


@pytest.mark.parametrize(
    ("intervention", "parts", "kind"),
    [
        ({"mixup": True}, ("pairs",), ConfigError),
        ({"mixup": {"pairs": [[1]]}}, ("[[first, second]",), ConfigError),
        ({"mixup": {"pairs": [[1, 2]], "beta": 1}}, ("beta", "alpha, layer"), ConfigError),
        ({"mixup": {"pairs": [[1, 2]]}}, ("not among the training samples",), DataError),
        ({"label_smoothing": 1}, ("below 1",), ConfigError),
    ],
)
def test_refused_interventions(config, intervention, parts, kind):
    made = replace(config, intervention=intervention)
    raises_one_line(lambda: get_or_train(made, progress=False), *parts, kind=kind)


def test_refused_with_a_training_stream_and_with_another_layer(config):
    given = identical(config)
    made = replace(config, intervention=given, record_training=True)
    raises_one_line(lambda: get_or_train(made, progress=False), "record_training", kind=ConfigError)
    ordered = replace(config, intervention={**given, "curriculum": {"by": "given"}})
    raises_one_line(lambda: get_or_train(ordered, progress=False), "curriculum", kind=ConfigError)
    deep = replace(config, intervention={"mixup": given["mixup"] | {"layer": 9}})
    raises_one_line(lambda: get_or_train(deep, progress=False), "0 to 1", kind=ConfigError)
