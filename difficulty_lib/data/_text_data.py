"""`TextData`: labelled texts in splits, whichever source served them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data._fingerprint import fingerprint, of_all
from difficulty_lib.data._hashing import PART, unit_hash
from difficulty_lib.data._problems import problem_table


@dataclass(frozen=True)
class TextData:
    """Splits of labelled texts.

    Attributes:
        name: the data set's name.
        splits: frames indexed by `sample_id` (int64, unique within a split), with the text
            columns, a `label` of the kind that `target` says, and whatever else the source knows
            of a sample.
        text_columns: which columns are texts, in the order in which a model reads them.
        label_names: name of every class or tag; empty for other targets.
        origin: which source served it: "mirror", "fixture", "embedded", "hub" or "file".
        redistributable: whether a page may show all of its texts, by licence and by our choice.
        notes: what a reader should know of how it was made, one sentence each.
        target: what `label` holds. "class": an integer. "text": the reference, a str. "answers":
            a tuple of (text, start) pairs, start a character offset into the last text column
            (the context), no pair at all for a question that it does not answer. "tags": a list
            of integers, one for each word of `text.split(" ")`.
        problems: rows that were set aside (`used` False) or kept but noted (True): `split`,
            `sample_id`, `problem` (one of a few fixed phrases), `used`.
    """

    name: str
    splits: dict[str, pd.DataFrame] = field(repr=False)
    text_columns: tuple[str, ...]
    label_names: tuple[str, ...]
    origin: str
    redistributable: bool = False
    notes: tuple[str, ...] = ()
    target: str = "class"
    problems: pd.DataFrame = field(default_factory=problem_table, repr=False)

    def __getitem__(self, split: str) -> pd.DataFrame:
        try:
            return self.splits[split]
        except KeyError:
            raise DataError(
                f"{self.name} has no split '{split}'; there are {', '.join(self.splits)}"
            ) from None

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of every split's (id, texts, label)."""
        return {name: fingerprint(f, self.text_columns) for name, f in self.splits.items()}

    def fingerprint(self) -> str:
        """One fingerprint of all splits."""
        return of_all(self.fingerprints().values())

    def texts(self, split: str) -> pd.Series:
        """The texts of a split as one string a sample, several fields joined by ' ▸ '."""
        frame = self[split]
        joined = frame[self.text_columns[0]].astype(str)
        for column in self.text_columns[1:]:
            joined = joined + " ▸ " + frame[column].astype(str)
        return joined.rename("text")

    def subset(self, sizes: dict[str, int | None]) -> TextData:
        """At most so many samples of each split, chosen by their ids alone.

        A larger subset contains the smaller ones; the choice is the same on every machine and for
        every seed. `None` keeps the whole split. Problems stay, but for notes on samples that are
        not chosen.
        """
        splits = {name: _first(frame, sizes.get(name)) for name, frame in self.splits.items()}
        problems = self.problems.loc[_still_there(self.problems, splits)].reset_index(drop=True)
        return TextData(**{**self.__dict__, "splits": splits, "problems": problems})


def _first(frame: pd.DataFrame, size: int | None) -> pd.DataFrame:
    if size is None or size >= len(frame):
        return frame
    order = np.argsort(unit_hash(frame.index.to_numpy(), salt=PART), kind="stable")
    return frame.iloc[np.sort(order[:size])]


def _still_there(problems: pd.DataFrame, splits: dict[str, pd.DataFrame]) -> list[bool]:
    rows = zip(problems["split"], problems["sample_id"], problems["used"])
    return [
        not used or split not in splits or sample_id in splits[split].index
        for split, sample_id, used in rows
    ]
