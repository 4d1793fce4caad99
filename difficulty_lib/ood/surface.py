"""Scores of the text alone: what any detector has to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from difficulty_lib._errors import DataError
from difficulty_lib.ood._score import Array, as_values, ood_score


@ood_score(
    higher_is_outside=True,
    title="perplexity of a language model",
    formula=r"\exp \frac{1}{T} \sum_t -\log p(w_t \mid w_{<t})",
    citation="arora2021",
)
def perplexity(token_loss: ArrayLike) -> Array:
    """Perplexity of the text to a language model.

    Args:
        token_loss: shape (N,), mean nats per token, as `text_losses` collects them.

    Returns:
        Shape (N,), 1 or more; high is out of distribution.

    Raises:
        DataError: on a loss below 0.

    Source: Arora et al. 2021, section 3 (there of a model fine-tuned on the in-distribution texts).
    """
    losses = as_values("token_loss", token_loss)
    if (losses < 0).any():
        raise DataError(f"a token loss of {losses.min():g}; expected nats per token, 0 or more")
    with np.errstate(over="ignore"):
        result: Array = np.exp(losses)
    return np.minimum(result, np.finfo(np.float64).max)


@ood_score(
    higher_is_outside=True,
    title="length",
    formula=r"T",
)
def length(lengths: ArrayLike) -> Array:
    """Length of the text, and nothing else: the control for sources of other lengths.

    Args:
        lengths: shape (N,), words or tokens, 0 or more.

    Returns:
        Shape (N,); high is out of distribution, where that has longer texts.

    Raises:
        DataError: on a length below 0.
    """
    found = as_values("lengths", lengths)
    if (found < 0).any():
        raise DataError(f"a length of {found.min():g}; expected 0 or more")
    return found


@ood_score(
    higher_is_outside=True,
    title="distance from the usual length",
    formula=r"\left|\log (1 + T) - \overline{\log (1 + T_{\text{train}})}\right|",
)
def length_distance(lengths: ArrayLike, train_lengths: ArrayLike) -> Array:
    """How far a text's log-length is from the training texts' mean: shorter or longer alike.

    Args:
        lengths: shape (N,), words or tokens, 0 or more.
        train_lengths: shape (M,).

    Returns:
        Shape (N,), 0 or more; high is out of distribution.

    Raises:
        DataError: on a length below 0, or no training length.
    """
    usual = np.log1p(length(train_lengths))
    if not len(usual):
        raise DataError("no training lengths; expected at least one")
    result: Array = np.abs(np.log1p(length(lengths)) - usual.mean())
    return result
