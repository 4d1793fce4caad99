"""Decisions about rows, each on disk before the next row shows."""

from __future__ import annotations

import getpass
import json
import os
import socket
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pandas as pd

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.review._order import How, Order
from difficulty_lib.review._rows import RankedRows

Kind = Literal["keep", "relabel", "ambiguous", "skip"]
KINDS = ("keep", "relabel", "ambiguous", "skip")
FORMAT = "difficulty-decisions-1"
BUSY_SECONDS = 30.0
SHOWN_FOR = timedelta(minutes=10)  # how long a row that another session shows is passed over

# Entries are only ever added: the triggers hold that against any other program, too.
_TABLES = """
CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT NOT NULL,
    row TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('keep', 'relabel', 'ambiguous', 'skip', 'undo')),
    label TEXT CHECK ((label IS NOT NULL) = (decision = 'relabel')),
    how TEXT NOT NULL CHECK (how IN ('ranked', 'check')),
    who TEXT NOT NULL,
    at TEXT NOT NULL,
    undoes INTEGER UNIQUE REFERENCES decisions (number)
        CHECK ((undoes IS NOT NULL) = (decision = 'undo'))
);
CREATE TABLE shown (
    session TEXT PRIMARY KEY, row TEXT NOT NULL, at TEXT NOT NULL, process TEXT NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER decisions_stay BEFORE UPDATE ON decisions
    BEGIN SELECT RAISE(ABORT, 'decisions are only added'); END;
CREATE TRIGGER decisions_remain BEFORE DELETE ON decisions
    BEGIN SELECT RAISE(ABORT, 'decisions are only added'); END;
"""
_LOG = """
SELECT number, session, row, decision, label, how, who, at,
       number IN (SELECT undoes FROM decisions WHERE undoes IS NOT NULL) AS undone, undoes
FROM decisions ORDER BY number
"""
_ACTIVE = """
SELECT number, session, row, decision, label, how, who, at FROM decisions
WHERE decision != 'undo'
  AND number NOT IN (SELECT undoes FROM decisions WHERE undoes IS NOT NULL)
"""
COLUMNS = ("number", "session", "row", "decision", "label", "how", "who", "at")


@dataclass(frozen=True)
class Decision:
    """One entry of the file.

    Attributes:
        number: from 1, in the order of time.
        session: which session made it.
        row: the row's key.
        decision: keep, relabel, ambiguous or skip.
        label: the new label of a relabelled row.
        how: "ranked" if the ranking showed the row, "check" if it was drawn at random.
        who: the person.
        at: the moment, UTC, ISO 8601.
    """

    number: int
    session: str
    row: str
    decision: str
    label: str | None
    how: str
    who: str
    at: str


@dataclass(frozen=True)
class Shown:
    """The row to decide about: its key, its position in the ranking from 0, and why it is shown."""

    row: str
    position: int
    how: How


class TakenError(DataError):
    """Another session has decided about the row in the meantime; its decision stays."""

    def __init__(self, decision: Decision) -> None:
        made = decision.decision + (f" to '{decision.label}'" if decision.label else "")
        super().__init__(f"{decision.who} has decided about this row: {made}; that decision stays")
        self.decision = decision


class Decisions:
    """The decisions of one review in one SQLite file, which any number of sessions may share.

    A decision is committed, and the disk told to keep it, before `record` returns. Entries are
    only added; undoing adds an entry, too. The file is tied to the data and to the ranking that it
    was begun with. With the write-ahead log, two more files may lie beside it while it is open.

    Args:
        path: the file; made if it is not there and rows are given.
        rows: the ranked rows; None to read what was decided and go no further.
        who: the person, for the log; the login's name by default.
        every: each `every`-th row shown is drawn at random (see `Order`); 0 for none. Settled when
            the file is made, like the seed.
        seed: of the draws.

    Raises:
        DataError: one line, if the file is no such file, belongs to other rows or another ranking,
            or cannot be made, read or written.
        ConfigError: on a setting that nothing accepts.
    """

    def __init__(
        self,
        path: str | Path,
        rows: RankedRows | None = None,
        *,
        who: str | None = None,
        every: int = 5,
        seed: int = 0,
    ) -> None:
        self.path = Path(path)
        self.session = uuid.uuid4().hex[:12]
        self.who = _person() if who is None else who
        if not self.who.strip() or _unwritable(self.who):
            raise ConfigError(f"who is {self.who!r}; expected a name")
        self.rows = rows
        wanted = Order(0 if rows is None else len(rows), every, seed)
        there = self.path.exists()
        if self.path.is_dir():
            raise DataError(f"{self.path} is a folder; expected a file of decisions")
        if rows is None and not there:
            raise DataError(f"{self.path}: no such file; expected decisions of `difficulty audit`")
        if not self.path.parent.is_dir():
            raise DataError(f"{self.path}: no folder {self.path.parent}; expected one that exists")
        self._connection: sqlite3.Connection | None = None
        try:
            self.header = self._open(wanted, there)
        except BaseException:
            self.close()
            raise
        self.order = Order(
            int(self.header["rows"]), int(self.header["every"]), int(self.header["seed"])
        )

    # --- the file ------------------------------------------------------------------------------

    def _open(self, wanted: Order, there: bool) -> dict[str, str]:
        with self._readable():
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._refuse_others(self._tables(), there)  # before anything is written
            self._run("PRAGMA synchronous = FULL")
            self._run("PRAGMA foreign_keys = ON")
            self._write_ahead()
            with self._writing():
                tables = self._tables()
                self._refuse_others(tables, there)
                if not tables and self.rows is not None:
                    self._make(wanted, self.rows)
            header = dict(self._run("SELECT name, value FROM header").fetchall())
        self._check(header)
        return header

    def _write_ahead(self) -> None:
        """SQLite does not wait for a lock here, as it does elsewhere, so that we do."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._run("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _refuse_others(self, tables: set[str], there: bool) -> None:
        new = not tables and not (there and self.rows is None)
        if not new and not {"header", "decisions", "shown"} <= tables:
            raise DataError(f"{self.path}: not a file of decisions that `difficulty audit` made")

    def _tables(self) -> set[str]:
        found = self._run("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name for (name,) in found}

    def _make(self, wanted: Order, rows: RankedRows) -> None:
        header = {
            "format": FORMAT,
            "data": rows.data,
            "ranking": rows.order,
            "rows": str(len(rows)),
            "text": json.dumps(list(rows.text)),
            "label": rows.label,
            "id": json.dumps(rows.id_column),
            "every": str(wanted.every),
            "seed": str(wanted.seed),
            "made": _now().isoformat(timespec="milliseconds"),
        }
        for statement in _statements(_TABLES):
            self._run(statement)
        for item in header.items():
            self._run("INSERT INTO header VALUES (?, ?)", item)

    def _check(self, header: dict[str, str]) -> None:
        if header.get("format") != FORMAT:
            raise DataError(f"{self.path}: format is {header.get('format')!r}; expected {FORMAT!r}")
        if self.rows is None:
            return
        if header["data"] != self.rows.data:
            raise DataError(
                f"{self.path}: these decisions are about other rows ({header['rows']} rows, "
                f"fingerprint {header['data']}; this table has {len(self.rows)}, {self.rows.data}); "
                "expected the table they were begun with, or another file"
            )
        if header["ranking"] != self.rows.order:
            raise DataError(
                f"{self.path}: these decisions were begun with another ranking of the same rows; "
                "expected that ranking, or another file"
            )

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """What SQLite says, as one line that names the file."""
        try:
            yield
        except sqlite3.Error as error:
            busy = "locked" in str(error) or "busy" in str(error)
            hint = (
                f"another program has kept it locked for {BUSY_SECONDS:.0f} seconds"
                if busy
                else "expected a file of decisions that can be read and written"
            )
            raise DataError(f"{self.path}: {error}; {hint}") from None

    def _run(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        if self._connection is None:
            raise DataError(f"{self.path}: this session is closed; expected an open one")
        return self._connection.execute(statement, values)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that no other session's can come between."""
        with self._readable():
            self._run("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._run("ROLLBACK")
                raise
            self._run("COMMIT")

    def close(self) -> None:
        """Let go of the file; the row that was shown is free for other sessions."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if getattr(self, "header", None):
                connection.execute("DELETE FROM shown WHERE session = ?", (self.session,))
        except sqlite3.Error:
            pass  # it is passed over for some minutes, no more
        finally:
            connection.close()

    def __enter__(self) -> Decisions:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # --- deciding ------------------------------------------------------------------------------

    def next(self) -> Shown | None:
        """The row to show now; None if every row has a decision.

        It is the same row until this session or another decides about it. Rows that another
        session has been showing in the last minutes are passed over, as long as there are others
        and its process, if it was one of this machine, is alive.
        """
        rows = self._ranked()
        with self._writing():
            decided = {rows.position[d.row] for d in self._active()}
            since = (_now() - SHOWN_FOR).isoformat(timespec="milliseconds")
            elsewhere = self._run(
                "SELECT row, process FROM shown WHERE session != ? AND at > ?",
                (self.session, since),
            ).fetchall()
            showing = {rows.position[row] for row, process in elsewhere if not _ended(process)}
            found = self.order.next(decided, showing)
            if found is None:
                return None
            key = rows.keys[found[0]]
            self._run(
                "INSERT OR REPLACE INTO shown VALUES (?, ?, ?, ?)",
                (self.session, key, _now().isoformat(timespec="milliseconds"), _process()),
            )
        return Shown(key, *found)

    def record(self, shown: Shown | str, decision: Kind, label: str | None = None) -> Decision:
        """Write a decision; it is on disk when this returns.

        Args:
            shown: what `next` gave, or a row's key, which counts as shown by the ranking.
            decision: keep, relabel, ambiguous or skip.
            label: the new label, for relabel alone.

        Raises:
            TakenError: if the row has a decision already, such as another session's.
            DataError: on an unknown row or decision, on a relabelling without a label or to the
                label that the row has, or if the file cannot be written.
        """
        rows = self._ranked()
        key, how = (shown.row, shown.how) if isinstance(shown, Shown) else (shown, "ranked")
        if key not in rows.position:
            raise DataError(f"unknown row {key!r}; expected a key of the ranked rows")
        if decision not in KINDS:
            raise DataError(f"unknown decision {decision!r}; expected {', '.join(KINDS)}")
        label = label.strip() if label is not None else None
        if (decision == "relabel") != bool(label):
            raise DataError(
                f"decision '{decision}' with label {label!r}; expected one with relabel"
            )
        if label is not None and _unwritable(label):
            raise DataError(
                f"label {label!r} is not valid text; expected text that UTF-8 can write"
            )
        if label == rows.given(key):
            raise DataError(
                f"the row is labelled '{label}' already; expected another label, or keep"
            )
        with self._writing():
            made = self._active(key)
            if made:
                raise TakenError(made[0])
            return self._add(key, decision, label, how)

    def undo(self) -> Decision | None:
        """Take back this session's last decision, which is also on disk when this returns.

        A session that has none left takes back the last one of the same person.

        Returns:
            What was taken back, or None if there was nothing.
        """
        self._ranked()
        with self._writing():
            made = self._active()
            mine = [d for d in made if d.session == self.session]
            mine = mine or [d for d in made if d.who == self.who]
            if not mine:
                return None
            last = max(mine, key=lambda decision: decision.number)
            self._add(last.row, "undo", None, last.how, undoes=last.number)
        return last

    def _ranked(self) -> RankedRows:
        if self.rows is None:
            raise DataError(
                f"{self.path} was opened without ranked rows; expected some to decide on"
            )
        return self.rows

    def _active(self, row: str | None = None) -> list[Decision]:
        """Decisions that hold, in the order of time."""
        which, values = ("AND row = ? ", (row,)) if row is not None else ("", ())
        found = self._run(f"{_ACTIVE} {which}ORDER BY number", values)
        return [Decision(*entry) for entry in found.fetchall()]

    def _add(
        self, row: str, decision: str, label: str | None, how: str, undoes: int | None = None
    ) -> Decision:
        at = _now().isoformat(timespec="milliseconds")
        values = (self.session, row, decision, label, how, self.who, at)
        cursor = self._run(
            "INSERT INTO decisions (session, row, decision, label, how, who, at, undoes)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, undoes),
        )
        return Decision(int(cursor.lastrowid or 0), *values)

    # --- reading -------------------------------------------------------------------------------

    def active(self) -> pd.DataFrame:
        """The decisions that hold, one row each, in the order of time; columns as in `Decision`."""
        with self._readable():
            found = [vars(decision) for decision in self._active()]
        return pd.DataFrame(found, columns=list(COLUMNS)).astype({"number": "int64"})

    def log(self) -> pd.DataFrame:
        """Every entry, in the order of time: as in `Decision`, `undone`, and `undoes` for an undo.

        `undone` says that a later entry took this one back; `undoes` is the number it took back.
        """
        with self._readable():
            found = self._run(_LOG).fetchall()
        log = pd.DataFrame(found, columns=[*COLUMNS, "undone", "undoes"])
        return log.astype({"number": "int64", "undone": bool, "undoes": "Int64"})


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user: a container's number
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _ended(process: str) -> bool:
    """Whether it surely runs no more: of another machine's, or on Windows, nobody here can say."""
    host, _, number = process.rpartition(":")
    if os.name != "posix" or host != socket.gethostname():
        return False
    try:
        os.kill(int(number), 0)  # asks, and sends nothing
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's
        pass
    return False


def _unwritable(text: str) -> bool:
    return "\x00" in text or any(0xD800 <= ord(c) <= 0xDFFF for c in text)


def _statements(script: str) -> Iterator[str]:
    """Single statements: `executescript` would commit what `_make` needs to be one transaction."""
    statement = ""
    for line in script.strip().splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _now() -> datetime:
    return datetime.now(UTC)
