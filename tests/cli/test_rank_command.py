"""`difficulty rank` on tables as people have them, and one line on those that cannot be used."""

import csv
import html.parser
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from training import tiny

from difficulty_lib import SCORES

NAMES = ("bad", "good", "so-so")
ODD = [
    'said "no", twice',
    "two\nlines, and\r\nthree",
    "emoji 😀 👩‍👩‍👧 and é, ﬁ",
    "שלום עולם, مرحبا",
    "<script>alert(1)</script> & <b>bold</b> 'quoted'",
    "see http://example.org/a.png?x=1&y=2 <img src=x onerror=alert(2)>",
    "  spaces around  ",
    "tab\there; semi; 日本語\u2028line separator",
]
SCORE_COLUMNS = [
    "action_score",
    "last_loss",
    "aum",
    "confidence",
    "variability",
    "forgetting_events",
    "predictive_entropy",
]
ADDED = ["sample_id", "predicted", *SCORE_COLUMNS, "suspicion_rank"]


def plain_rows(count=24, names=NAMES):
    texts, labels = tiny.labelled_texts(count)
    return [{"text": text, "label": names[label]} for text, label in zip(texts, labels)]


def odd_rows():
    """Texts that trip parsers, columns that look like numbers, and one named as ours are."""
    rows = [
        {
            "key": f"{number:03d}",
            "text": row["text"],
            "label": row["label"],
            "predicted": f"by hand {number}",
            "weight": "1.50",
            "empty": "",
        }
        for number, row in enumerate(plain_rows())
    ]
    for row, text in zip(rows, ODD):
        row["text"] = text
    return rows


def assert_ranked(rows, by="action_score"):
    assert [int(row["suspicion_rank"]) for row in rows] == list(range(1, len(rows) + 1))
    values = [float(row[by]) for row in rows]
    assert values == sorted(values, reverse=SCORES[by].higher_is_harder)
    assert len(set(values)) > len(values) // 2


# --- good tables -------------------------------------------------------------------------------


@pytest.mark.parametrize(("ending", "separator"), [(".csv", ","), (".tsv", "\t")])
@pytest.mark.parametrize("bom", [True, False])
def test_odd_texts_come_back_as_they_were(rank, home, ending, separator, bom, files):
    rows = odd_rows()
    file = files.write_csv(home / f"rows{ending}", rows, bom=bom, separator=separator)
    before = file.read_bytes()
    outcome = rank(file)
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""
    assert file.read_bytes() == before
    ranked = files.read_csv(home / f"rows.ranked{ending}", separator)
    assert_ranked(ranked)
    assert list(ranked[0]) == [*rows[0], *("sample_id", "predicted_difficulty", *ADDED[2:])]
    originals = [{name: row[name] for name in rows[0]} for row in ranked]
    assert [rows[int(row["sample_id"]) - 1] for row in ranked] == originals
    assert sorted(originals, key=lambda row: row["key"]) == rows
    assert {row["predicted_difficulty"] for row in ranked} <= set(NAMES)
    assert sorted(p.name for p in home.iterdir()) == sorted(
        [file.name, f"rows.ranked{ending}", "rows.report.html"]
    )


def test_what_it_says(rank, home, files):
    file = files.write_csv(home / "rows.csv", plain_rows())
    outcome = rank(file)
    ranked = files.read_csv(home / "rows.ranked.csv")
    wrong = sum(row["label"] != row["predicted"] for row in ranked)
    first = 1 + [row["text"] for row in plain_rows()].index(ranked[0]["text"])
    said = outcome.out.splitlines()
    assert said[0] == f"24 rows ranked by action_score; the model contradicts {wrong}"
    assert f"first: row {first}, labelled {ranked[0]['label']}" in outcome.out
    assert said[-2:] == [
        f"table:  {home / 'rows.ranked.csv'}",
        f"report: {home / 'rows.report.html'}",
    ]


def test_scores_are_those_of_the_kept_dynamics(rank, home, files):
    rows = plain_rows()
    file = files.write_csv(home / "rows.csv", rows)
    assert rank(file, "--keep", home / "kept", "--epochs", 3).code == 0
    parts = [tiny.read_part(home / "kept", "train", "training", e) for e in (1, 2, 3)]
    losses = np.array([part["loss"] for part in parts], dtype=np.float64)
    ranked = {row["text"]: row for row in files.read_csv(home / "rows.ranked.csv")}
    in_order = [ranked[row["text"]] for row in rows]  # sample_id is the row's number from 1
    assert parts[0]["sample_id"].tolist() == list(range(1, 25))

    def column(name):
        return np.array([float(row[name]) for row in in_order])

    np.testing.assert_allclose(column("action_score"), losses.sum(axis=0), rtol=1e-4)
    np.testing.assert_allclose(column("last_loss"), losses[-1], rtol=1e-4)
    np.testing.assert_allclose(column("aum"), np.mean([p["margin"] for p in parts], 0), rtol=1e-4)
    np.testing.assert_allclose(column("confidence"), np.exp(-losses).mean(axis=0), rtol=1e-4)
    names = sorted(NAMES)
    assert [row["predicted"] for row in in_order] == [names[p] for p in parts[-1]["predicted"]]


def test_a_wrong_label_is_found(rank, home, files):
    """One row in 48 contradicts the word in its text: it comes among the first."""
    rows = plain_rows(48)
    rows[12]["label"] = NAMES[(NAMES.index(rows[12]["label"]) + 1) % 3]
    file = files.write_csv(home / "rows.csv", rows)
    assert rank(file, "--epochs", 8).code == 0
    first = [row["text"] for row in files.read_csv(home / "rows.ranked.csv")[:3]]
    assert rows[12]["text"] in first


@pytest.mark.parametrize("by", ["aum", "confidence", "forgetting_events", "el2n", "aleatoric"])
def test_other_scores_rank_by_their_own_direction(rank, home, files, by):
    file = files.write_csv(home / "rows.csv", plain_rows())
    assert rank(file, "--by", by).code == 0
    ranked = files.read_csv(home / "rows.ranked.csv")
    values = [float(row[by]) for row in ranked]
    assert values == sorted(values, reverse=SCORES[by].higher_is_harder)
    assert [int(row["suspicion_rank"]) for row in ranked] == list(range(1, 25))


@pytest.mark.parametrize("names", [("0", "1", "2"), ("2", "10", "9"), ("-1", "0", "+1")])
def test_integer_labels(rank, home, files, names):
    file = files.write_csv(home / "rows.csv", plain_rows(names=names))
    assert rank(file).code == 0
    ranked = files.read_csv(home / "rows.ranked.csv")
    assert {row["predicted"] for row in ranked} <= set(names)
    assert sorted(row["label"] for row in ranked) == sorted(names * 8)


def jsonl_rows():
    return [
        {
            "text": row["text"] if number >= len(ODD) else ODD[number],
            "label": NAMES.index(row["label"]),
            "p": 0.1234567890123456 + number,
            "big": 2**53 + 1 + number,
            "tags": ["a", {"b": number}],
            "none": None,
            "flag": number % 2 == 0,
            "date": "2024-01-02",
        }
        for number, row in enumerate(plain_rows())
    ]


def test_jsonl_keeps_every_value(rank, home):
    rows = jsonl_rows()
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (home / "rows.jsonl").write_text(lines + "\n", encoding="utf8")
    outcome = rank("rows.jsonl")
    assert outcome.code == 0, outcome.err
    written = (home / "rows.ranked.jsonl").read_text("utf8").split("\n")
    ranked = [json.loads(line) for line in written if line]
    assert_ranked(ranked)
    originals = [{name: row[name] for name in rows[0]} for row in ranked]
    assert sorted(originals, key=lambda row: row["big"]) == rows


def test_parquet_keeps_every_column_and_type(rank, home):
    rows = pd.DataFrame(jsonl_rows()).drop(columns=["tags", "none"])
    table = rows.assign(
        date=pd.to_datetime(rows["date"]), label=rows["label"].astype("int8"), rare=None
    )
    table["rare"] = pd.array([None, 3] * 12, dtype="Int64")
    table.to_parquet(home / "rows.parquet", index=False)
    outcome = rank("rows.parquet")
    assert outcome.code == 0, outcome.err
    ranked = pd.read_parquet(home / "rows.ranked.parquet")
    assert_ranked(ranked.to_dict("records"))
    originals = ranked[list(table.columns)].sort_values("big", ignore_index=True)
    pd.testing.assert_frame_equal(originals, pd.read_parquet(home / "rows.parquet"))


def test_the_table_is_written_in_the_kind_that_is_asked_for(rank, home, files):
    file = files.write_csv(home / "rows.csv", plain_rows())
    assert rank(file, "--out", "there.parquet", "--report", "there.html").code == 0
    assert_ranked(pd.read_parquet(home / "there.parquet").to_dict("records"))
    assert sorted(p.name for p in home.iterdir()) == ["rows.csv", "there.html", "there.parquet"]


def test_floats_of_a_parquet_table_survive_as_csv(rank, home, files):
    table = pd.DataFrame(plain_rows()).assign(weight=[1234567.25 + i for i in range(24)])
    table.to_parquet(home / "rows.parquet", index=False)
    assert rank("rows.parquet", "--out", "rows.csv").code == 0
    ranked = files.read_csv(home / "rows.csv")
    assert sorted(float(row["weight"]) for row in ranked) == table["weight"].tolist()


def test_a_pair_of_texts(rank, home, files):
    texts, _ = tiny.labelled_texts(24, seed=8)
    rows = [{"first": text, **row} for text, row in zip(texts, plain_rows())]
    file = files.write_csv(home / "rows.csv", rows)
    assert rank(file, text=("first", "text")).code == 0
    pair = files.read_csv(home / "rows.ranked.csv")
    assert_ranked(pair)
    assert sorted(row["first"] for row in pair) == sorted(texts)
    page = read_page(home / "rows.report.html")
    assert page.rows["textColumns"] == ["first", "text"]
    assert page.rows["texts"] == [[row[c] for row in pair] for c in ("first", "text")]


def test_ranking_a_ranked_table_again_and_again(rank, home, files):
    """Each time our columns are there already; no column is lost or doubled."""
    files.write_csv(home / "rows0.csv", plain_rows())
    for number in range(3):
        outcome = rank(f"rows{number}.csv", "--out", f"rows{number + 1}.csv")
        assert outcome.code == 0, outcome.err
        with (home / f"rows{number + 1}.csv").open(encoding="utf8", newline="") as file:
            header = next(csv.reader(file))
        assert len(set(header)) == len(header) == 2 + (number + 1) * len(ADDED)


@pytest.mark.parametrize(("text", "label"), [("label", "gold"), ("sample_id", "gold")])
def test_columns_may_have_any_name(rank, home, files, text, label):
    rows = [{text: row["text"], label: row["label"]} for row in plain_rows()]
    file = files.write_csv(home / "rows.csv", rows)
    outcome = rank(file, text=(text,), label=label)
    assert outcome.code == 0, outcome.err
    ranked = files.read_csv(home / "rows.ranked.csv")
    assert sorted(row[text] for row in ranked) == sorted(row[text] for row in rows)


def test_long_texts_are_cut_and_it_says_so(rank, home, files):
    rows = plain_rows()
    rows[3]["text"] = "film " * 200
    file = files.write_csv(home / "rows.csv", rows)
    outcome = rank(file)
    assert f"1 texts were longer than {tiny.MAX_POSITIONS} tokens and cut" in outcome.out


def test_the_same_seed_gives_the_same_table(rank, home, files):
    file = files.write_csv(home / "rows.csv", plain_rows())
    for out, seed in (("one.csv", 4), ("two.csv", 4), ("three.csv", 5)):
        assert rank(file, "--out", out, "--seed", seed).code == 0
    one, two, three = ((home / f"{name}.csv").read_bytes() for name in ("one", "two", "three"))
    assert one == two
    assert one != three


# --- the report --------------------------------------------------------------------------------


class Page(html.parser.HTMLParser):
    """The tags, the attributes, and the rows that the page's script reads."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.scripts = [], [], []
        self.feed(text)
        self.rows = json.loads(self.scripts[0])

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts[-1] += data


def read_page(path):
    return Page(path.read_text("utf8"))


@pytest.fixture
def page(rank, home, files):
    file = files.write_csv(home / "a <b>&.csv", odd_rows())
    assert rank(file, "--id", "key", "--html", "page.html").code == 0
    return read_page(home / "page.html")


def test_the_page_has_the_rows_as_they_are_in_the_order_of_the_table(page, home, files):
    ranked = files.read_csv(home / "a <b>&.ranked.csv")
    names = page.rows["labelNames"]
    assert page.rows["texts"] == [[row["text"] for row in ranked]]
    assert page.rows["id"] == [row["key"] for row in ranked]
    assert page.rows["row"] == [1 + int(row["key"]) for row in ranked]
    assert [names[i] for i in page.rows["label"]] == [row["label"] for row in ranked]
    assert [names[i] for i in page.rows["predicted"]] == [r["predicted_difficulty"] for r in ranked]
    scores = {score["name"]: score["values"] for score in page.rows["scores"]}
    for name in SCORE_COLUMNS:
        np.testing.assert_allclose(scores[name], [float(r[name]) for r in ranked], rtol=2e-6)
    losses = np.array(page.rows["loss"])
    np.testing.assert_allclose(losses.sum(axis=0), scores["action_score"], rtol=1e-3)
    assert page.rows["epochs"] == [1, 2]


def test_nothing_of_a_text_is_markup_on_the_page(page):
    assert page.tags.count("script") == 2
    assert not {"img", "link", "iframe", "b>"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not names & {"src", "href", "srcset", "data", "action", "poster", "style", "xlink:href"}
    assert not any(name.startswith("on") for name in names)


def test_the_page_has_as_many_rows_as_are_asked_for(rank, home, files):
    file = files.write_csv(home / "rows.csv", plain_rows())
    assert rank(file, "--show", 5).code == 0
    page = read_page(home / "rows.report.html")
    assert len(page.rows["row"]) == len(page.rows["texts"][0]) == len(page.rows["loss"][0]) == 5
    assert page.rows["total"] == 24
    assert "the first <b>5</b> are here" in (home / "rows.report.html").read_text("utf8")


# --- tables and settings that cannot be used ---------------------------------------------------


def header_and(*lines):
    return ("text,label\n" + "\n".join(lines) + "\n").encode()


BODY = [f"{row['text']},{row['label']}" for row in plain_rows(12)]

BAD_TABLES = {
    "empty": (b"", ["rows.csv", "empty"]),
    "bom-only": (b"\xef\xbb\xbf", ["rows.csv"]),
    "header-only": (b"text,label\n", ["rows.csv", "no rows"]),
    "no-text-column": (b"body,label\na,b\nc,d\n", ["rows.csv", "'text'", "body, label"]),
    "no-label-column": (b"text,gold\na,b\nc,d\n", ["rows.csv", "'label'", "text, gold"]),
    "empty-text": (header_and(*BODY[:2], ",bad", *BODY), ["rows.csv", "'text'", "row 3"]),
    "blank-text": (header_and(BODY[0], "  ,bad", *BODY), ["rows.csv", "'text'", "row 2"]),
    "no-label": (header_and(BODY[0], "a film,", *BODY), ["rows.csv", "'label'", "row 2"]),
    "short-row": (header_and(BODY[0], "a film", *BODY), ["rows.csv", "'label'", "row 2"]),
    "one-class": (header_and(*["a film,good"] * 4), ["rows.csv", "'label'", "'good'"]),
    "float-labels": (header_and("a,1", "b,2", "c,2.5", "d,1"), ["rows.csv", "'label'", "row 3"]),
    "all-different": (header_and(*(f"a,n{i}" for i in range(9))), ["rows.csv", "'label'"]),
    "not-utf8": ("text,label\ncafé,a\n".encode("latin-1"), ["rows.csv", "UTF-8"]),
    "open-quote": (header_and('"a film,good', *BODY), ["rows.csv"]),
    "long-row": (header_and(*BODY, "a film, so long,good"), ["rows.csv"]),
    "long-rows": (header_and(*(f"{line},{i % 2}" for i, line in enumerate(BODY))), ["rows.csv"]),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_bad_table_is_one_line_and_nothing_is_written(rank, home, files, case):
    content, says = BAD_TABLES[case]
    (home / "rows.csv").write_bytes(content)
    before = files.under(home)
    line = rank("rows.csv").one_line()
    assert all(part in line for part in says), line
    assert files.under(home) == before


BAD_JSONL = {
    "not-json": ('{"text": "a", "label": 0}\nnonsense\n', ["rows.jsonl", "line 2"]),
    "not-an-object": ('{"text": "a", "label": 0}\n[1]\n', ["rows.jsonl", "line 2", "object"]),
    "number-as-text": (
        '{"text": "a", "label": 0}\n{"text": 3, "label": 1}\n',
        ["'text'", "row 2", "not text"],
    ),
    "no-label": (
        '{"text": "a", "label": "x"}\n{"text": "b"}\n{"text": "c", "label": "y"}\n',
        ["'label'", "row 2"],
    ),
    "float-labels": (
        '{"text": "a", "label": 0.5}\n{"text": "b", "label": 1.5}\n',
        ["'label'", "float", "row 1"],
    ),
    "half-a-surrogate": (
        "".join(f'{{"text": "\\ud83d film {i}", "label": {i % 2}}}\n' for i in range(8)),
        ["rows.jsonl"],
    ),
}


@pytest.mark.parametrize("case", BAD_JSONL)
def test_bad_jsonl_is_one_line_and_nothing_is_written(rank, home, files, case):
    content, says = BAD_JSONL[case]
    (home / "rows.jsonl").write_text(content, encoding="utf8")
    before = files.under(home)
    line = rank("rows.jsonl").one_line()
    assert all(part in line for part in says), line
    assert files.under(home) == before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing.csv", ["missing.csv", "no such file"]),
        ("rows.xlsx", ["rows.xlsx", ".xlsx", ".parquet"]),
        ("folder.csv", ["folder.csv"]),
        ("rows.parquet", ["rows.parquet", "PARQUET"]),
    ],
)
def test_a_file_that_is_no_table(rank, home, files, name, says):
    (home / "rows.xlsx").write_bytes(b"PK")
    (home / "rows.parquet").write_bytes(b"PAR1 not so")
    (home / "folder.csv").mkdir()
    before = files.under(home)
    line = rank(name).one_line()
    assert all(part in line for part in says), line
    assert files.under(home) == before


def test_doubled_ids(rank, home, files):
    rows = odd_rows()
    rows[5]["key"] = rows[2]["key"]
    files.write_csv(home / "rows.csv", rows)
    before = files.under(home)
    line = rank("rows.csv", "--id", "key").one_line()
    assert "'key', row 6: id '002'" in line
    assert files.under(home) == before
    assert "'nothing'" in rank("rows.csv", "--id", "nothing").one_line()


BAD_OPTIONS = {
    "unknown-model": (["--model", "/no/such/model"], ["/no/such/model"]),
    "unknown-hub-id": (["--model", "nobody/no-such-model"], ["nobody/no-such-model"]),
    "empty-model-folder": (["--model", "folder"], ["folder"]),
    "unknown-score": (["--by", "suspicion"], ["suspicion", "action_score"]),
    "score-of-epoch-0": (["--by", "action_score_initial"], ["epoch 0"]),
    "score-of-held-out": (["--by", "pvi"], ["pvi", "held-out samples"]),
    "score-of-second-split": (["--by", "second_split_forgetting"], ["second_split"]),
    "score-of-several-runs": (["--by", "ensemble_loss"], ["several runs"]),
    "no-out-folder": (["--out", "nowhere/ranked.csv"], ["nowhere"]),
    "no-report-folder": (["--report", "nowhere/report.html"], ["nowhere"]),
    "no-keep-folder": (["--keep", "nowhere/run"], ["nowhere"]),
    "out-of-no-kind": (["--out", "ranked.xlsx"], [".xlsx", ".parquet"]),
    "out-is-a-folder": (["--out", "folder.csv"], ["folder.csv"]),
    "report-is-a-folder": (["--report", "folder"], ["folder"]),
    "out-is-the-report": (["--out", "same.csv", "--report", "same.csv"], ["same.csv"]),
    "keep-is-here": (["--keep", "."], ["expected"]),
    "keep-is-taken": (["--keep", "folder"], ["folder"]),
    "negative-seed": (["--seed", "-1"], ["seed"]),
    "zero-learning-rate": (["--learning-rate", "0"], ["learning_rate"]),
    "diverging": (["--learning-rate", "1e30"], ["nan", "step 2", "epoch 1", "learning rate"]),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_a_bad_option_is_one_line_and_nothing_is_written(rank, home, files, case):
    options, says = BAD_OPTIONS[case]
    files.write_csv(home / "rows.csv", plain_rows())
    for folder in ("folder", "folder.csv"):
        (home / folder).mkdir()
        (home / folder / "kept.txt").write_text("a user's own")
    if case == "empty-model-folder":
        (home / "folder" / "kept.txt").unlink()
    before = files.under(home)
    line = rank("rows.csv", *options).one_line()
    assert all(part in line for part in says), line
    assert files.under(home) == before


@pytest.mark.parametrize("missing", ["tokenizer.json", "model.safetensors", "config.json"])
def test_an_incomplete_model_folder(rank, home, tiny_folder, files, missing):
    files.write_csv(home / "rows.csv", plain_rows())
    folder = Path(shutil.copytree(tiny_folder, home / "model"))
    (folder / missing).unlink()
    before = files.under(home)
    line = rank("rows.csv", "--model", "model").one_line()
    assert "model" in line
    assert missing.removesuffix(".json").removeprefix("model") in line
    assert files.under(home) == before


def test_a_kept_run_replaces_the_one_kept_before(rank, home, files):
    files.write_csv(home / "rows.csv", plain_rows())
    for seed in (1, 2):
        assert rank("rows.csv", "--keep", "kept", "--seed", seed).code == 0
        record = json.loads((home / "kept" / "run.json").read_text("utf8"))
        assert record["config"]["seed"] == seed
    assert not (home / "kept.partial").exists()


def test_a_failed_run_leaves_the_one_kept_before(rank, home, files):
    files.write_csv(home / "rows.csv", plain_rows())
    assert rank("rows.csv", "--keep", "kept").code == 0
    before = files.under(home)
    rank("rows.csv", "--keep", "kept", "--learning-rate", "1e30").one_line()
    assert files.under(home) == before


def test_progress_bars_do_not_share_the_line_of_an_error(difficulty, home, tiny_folder, files):
    files.write_csv(home / "rows.csv", plain_rows())
    options = ["--text", "text", "--label", "label", "--model", tiny_folder, "--batch-size", 8]
    outcome = difficulty("rank", "rows.csv", *options, "--learning-rate", "1e30")
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1].startswith("difficulty: the loss is nan")
