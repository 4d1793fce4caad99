"""Where in its text each gold token stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError, DynamicsError
from difficulty_lib.words import space_spans

Spans = NDArray[np.int64]  # start, end, and 1 for a special token
# What may stand between a prompt and the text that is tokenized after it.
LEADS = ("", " ", "\n")


def align_words(text: str, gold: NDArray[np.int32], sample_id: int, tags: Any = None) -> Spans:
    """The words between spaces, as many of them as there are gold labels: shape (labels, 3).

    Raises:
        DynamicsError: if there are more labels than words, or they are not the tags.
    """
    words = space_spans(text)
    if len(gold) > len(words):
        raise DynamicsError(
            f"sample {sample_id}: {len(gold)} gold labels for {len(words)} words; expected at most "
            "one per word, or the tokenizer that made the gold tokens"
        )
    if tags is not None and not np.array_equal(np.asarray(tags)[: len(gold)], gold):
        raise DynamicsError(
            f"sample {sample_id}: the gold labels are {gold[:5].tolist()} …; expected "
            f"{list(tags)[:5]} …, the data's tags"
        )
    spans = np.zeros((len(gold), 3), dtype=np.int64)
    spans[:, :2] = np.array(words[: len(gold)], dtype=np.int64).reshape(-1, 2)
    return spans


def align_pieces(
    texts: pd.Series, golds: Sequence[NDArray[np.int32]], tokenizer: Any
) -> list[Spans]:
    """The place of every gold token, shape (tokens, 3) for each text, without space around it.

    The text is tokenized anew, by itself and after a space or a line break, as it may stand after a
    prompt. Special tokens before and after it have no characters: they are at its start or end. A
    text that was cut has the tokens that are left.

    Raises:
        DataError: if the tokenizer gives no offsets.
        DynamicsError: if the gold tokens are not the text's, naming the first sample.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise DataError(
            f"{type(tokenizer).__name__} does not say where its tokens stand; expected a fast tokenizer"
        )
    special = _special_ids(tokenizer)
    encoded: dict[str, Any] = {}
    found = []
    for place, (sample_id, text) in enumerate(texts.items()):
        gold = golds[place]
        for lead in LEADS:
            if lead not in encoded:
                encoded[lead] = tokenizer(
                    [lead + other for other in texts],
                    add_special_tokens=False,
                    return_offsets_mapping=True,
                    truncation=False,
                    verbose=False,
                )
            ids, offsets = (encoded[lead][n][place] for n in ("input_ids", "offset_mapping"))
            spans = _matched(gold, ids, offsets, special, len(lead), text)
            if spans is not None:
                found.append(spans)
                break
        else:
            raise DynamicsError(
                f"sample {sample_id}: its gold tokens {gold[:5].tolist()} … are not those of its text "
                f"{encoded['']['input_ids'][place][:5]} …; expected the tokenizer and the text that "
                "the run was trained with"
            )
    return found


def _matched(
    gold: NDArray[np.int32],
    ids: Sequence[int],
    offsets: Sequence[tuple[int, int]],
    special: NDArray[np.int64],
    lead: int,
    text: str,
) -> Spans | None:
    """Spans of the gold tokens, if without special ones at both ends they begin the encoded text."""
    inner = np.flatnonzero(~np.isin(gold, special))
    first, last = (int(inner[0]), int(inner[-1]) + 1) if len(inner) else (0, 0)
    own = gold[first:last]
    if len(own) > len(ids) or not np.array_equal(own, ids[: len(own)]):
        return None
    spans = np.zeros((len(gold), 3), dtype=np.int64)
    spans[:first, 2] = spans[last:, 2] = 1
    for place, (start, end) in enumerate(offsets[: len(own)], start=first):
        spans[place, :2] = _stripped(text, max(start - lead, 0), max(end - lead, 0))
    spans[last:, :2] = spans[:last, 1].max(initial=0)
    return spans


def _special_ids(tokenizer: Any) -> NDArray[np.int64]:
    """Those that stand around a text; an unknown word is none of them, unless it shares its id."""
    around = {
        getattr(tokenizer, f"{n}_token_id", None) for n in ("bos", "eos", "cls", "sep", "pad")
    }
    unknown = {tokenizer.unk_token_id} - around
    return np.array(sorted(set(tokenizer.all_special_ids) - unknown), dtype=np.int64)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the space at its ends, unless there is nothing else."""
    piece = text[start:end]
    if not piece.strip():
        return start, end
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
