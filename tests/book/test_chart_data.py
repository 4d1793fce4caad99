"""The numbers behind charts: all of them, none of the texts, and the same when they are read back."""

import csv
import json
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from difficulty_lib import charts
from difficulty_lib.book._chart_data import MIME, charts_of, without_texts
from difficulty_lib.book._numbers import write_numbers
from difficulty_lib.data import load_data

ROOT = Path(__file__).parents[2]
COMMITTED = sorted((ROOT / "book" / "chapters").glob("*.ipynb"))
SECRET = "i felt that the neighbours were loud again and again"


def chart_cell(spec, source="chapter.some_chart()"):
    output = nbformat.v4.new_output("execute_result", data={MIME: spec})
    return nbformat.v4.new_code_cell(source, outputs=[output])


def notebook(*cells):
    return json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=list(cells))))


def spec(*tables):
    return {"datasets": {f"data-{n}": rows for n, rows in enumerate(tables)}, "description": "d"}


def samples(n=50):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": range(1000, 1000 + n),
            "action": rng.gamma(1.0, 3.0, n),
            "entropy": rng.random(n) / 3,
            "normalised": rng.random(n),
            "target": "joy",
            "predicted": "anger",
            "text": [f"{SECRET} {i}" for i in range(n)],
        }
    )


def test_a_chart_of_samples_gives_numbers_and_no_text():
    table = samples()
    made = charts.action_entropy_chart(table, "as it is").to_dict()
    assert SECRET in json.dumps(made)
    (chart,) = charts_of(notebook(chart_cell(made, "chapter.action_entropy_chart()")))
    assert (chart.name, chart.description) == ("action-entropy", made["description"])
    kept = without_texts(chart.tables[0])
    assert SECRET not in kept.to_csv()
    assert sorted(kept["id"]) == table["id"].tolist()
    by_id = kept.set_index("id")["action"].sort_index()
    np.testing.assert_allclose(by_id, table["action"], atol=1e-4)


def test_charts_have_names_of_their_own_and_the_largest_table_first():
    small, large = [{"x": 0}], [{"x": n} for n in range(3)]
    cells = [chart_cell(spec(small, large)), chart_cell(spec(large)), chart_cell(spec(large), "1")]
    found = charts_of(notebook(*cells))
    assert [chart.name for chart in found] == ["some", "some-2", "chart"]
    assert [len(t) for t in found[0].tables] == [3, 1]


def test_data_in_the_specification_itself_count():
    layered = {"layer": [{"data": {"values": [{"x": 1}]}}, {"mark": "rule"}], "description": ""}
    (chart,) = charts_of(notebook(chart_cell(layered)))
    assert [t.to_dict("records") for t in chart.tables] == [[{"x": 1}]]


@pytest.mark.parametrize(
    ("column", "values", "samples", "stays"),
    [
        ("anything", [1.5, None], True, True),
        ("kind", ["right", "wrong"], True, True),
        ("kind", [f"kind {n}" for n in range(13)], True, False),
        ("kind", ["right", SECRET], True, False),
        ("words", ["a", "b"], True, False),
        ("note", ["a", "b"], True, False),
        ("series", ["a", "b"], False, True),
        ("series", ["a" * 101, "b"], False, False),
        ("token", ["a", "b"], False, False),
        ("list", [["a"], ["b"]], False, False),
    ],
)
def test_which_columns_stay(column, values, samples, stays):
    table = pd.DataFrame({column: values, **({"id": range(len(values))} if samples else {})})
    assert (column in without_texts(table)) is stays


def test_files_read_back_are_the_charts_numbers_and_run_nowhere(tmp_path):
    rows = [
        {"series": "=1+1", "value": 0.1 + 0.2, "n": 3, "low": None},
        {"series": "plain", "value": -1e-17, "n": 4, "low": 2.5},
    ]
    found = charts_of(notebook(chart_cell(spec(rows, [{"x": 1.5}]))))
    (tmp_path / "old.csv").write_text("gone")
    assert write_numbers(found, tmp_path) == {"some": ["some", "some-table-2"]}
    assert not (tmp_path / "old.csv").exists()
    back = pd.read_parquet(tmp_path / "some.parquet")
    assert back["value"].tolist() == [0.1 + 0.2, -1e-17]
    assert back["series"].tolist() == ["=1+1", "plain"]
    assert back["low"].isna().tolist() == [True, False]
    with (tmp_path / "some.csv").open(encoding="utf8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["series"] for row in read] == ["'=1+1", "plain"]
    assert [float(row["value"]) for row in read] == [0.1 + 0.2, -1e-17]


@pytest.mark.parametrize("path", COMMITTED, ids=lambda p: p.stem)
def test_committed_chapters_give_every_chart_and_no_long_words(path, tmp_path):
    """No column of words in a table of samples has as many values as the data have texts."""
    read = json.loads(path.read_text("utf8"))
    outputs = [o for cell in read["cells"] for o in cell.get("outputs", [])]
    found = charts_of(read)
    assert len(found) == sum(MIME in output.get("data", {}) for output in outputs)
    written = write_numbers(found, tmp_path)
    assert all(written[chart.name] for chart in found)
    for file in tmp_path.glob("*.parquet"):
        table = pd.read_parquet(file)
        words = table.select_dtypes(exclude="number").select_dtypes(exclude="bool")
        assert words.map(lambda v: isinstance(v, str) and len(v) > 100).sum().sum() == 0
        if "id" in table:
            assert all(words[name].nunique() <= 12 for name in words)


def test_no_text_of_a_fixture_gets_out(tmp_path):
    """Real texts, as a chapter's chart quotes them."""
    data = load_data("tiny-nli")
    texts = data.splits["train"]["premise"].tolist()
    rows = [{"id": n, "words": text, "guess": text, "kind": text} for n, text in enumerate(texts)]
    write_numbers(charts_of(notebook(chart_cell(spec(rows)))), tmp_path)
    written = (tmp_path / "some.csv").read_text("utf8")
    assert written.splitlines()[0] == "id"
    assert not [text for text in texts if text in written]
