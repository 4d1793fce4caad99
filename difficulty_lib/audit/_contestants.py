"""Who finds the errors: scores of recorded dynamics, neighbours, a random order, and ensembles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from difficulty_lib._errors import ConfigError, DataError, DynamicsError
from difficulty_lib.audit._oriented import MARK, check_values, marked, oriented
from difficulty_lib.data._hashing import RANDOM_ORDER, unit_hash
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.features import neighbour_agreement
from difficulty_lib.scores import SCORES, hardness, score_table

Recorded = StreamDynamics | Sequence[StreamDynamics]


def score_contestants(
    recorded: Recorded | Mapping[str, Recorded],
    names: Sequence[str] | None = None,
    *,
    reduction: str | None = None,
    allow_collapsed: bool = False,
) -> pd.DataFrame:
    """Every registered score that these dynamics allow, turned so that high is hard.

    Args:
        recorded: a stream; one stream of several runs, over which scores are averaged; or any of
            these by a name that says where they are from, such as a model.
        names: of scores; all that the dynamics allow if not given.
        reduction: of sequences, as `score_table`.
        allow_collapsed: whether to score a run, too, that learnt nothing.

    Returns:
        A column "<score>/<stream>" each, or "<score>/<stream>/<name>", indexed by sample_id, marked
        as oriented. Of the stream "cross_validated", and of splits that were not trained on, the
        scores are out of sample; `contestants_about` says it.

    Raises:
        ConfigError: on an unknown name.
        DynamicsError: if a named score needs what was not recorded, or a run collapsed.
    """
    if isinstance(recorded, Mapping):
        if not recorded:
            raise DynamicsError("no dynamics are given; expected one stream or more")
        parts = [
            score_contestants(one, names, reduction=reduction, allow_collapsed=allow_collapsed)
            for one in recorded.values()
        ]
        return contestant_table(
            *(
                part.rename(columns=lambda c, k=key: f"{c}/{k}")
                for key, part in zip(recorded, parts)
            )
        )
    table = score_table(recorded, names, reduction=reduction, allow_collapsed=allow_collapsed)
    stream = table.attrs["stream"]
    turned = {
        f"{name}/{stream}": hardness(
            table[name].to_numpy(), higher_is_harder=SCORES[name].higher_is_harder
        )
        for name in table.columns
    }
    found = pd.DataFrame(turned, index=table.index)
    found.attrs = {MARK: "high"}
    return found


def confidence_weighted_entropy(stream: StreamDynamics, classes: int) -> pd.Series:
    """Entropy over the gold label's probability, after the last epoch, of held-out samples.

    Args:
        stream: of samples that were kept from the model that observed them.
        classes: their number K, two or more.

    Returns:
        Shape (N,), at least 0, high is hard: (H / log K) / p(y), which ranks as cleanlab's
        `get_confidence_weighted_entropy_for_each_label` does, lowest first, without the classes'
        probabilities, which are not recorded.

    Raises:
        ConfigError: on fewer than two classes.
        DynamicsError: if the samples were trained on, or entropy or loss was not recorded.

    Source: Kuan and Mueller 2022.
    """
    if classes < 2:
        raise ConfigError(f"number of classes is {classes}; expected 2 or more")
    if not stream.held_out:
        raise DynamicsError(
            f"{stream.split}/{stream.stream}: expected samples that were kept from the model: a "
            "split other than train, or the stream cross_validated"
        )
    gold = np.maximum(stream.matrix("gold_probability")[-1], 1e-6)  # as cleanlab does
    share = stream.matrix("entropy")[-1] / np.log(classes) / gold
    name = f"confidence_weighted_entropy/{stream.stream}"
    return marked(share, pd.Index(stream.ids), name)


def neighbour_disagreement(labels: pd.Series, embedding: Any, k: int = 10) -> pd.Series:
    """Share of a sample's k nearest other samples, by cosine, that have another label.

    Args:
        labels: by sample_id, shape (N,).
        embedding: shape (N, D), in the order of the labels; an array or a sparse matrix.
        k: number of neighbours.

    Returns:
        Shape (N,), 0 to 1, high is hard: one minus `features.neighbour_agreement`.

    Raises:
        ConfigError: on fewer than one neighbour.
        DataError: if shapes do not fit, or there are fewer than two samples.
    """
    if k < 1:
        raise ConfigError(f"number of neighbours is {k}; expected 1 or more")
    gold = labels.to_numpy()
    matrix = embedding if hasattr(embedding, "tocsr") else np.asarray(embedding)
    if matrix.ndim != 2 or matrix.shape[0] != len(gold):
        raise DataError(
            f"embeddings of shape {matrix.shape} for {len(gold)} labels; expected a row for each"
        )
    values = matrix.data if hasattr(matrix, "tocsr") else matrix
    if not np.isfinite(values).all():
        raise DataError("the embeddings hold a value that is not finite")
    alike = neighbour_agreement(gold, gold, matrix, matrix, np.arange(len(gold)), k)
    return marked(1 - alike, labels.index, f"neighbour_disagreement/{k}")


def random_ranking(ids: ArrayLike, seed: int = 0) -> pd.Series:
    """Numbers in [0, 1) that depend on sample_id and seed alone: what finds errors by chance."""
    index = pd.Index(np.asarray(ids, dtype=np.int64))
    return marked(unit_hash(index.to_numpy(), salt=RANDOM_ORDER + seed), index, "random")


def mean_of_ranks(contestants: pd.DataFrame, name: str = "mean_of_ranks") -> pd.Series:
    """A simple ensemble: a sample's mean place over the contestants, as a share of the samples.

    Args:
        contestants: a column each, oriented or of registered scores, by sample_id.
        name: of the ensemble.

    Returns:
        Shape (N,), in (0, 1], high is hard; ties share the mean place.

    Raises:
        ConfigError: if a column's direction is unknown.
        DataError: on fewer than two columns, doubled ids or a number that is not finite.
    """
    if contestants.shape[1] < 2:
        raise DataError(f"an ensemble of {contestants.shape[1]} contestant; expected two or more")
    places = []
    for column in contestants:
        turned = oriented(contestants[column])
        check_values(turned)
        places.append(turned.rank().to_numpy())
    # Ranks are halves, so their sums are exact and equal places stay equal.
    mean = np.sum(places, axis=0) / (len(places) * len(contestants))
    return marked(mean, contestants.index, name)


def contestant_table(*parts: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """Contestants side by side, every column turned so that high is hard.

    Args:
        parts: oriented series and tables, or registered scores, of the same samples.

    Raises:
        ConfigError: if a column's direction is unknown.
        DataError: if a name is doubled, or the samples differ, naming the first ids.
    """
    columns: dict[str, pd.Series] = {}
    for part in parts:
        table = part.to_frame() if isinstance(part, pd.Series) else part
        for column in table:
            turned = oriented(table[column])
            check_values(turned)
            if str(turned.name) in columns:
                raise DataError(f"two contestants are named '{turned.name}'; expected a name each")
            first = next(iter(columns.values()), turned)
            other = turned.index.symmetric_difference(first.index)
            if len(other):
                raise DataError(
                    f"'{turned.name}' and '{first.name}' are of other samples: {len(other)} ids are "
                    f"in one of both only, first: {other[:5].tolist()}"
                )
            columns[str(turned.name)] = turned
    if not columns:
        raise DataError("no contestant is given; expected one or more")
    index = next(iter(columns.values())).index
    found = pd.DataFrame({name: column.loc[index] for name, column in columns.items()})
    found.attrs = {MARK: "high"}
    return found


def contestants_about(names: Sequence[str], split: str = "train") -> pd.DataFrame:
    """What the contestants of `score_contestants` are: a row per name that is of a registered score.

    Args:
        names: of contestants, "<score>/<stream>…".
        split: that they rank; all but "train" were kept from the model.

    Returns:
        `contestant`, `score`, `title`, `stream`, `out_of_sample` (bool), `means`, `citation`.
    """
    rows: list[dict[str, Any]] = []
    for contestant in names:
        name, _, rest = str(contestant).partition("/")
        stream = rest.partition("/")[0]
        if name not in SCORES:
            continue
        entry = SCORES[name]
        out = stream == "cross_validated" or (stream == "evaluation" and split != "train")
        rows.append(
            {"contestant": contestant, "score": name, "title": entry.title, "stream": stream}
            | {"out_of_sample": out, "means": entry.means, "citation": entry.citation}
        )
    columns = ["contestant", "score", "title", "stream", "out_of_sample", "means", "citation"]
    return pd.DataFrame(rows, columns=columns)
