"""What lies before the reviewer: one row, what is known of it, and what a key or button does.

Nothing here knows of notebooks: messages come in and states go out, both as JSON holds them. Texts,
labels and names leave through `plain`, and the reviewer's choice of a label comes back as its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError, DifficultyError
from difficulty_lib.review import (
    Decisions,
    RankedRows,
    Shown,
    TakenError,
    errors_left,
    ours,
    plain,
)
from difficulty_lib.widget._evidence import Evidence
from difficulty_lib.widget._neighbours import Neighbours
from difficulty_lib.widget._shading import Shading

LONGEST = 20_000  # characters of a text that are shown
GLANCE = 300  # of a neighbour's
BUTTONS = 60  # more labels than these are typed
RECENT = 6  # decisions that are listed


class Desk:
    """The state of one session.

    Args:
        rows: ranked.
        decisions: open, of these rows.
        labels: on offer for relabelling.
        ids: the rows' sample ids in the run, in the order of the ranks.
        evidence: of the run.
        shading: of the run's tokens.
        shaded: the column that is shaded, a text or the label.
        neighbours: of the rows; called when they are first needed.
        k: how many of them.
    """

    def __init__(
        self,
        rows: RankedRows,
        decisions: Decisions,
        labels: tuple[str, ...],
        *,
        ids: NDArray[np.int64] | None = None,
        evidence: Evidence | None = None,
        shading: Shading | None = None,
        shaded: str | None = None,
        neighbours: Callable[[], Neighbours] | None = None,
        k: int = 5,
    ) -> None:
        self.rows, self.decisions, self.labels = rows, decisions, labels
        self._ids, self._evidence, self._k = ids, evidence, k
        self._shading, self._shaded = shading, shaded
        self._neighbours: Callable[[], Neighbours] | Neighbours | None = neighbours
        self._turn = 0
        self._shown: Shown | None = None
        self._fixed: dict[str, Any] = {}
        self.show()

    # --- deciding ------------------------------------------------------------------------------

    def handle(self, message: object) -> dict[str, Any]:
        """Do what a key or a button said, and give the state that follows.

        A message carries the turn that it was meant for; one about a row that is no longer shown
        (a second click, another view of the same session) changes nothing.

        Args:
            message: `do` (hello, keep, relabel, ambiguous, skip, undo), `turn`, and for relabel
                `label`, a number in the list of labels, or a text where labels are typed.
        """
        asked = message if isinstance(message, Mapping) else {}
        do = asked.get("do")
        if do == "hello":
            return self.state()
        if asked.get("turn") != self._turn:
            return self.state("that was about the row before; here is the next one")
        try:
            note = self._do(do, asked.get("label"))
        except TakenError as error:
            note = str(error)
        except DataError as error:
            return self.state(str(error))
        self.show()
        return self.state(note)

    def _do(self, do: object, label: object) -> str:
        if do == "undo":
            undone = self.decisions.undo()
            if undone is None:
                raise DataError("nothing to undo")
            return f"undone: {_made(undone.decision, undone.label)}"
        if self._shown is None:
            raise DataError("every row has a decision; undo takes the last one back")
        if do == "relabel":
            made = self.decisions.record(self._shown, "relabel", self._label(label))
        elif do in ("keep", "ambiguous", "skip"):
            made = self.decisions.record(self._shown, do)
        else:
            raise DataError(f"{do!r} is no decision; expected keep, relabel, ambiguous or skip")
        return f"{_made(made.decision, made.label)}: on disk"

    def _label(self, given: object) -> str:
        if self.typed:
            if isinstance(given, str) and given.strip():
                return given
        elif type(given) is int and 0 <= given < len(self.labels):
            return self.labels[given]
        what = "a label" if self.typed else f"the number of one of {len(self.labels)} labels"
        raise DataError(f"{given!r} is no label; expected {what}")

    @property
    def typed(self) -> bool:
        """Whether a new label is written rather than chosen."""
        return len(self.labels) > BUTTONS

    def show(self) -> None:
        """Go to the row that comes next; the same one as long as nobody decided about it."""
        self._shown = self.decisions.next()
        self._turn += 1
        self._fixed = {} if self._shown is None else self._card(self._shown)

    # --- the state -----------------------------------------------------------------------------

    def state(self, note: str = "") -> dict[str, Any]:
        """Everything that is seen, as JSON holds it."""
        active = self.decisions.active()
        people = active["who"].value_counts()
        return {
            "turn": self._turn,
            "row": self._fixed or None,
            "labels": [] if self.typed else [_line(name) for name in self.labels],
            "typed": self.typed,
            "decided": len(active),
            "rows": len(self.rows),
            "left": str(errors_left(active, self.rows.keys)),
            "people": [f"{_line(str(who))} {n:,}" for who, n in people.items()],
            "recent": [
                self._recent(entry) for entry in active.tail(RECENT)[::-1].to_dict("records")
            ],
            "note": _line(note),
        }

    def _recent(self, entry: dict[Any, Any]) -> dict[str, Any]:
        return {
            "who": _line(str(entry["who"])),
            "made": _line(_made(entry["decision"], entry["label"])),
            "text": _line(_start(self.rows.texts(entry["row"])[0], 80)),
            "here": entry["session"] == self.decisions.session,
        }

    def _card(self, shown: Shown) -> dict[str, Any]:
        given = self.rows.given(shown.row)
        check = shown.how == "check"
        card: dict[str, Any] = {
            "why": "a random check" if check else f"rank {shown.position + 1:,}",
            "check": check,
            "given": plain(_start(given, LONGEST)),
            "given_number": self.labels.index(given) if given in self.labels else -1,
            "texts": [
                {"name": _line(name), "parts": [{"text": plain(_start(text, LONGEST))}]}
                for name, text in zip(self.rows.text, self.rows.texts(shown.row))
            ],
            "given_parts": None,
            "facts": [],
            "curve": None,
            "neighbours": [],
        }
        # A check is to be read with an open mind, as any other row of the data would be.
        return card if check else card | self._known(shown.position, given, card["texts"])

    def _known(self, place: int, given: str, texts: list[dict[str, Any]]) -> dict[str, Any]:
        known: dict[str, Any] = {"facts": self._facts(place)}
        sample = None if self._ids is None else int(self._ids[place])
        if self._evidence is not None and sample is not None:
            curve = self._evidence.of(sample)
            if curve is not None and curve["labels"] is not None:
                curve["labels"] = [_line(name) for name in curve["labels"]]
            known["curve"] = curve
        if self._shading is not None and sample is not None:
            try:
                known |= self._shaded_parts(self._shading.of(sample), texts)
            except DifficultyError as error:  # of this row alone: the review goes on without
                known["facts"].append(_line(f"not shaded: {error}"))
        known["neighbours"] = self._near(place, given)
        return known

    def _shaded_parts(
        self, parts: list[dict[str, Any]], texts: list[dict[str, Any]]
    ) -> dict[str, Any]:
        if self._shaded == self.rows.label:
            return {"given_parts": parts}
        place = self.rows.text.index(str(self._shaded))
        return {"texts": [t | {"parts": parts} if n == place else t for n, t in enumerate(texts)]}

    def _facts(self, place: int) -> list[str]:
        facts = []
        for name, words in (("predicted", "the model says"), ("action_score", "action score")):
            column = ours(self.rows.table, name)
            if column is not None and column != self.rows.label:
                value = self.rows.table[column].iloc[place]
                said = f"{value:.4g}" if isinstance(value, float) else str(value)
                facts.append(_line(f"{words} {said}"))
        return facts

    def _near(self, place: int, given: str) -> list[dict[str, Any]]:
        if self._neighbours is None:
            return []
        if not isinstance(self._neighbours, Neighbours):
            self._neighbours = self._neighbours()
        found = []
        for near, alike in self._neighbours.of(place, self._k):
            key = self.rows.keys[near]
            label = self.rows.given(key)
            found.append(
                {
                    "label": _line(_start(label, GLANCE)),
                    "same": label == given,
                    "alike": f"{alike:.2f}",
                    "text": _line(_start(" ▸ ".join(self.rows.texts(key)), GLANCE)),
                }
            )
        return found


def _line(text: str) -> str:
    return plain(" ".join(text.split()), one_line=True)


def _start(text: str, most: int) -> str:
    rest = len(text) - most
    return text if rest <= 0 else f"{text[:most]} … {rest:,} characters more"


def _made(decision: str, label: str | None) -> str:
    named = isinstance(label, str) and not pd.isna(label)
    return f"{decision} to {label}" if named else decision
