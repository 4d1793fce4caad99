"""Every task's notebook, executed with other parameters at `size: small`, and unknown ones refused."""

import re
from collections import Counter
from pathlib import Path

import pytest
from study.executing import ROOT, execute, outputs_in, outputs_of, said, small
from training import tiny

NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A tiny random BERT whose words are those of the fixtures."""
    import torch
    import transformers

    from difficulty_lib.data import load_data

    texts = []
    for name in ("tiny-summaries", "tiny-questions", "tiny-tags"):
        data = load_data(name)
        texts += [text for column in data.text_columns for text in data["train"][column]]
    # A trained tokenizer numbers its pieces differently each time, and a training is never the same.
    words = Counter(word for text in texts for word in re.findall(r"[a-z]+|[^a-z\s]", text.lower()))
    common = sorted(words, key=lambda word: (-words[word], word))[:600]
    letters = sorted(set("".join(words)))
    pieces = [*letters, *(f"##{letter}" for letter in letters), *common]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys([*tiny.SPECIAL, *pieces]))}
    folder = tmp_path_factory.mktemp("models") / "reader"
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=200,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.BertForMaskedLM(config).save_pretrained(folder)
    tokenizer = transformers.BertTokenizerFast(vocab=vocabulary, model_max_length=200)
    tokenizer.save_pretrained(folder)
    return folder


def test_sentiment(tmp_path, tiny_folder, at_root, monkeypatch):
    monkeypatch.setenv(
        "DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "mirror", train=200, other=60))
    )
    parameters = small(tiny_folder, dataset="emotion", seeds=[3, 4], splits=["validation"])
    outputs = outputs_in(tmp_path, "sentiment", parameters)
    assert "Accuracy after 2 epochs" in said(outputs)
    assert "**Verdict.**" in said(outputs)
    assert sum("image/png" in data for data in outputs) >= 6


def test_summarization(tmp_path, reader, at_root):
    parameters = small(
        f"{reader}+{reader}", num_beams=2, no_repeat_ngram_size=3, max_target_length=12
    )
    outputs = outputs_in(tmp_path, "summarization", parameters)
    text = said(outputs)
    assert "with 2 beams, no 3 tokens in a row twice, after the last epoch: ROUGE-1" in text
    assert "1 of validation: empty summary, so set aside" in text
    assert "longer than the model takes" in text
    assert "nearly linear" in text
    assert re.search(r"The mean loss is \d+\.\d+ nats", text)
    assert sum("image/png" in data for data in outputs) >= 4


def test_question_answering(tmp_path, reader, at_root):
    parameters = small(reader, max_length=60, stride=12)
    outputs = outputs_in(tmp_path, "question-answering", parameters)
    text = said(outputs)
    assert "exact match" in text
    assert "answer not in its context, so set aside" in text
    assert "answers late in the context" in text or "answer's place in the context" in text
    assert any("»" in data.get("text/html", "") for data in outputs)
    assert sum("image/png" in data for data in outputs) >= 4


def test_token_difficulty(tmp_path, reader, at_root):
    parameters = small(f"{reader}+{reader}", learning_rate=1e-2, batch_size=2)
    outputs = outputs_in(tmp_path, "token-difficulty", parameters)
    text = said(outputs)
    assert "name" in text
    assert "A random order has an average precision of" in text
    assert "The changed word is the hardest of its reference in" in text
    assert sum("tabindex" in data.get("text/html", "") for data in outputs) == 2


def test_token_difficulty_of_labelled_words(tmp_path, reader, at_root):
    parameters = small(reader, task="token-classification", splits=["validation"])
    parameters |= {"intervention": {}}
    outputs = outputs_in(tmp_path, "token-difficulty", parameters)
    assert "observed no planted errors" in said(outputs)
    assert sum("tabindex" in data.get("text/html", "") for data in outputs) == 1


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_unknown_parameter_is_refused_before_anything_runs(name, tmp_path, at_root):
    with pytest.raises(SystemExit, match="has no parameter epoch; it has"):
        execute(name, tmp_path / "done.ipynb", tmp_path / "runs", {"epoch": 1})
    assert not list(Path(tmp_path).iterdir())


@pytest.mark.parametrize(
    "path", sorted((ROOT / "book" / "chapters").glob("*.ipynb")), ids=lambda path: path.stem
)
def test_no_published_sentence_has_a_figure_that_is_none(path):
    assert not re.findall(r"\b(?:nan|inf)\b", said(outputs_of(path)))
