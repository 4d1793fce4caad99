"""The intervention that empties one text of a pair."""

import numpy as np
import pytest
from refusals import raises_one_line
from training import tiny

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import TextData
from difficulty_lib.training import RunConfig, get_or_train
from difficulty_lib.training._interventions import intervene

pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)


def pairs(columns=("premise", "hypothesis"), count=30, other=9):
    """The label's word is in the last text; the first is the same number of fillers."""

    def split(n, seed, first_id):
        frame = tiny.labelled_frame(n, seed=seed, first_id=first_id)
        texts, _ = tiny.labelled_texts(n, seed=seed + 100)
        frame = frame.rename(columns={"text": columns[-1]})
        return frame.assign(**{columns[0]: texts}) if len(columns) > 1 else frame

    return TextData(
        name="own",
        splits={"train": split(count, 0, 1000), "validation": split(other, 5, 50_000)},
        text_columns=columns,
        label_names=("bad", "good", "neither"),
        origin="file",
    )


def config(**settings):
    return RunConfig(dataset="own", task="nli", evaluation_splits=("validation",), **settings)


@pytest.mark.parametrize("field", ["premise", "hypothesis"])
def test_one_field_is_emptied_in_every_split_and_nothing_else_changes(field):
    whole = pairs()
    seen = intervene(whole, config(intervention={"empty_field": field}))
    for split, frame in seen.splits.items():
        assert (frame[field] == "").all()
        rest = [c for c in frame.columns if c != field]
        assert frame[rest].equals(whole[split][rest])
    assert (whole["train"][field] != "").all()


@pytest.mark.parametrize("value", ["text", True, ["premise"], ""])
def test_a_field_that_is_none_of_the_texts_is_refused(value):
    bad = config(intervention={"empty_field": value})
    raises_one_line(
        lambda: intervene(pairs(), bad), repr(value), "premise, hypothesis", kind=ConfigError
    )


def test_a_single_text_is_emptied_otherwise():
    only = config(intervention={"empty_field": "text"})
    raises_one_line(lambda: intervene(pairs(("text",)), only), "empty_inputs", kind=ConfigError)


def test_a_run_without_the_premise_does_not_depend_on_it(tiny_folder, tmp_path):
    settings = {
        "model": str(tiny_folder),
        "epochs": 1,
        "batch_size": 8,
        "precision": "float32",
        "data_fingerprint": "same",
        "intervention": {"empty_field": "premise"},
    }
    losses = []
    for number, premise in enumerate(("glad", "the gloomy night was long")):
        whole = pairs()
        for frame in whole.splits.values():
            frame["premise"] = premise
        run = get_or_train(config(**settings), whole, runs=tmp_path / str(number), progress=False)
        losses.append(run.dynamics.stream("validation").matrix("loss"))
    np.testing.assert_array_equal(*losses)
