"""Texts as vectors: by a sentence model that is at hand, or by the characters that they share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import DataError, MissingExtraError, ModelError
from difficulty_lib._evaluating import evaluating
from difficulty_lib._extras import require
from difficulty_lib.data import TextData

MODEL = "minilm"
TFIDF = "tfidf"
_TOKENS = 256  # that the embedded sentence model was made for
_WIDTH = 100  # of the space that TF-IDF is reduced to
_KNOWN: dict[tuple[str, str], NDArray[np.float32]] = {}

Array = NDArray[np.float32]


def embedding_at_hand() -> str:
    """The model "minilm" where its package is installed, else "tfidf"."""
    from difficulty_lib.training._models import model_folder

    try:
        require("torch", "train")
        model_folder(MODEL)
    except (ModelError, MissingExtraError):
        return TFIDF
    return MODEL


def sentence_embeddings(texts: Sequence[str], model: str = MODEL) -> Array:
    """The mean of a model's last hidden states over a text's tokens, as a vector of length 1.

    A text is embedded once in a process, however often it is asked for.

    Args:
        texts: N of them; what is beyond 256 tokens is not read.
        model: an encoder: an embedded model's name, a folder, or a hub id.

    Returns:
        Shape (N, D), float32.

    Raises:
        DataError: without a text.
        ModelError: if the model cannot be used.
    """
    if not len(texts):
        raise DataError("no texts to embed; expected one or more")
    from difficulty_lib.training._models import model_identity

    identity = model_identity(model)
    new = [text for text in dict.fromkeys(texts) if (identity, text) not in _KNOWN]
    if new:
        for text, row in zip(new, _embedded(new, model, identity)):
            _KNOWN[identity, text] = row
    return np.stack([_KNOWN[identity, text] for text in texts])


def tfidf_embeddings(texts: Sequence[str]) -> Array:
    """TF-IDF of a text's character n-grams, 1 to 4 within words, reduced to 100 dimensions.

    Args:
        texts: N of them; the vectors depend on all of them.

    Returns:
        Shape (N, at most 100), float32.

    Raises:
        DataError: on fewer than two texts, or texts without a word.

    Source: latent semantic analysis, Deerwester et al. 1990.
    """
    if len(texts) < 2 or not any(text.strip() for text in texts):
        raise DataError(f"{len(texts)} texts to embed; expected two or more that have words")
    vectorizer = require("sklearn.feature_extraction.text", "train").TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, max_features=50_000
    )
    counts = vectorizer.fit_transform(texts)
    width = max(1, min(_WIDTH, *(size - 1 for size in counts.shape)))
    reduce = require("sklearn.decomposition", "train").TruncatedSVD(width, random_state=0)
    return np.asarray(reduce.fit_transform(counts), dtype=np.float32)


def split_embeddings(
    data: TextData, split: str = "train", model: str | None = None
) -> pd.DataFrame:
    """The texts of a split as vectors; of two fields u and v: u, v and `|u − v|` side by side.

    Args:
        data: the texts, as they were trained on.
        split: whose samples.
        model: as `sentence_embeddings`, or "tfidf"; "minilm" where it is at hand if not given, and
            "tfidf" otherwise.

    Returns:
        Shape (N, D), by sample_id.

    Raises:
        DataError: as `sentence_embeddings` and `tfidf_embeddings`.
        ModelError: if the model cannot be used.

    Source: the pair's features, Reimers and Gurevych 2019.
    """
    chosen = embedding_at_hand() if model is None else model
    frame = data[split]
    fields = [frame[column].astype(str).tolist() for column in data.text_columns]
    if chosen == TFIDF:  # one space for all fields
        joined = tfidf_embeddings([text for field in fields for text in field])
        parts = np.split(joined, len(fields))
    else:
        parts = [sentence_embeddings(field, chosen) for field in fields]
    if len(parts) == 2:
        parts.append(np.abs(parts[0] - parts[1]))
    return pd.DataFrame(np.concatenate(parts, axis=1), index=frame.index.rename("sample_id"))


def _embedded(texts: Sequence[str], name: str, identity: str) -> Array:
    torch = require("torch", "train")
    from difficulty_lib.tasks._batches import forward_columns, length_batches
    from difficulty_lib.tasks.classification import pad_inputs
    from difficulty_lib.training._models import longest_input
    from difficulty_lib.training._seed import quiet

    with quiet():
        tokenizer, model = _encoder(name, identity)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    longest = longest_input(tokenizer, model, _TOKENS)
    encoded = tokenizer(list(texts), truncation=True, max_length=longest)
    accepted = forward_columns(model)
    rows: list[dict[str, Any]] = [
        {key: encoded[key][place] for key in encoded if key in accepted}
        for place in range(len(texts))
    ]
    collate, found = pad_inputs(tokenizer, model), None
    with evaluating(model):
        for places in length_batches([len(row["input_ids"]) for row in rows], 4096, 256):
            batch = {k: v.to(model.device) for k, v in collate([rows[p] for p in places]).items()}
            states = model(**batch).last_hidden_state.float()
            mask = batch["attention_mask"].unsqueeze(-1).float()
            mean = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
            unit = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
            if found is None:
                found = np.zeros((len(texts), unit.shape[1]), dtype=np.float32)
            found[places] = unit
    assert found is not None
    return found


@lru_cache(maxsize=1)
def _encoder(name: str, identity: str) -> tuple[Any, Any]:
    """Tokenizer and model without a head; safetensors alone, and no code from the folder.

    The last one is kept: a benchmark asks for it again with every setting.
    """
    from difficulty_lib.training._models import _one_line, _place, load_tokenizer

    auto = require("transformers", "train").AutoModel
    tokenizer = load_tokenizer(name)
    with _one_line(name):
        where, options = _place(name, "")
        model = auto.from_pretrained(where, dtype="float32", use_safetensors=True, **options)
    return tokenizer, model
