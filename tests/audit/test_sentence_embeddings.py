"""Texts as vectors: each by itself, once, whatever else is in the batch."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from training import tiny

from difficulty_lib._errors import ModelError
from difficulty_lib.audit import _sentence_embeddings as module
from difficulty_lib.audit import sentence_embeddings, split_embeddings, tfidf_embeddings
from difficulty_lib.data import TextData


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu, monkeypatch):
    monkeypatch.setattr(module, "_KNOWN", {})


def test_a_text_is_the_mean_of_its_tokens_states(tiny_folder):
    import torch
    from transformers import AutoModel

    texts = [*tiny.labelled_texts(9)[0], "the film", "the film"]
    found = sentence_embeddings(texts, str(tiny_folder))
    model, tokenizer = AutoModel.from_pretrained(tiny_folder), tiny.tiny_tokenizer()
    for text, row in zip(texts, found):
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        mean = states.mean(dim=0).numpy()
        np.testing.assert_allclose(row, mean / np.linalg.norm(mean), atol=1e-5)
    assert found.dtype == np.float32


def test_a_text_is_embedded_once(tiny_folder, monkeypatch):
    first = sentence_embeddings(["the film", "a book"], str(tiny_folder))
    asked = []
    real = module._embedded
    monkeypatch.setattr(
        module, "_embedded", lambda texts, *of: asked.append(texts) or real(texts, *of)
    )
    again = sentence_embeddings(["a book", "a town", "the film", "a town"], str(tiny_folder))
    assert asked == [["a town"]]
    assert again[[2, 0]].tolist() == first.tolist()


def test_texts_of_the_same_characters_are_near():
    found = tfidf_embeddings(["a merry song", "a merry song!", "old trains", "old train", "house"])
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    near = unit @ unit.T - 2 * np.eye(5)
    assert near.argmax(axis=1)[:4].tolist() == [1, 0, 3, 2]


def frame_of(**columns):
    index = pd.Index([30, 10, 20], name="sample_id")
    return TextData(
        name="own",
        splits={"train": pd.DataFrame({**columns, "label": [0, 1, 0]}, index=index)},
        text_columns=tuple(columns),
        label_names=("a", "b"),
        origin="file",
    )


@pytest.mark.parametrize("model", [None, "tfidf"])
def test_pairs_are_both_and_how_far_they_are_apart(model, tiny_folder):
    model = str(tiny_folder) if model is None else model
    one, two = ["the film", "a book", "a town"], ["a song", "a book", "the road"]
    found = split_embeddings(frame_of(premise=one, hypothesis=two), model=model)
    assert found.index.tolist() == [30, 10, 20]
    width = found.shape[1] // 3
    first, second, apart = (found.iloc[:, k * width : (k + 1) * width].to_numpy() for k in range(3))
    np.testing.assert_allclose(apart, abs(first - second))
    assert apart[1].max() < 1e-6 < apart[0].max()
    if model != "tfidf":
        alone = split_embeddings(frame_of(text=two), model=model)
        np.testing.assert_allclose(alone, second)


def test_where_there_is_no_sentence_model_characters_are_compared(monkeypatch):
    def fail(name):
        raise ModelError("not installed")

    assert module.embedding_at_hand() == "minilm"
    monkeypatch.setattr("difficulty_lib.training._models.model_folder", fail)
    assert module.embedding_at_hand() == "tfidf"
    data = frame_of(text=["the film", "a book", "a town"])
    assert split_embeddings(data).equals(split_embeddings(data, model="tfidf"))


def test_what_cannot_be_embedded_is_refused(tiny_folder, tmp_path):
    raises_one_line(lambda: sentence_embeddings([], str(tiny_folder)), "no texts")
    raises_one_line(lambda: tfidf_embeddings(["", " "]), "words")
    raises_one_line(lambda: tfidf_embeddings(["word"]), "two or more")
    raises_one_line(lambda: sentence_embeddings(["a"], str(tmp_path)), kind=ModelError)


def test_a_model_is_read_once_until_it_is_another(tiny_folder, monkeypatch):
    sentence_embeddings(["a first text"], str(tiny_folder))
    before = module._encoder.cache_info()
    sentence_embeddings(["a second text"], str(tiny_folder))
    assert module._encoder.cache_info().misses == before.misses
    monkeypatch.setattr("difficulty_lib.training._models.model_identity", lambda name: "another")
    sentence_embeddings(["a third text"], str(tiny_folder))
    assert module._encoder.cache_info().misses == before.misses + 1
