"""Decisions are on disk before anything else happens, and nobody's are lost."""

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from refusals import raises_one_line
from review.rows import ranked_table, some_rows

from difficulty_lib._errors import ConfigError
from difficulty_lib.review import Decisions, TakenError, ranked_rows

ROUNDS = 40


@pytest.fixture
def path(tmp_path):
    return tmp_path / "review.db"


@pytest.fixture
def rows():
    return some_rows()


def in_file(path):
    """The entries as another program reads them, and what SQLite says of the file."""
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = connection.execute(
            "SELECT number, row, decision, label, undoes FROM decisions ORDER BY number"
        ).fetchall()
    connection.close()
    return found


def program(name, *arguments):
    """A program of this folder, in a process of its own that may fork."""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, here / name, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{here.parents[1]}"},
    )
    assert done.returncode == 0, done.stderr
    return done


# --- kill -9 -----------------------------------------------------------------------------------


def test_no_decision_is_lost_to_kill_9(tmp_path):
    """Reviewers killed at random moments: all that they had said is in the file, and more goes on."""
    done = program("kill.py", tmp_path, str(ROUNDS))
    rounds = [line.split(" ") for line in done.stdout.splitlines()]
    assert len(rounds) == ROUNDS
    killed = sum(int(signal) == 9 for *_, signal in rounds)
    assert killed > ROUNDS // 2, done.stderr
    said_in_all, begun = 0, 0
    for _, file, said_file, _ in rounds:
        path = Path(file)
        said = Path(said_file).read_text().splitlines()
        if not path.exists() or not in_file_or_none(path):
            assert not said
            continue
        entries = {entry[0]: entry for entry in in_file(path)}
        undone = {entry[4] for entry in entries.values() if entry[4] is not None}
        begun += 1
        for line in said:
            if line.startswith("undone "):
                assert int(line.removeprefix("undone ")) in undone
                continue
            number, row, decision, label = line.split(" ", 3)
            assert entries[int(number)][1:4] == (row, decision, label or None)
        said_in_all += len(said)
        assert sorted(entries) == list(range(1, len(entries) + 1))  # no gap
    assert begun > ROUNDS // 2
    assert said_in_all > ROUNDS  # the kills did not all come before the first decision
    with Decisions(tmp_path / "0.db", some_rows(2000)) as kept:
        before = len(kept.active())
        kept.record(kept.next(), "keep")
        assert len(kept.active()) == before + 1
        active = kept.active()
        assert active["row"].is_unique


def in_file_or_none(path):
    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    connection.close()
    return tables[0][0]


def test_a_decision_is_there_for_others_before_record_returns(path, rows):
    kept = Decisions(path, rows)
    made = kept.record(kept.next(), "relabel", "so-so")
    assert in_file(path) == [(1, rows.keys[0], "relabel", "so-so", None)]
    assert made.number == 1
    kept.undo()
    assert in_file(path)[1] == (2, rows.keys[0], "undo", None, 1)


def test_the_disk_is_told_to_keep_each_decision(path, rows):
    """What no kill can show, as only a power failure would lose it."""
    with Decisions(path, rows) as kept:
        assert kept._run("PRAGMA synchronous").fetchall() == [(2,)]  # FULL
        assert kept._run("PRAGMA journal_mode").fetchall() == [("wal",)]


# --- deciding ----------------------------------------------------------------------------------


def test_what_is_recorded(path, rows):
    with Decisions(path, rows, who="Ada", every=0) as kept:
        first = kept.next()
        assert (first.row, first.position, first.how) == (rows.keys[0], 0, "ranked")
        assert kept.next() == first
        kept.record(first, "relabel", " so-so ")
        kept.record(kept.next(), "keep")
        kept.record(kept.next(), "ambiguous")
        kept.record(kept.next(), "skip")
        active = kept.active()
        session = kept.session
    assert active["number"].tolist() == [1, 2, 3, 4]
    assert active["row"].tolist() == list(rows.keys[:4])
    assert active["decision"].tolist() == ["relabel", "keep", "ambiguous", "skip"]
    assert active["label"].tolist()[0] == "so-so"
    assert active["label"].isna().tolist() == [False, True, True, True]
    assert set(active["who"]) == {"Ada"}
    assert set(active["session"]) == {session}
    for at in active["at"]:
        age = datetime.now(UTC) - datetime.fromisoformat(at)
        assert 0 <= age.total_seconds() < 60
        assert at.endswith("+00:00")


def test_resumes_where_it_stopped(path, rows):
    with Decisions(path, rows) as kept:
        for _ in range(6):
            kept.record(kept.next(), "keep")
        waiting = kept.next()
    with Decisions(path, rows, every=3, seed=9) as kept:  # what the file was made with holds
        assert kept.next() == waiting
        assert (kept.order.every, kept.order.seed) == (5, 0)
        seen = set(kept.active()["row"])
        while (shown := kept.next()) is not None:
            assert shown.row not in seen
            seen.add(shown.row)
            kept.record(shown, "keep")
        assert seen == set(rows.keys)
        how = kept.active()["how"]
    assert how.tolist() == [
        "check" if number % 5 == 0 else "ranked" for number in range(1, len(rows) + 1)
    ]


def test_undo_adds_an_entry_and_shows_the_row_again(path, rows):
    with Decisions(path, rows) as kept:
        assert kept.undo() is None
        shown = []
        for _ in range(5):  # the fifth is a check
            shown.append(kept.next())
            kept.record(shown[-1], "keep")
        assert shown[4].how == "check"
        for back in reversed(shown):
            assert kept.undo().row == back.row
            assert kept.next() == back
        assert kept.undo() is None
        assert kept.active().empty
        log = kept.log()
        kept.record(shown[0], "skip")
        assert kept.active()["number"].tolist() == [11]
    assert log["number"].tolist() == list(range(1, 11))
    assert log["undone"].tolist() == [True] * 5 + [False] * 5
    assert log["undoes"].tolist()[5:] == [5, 4, 3, 2, 1]


def test_entries_are_only_added(path, rows):
    with Decisions(path, rows) as kept:
        kept.record(kept.next(), "keep")
    connection = sqlite3.connect(path)
    for statement in ("UPDATE decisions SET decision = 'skip'", "DELETE FROM decisions"):
        with pytest.raises(sqlite3.IntegrityError, match="only added"):
            connection.execute(statement)
    connection.close()


def test_refused_decisions_leave_nothing(path, rows):
    with Decisions(path, rows) as kept:
        key = kept.next().row
        raises_one_line(lambda: kept.record("nobody", "keep"), "nobody")
        raises_one_line(lambda: kept.record(key, "delete"), "delete", "keep, relabel")
        raises_one_line(lambda: kept.record(key, "relabel"), "label None")
        raises_one_line(lambda: kept.record(key, "relabel", "  "), "relabel")
        raises_one_line(lambda: kept.record(key, "keep", "good"), "keep", "good")
        raises_one_line(lambda: kept.record(key, "relabel", "bad"), "'bad' already")
        raises_one_line(lambda: kept.record(key, "relabel", "\ud800"), "UTF-8")
        assert kept.log().empty
        kept.record(key, "keep")
    raises_one_line(lambda: kept.record(key, "keep"), "closed")


# --- two sessions ------------------------------------------------------------------------------


def test_two_sessions_share_the_rows(path, rows):
    one, two = Decisions(path, rows, who="one"), Decisions(path, rows, who="two")
    with one, two:
        for _ in range(len(rows) // 2):
            a, b = one.next(), two.next()
            assert a.row != b.row
            one.record(a, "keep")
            two.record(b, "skip")
        assert one.next() is None
        assert two.next() is None
        active = one.active()
    assert active["row"].is_unique
    assert sorted(active["row"]) == sorted(rows.keys)
    assert active["who"].value_counts().tolist() == [6, 6]


def test_the_first_decision_stays(path, rows):
    one, two = Decisions(path, rows, who="one"), Decisions(path, rows, who="two")
    with one, two:
        key = one.next().row
        one.record(key, "relabel", "so-so")
        message = raises_one_line(lambda: two.record(key, "keep"), "one", "so-so", kind=TakenError)
        assert "stays" in message
        assert two.undo() is None  # one's decision is not two's to take back
        assert one.active()["decision"].tolist() == ["relabel"]
        assert one.undo().row == key
        two.record(key, "keep")
        assert one.active()["who"].tolist() == ["two"]


def test_a_row_shown_elsewhere_comes_if_nothing_else_is_left(path):
    rows = some_rows(2)
    one, two = Decisions(path, rows), Decisions(path, rows)
    with one, two:
        first = one.next()
        two.record(two.next(), "keep")
        assert two.next().row == first.row
    with Decisions(path, rows) as three:
        assert three.next().row == first.row


def test_what_a_dead_process_showed_comes_at_once(path, rows):
    shown = program("show.py", path).stdout.strip()
    with Decisions(path, rows) as kept:
        assert kept.next().row == shown


def test_what_another_machine_shows_waits(path, rows):
    shown = program("show.py", path).stdout.strip()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE shown SET process = 'elsewhere' || process")
    connection.close()
    with Decisions(path, rows) as kept:
        assert kept.next().row != shown


def test_many_sessions_at_once(path):
    """Four processes decide about the same rows as fast as they can: each row once, all rows."""
    done = program("share.py", path, "4")
    said = [int(line) for line in done.stdout.splitlines()]
    assert sorted(said) == list(range(1, 61))
    with Decisions(path) as kept:
        assert sorted(kept.active()["row"]) == sorted(some_rows(60).keys)


# --- which file --------------------------------------------------------------------------------


def test_other_rows_are_refused(path, rows):
    Decisions(path, rows).close()
    before = path.read_bytes()
    other = ranked_table()
    other.loc[3, "text"] += "!"
    raises_one_line(
        lambda: Decisions(path, ranked_rows(other, ["text"], "label")), "other rows", str(path)
    )
    relabelled = ranked_table()
    relabelled.loc[3, "label"] = "good"
    raises_one_line(lambda: Decisions(path, ranked_rows(relabelled, ["text"], "label")), "other")
    raises_one_line(lambda: Decisions(path, some_rows(11)), "12 rows", "has 11")
    assert path.read_bytes() == before


def test_another_ranking_is_refused(path, rows):
    Decisions(path, rows).close()
    other = ranked_table()
    other["suspicion_rank"] = [2, 1, *range(3, 13)]
    raises_one_line(
        lambda: Decisions(path, ranked_rows(other, ["text"], "label")), "another ranking"
    )


def test_further_columns_and_the_order_of_the_table_do_not_matter(path, rows):
    Decisions(path, rows).close()
    other = ranked_table().sample(frac=1, random_state=0).assign(more=1)
    Decisions(path, ranked_rows(other, ["text"], "label")).close()


def test_files_of_others_are_refused_and_left_alone(path, rows, tmp_path):
    table = tmp_path / "rows.csv"
    ranked_table().to_csv(table, index=False)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE precious (thing TEXT)")
    connection.close()
    for file in (table, other):
        before = file.read_bytes()
        raises_one_line(lambda file=file: Decisions(file, rows), str(file))
        raises_one_line(lambda file=file: Decisions(file), str(file))
        assert file.read_bytes() == before
    raises_one_line(lambda: Decisions(path), "no such file")
    assert not path.exists()
    raises_one_line(lambda: Decisions(tmp_path, rows), "is a folder")
    raises_one_line(lambda: Decisions(tmp_path / "no" / "x.db", rows), "no folder")
    path.write_bytes(b"")
    raises_one_line(lambda: Decisions(path), "not a file of decisions")


def test_settings(path, rows):
    raises_one_line(lambda: Decisions(path, rows, who=" "), "who", kind=ConfigError)
    raises_one_line(lambda: Decisions(path, rows, every=1), "every 1", kind=ConfigError)
    assert not path.exists()


def test_reading_alone(path, rows):
    with Decisions(path, rows) as kept:
        kept.record(kept.next(), "keep")
    with Decisions(path) as kept:
        assert len(kept.active()) == 1
        raises_one_line(kept.next, "without ranked rows")
        raises_one_line(kept.undo, "without ranked rows")
