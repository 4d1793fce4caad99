"""Another name or another number in a reference summary."""

from __future__ import annotations

import pandas as pd

from difficulty_lib.corruptions._corruption import corruption
from difficulty_lib.corruptions._pieces import change_pieces
from difficulty_lib.corruptions.entities import name_finder
from difficulty_lib.corruptions.numbers import find_numbers
from difficulty_lib.words import Vocabulary


@corruption(target="text", means="one name or one number in a summary becomes another")
def change_entity_or_number(
    frame: pd.DataFrame,
    rate: float,
    seed: int,
    *,
    text: str = "dialogue",
    target: str = "label",
    names: Vocabulary | None = None,
    mentions: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Change one name or one number in each chosen summary: each as likely where there are both.

    Arguments, result and what is raised are those of `change_entity` and `change_number`; the
    truth's `kind` says which it was. A chosen summary that has neither is as it was, with the
    problem "no name or number to change".
    """
    finders = {"name": name_finder(frame, text, names, mentions=mentions), "number": find_numbers}
    return change_pieces(frame, rate, seed, finders, text=text, target=target)
