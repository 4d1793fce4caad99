"""A user's own tagged words: CoNLL's columns, one word a line, a blank line after each sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data._clean import clean
from difficulty_lib.data._text_data import TextData

Line = tuple[int, list[str]]
_COMMENT = re.compile(r"#\s*\S+\s*=(\s|$)")
_NO_WORD = re.compile(r"\d+[-.]\d+")  # CoNLL-U's multiword tokens and empty nodes


def conll_data(path: str | Path, word: int = 0, tag: int = -1) -> TextData:
    """Tagged sentences of a file, all in one split "train".

    Columns are separated by tabs if the first word's line has one, by spaces otherwise. Lines of
    `-DOCSTART-` are skipped, and so are comments at a sentence's start: lines that begin with #
    and have no tab (where columns are separated by tabs), or are like `# text = ...` or have
    another number of columns (where by spaces). In CoNLL-U's ten columns, multiword tokens and
    empty nodes are skipped too.

    Args:
        path: the file, UTF-8.
        word: the column of words, from 0; from −1 backwards.
        tag: the column of tags.

    Returns:
        Data with target "tags": `text` is the words joined by single spaces, `line` the number of
        a sentence's first line; ids number the sentences from 1. `label_names` are the tags, O
        first, then sorted. A sentence with a word that holds a space is set aside and listed in
        `problems`.

    Raises:
        DataError: naming the line, on a missing file, another number of columns, a column that is
            not there, an empty tag, less than two tags, or tags almost all distinct.
    """
    path = Path(path)
    sentences = list(_sentences(_rows(path), path))
    if not sentences:
        raise DataError(f"{path}: no words; expected one word a line with its tag")
    columns = len(sentences[0][0][1])
    words = _column(word, columns, f"{path}: word")
    tags = _column(tag, columns, f"{path}: tag")
    if words == tags:
        raise DataError(f"{path}: column {words} is given as word and as tag; expected two")
    rows: list[dict[str, Any]] = []
    for sentence in sentences:
        for number, fields in sentence:
            if not fields[tags].strip():
                raise DataError(f"{path}, line {number}: no tag; expected one in every line")
        tokens = [fields[words] for _, fields in sentence]
        given = [fields[tags].strip() for _, fields in sentence]
        rows.append({"tokens": tokens, "label": given, "line": sentence[0][0]})
    frame = pd.DataFrame(rows)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="sample_id")
    names = _names([tag for row in rows for tag in row["label"]], f"{path}, column {tags}")
    kept, problems = clean(
        frame,
        split="train",
        where=str(path),
        target="tags",
        text_columns=("text",),
        label_names=names,
    )
    return TextData(
        name=path.name,
        splits={"train": kept},
        text_columns=("text",),
        label_names=names,
        origin="file",
        target="tags",
        problems=problems,
    )


def _rows(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").split("\n")  # other separators may be part of a word
    except OSError:
        raise DataError(f"{path}: no such file; expected tagged words in columns") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}; expected UTF-8 text") from None


def _sentences(lines: list[str], path: Path) -> Iterator[list[Line]]:
    numbered = enumerate(lines, start=1)
    opened, first = next(((n, x) for n, x in numbered if x.strip() and not _skipped(x)), (0, ""))
    tabs = "\t" in first
    columns = len(_fields(first, tabs))
    sentence: list[Line] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("-DOCSTART-"):
            if sentence:
                yield sentence
            sentence = []
            continue
        fields = _fields(line, tabs)
        if not sentence and line.startswith("#") and _is_comment(line, fields, tabs, columns):
            continue
        if len(fields) != columns:
            raise DataError(
                f"{path}, line {number}: {len(fields)} columns; expected {columns} as in line {opened}"
            )
        if columns == 10 and _NO_WORD.fullmatch(fields[0]):
            continue
        sentence.append((number, fields))
    if sentence:
        yield sentence


def _skipped(line: str) -> bool:
    return line.startswith(("-DOCSTART-", "#"))


def _fields(line: str, tabs: bool) -> list[str]:
    # Other kinds of space, such as a no-break space in a number, are part of a word.
    return line.split("\t") if tabs else re.split("[ \t]+", line.strip(" \t"))


def _is_comment(line: str, fields: list[str], tabs: bool, columns: int) -> bool:
    if tabs:
        return "\t" not in line
    # A word may be "#": its line has as many columns as the others.
    return len(fields) != columns or bool(_COMMENT.match(line))


def _column(number: int, columns: int, what: str) -> int:
    if not -columns <= number < columns:
        raise DataError(f"{what} is column {number}; expected {-columns} to {columns - 1}")
    return number % columns


def _names(tags: list[str], where: str) -> tuple[str, ...]:
    names = sorted(set(tags), key=lambda name: (name != "O", name))
    if len(names) < 2:
        raise DataError(f"{where}: every word has the tag '{names[0]}'; expected two tags or more")
    if len(names) > max(20, len(tags) // 2):
        raise DataError(
            f"{where}: {len(names)} different tags of {len(tags)} words; expected classes"
        )
    return tuple(names)
