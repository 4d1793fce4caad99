"""Scores side by side, rankings and the table of methods."""

import numpy as np
import pandas as pd
import pytest

from difficulty_lib import SCORES, Dynamics, ranking, score_table
from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.scores import hardness, methods_table


def streams_of(simulation):
    """One of every kind that a score is defined on."""
    return {
        (split, stream): simulation.dynamics(split, stream, gradients=True)
        .stream()
        .with_static(**simulation.runs_for(SCORES["pvi"])[0].static)
        for split, stream in (
            ("train", "evaluation"),
            ("validation", "evaluation"),
            ("train", "training"),
            ("train", "cross_validated"),
            ("train", "second_split"),
        )
    }


def test_table_has_a_column_per_score_that_the_stream_allows(simulation):
    seen = set()
    for (split, name), stream in streams_of(simulation).items():
        table = score_table(stream)
        assert list(table.columns) == [s for s in SCORES if s in table]
        assert table.index.tolist() == stream.ids.tolist()
        assert table.index.name == "sample_id"
        assert table.attrs == {"stream": name, "runs": 1}
        assert np.isfinite(table.to_numpy()).all()
        held_out = split == "validation" or name == "cross_validated"
        for score in ("pvi", "self_confidence", "normalized_margin"):
            assert (score in table) == held_out
        assert ("second_split_forgetting" in table) == (name == "second_split")
        seen |= set(table)
    several = score_table([stream, stream])
    assert set(SCORES) == seen | set(several)
    assert set(several) - seen == {"ensemble_loss"}
    assert several.attrs == {"stream": "second_split", "runs": 2}


def test_table_of_the_training_stream(simulation):
    columns = {name: values[1:] for name, values in simulation.columns().items()}
    made = Dynamics.from_arrays(simulation.ids, stream="training", **columns)
    table = score_table(made.stream())
    assert table.attrs["stream"] == "training"
    assert "action_score_initial" not in table  # epoch 0 was not recorded


def test_table_holds_what_the_columns_allow():
    stream = Dynamics.from_arrays([1, 2], loss=[[1.0, 2.0], [0.5, 3.0]]).stream()
    table = score_table(stream)
    assert {"action_score", "last_loss", "confidence", "aleatoric"} <= set(table)
    assert not {"aum", "el2n", "predictive_entropy", "action_score_initial"} & set(table)
    assert table["action_score"].tolist() == [1.5, 5.0]


def test_table_of_named_scores(stream):
    assert list(score_table(stream, ["aum", "action_score"]).columns) == ["aum", "action_score"]


def test_table_of_an_unknown_name(stream):
    with pytest.raises(ConfigError, match=r"unknown score 'hardship'; known: .*action_score"):
        score_table(stream, ["hardship"])


def test_table_of_a_name_that_was_not_recorded():
    stream = Dynamics.from_arrays([1, 2], loss=[[1.0, 2.0]]).stream()
    with pytest.raises(DynamicsError, match=r"train/evaluation: no 'margin'; recorded are loss"):
        score_table(stream, ["aum"])


@pytest.mark.parametrize(
    ("higher", "order"), [(True, [9, 4, 6, 2]), (False, [2, 6, 4, 9])], ids=["high", "low"]
)
def test_hardest_first(higher, order):
    values = pd.Series([0.1, 3.0, 1.0, 7.0], index=[2, 4, 6, 9])
    found = ranking(values, higher_is_harder=higher)
    assert found.index.tolist() == order
    assert found.tolist() == [1, 2, 3, 4]
    assert found.name == "rank"


@pytest.mark.parametrize(
    ("name", "first"), [("action_score", 30), ("aum", 10), ("confidence", 10), ("el2n", 30)]
)
def test_direction_comes_from_the_registry(name, first):
    values = pd.Series([-1.0, 0.0, 1.0], index=[10, 20, 30], name=name)
    assert ranking(values).index[0] == first


def test_direction_given_wins_over_the_registry():
    values = pd.Series([-1.0, 1.0], index=[10, 20], name="action_score")
    assert ranking(values, higher_is_harder=False).index[0] == 10


@pytest.mark.parametrize("higher", [True, False])
def test_ties_are_ordered_by_id(higher):
    values = pd.Series([1.0, 1.0, 1.0, 1.0], index=[8, 3, 5, 1])
    assert ranking(values, higher_is_harder=higher).index.tolist() == [1, 3, 5, 8]


def test_ranking_does_not_depend_on_the_rows_order():
    values = pd.Series([2.0, 1.0, 2.0, 0.0], index=[4, 3, 2, 1], name="action_score")
    assert ranking(values).to_dict() == ranking(values.sample(frac=1, random_state=0)).to_dict()


@pytest.mark.parametrize("name", [None, "hardship"])
def test_ranking_of_an_unregistered_name(name):
    with pytest.raises(ConfigError, match="higher_is_harder"):
        ranking(pd.Series([1.0, 2.0], name=name))


def test_hardness_turns_low_scores():
    assert hardness([1, -2], higher_is_harder=False).tolist() == [-1.0, 2.0]
    assert hardness([1, -2], higher_is_harder=True).tolist() == [1.0, -2.0]


def test_methods_table_covers_the_registry():
    table = methods_table().set_index("name")
    assert list(table.index) == list(SCORES)
    for name, row in table.iterrows():
        assert row["hard is"] == ("high" if SCORES[name].higher_is_harder else "low")
        assert row["means"] == SCORES[name].means
        assert row["defined on"] == SCORES[name].default_stream
    assert (table.astype(str) != "").all(axis=None)


@pytest.mark.parametrize("name", SCORES)
def test_citation_is_a_key(name):
    assert SCORES[name].citation
    assert SCORES[name].citation == SCORES[name].citation.strip()
    assert " " not in SCORES[name].citation
