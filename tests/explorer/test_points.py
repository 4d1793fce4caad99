"""From runs and tables to the explorer's rows and files."""

import gzip

import numpy as np
import pandas as pd
import pytest
from explorer.samples import NAMES, column, make_data, make_dynamics, read_script

from difficulty_lib import DifficultyError, Dynamics, score_table
from difficulty_lib.explorer import explorer_page, points_of, text_projection


def test_numbers_are_those_of_the_library(tmp_path):
    dynamics, data = make_dynamics(60), make_data(60)
    page = explorer_page(dynamics, data, tmp_path / "new" / "folder")
    read = read_script(page.parent / "data.js")
    expected = score_table(dynamics.stream())
    assert column(read["id"]).tolist() == list(range(100, 160))
    names = [score["name"] for score in read["sides"][0]["scores"]]
    assert {"action_score", "confidence", "variability", "aum"} <= set(names)
    assert "action_score_mean" not in names  # it orders as the action score does
    for score in read["sides"][0]["scores"]:
        got = column(score).astype(float)
        np.testing.assert_allclose(got, expected[score["name"]], rtol=2e-7, err_msg=score["name"])
    loss = column(read["sides"][0]["loss"]).reshape(4, 60) * read["sides"][0]["loss"]["unit"]
    np.testing.assert_allclose(loss, dynamics.stream().matrix("loss"), atol=0.00051)
    labels = [read["labelNames"][code] for code in column(read["label"])]
    assert labels == [NAMES[i % 3] for i in range(60)]
    said = [read["labelNames"][code] for code in column(read["sides"][0]["predicted"])]
    assert said == [NAMES[(i % 3 + (i % 7 == 0)) % 3] for i in range(60)]
    texts = read_script(page.parent / "texts.js")
    assert texts["values"] == [data["train"]["review"].tolist()]


def test_a_compact_page_keeps_four_digits(tmp_path):
    dynamics = make_dynamics(500)
    explorer_page(dynamics, None, tmp_path / "whole")
    explorer_page(dynamics, None, tmp_path / "compact", compact=True)
    whole, compact = (read_script(tmp_path / n / "data.js") for n in ("whole", "compact"))
    for a, b in zip(whole["sides"][0]["scores"], compact["sides"][0]["scores"]):
        np.testing.assert_allclose(column(b), column(a), rtol=2**-14 * 1.01)
    size = {
        n: len(gzip.compress((tmp_path / n / "data.js").read_bytes())) for n in ("whole", "compact")
    }
    assert size["compact"] < 0.85 * size["whole"]


def test_without_permission_the_texts_are_nowhere(tmp_path):
    data = make_data(60)
    explorer_page(make_dynamics(60), data, tmp_path)
    assert (tmp_path / "texts.js").exists()
    explorer_page(make_dynamics(60), data, tmp_path, texts=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.js", "index.html"]
    whole = "".join(p.read_text("utf8") for p in tmp_path.iterdir())
    assert not [t for t in data["train"]["review"] if t in whole]


def test_samples_of_several_sources_are_joined_by_split_and_id():
    train, test = make_dynamics(20, first=1), make_dynamics(10, first=15, split="test")
    both = Dynamics({**train._streams, **test._streams})
    other = make_dynamics(10, seed=1, first=15)  # of training: 5 samples more, none of test
    points = points_of({"a": both, "b": other.stream()})
    assert points.index.tolist() == [
        *[("train", i) for i in range(1, 25)],
        *[("test", i) for i in range(15, 25)],
    ]
    a, b = (side.table["action_score"] for side in points.sides)
    assert a.notna().tolist() == [True] * 20 + [False] * 4 + [True] * 10
    assert b.notna().tolist() == [False] * 14 + [True] * 10 + [False] * 10
    assert a["test", 15] == score_table(test.stream())["action_score"][15]
    assert b["train", 24] == score_table(other.stream())["action_score"][24]
    assert np.isnan(points.sides[1].loss[:, 0]).all()
    np.testing.assert_array_equal(points.sides[1].loss[:, 14:24], other.stream().matrix("loss"))


def test_the_evaluation_stream_is_read_where_there_are_two():
    first, second = make_dynamics(20), make_dynamics(20, seed=3).stream()
    both = Dynamics({("train", "training"): second, **first._streams})
    points = points_of(both)
    np.testing.assert_array_equal(points.sides[0].loss, first.stream().matrix("loss"))


def test_tables_by_id_by_columns_and_by_both_levels(tmp_path):
    data = make_data(6)
    table = pd.DataFrame({"mine": np.arange(6.0), "confidence": 0.5}, index=range(100, 106))
    points = points_of([table, table.assign(sample_id=table.index)], data)
    assert points.index.tolist() == [("train", i) for i in range(100, 106)]
    assert [side.name for side in points.sides] == ["table 1", "table 2"]
    assert points.label == ["bad", "good", "so-so"] * 2
    explorer_page(table, data, tmp_path)
    scores = read_script(tmp_path / "data.js")["sides"][0]["scores"]
    assert [(s["name"], s["up"]) for s in scores] == [("mine", True), ("confidence", False)]
    levels = table.set_axis(pd.MultiIndex.from_product([["dev"], table.index]))
    assert points_of(levels).index.tolist() == [("dev", i) for i in range(100, 106)]


def test_ids_of_64_bits_stay_exact(tmp_path):
    ids = [-(2**63), 2**53 + 1, 2**63 - 1]
    explorer_page(pd.DataFrame({"mine": [1.0, 2.0, 3.0]}, index=ids), None, tmp_path)
    assert column(read_script(tmp_path / "data.js")["id"]).tolist() == ids


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([], "nothing to explore"),
        (pd.DataFrame({"a": ["x"]}, index=[1]), "no numeric column"),
        (pd.DataFrame({"a": [1.0, 2.0]}, index=[1, 1]), "more than once"),
        (pd.DataFrame({"a": [1.0]}, index=["x"]), "'sample_id' is not of integers"),
        (
            [pd.DataFrame({"a": [1.0]}, index=[1]), pd.DataFrame({"a": [1.0]}, index=[2])],
            "no sample in common",
        ),
    ],
)
def test_what_does_not_fit_is_refused(sources, message):
    with pytest.raises(DifficultyError, match=message):
        points_of(sources)


def test_splits_are_chosen():
    train, test = make_dynamics(20, first=1), make_dynamics(10, first=15, split="test")
    both = Dynamics({**train._streams, **test._streams})
    assert len(points_of(both, splits=["test"])) == 10
    with pytest.raises(DifficultyError, match="no sample of dev"):
        points_of(both, splits=["dev"])


def test_projection_puts_like_texts_together():
    texts = ["cats purr softly at home", "cats purr at night home"] * 20
    texts += ["shares fell on markets today", "markets and shares fell"] * 20
    found = text_projection(make_data(80, {"text": texts}))
    first, second = found.iloc[:40].mean(), found.iloc[40:].mean()
    spread = found.iloc[:40].std().max()
    assert abs(first["x"] - second["x"]) > 3 * spread
    assert found.index[0] == ("train", 100)
    points = points_of(make_dynamics(80), projection=found)
    np.testing.assert_array_equal(points.projection.to_numpy(), found.to_numpy())
    with pytest.raises(DifficultyError, match="of other samples"):
        points_of(make_dynamics(20, first=1), projection=found)


def test_references_and_answers_are_read_as_texts():
    index = pd.Index([1, 2], name="sample_id")
    answers = [(("a", 0), ("a", 9), ("b", 3)), ()]
    frame = pd.DataFrame({"question": ["q", "r"], "context": ["c", "d"]}, index=index)
    data = make_data(
        0,
        splits={"train": frame.assign(label=answers)},
        text_columns=("question", "context"),
        label_names=(),
        target="answers",
    )
    points = points_of(pd.DataFrame({"mine": [1.0, 2.0]}, index=index), data)
    assert points.texts == {
        "question": ["q", "r"],
        "context": ["c", "d"],
        "answers": ["a / b", "(no answer)"],
    }
    assert points.label == [None, None]
