"""The human-rated sentences inside vaderSentiment's source distribution.

Four corpora (tweets, movie-review snippets, product-review sentences, newspaper sentences), each
sentence with the individual ratings, −4 to +4, of 15 to 99 people.

The **label** is what most raters said: negative (< 0), neutral (0) or positive (> 0). Sentences
where two answers tie for first place have no such label and are left out, and so are repetitions
of a text. The **split** follows from the id alone: 70 % train, 15 % validation, 15 % test.
"""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib.data._hashing import unit_hash

CORPORA = {
    "tweets": "tweets",
    "movie reviews": "movieReviewSnippets",
    "product reviews": "amazonReviewSnippets",
    "newspaper": "nytEditorialSnippets",
}
ID_BLOCK = 100_000  # ids are corpus × ID_BLOCK + line, from 1
INNER = "additional_resources/hutto_ICWSM_2014.tar.gz"


def parse(source: Path) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """Read the source distribution.

    Returns:
        The splits, each indexed by sample_id with `text`, `label` (0 negative, 1 neutral,
        2 positive), `corpus`, `rating_mean`, `rating_std` (ddof 0), `ratings` (list of ints),
        `vote_share` (share of raters who said the label), `disagreement` (1 − vote_share) and
        `vote_entropy` (nats); and notes on what was left out.
    """
    frames = [
        _corpus(read, number, corpus, stem)
        for read in [_reader(source)]
        for number, (corpus, stem) in enumerate(CORPORA.items(), start=1)
    ]
    everything = pd.concat(frames)
    tied = everything["label"] < 0
    repeated = everything["text"].duplicated()
    kept = everything[~tied & ~repeated]
    where = unit_hash(kept.index.to_numpy())
    splits = {
        "train": kept[where < 0.70],
        "validation": kept[(where >= 0.70) & (where < 0.85)],
        "test": kept[where >= 0.85],
    }
    return splits, (
        f"{len(everything):,} sentences; the label is what most raters said "
        f"(negative, neutral or positive).",
        f"{int(tied.sum()):,} sentences without a single most frequent answer and "
        f"{int((repeated & ~tied).sum()):,} repetitions of a text are left out.",
        "The split follows from the sample's id: 70 % train, 15 % validation, 15 % test.",
    )


def _reader(source: Path) -> dict[str, str]:
    """Name → text of the inner archive's files."""
    with tarfile.open(source) as outer:
        inner_name = next((n for n in outer.getnames() if n.endswith(INNER)), None)
        member = outer.extractfile(inner_name) if inner_name else None
        if member is None:
            raise DataError(f"{source}: no {INNER} inside; expected vaderSentiment's sources")
        with tarfile.open(fileobj=io.BytesIO(member.read())) as inner:
            return {
                Path(m.name).name: file.read().decode("utf-8-sig")
                for m in inner.getmembers()
                if m.name.endswith(".txt")
                and "README" not in m.name
                and "lexicon" not in m.name
                and (file := inner.extractfile(m)) is not None
            }


def _rows(text: str, fields: int, where: str) -> list[list[str]]:
    # Only \r\n ends a row: a text may hold other characters that str.splitlines takes for an end.
    rows = [line.split("\t") for line in text.replace("\r\n", "\n").split("\n") if line]
    for number, row in enumerate(rows, start=1):
        if len(row) != fields:
            raise DataError(f"{where}, line {number}: {len(row)} fields; expected {fields}")
    return rows


def _corpus(files: dict[str, str], number: int, corpus: str, stem: str) -> pd.DataFrame:
    texts = _rows(files[f"{stem}_GroundTruth.txt"], 3, f"{stem}_GroundTruth.txt")
    rated = _rows(files[f"{stem}_anonDataRatings.txt"], 4, f"{stem}_anonDataRatings.txt")
    ratings_of = {key: json.loads(ratings.strip('"')) for key, _, _, ratings in rated}
    found = _votes([ratings_of[key] for key, _, _ in texts])
    found.insert(0, "text", [text.strip() for _, _, text in texts])
    found.insert(2, "corpus", corpus)
    lines = np.arange(1, len(texts) + 1)
    return found.set_index(pd.Index(number * ID_BLOCK + lines, name="sample_id"))


def _votes(ratings: list[list[int]]) -> pd.DataFrame:
    """What the raters of each sentence said; of all of them at once, for there are thousands."""
    counts = np.array([len(given) for given in ratings])
    given = np.arange(counts.max()) < counts[:, None]
    table = np.zeros(given.shape)
    table[given] = [rating for row in ratings for rating in row]
    votes = np.stack(
        [(given & said).sum(axis=1) for said in (table < 0, table == 0, table > 0)], axis=1
    )
    shares = votes / counts[:, None]
    most = votes == votes.max(axis=1, keepdims=True)
    mean = table.sum(axis=1) / counts
    squares = np.where(given, table - mean[:, None], 0.0) ** 2
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return pd.DataFrame(
        {
            "label": np.where(most.sum(axis=1) > 1, -1, votes.argmax(axis=1)),
            # of the ratings themselves: the stated mean of some tweets is of another round
            "rating_mean": mean,
            "rating_std": np.sqrt(squares.sum(axis=1) / counts),
            "ratings": ratings,
            "vote_share": shares.max(axis=1),
            "disagreement": 1.0 - shares.max(axis=1),
            "vote_entropy": -(shares * logs).sum(axis=1),
        }
    )
