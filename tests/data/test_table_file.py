"""A user's own table: what is read as it was written, and every way in which it is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib.data import read_table_file, table_data

ODD = ["plain", 'quoted, "twice"', "two\nlines", "🙂 emoji 👩‍👩‍👧", "שלום עולם مرحبا", " spaces "]


def texts(count=8):
    return [f"text {i}" for i in range(count)]


def good(**columns):
    return pd.DataFrame({"text": texts(), "label": ["pos", "neg"] * 4} | columns)


def write(path, table, **options):
    if path.suffix == ".parquet":
        table.to_parquet(path)
    elif path.suffix == ".jsonl":
        rows = [json.dumps(row, ensure_ascii=False) for row in table.to_dict("records")]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    else:
        separator = "\t" if path.suffix == ".tsv" else ","
        table.to_csv(path, index=False, sep=separator, **({"encoding": "utf-8"} | options))
    return path


def load(path, **options):
    return table_data(read_table_file(path), ["text"], "label", where=path.name, **options)


# Good tables

KINDS = [".csv", ".tsv", ".jsonl", ".parquet"]


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_read_as_written(tmp_path, kind):
    table = pd.DataFrame({"text": ODD, "label": ["a", "b"] * 3})
    found = load(write(tmp_path / f"table{kind}", table))
    assert found["train"]["text"].tolist() == ODD
    assert found["train"]["label"].tolist() == [0, 1] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_of_a_table(tmp_path, kind):
    found = load(write(tmp_path / f"table{kind}", good(other=range(8))))
    assert found.name == f"table{kind}"
    assert found.origin == "file"
    assert list(found.splits) == ["train"]
    assert found.text_columns == ("text",)
    assert found.label_names == ("neg", "pos")
    assert found["train"].index.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert found["train"].index.name == "sample_id"
    assert found["train"]["label"].tolist() == [1, 0] * 4


@pytest.mark.parametrize("kind", [".csv", ".tsv"])
def test_byte_order_mark(tmp_path, kind):
    path = write(tmp_path / f"table{kind}", good(), encoding="utf-8-sig")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(read_table_file(path).columns) == ["text", "label"]


def test_byte_order_mark_of_jsonl(tmp_path):
    path = write(tmp_path / "table.jsonl", good())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert list(read_table_file(path).columns) == ["text", "label"]


def test_windows_line_ends(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b'text,label\r\n"one\r\ntwo",a\r\nthree,b\r\n')
    assert read_table_file(path)["text"].tolist() == ["one\r\ntwo", "three"]


def test_jsonl_with_blank_lines_and_line_separators(tmp_path):
    path = tmp_path / "table.jsonl"
    path.write_text('{"text": "a\u2028b", "label": "x"}\n\n{"text": "c", "label": "y"}', "utf-8")
    assert read_table_file(path)["text"].tolist() == ["a\u2028b", "c"]


@pytest.mark.parametrize("word", ["NA", "null", "None", "nan", "N/A", "NULL", "007", "1e3", "True"])
def test_words_of_a_csv_stay_text(tmp_path, word):
    table = good(text=[word, *texts()[1:]], label=[word, "b"] * 4)
    found = load(write(tmp_path / "table.csv", table))
    assert found["train"]["text"].iloc[0] == word
    assert set(found.label_names) == {word, "b"}


def test_ending_in_capitals(tmp_path):
    path = write(tmp_path / "table.csv", good()).rename(tmp_path / "TABLE.CSV")
    assert len(read_table_file(path)) == 8


@pytest.mark.parametrize("kind", KINDS)
def test_integer_labels_sort_as_numbers(tmp_path, kind):
    table = pd.DataFrame({"text": texts(8), "label": [10, 2, -1, 1, 10, 2, -1, 1]})
    found = load(write(tmp_path / f"table{kind}", table))
    assert found.label_names == ("-1", "1", "2", "10")
    assert found["train"]["label"].tolist() == [3, 2, 0, 1] * 2


def test_text_labels_sort_as_text(tmp_path):
    table = good(label=["b", "B", "a", "b", "B", "a", "b", "a"])
    assert load(write(tmp_path / "table.csv", table)).label_names == ("B", "a", "b")


def test_numbers_and_text_as_labels(tmp_path):
    table = good(label=["10", "9", "other", "9", "10", "9", "10", "9"])
    assert load(write(tmp_path / "table.csv", table)).label_names == ("9", "10", "other")


def test_space_around_labels_does_not_count(tmp_path):
    table = good(label=["pos", " pos", "neg ", "neg"] * 2)
    assert load(write(tmp_path / "table.csv", table)).label_names == ("neg", "pos")


def test_several_text_columns():
    made = table_data(good(title=texts()), ["title", "text"], "label", where="table.csv")
    assert made.text_columns == ("title", "text")
    assert made.texts("train").iloc[0] == "text 0 ▸ text 0"


def test_unique_ids_pass():
    made = table_data(good(key=list("abcdefgh")), ["text"], "label", where="t", id_column="key")
    assert len(made["train"]) == 8


def test_the_table_is_not_changed():
    table = good()
    table_data(table, ["text"], "label", where="t")
    pd.testing.assert_frame_equal(table, good())


# Files that are refused


def test_missing_file(tmp_path):
    path = tmp_path / "nowhere.csv"
    raises_one_line(lambda: read_table_file(path), str(path), "no such file")


@pytest.mark.parametrize("name", ["table.xlsx", "table", "table.csv.gz"])
def test_unknown_ending(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"text,label\n")
    raises_one_line(
        lambda: read_table_file(path), str(path), "expected .csv, .tsv, .jsonl, .parquet"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_empty_file(tmp_path, kind):
    path = tmp_path / f"table{kind}"
    path.touch()
    raises_one_line(lambda: read_table_file(path), str(path), "empty")


def test_a_folder(tmp_path):
    path = tmp_path / "folder.csv"
    path.mkdir()
    raises_one_line(lambda: read_table_file(path), str(path))


@pytest.mark.parametrize("content", ["text,label\n", "text,label"])
def test_header_only(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_text(content)
    raises_one_line(lambda: load(path), "table.csv", "no rows")


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl"])
def test_bytes_that_are_not_utf_8(tmp_path, kind):
    path = write(tmp_path / f"table{kind}", good(text=["café", *texts()[1:]]))
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xe9"))
    raises_one_line(lambda: read_table_file(path), str(path), "not UTF-8")


@pytest.mark.parametrize(
    ("line", "reason"), [('{"text": "b", ', "not JSON"), ("[1, 2]", "list"), ("3", "int")]
)
def test_broken_json_line(tmp_path, line, reason):
    path = tmp_path / "table.jsonl"
    path.write_text('{"text": "a", "label": 1}\n\n' + line + "\n")
    raises_one_line(lambda: read_table_file(path), f"{path}, line 3", reason, "expected an object")


@pytest.mark.parametrize("content", [b"PAR1 and nothing", b"text,label\na,b\n"])
def test_broken_parquet(tmp_path, content):
    path = tmp_path / "table.parquet"
    path.write_bytes(content)
    raises_one_line(lambda: read_table_file(path), str(path), "not readable as PARQUET")


@pytest.mark.parametrize(
    "content",
    [
        'text,label\n"never closed,a\nb,c\n',
        "text,label\na,b\nc,d,e\n",
        "text,label\na, with a comma,pos\nb, with another,neg\n",
        "text,label\na,pos,\nb,neg,\n",
    ],
    ids=["open quote", "a field too many", "a field too many in every row", "a last comma"],
)
def test_csv_whose_rows_do_not_fit_the_header(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_text(content)
    raises_one_line(lambda: read_table_file(path), str(path), "not readable as CSV")


def test_csv_with_a_field_too_few(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("text,label\na,pos\nb\nc,neg\n")
    raises_one_line(lambda: load(path), "column 'label', row 2", "no label")


# Tables that are refused


@pytest.mark.parametrize(
    ("text", "label", "id_column", "missing"),
    [
        (["body"], "label", None, "body"),
        (["text"], "target", None, "target"),
        (["text"], "label", "key", "key"),
    ],
)
def test_missing_column(text, label, id_column, missing):
    raises_one_line(
        lambda: table_data(good(), text, label, where="table.csv", id_column=id_column),
        f"table.csv: no column '{missing}'; there are text, label",
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_empty_text(tmp_path, kind, value):
    table = good(text=[*texts()[:2], value, *texts()[3:7], value])
    path = write(tmp_path / f"table{kind}", table)
    raises_one_line(lambda: load(path), path.name, "column 'text', row 3: empty (2 such rows)")


@pytest.mark.parametrize("kind", [".jsonl", ".parquet"])
def test_missing_text(tmp_path, kind):
    table = good(text=pd.Series([*texts()[:2], None, *texts()[3:]], dtype=object))
    path = write(tmp_path / f"table{kind}", table)
    raises_one_line(lambda: load(path), "column 'text', row 3: empty (1 such rows)")


@pytest.mark.parametrize("kind", [".jsonl", ".parquet"])
def test_numbers_as_text(tmp_path, kind):
    path = write(tmp_path / f"table{kind}", good(text=range(8)))
    raises_one_line(lambda: load(path), "column 'text', row 1: int", "not text (8 such rows)")


@pytest.mark.parametrize("kind", KINDS)
def test_missing_label(tmp_path, kind):
    table = good(label=pd.Series(["a", "b", "a", None, "a", "b", "a", "b"], dtype=object))
    path = write(tmp_path / f"table{kind}", table)
    raises_one_line(
        lambda: load(path), f"{path.name}, column 'label', row 4: no label (1 such rows)"
    )


@pytest.mark.parametrize("kind", [".jsonl", ".parquet"])
def test_missing_integer_label(tmp_path, kind):
    label = pd.array([0, 1, 0, None, 0, 1, 0, 1], dtype="Int64")
    if kind == ".jsonl":
        label = pd.Series([0, 1, 0, None, 0, 1, 0, 1], dtype=object)
    path = write(tmp_path / f"table{kind}", good(label=label))
    raises_one_line(lambda: load(path), "column 'label', row 4: no label")


@pytest.mark.parametrize("kind", KINDS)
def test_float_labels(tmp_path, kind):
    path = write(tmp_path / f"table{kind}", good(label=[0.5, 1.5] * 4))
    raises_one_line(lambda: load(path), f"{path.name}, column 'label', row 1: 0.5 is a float")


@pytest.mark.parametrize("kind", KINDS)
def test_whole_numbers_written_as_floats(tmp_path, kind):
    path = write(tmp_path / f"table{kind}", good(label=[0.0, 1.0] * 4))
    raises_one_line(lambda: load(path), "row 1: 0.0 is a float")


def test_floats_among_integers(tmp_path):
    path = write(tmp_path / "table.csv", good(label=["0", "1", "0.5", "1"] * 2))
    raises_one_line(lambda: load(path), "row 3: 0.5 is a float")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["pos", 1])
def test_one_class(tmp_path, kind, value):
    path = write(tmp_path / f"table{kind}", good(label=[value] * 8))
    raises_one_line(lambda: load(path), "column 'label'", f"every row has the label '{value}'")


@pytest.mark.parametrize("labels", [list("abcdefgh"), list("abcdefga"), list(range(8))])
def test_labels_almost_all_distinct(labels):
    count = len(set(labels))
    raises_one_line(
        lambda: table_data(good(label=labels), ["text"], "label", where="table.csv"),
        f"table.csv, column 'label': {count} different labels in 8 rows",
    )


@pytest.mark.parametrize("keys", [[1, 2, 3, 4, 5, 2, 7, 8], list("abcdebgh")])
def test_doubled_ids(keys):
    raises_one_line(
        lambda: table_data(good(key=keys), ["text"], "label", where="table.csv", id_column="key"),
        f"table.csv, column 'key', row 6: id {keys[1]!r} is there already",
    )


def test_index_of_the_table_does_not_matter():
    shuffled = good().set_index(np.arange(8)[::-1])
    made = table_data(shuffled, ["text"], "label", where="t")
    assert made["train"]["label"].tolist() == [1, 0] * 4
    assert made["train"]["text"].tolist() == texts()
