"""Every task's notebook, executed with other parameters at `size: small`, and unknown ones refused."""

import re
from collections import Counter
from pathlib import Path

import pytest
from study.executing import ROOT, execute, outputs_of, said
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


def small(folder, **more):
    return {"size": "small", "model": str(folder), "learning_rate": 5e-3, **more}


def test_sentiment(tmp_path, tiny_folder, at_root, monkeypatch):
    monkeypatch.setenv(
        "DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "mirror", train=200, other=60))
    )
    parameters = small(tiny_folder, dataset="emotion", seeds=[3, 4], splits=["validation"])
    execute("sentiment", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    outputs = outputs_of(tmp_path / "done.ipynb")
    assert "Accuracy after 2 epochs" in said(outputs)
    assert "**Verdict.**" in said(outputs)
    assert sum("image/png" in data for data in outputs) >= 6


def test_summarization(tmp_path, reader, at_root):
    parameters = small(f"{reader}+{reader}", num_beams=2, max_target_length=12)
    execute("summarization", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "with 2 beams after the last epoch: ROUGE-1" in text
    assert "1 of validation: empty summary, so set aside" in text
    assert "longer than the model takes" in text
    assert "nearly linear" in text
    assert sum("image/png" in data for data in outputs) >= 4


def test_question_answering(tmp_path, reader, at_root):
    parameters = small(reader, max_length=60, stride=12)
    execute("question-answering", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "exact match" in text
    assert "answer not in its context, so set aside" in text
    assert "answers late in the context" in text or "answer's place in the context" in text
    assert any("»" in data.get("text/html", "") for data in outputs)
    assert sum("image/png" in data for data in outputs) >= 4


def test_token_difficulty(tmp_path, reader, at_root):
    parameters = small(f"{reader}+{reader}", learning_rate=1e-2, batch_size=2)
    execute("token-difficulty", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "name" in text
    assert "A random order has an average precision of" in text
    assert "The changed word is the hardest of its reference in" in text
    assert sum("tabindex" in data.get("text/html", "") for data in outputs) == 2


def test_token_difficulty_of_labelled_words(tmp_path, reader, at_root):
    parameters = small(reader, task="token-classification", splits=["validation"])
    parameters |= {"intervention": {}}
    execute("token-difficulty", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    outputs = outputs_of(tmp_path / "done.ipynb")
    assert "observed no planted errors" in said(outputs)
    assert sum("tabindex" in data.get("text/html", "") for data in outputs) == 1


def test_mislabel_audit(tmp_path, tiny_folder, at_root, monkeypatch):
    monkeypatch.setenv(
        "DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "mirror", train=120, other=20))
    )
    parameters = small(tiny_folder, dataset="emotion", seeds=[3, 4, 5])
    execute("mislabel-audit", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    # Of three seeds and two corruptions the small size keeps two each.
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/truth.parquet"))) == 4
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "**Verdict.** The action score finds planted errors" in text
    assert "Minutes per error at flip labels, 10 %: " in text
    assert "Not measured here: " in text
    assert "seeds 3, 4 ·" in text
    assert sum("image/png" in data for data in outputs) == 7
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 7


def test_images(tmp_path, at_root):
    parameters = {"size": "small", "seeds": [3, 4], "train_size": 300, "test_size": 80}
    execute("images", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "300 images of 8 × 8 pixels are trained on and 80 others scored" in text
    assert "In finding flipped labels the action score is" in text
    assert sum("image/png" in data for data in outputs) == 6
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 6
    assert sum("image-gallery" in data.get("text/html", "") for data in outputs) == 3


def test_agreement(tmp_path, tiny_folder, at_root, monkeypatch):
    monkeypatch.setenv(
        "DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "mirror", train=120, other=60))
    )
    parameters = {"size": "small", "models": [str(tiny_folder)], "learning_rate": 5e-3}
    parameters |= {"dataset": "emotion", "seeds": [3, 4, 5], "neighbours_among": 50}
    execute("agreement", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*"))) == 2
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "**The answer in short.** Two seeds rank the samples alike with Spearman" in text
    assert "under the seeds 3, 4." in text
    assert "50 of the 120 training samples" in text
    assert sum("image/png" in data for data in outputs) == 7
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 9


def test_curriculum(tmp_path, tiny_folder, at_root, monkeypatch):
    monkeypatch.setenv(
        "DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "mirror", train=60, other=30))
    )
    parameters = {"size": "small", "model": str(tiny_folder), "dataset": "emotion"}
    parameters |= {"seeds": [3, 4, 5], "learning_rates": [5e-3], "batch_size": 8}
    parameters |= {"curricula": [["easy_first", "linear", "confidence"]]}
    execute("curriculum", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    # Two seeds and two conditions: plain, by the score, and at random in the same pacing.
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/run.json"))) == 2 * 2 * 3
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "Against plain training the curricula are" in text
    assert "40 % of the labels planted errors" in text
    assert "seeds 3, 4 ·" in text
    assert "2.2 times the cost" in text
    assert sum("image/png" in data for data in outputs) == 2
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 2


def test_selection(tmp_path, tiny_folder, at_root, monkeypatch):
    mirror = tiny.write_mirror(tmp_path / "mirror", train=60, other=30)
    monkeypatch.setenv("DIFFICULTY_DATA", str(mirror))
    parameters = small(tiny_folder, dataset="emotion", seeds=[3, 4], only=None)
    parameters |= {"selections": [["hardest", "confidence"]], "suspects": ["aum"]}
    parameters |= {"fractions": [0.6], "elsewhere": {"again": "emotion/validation"}}
    execute("selection", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    # Of each seed all rows, the hardest and random ones; with errors also two prunings.
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/run.json"))) == 2 * (3 + 5)
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "**Hardest**: against all rows" in text
    assert "Dropping suspects where errors are planted: 40 % wrong labels: " in text
    assert "elsewhere (again)" in text
    assert sum("image/png" in data for data in outputs) >= 3
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 4


def write_foreign(mirror, count=40):
    """Texts of another data set, none of which is among those of the mirror's own."""
    frame = tiny.labelled_frame(count, seed=9).reset_index(names="id")
    frame["text"] = [
        f"{text} near the old river. so it was {n}" for n, text in enumerate(frame["text"])
    ]
    (mirror / "tweeteval_sentiment").mkdir()
    for split in ("validation", "test"):
        frame.to_parquet(mirror / f"tweeteval_sentiment/{split}.parquet", index=False)


def test_mixup(tmp_path, tiny_folder, at_root, monkeypatch):
    mirror = tiny.write_mirror(tmp_path / "mirror", train=90, other=60)
    write_foreign(mirror)
    monkeypatch.setenv("DIFFICULTY_DATA", str(mirror))
    setting = {"name": "feelings", "dataset": "emotion", "split": "validation"}
    setting["outside"] = {"tweets": {"split": "tweeteval-sentiment/test"}}
    parameters = small(tiny_folder, settings=[setting], seeds=[3, 4, 5])
    execute("mixup", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    # Two seeds and five methods are kept.
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/run.json"))) == 10
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "**Verdict.** Mixup by difficulty and entropy, against no mixup: of " in text
    assert "5 ways to train, 2 seeds each: 10 trainings" in text
    assert "**dropping the mislabelled**: " in text
    assert "Not measured here: " in text
    # No class in common, so that there is no accuracy elsewhere to show.
    assert sum("image/png" in data for data in outputs) == 4
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 3


def test_out_of_distribution(tmp_path, tiny_folder, at_root, monkeypatch):
    mirror = tiny.write_mirror(tmp_path / "mirror", train=90, other=60)
    write_foreign(mirror)
    monkeypatch.setenv("DIFFICULTY_DATA", str(mirror))
    foreign = {"split": "tweeteval-sentiment/test", "sentences": 1}
    parameters = small(tiny_folder, dataset="emotion", seeds=[3, 4, 5], methods=["plain", "mixup"])
    parameters |= {"outside": {"tweets": foreign}}
    execute("out-of-distribution", tmp_path / "done.ipynb", tmp_path / "runs", parameters)
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/run.json"))) == 4
    outputs = outputs_of(tmp_path / "done.ipynb")
    text = said(outputs)
    assert "**Verdict.** A text's difficulty to other trainings says" in text
    assert "40 texts of tweeteval-sentiment/test, cut after 1 sentence" in text
    assert "Length alone has" in text
    assert "Against plain training, paired by seed" in text
    assert sum("image/png" in data for data in outputs) == 6
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 4


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_unknown_parameter_is_refused_before_anything_runs(name, tmp_path, at_root):
    with pytest.raises(SystemExit, match="has no parameter epoch; it has"):
        execute(name, tmp_path / "done.ipynb", tmp_path / "runs", {"epoch": 1})
    assert not list(Path(tmp_path).iterdir())
