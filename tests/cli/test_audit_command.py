"""`difficulty audit` with keys from a pipe, and what it leaves in the table."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hostile import HOSTILE
from review.rows import LABELS, ranked_table, some_rows
from training import tiny

from difficulty_lib.review import Decisions, Order, plain, restore_table

COMMANDS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


@pytest.fixture
def ranked(home):
    file = home / "rows.ranked.csv"
    ranked_table().to_csv(file, index=False)
    return file


@pytest.fixture
def audit(difficulty, monkeypatch):
    """`difficulty audit` with these lines on standard input."""

    def call(file, *options, keys=()):
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{key}\n" for key in keys)))
        return difficulty(
            "audit", file, "--text", "text", "--label", "label", "--who", "Ada", *options
        )

    return call


def decided(path):
    with Decisions(path) as kept:
        return kept.active()


def test_all_keys(audit, ranked, home):
    check = next(place for place in Order(12, 5, 0).shuffled if place > 3)
    other = 1 + (check + 1) % 3  # the number of a label that the row does not have
    outcome = audit(ranked, keys=["k", "r so-so", "a", "s", "k", "u", "r", other, "q"])
    assert (outcome.code, outcome.err) == (0, "")
    active = decided(home / "rows.ranked.decisions.db")
    assert active["decision"].tolist() == ["keep", "relabel", "ambiguous", "skip", "relabel"]
    assert active["label"].tolist()[1] == "so-so"
    assert active["label"].tolist()[4] == LABELS[other - 1]
    assert active["row"].tolist()[4] == some_rows().keys[check]
    assert active["how"].tolist() == ["ranked"] * 4 + ["check"]
    assert set(active["who"]) == {"Ada"}
    assert (
        "--- rank 1 of 12 · labelled bad · the model says good · action score 12.0" in outcome.out
    )
    assert "  | text number 0\n" in outcome.out
    assert "undone: keep" in outcome.out
    assert "which label?  1 bad  2 good  3 so-so" in outcome.out
    assert "1 of 12 (8%); 0 wrong labels found; left in the 11 rows not looked at" in outcome.out
    assert outcome.out.splitlines()[-1].startswith(
        "2 relabelled, 1 kept, 1 ambiguous, 1 skipped; kept in "
    )


def test_a_check_is_shown_without_what_the_model_says(audit, ranked):
    shown = audit(ranked, "--checks", 2, keys=["k"]).out.split("--- ")[2]
    assert shown.startswith("a random check of 12 · labelled ")
    assert "the model says" not in shown


def test_the_end_of_input_stops_and_nothing_is_lost(audit, ranked, home):
    assert audit(ranked, keys=["k", "a"]).code == 0
    outcome = audit(ranked, keys=["s"])
    assert "2 of 12 rows have a decision; going on from there" in outcome.out
    assert "--- rank 3 of 12" in outcome.out
    active = decided(home / "rows.ranked.decisions.db")
    assert active["decision"].tolist() == ["keep", "ambiguous", "skip"]
    assert active["session"].nunique() == 2


def test_until_every_row_is_decided(audit, ranked, home):
    outcome = audit(ranked, "--decisions", home / "d.db", keys=["k"] * 20)
    assert "12 of 12 (100%); 0 wrong labels found; every row was looked at" in outcome.out
    assert "every row has a decision" in outcome.out
    assert len(decided(home / "d.db")) == 12


def test_keys_that_are_none_are_asked_again(audit, ranked, home):
    wrong = ["", "x", "keep it", "r nonsense", "r bad", "r", "", "r 7", "u", "\x1b[A", "K"]
    outcome = audit(ranked, keys=wrong)
    assert (outcome.code, outcome.err) == (0, "")
    assert "'x' is no key; expected k, r, a, s, u or q" in outcome.out
    assert "'nonsense' is no label of this table; expected bad, good, so-so" in outcome.out
    assert "the row is labelled 'bad' already" in outcome.out
    assert "nothing to undo" in outcome.out
    assert "\x1b" not in outcome.out
    assert decided(home / "rows.ranked.decisions.db")["decision"].tolist() == ["keep"]


def test_nothing_hostile_reaches_the_terminal(audit, home):
    texts = [text for text in HOSTILE if not re.search("[\ud800-\udfff]", text)]
    table = ranked_table(texts=texts)
    table["label"] = [f"{label}{text}" for label, text in zip(table["label"], texts)]
    file = home / "rows.ranked.parquet"
    table.to_parquet(file)
    outcome = audit(file, "--checks", 0, keys=["a"] * len(texts))
    assert outcome.code == 0, outcome.err
    assert outcome.out.count("--- rank") == len(texts)
    assert not COMMANDS.search(outcome.out)
    lines = outcome.out.splitlines()
    for text in texts:  # each is shown, on marked lines of its own
        shown = [line for line in plain(text).split("\n") if line.strip() and len(line) < 70]
        assert all(any(line.strip() in said for said in lines) for line in shown)


def test_a_text_cannot_pass_for_the_prompt(audit, home):
    text = "fine\n[k]eep  [r]elabel\n--- rank 9 of 9 · labelled good"
    file = home / "rows.ranked.parquet"
    ranked_table(texts=[text, "two"]).to_parquet(file)
    said = audit(file, keys=["q"]).out.splitlines()
    assert [line for line in said if "rank 9" in line] == ["  | --- rank 9 of 9 · labelled good"]


# --- --apply -----------------------------------------------------------------------------------


def put(difficulty, home, data, out, *options):
    return difficulty(
        "audit", "--apply", home / "rows.ranked.decisions.db", data, "--out", out, *options
    )


def test_apply_to_the_first_table(difficulty, audit, ranked, home):
    """The decisions go to the right rows of the table that was ranked, in its own order."""
    table = ranked_table()[["text", "label"]].assign(weight="1.50")
    data = table.sample(frac=1, random_state=1)
    data.to_csv(home / "rows.csv", index=False)
    audit(ranked, keys=["k", "r so-so", "a", "s"])
    outcome = put(difficulty, home, home / "rows.csv", home / "new.csv", "--log", home / "log.csv")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[0] == "12 rows: 1 relabelled, 1 kept, 1 ambiguous, 1 skipped"
    found = pd.read_csv(home / "new.csv", dtype=str, keep_default_na=False)
    assert found["text"].tolist() == data["text"].tolist()
    assert found["weight"].tolist() == ["1.50"] * 12
    assert found["label_before"].tolist() == data["label"].tolist()
    expected = data.set_index("text")["label"]
    expected["text number 1"] = "so-so"
    assert found.set_index("text")["label"].to_dict() == expected.to_dict()
    made = found.set_index("text")["decision"]
    assert made[made != ""].to_dict() == {
        "text number 0": "keep",
        "text number 1": "relabel",
        "text number 2": "ambiguous",
        "text number 3": "skip",
    }
    log = pd.read_csv(home / "log.csv", dtype=str, keep_default_na=False)
    assert log["text"].tolist() == [f"text number {number}" for number in range(4)]
    assert log["given"].tolist() == [LABELS[number % 3] for number in range(4)]
    assert log["who"].tolist() == ["Ada"] * 4
    assert log["undone"].tolist() == ["False"] * 4


def test_apply_as_parquet_and_as_a_datasets_folder(difficulty, audit, home):
    import datasets

    table = ranked_table().assign(label=[number % 3 for number in range(12)])
    data = home / "rows.ranked.parquet"
    table.to_parquet(data)
    audit(data, keys=["r 2", "k"])
    for out in (home / "new.parquet", home / "new"):
        assert put(difficulty, home, data, out).code == 0
    found = pd.read_parquet(home / "new.parquet")
    assert found["label"].tolist() == [2, *table["label"].tolist()[1:]]
    assert pd.api.types.is_integer_dtype(found["label"])
    folder = datasets.load_from_disk(str(home / "new"))
    assert folder.to_pandas().astype(str).equals(found.astype(str))
    assert not [p for p in home.iterdir() if p.name.startswith(".export")]


def test_apply_as_jsonl_with_labels_of_two_types(difficulty, audit, home):
    rows = ranked_table().to_dict("records")
    rows[3]["label"] = 7
    rows[3]["weight"] = 0.12345678901234567
    data = home / "rows.ranked.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    audit(data, "--checks", 0, keys=["r 7", "k"])
    assert put(difficulty, home, data, home / "new.jsonl").code == 0
    found = [json.loads(line) for line in (home / "new.jsonl").read_text().splitlines()]
    assert [row["label"] for row in found] == ["7", *(row["label"] for row in rows[1:])]
    assert found[3]["weight"] == rows[3]["weight"]
    assert found[0]["weight"] is None
    line = put(difficulty, home, data, home / "new.parquet").one_line()
    assert "new.parquet: cannot be written" in line
    assert not (home / "new.parquet").exists()


def test_from_the_ranking_to_the_corrected_table(rank, difficulty, audit, home, files):
    """What `rank` writes, `audit` reads, and the decisions fit the table from before the ranking."""
    texts, labels = tiny.labelled_texts(24)
    rows = [{"text": text, "label": LABELS[label]} for text, label in zip(texts, labels)]
    for row, text in zip(
        rows, ['a "b", c', "two\nlines\r\nthree", "=1+1", " spaces ", "日本語 😀"]
    ):
        row["text"] = text
    rows[7]["label"] = f" {rows[7]['label']} "
    rows[9] = dict(rows[8])  # the same row twice
    data = files.write_csv(home / "rows.csv", rows)
    assert rank(data).code == 0
    ranked = files.read_csv(home / "rows.ranked.csv")
    keys = []
    for row in ranked[:4]:
        given = row["label"].strip()
        keys.append(f"r {next(label for label in LABELS if label != given)}")
    assert audit(home / "rows.ranked.csv", keys=keys).code == 0
    outcome = put(difficulty, home, data, home / "new.csv", "--as-is")
    assert outcome.out.splitlines()[0] == "24 rows: 4 relabelled, 0 kept, 0 ambiguous, 0 skipped"
    found = files.read_csv(home / "new.csv")
    assert [row["text"] for row in found] == [row["text"] for row in rows]
    assert [row["label_before"] for row in found] == [row["label"] for row in rows]
    changed = sorted((r["text"], r["label"]) for r in found if r["decision"] == "relabel")
    assert changed == sorted((row["text"], key[2:]) for row, key in zip(ranked, keys))


def test_a_wrong_byte_is_no_key(ranked, home):
    """A real process and a real pipe: Latin-1 bytes and no newline at the end."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from difficulty_lib.cli import main; main()", "audit"),
            *(ranked, "--text", "text", "--label", "label"),
        ],
        input=b"\xe4\xff\nk\nr so-so",
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": ""},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"is no key" in done.stdout
    active = decided(home / "rows.ranked.decisions.db")
    assert active["decision"].tolist() == ["keep", "relabel"]


def test_apply_makes_csv_inert(difficulty, audit, home):
    texts = [text for text in HOSTILE if not re.search("[\ud800-\udfff\x00]", text)]
    data = home / "rows.ranked.parquet"
    ranked_table(texts=texts).to_parquet(data)
    audit(data, keys=["k"])
    outcome = put(difficulty, home, data, home / "new.csv")
    assert "an apostrophe was put there" in outcome.out
    found = pd.read_csv(home / "new.csv", dtype=str, keep_default_na=False)
    assert not found["text"].str.match(r"[\s\"]*[=+\-@\t\r\n]").any()
    assert restore_table(found)["text"].tolist() == texts
    assert put(difficulty, home, data, home / "raw.csv", "--as-is").code == 0
    raw = pd.read_csv(home / "raw.csv", dtype=str, keep_default_na=False)
    assert raw["text"].tolist() == texts


# --- one line ----------------------------------------------------------------------------------


def test_bad_tables(audit, home, ranked, difficulty):
    assert "no such file" in audit(home / "none.csv").one_line()
    ranked_table().drop(columns="suspicion_rank").to_csv(home / "plain.csv", index=False)
    assert "no column 'suspicion_rank'" in audit(home / "plain.csv").one_line()
    ranked_table().assign(suspicion_rank=1).to_csv(home / "ones.csv", index=False)
    line = audit(home / "ones.csv").one_line()
    assert "ones.csv" in line
    assert "not the ranks 1 to 12" in line
    ranked_table().assign(label="").to_csv(home / "none.csv", index=False)
    assert "row 1: no label" in audit(home / "none.csv").one_line()
    assert "no column 'key'" in audit(ranked, "--id", "key").one_line()
    line = audit(ranked, "--id", "label").one_line()
    assert "row 4" in line
    assert "unique" in line
    line = difficulty("audit", ranked, "--text", "body", "--label", "label").one_line()
    assert "no column 'body'" in line
    assert "--text COLUMN" in difficulty("audit", ranked).one_line()
    assert not list(home.glob("*.db"))


def test_messages_are_no_commands_either(audit, home):
    file = home / "rows.ranked.csv"
    ranked_table().rename(columns={"text": "te\x1b[2Jxt\u202e"}).to_csv(file, index=False)
    line = audit(file).one_line()
    assert "no column 'text'; there are te⟨U+001B⟩[2Jxt⟨U+202E⟩, label" in line
    assert not COMMANDS.search(line)


def test_bad_folders(audit, home, ranked):
    outcome = audit(home, keys=["k"])
    assert outcome.code == 0  # the one ranked table in it
    assert len(decided(home / "rows.ranked.decisions.db")) == 1
    ranked_table().to_csv(home / "more.ranked.csv", index=False)
    assert "more.ranked.csv, rows.ranked.csv" in audit(home).one_line()
    (home / "empty").mkdir()
    assert "there are none" in audit(home / "empty").one_line()


def test_bad_files_of_decisions(audit, home, ranked, difficulty):
    before = ranked.read_bytes()
    audit(ranked, "--decisions", ranked).one_line()
    assert ranked.read_bytes() == before
    assert "no folder" in audit(ranked, "--decisions", home / "no" / "d.db").one_line()
    assert "every 1" in audit(ranked, "--checks", 1).one_line()
    assert "--apply" in audit(ranked, "--out", home / "x.csv").one_line()
    audit(ranked, keys=["k"])
    other = ranked_table(11)
    other.to_csv(home / "other.csv", index=False)
    line = audit(home / "other.csv", "--decisions", home / "rows.ranked.decisions.db").one_line()
    assert "other rows" in line
    line = put(difficulty, home, home / "other.csv", home / "new.csv").one_line()
    assert "other.csv: the table is not the one" in line
    assert not (home / "new.csv").exists()


def test_bad_outputs(audit, home, ranked, difficulty):
    audit(ranked, keys=["k"])
    database = home / "rows.ranked.decisions.db"
    assert "expected --out" in difficulty("audit", "--apply", database, ranked).one_line()
    assert "different files" in put(difficulty, home, ranked, ranked).one_line()
    assert "different files" in put(difficulty, home, ranked, database).one_line()
    assert ".xlsx" in put(difficulty, home, ranked, home / "new.xlsx").one_line()
    assert "no folder" in put(difficulty, home, ranked, home / "no" / "new.csv").one_line()
    (home / "taken").mkdir()
    assert "there already" in put(difficulty, home, ranked, home / "taken").one_line()
    assert (
        "no such file"
        in difficulty(
            "audit", "--apply", home / "none.db", ranked, "--out", home / "new.csv"
        ).one_line()
    )
