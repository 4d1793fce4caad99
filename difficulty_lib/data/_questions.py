"""A user's own questions with contexts: SQuAD's JSON of version 1.1 or 2, or one row a question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data import _problems
from difficulty_lib.data._clean import clean
from difficulty_lib.data._problems import join_problems, problem_table
from difficulty_lib.data._text_data import TextData


def read_questions_file(path: str | Path) -> Any:
    """What a JSON file holds, for `questions_data`.

    Raises:
        DataError: if the file is missing or not JSON.
    """
    path = Path(path)
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except OSError:
        raise DataError(f"{path}: no such file; expected questions as JSON") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}; expected UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}: not JSON ({error.msg}); expected SQuAD's format"
        ) from None


def questions_data(rows: Any, *, where: str) -> TextData:
    """Questions, contexts and answers, all in one split "train".

    Args:
        rows: SQuAD's nested JSON as read (`{"data": [{"paragraphs": [...]}]}`), or a table or list
            of rows with `question`, `context`, `answers` and perhaps `title`, `is_impossible`.
            Answers are a list of {text, answer_start} or {text, start}, or {text: list,
            answer_start: list}; an empty list, or `is_impossible`, says that there is none.
        where: the file's name, for messages.

    Returns:
        Data with target "answers"; ids number the questions from 1, a source's own are in `qid`. An
        answer at another place than it says is taken at its first occurrence and noted; a question
        without text, without word on its answers, or with an answer that its context does not
        have, is set aside: both are listed in `problems`.

    Raises:
        DataError: naming the place, if a part is missing or of another kind, or no row can be used.
    """
    flat = list(_nested(rows, where) if _is_nested(rows) else _flat(rows, where))
    if not flat:
        raise DataError(f"{where}: no questions; expected at least one")
    frame = pd.DataFrame(flat)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="sample_id")
    impossible = frame.pop("impossible").astype(bool)
    answered = frame["label"].map(_has_answers)
    both = frame.index[impossible & answered]
    labels = frame["label"].where(~impossible, None)
    frame["label"] = [[] if no else given for given, no in zip(labels, impossible)]
    rest = frame.drop(index=both)
    listed = problem_table("train", both, _problems.BOTH_WAYS)
    if rest.empty:
        raise DataError(
            f"{where}: none of the {len(frame)} rows can be used ({_problems.BOTH_WAYS})"
        )
    columns = ("question", "context")
    kept, problems = clean(rest, split="train", where=where, target="answers", text_columns=columns)
    return TextData(
        name=Path(where).name,
        splits={"train": kept},
        text_columns=columns,
        label_names=(),
        origin="file",
        target="answers",
        problems=join_problems([listed, problems]),
    )


def _is_nested(rows: Any) -> bool:
    if isinstance(rows, Mapping):
        return True
    first = rows[0] if isinstance(rows, list | tuple) and rows else None
    return isinstance(first, Mapping) and "paragraphs" in first


def _nested(rows: Any, where: str) -> Iterator[dict[str, Any]]:
    articles = _part(rows, "data", list, where) if isinstance(rows, Mapping) else rows
    for i, article in enumerate(articles):
        place = f"{where}, data[{i}]"
        for j, paragraph in enumerate(_part(article, "paragraphs", list, place)):
            inside = f"{place}.paragraphs[{j}]"
            context = _part(paragraph, "context", str, inside)
            for k, asked in enumerate(_part(paragraph, "qas", list, inside)):
                question = _part(asked, "question", str, f"{inside}.qas[{k}]")
                yield _row(asked, question, context, article.get("title"))


def _part(holder: Any, key: str, kind: type, place: str) -> Any:
    if not isinstance(holder, Mapping):
        raise DataError(f"{place}: {type(holder).__name__}; expected an object with '{key}'")
    if key not in holder:
        raise DataError(f"{place}: no '{key}'; there are {', '.join(map(str, holder)) or 'none'}")
    if not isinstance(holder[key], kind):
        found = type(holder[key]).__name__
        raise DataError(f"{place}: '{key}' is {found}; expected {kind.__name__}")
    return holder[key]


def _flat(rows: Any, where: str) -> Iterator[dict[str, Any]]:
    if isinstance(rows, pd.DataFrame):
        if not rows.columns.is_unique:
            doubled = rows.columns[rows.columns.duplicated()][0]
            raise DataError(
                f"{where}: column '{doubled}' is there more than once; expected it once"
            )
        rows = rows.to_dict("records")
    if not isinstance(rows, Iterable) or isinstance(rows, str):
        raise DataError(
            f"{where}: {type(rows).__name__}; expected SQuAD's JSON or rows of questions"
        )
    for number, row in enumerate(rows, start=1):
        place = f"{where}, row {number}"
        if not isinstance(row, Mapping):
            raise DataError(f"{place}: {type(row).__name__}; expected an object")
        texts = {}
        for key in ("question", "context"):
            if key not in row:
                raise DataError(f"{place}: no '{key}'; there are {', '.join(map(str, row))}")
            texts[key] = None if _is_nothing(row[key]) else row[key]
            if texts[key] is not None and not isinstance(texts[key], str):
                found = type(texts[key]).__name__
                raise DataError(f"{place}: '{key}' is {found}; expected text")
        yield _row(row, texts["question"], texts["context"], row.get("title"))


def _row(asked: Mapping[str, Any], question: Any, context: Any, title: Any) -> dict[str, Any]:
    impossible = asked.get("is_impossible", False)
    return {
        "question": question,
        "context": context,
        "label": asked.get("answers"),
        "title": title if isinstance(title, str) else "",
        "qid": str(asked.get("id", "")),
        "impossible": not _is_nothing(impossible) and bool(impossible),
    }


def _is_nothing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _has_answers(value: Any) -> bool:
    if isinstance(value, Mapping):
        value = value.get("text")
    return isinstance(value, list | tuple | np.ndarray) and len(value) > 0
