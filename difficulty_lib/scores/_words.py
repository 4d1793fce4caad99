"""The curve of every word of tagged sentences, from recorded tokens and the texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError, DynamicsError
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores.action import action_score


def word_curves(
    dynamics: StreamDynamics,
    frame: pd.DataFrame,
    names: Sequence[str] = (),
    *,
    text: str = "text",
) -> pd.DataFrame:
    """What was observed of every word: its loss after each epoch, its action score, its prediction.

    The k-th recorded token of a sentence is of its k-th word, which is checked against the tags. So a
    sentence of which fewer tokens were recorded than it has words has lost the last ones: they are
    listed as missing.

    Args:
        dynamics: one split and stream, with a token for each word.
        frame: indexed by sample_id, with the text column, whose words are `text.split(" ")`, and
            `label`, a list of tags as integers, one for each word. Of more sentences than were
            recorded, those that were are taken.
        names: of the tags; without them `tag` and `predicted` are integers.
        text: the column of the texts.

    Returns:
        A frame indexed by (sample_id, word), words from 0, sentences in the order of
        `dynamics.ids`: `text`, the word; `tag`; `predicted`, the tag after the last epoch;
        `missing`, whether the model never saw the word; `action_score`, the word's losses summed
        over the epochs from 1 on, in nats × epochs, high is hard (Arriaga et al. 2023, applied to a
        word); and `loss_<epoch>`, in nats, of every recorded epoch, 0 among them. Of a missing word
        `predicted` is missing and the numbers are NaN.

    Raises:
        DynamicsError: if no tokens were recorded, or their gold tags are not those of the words.
        DataError: if a recorded sentence is not in the frame, or has other tags than words.
    """
    where = f"{dynamics.split}/{dynamics.stream}"
    tokens = dynamics.tokens
    if tokens is None:
        raise DynamicsError(
            f"{where}: no tokens were recorded; expected the dynamics of tagged words"
        )
    for column in (text, "label"):
        if column not in frame.columns:
            raise DataError(
                f"{where}: the frame has no column '{column}'; there are "
                f"{', '.join(map(str, frame.columns))}"
            )
    unknown = dynamics.ids[~np.isin(dynamics.ids, frame.index)]
    if len(unknown):
        raise DataError(
            f"{where}: the frame lacks {len(unknown)} of the recorded samples, first: "
            f"{unknown[:5].tolist()}"
        )
    chosen = frame.loc[dynamics.ids]
    words = [sentence.split(" ") for sentence in chosen[text]]
    tags = [list(row) for row in chosen["label"]]
    lengths = np.array([len(row) for row in words], dtype=np.int64)
    _check(dynamics, words, tags, where)
    position = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    seen = position < np.repeat(tokens.lengths, lengths)

    def of_words(values: np.ndarray) -> np.ndarray:
        spread = np.full(len(seen), np.nan)
        spread[seen] = values
        return spread

    losses = np.asarray(tokens.columns["loss"], dtype=np.float64)
    predicted = np.full(len(seen), None, dtype=object)
    predicted[seen] = _named(tokens.columns["predicted"][-1].tolist(), names)
    table = pd.DataFrame(
        {
            "text": [word for row in words for word in row],
            "tag": _named([tag for row in tags for tag in row], names),
            "predicted": predicted,
            "missing": ~seen,
            "action_score": of_words(action_score(losses[int(dynamics.has_initial) :])),
            **{f"loss_{e}": of_words(row) for e, row in zip(dynamics.epochs.tolist(), losses)},
        },
        index=pd.MultiIndex.from_arrays(
            [np.repeat(dynamics.ids, lengths), position], names=["sample_id", "word"]
        ),
    )
    table.attrs["stream"] = dynamics.stream
    return table


def _check(
    dynamics: StreamDynamics, words: list[list[str]], tags: list[list[int]], where: str
) -> None:
    tokens = dynamics.tokens
    assert tokens is not None
    bounds = zip(tokens.offsets[:-1], tokens.offsets[1:])
    for sample_id, row, gold, (start, stop) in zip(dynamics.ids.tolist(), words, tags, bounds):
        if len(row) != len(gold):
            raise DataError(
                f"{where}: sample {sample_id} has {len(row)} words and {len(gold)} tags; expected "
                "one tag for each word"
            )
        if tokens.gold[start:stop].tolist() != gold[: stop - start]:
            raise DynamicsError(
                f"{where}: the recorded tags of sample {sample_id} are not those of its first "
                f"{stop - start} words; expected the dynamics of these data, a token for each word"
            )


def _named(numbers: Sequence[int], names: Sequence[str]) -> list[str] | list[int]:
    return [names[number] for number in numbers] if names else list(numbers)
