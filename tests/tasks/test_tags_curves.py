"""Curves of words, from recorded runs: the k-th token is of the k-th word."""

import numpy as np
import pandas as pd
import pytest
from training import tiny

from difficulty_lib._errors import DataError, DynamicsError
from difficulty_lib.data import TextData, load_data
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.scores import token_table, word_curves
from difficulty_lib.training import RunConfig, get_or_train

pytestmark = pytest.mark.usefixtures("one_thread", "no_gpu")
NAMES = ("O", "B-NAME", "I-NAME")
CONFIG = {
    "task": "token-classification",
    "evaluation_splits": ("validation",),
    "batch_size": 8,
    "precision": "float32",
}


def split(count, first_id, seed=0):
    """Sentences whose tags follow from their words; some with a word that cannot be read."""
    rng = np.random.default_rng(seed)
    texts, tags = [], []
    for number in range(count):
        words = list(
            rng.choice([*tiny.FILLERS[:8], "films", *["sad", "gloomy"] * 3], rng.integers(2, 9))
        )
        if number % 4 == 0:
            words.insert(1, "\u200b")
        texts.append(" ".join(words))
        tags.append([1 if w == "sad" else 2 if w == "gloomy" else 0 for w in words])
    index = pd.Index(first_id + 7 * rng.permutation(count), dtype="int64", name="sample_id")
    return pd.DataFrame({"text": texts, "label": pd.Series(tags, index, dtype=object)}, index=index)


@pytest.fixture(scope="module")
def data():
    return TextData(
        name="own",
        splits={"train": split(48, 100), "validation": split(16, 900, seed=1)},
        text_columns=("text",),
        label_names=NAMES,
        origin="file",
        target="tags",
    )


@pytest.fixture(scope="module")
def run(data, tiny_folder, tmp_path_factory):
    config = RunConfig(
        "own",
        model=str(tiny_folder),
        epochs=3,
        max_length=7,
        learning_rate=5e-3,
        record_training=True,
        **CONFIG,
    )
    return get_or_train(config, data, runs=tmp_path_factory.mktemp("runs"), progress=False)


def test_every_word_has_its_own_curve(run, data):
    """The reference goes through the sentences one by one."""
    stream = run.dynamics.stream("validation")
    curves = word_curves(stream, data["validation"], NAMES)
    assert curves.index.names == ["sample_id", "word"]
    assert curves.index.is_unique
    parts = {
        epoch: tiny.read_part(run.folder, "validation", "evaluation", epoch).set_index("sample_id")
        for epoch in range(4)
    }
    assert len(curves) == sum(len(text.split(" ")) for text in data["validation"]["text"])
    lost = 0
    for sample_id, row in data["validation"].iterrows():
        words = row["text"].split(" ")
        recorded = parts[3].loc[sample_id, "token_loss"]
        for place, (word, tag) in enumerate(zip(words, row["label"])):
            found = curves.loc[(sample_id, place)]
            assert (found["text"], found["tag"]) == (word, NAMES[tag])
            if place >= len(recorded):
                lost += 1
                assert found["missing"]
                assert pd.isna(found["predicted"])
                assert np.isnan(found[["action_score", "loss_0", "loss_3"]].astype(float)).all()
                continue
            losses = [parts[epoch].loc[sample_id, "token_loss"][place] for epoch in range(4)]
            assert not found["missing"]
            assert [found[f"loss_{epoch}"] for epoch in range(4)] == losses
            assert found["action_score"] == pytest.approx(np.sum(losses[1:], dtype=float))
            said = parts[3].loc[sample_id, "token_predicted"][place]
            assert found["predicted"] == NAMES[said]
    assert lost > 0
    assert list(curves.columns) == [
        *("text", "tag", "predicted", "missing", "action_score"),
        *(f"loss_{epoch}" for epoch in range(4)),
    ]


def test_they_agree_with_the_table_of_tokens(run, data):
    stream = run.dynamics.stream("validation")
    curves = word_curves(stream, data["validation"])
    scores = token_table(stream, ["action_score"])
    seen = curves[~curves["missing"]]
    assert seen.index.tolist() == scores.index.tolist()
    np.testing.assert_allclose(seen["action_score"], scores["action_score"], rtol=1e-12)
    assert set(curves["tag"]) <= {0, 1, 2}
    assert curves.attrs["stream"] == "evaluation"


def test_of_the_training_stream_too(run, data):
    curves = word_curves(run.dynamics.stream("train", "training"), data["train"], NAMES)
    assert "loss_0" not in curves
    assert sorted(curves.index.get_level_values(0).unique()) == sorted(data["train"].index)


def test_of_some_of_the_sentences(run, data):
    stream = run.dynamics.stream("validation")
    some = stream.take(stream.ids[[1, 4]])
    whole = word_curves(stream, data["validation"], NAMES)
    pd.testing.assert_frame_equal(
        word_curves(some, data["validation"], NAMES), whole.loc[some.ids.tolist()]
    )


def changed(frame, sample_id, **values):
    frame = frame.copy()
    for name, value in values.items():
        frame.at[sample_id, name] = value
    return frame


def test_what_does_not_belong_together_is_refused(run, data):
    stream, frame = run.dynamics.stream("validation"), data["validation"]
    first = int(stream.ids[0])
    row = frame.loc[first]
    other = [(tag + 1) % 3 for tag in row["label"]]
    for wrong, error, says in [
        (frame.drop(index=first), DataError, rf"lacks 1 .*\[{first}\]"),
        (frame.drop(columns="text"), DataError, "no column 'text'; there are label"),
        (changed(frame, first, text=row["text"] + " old"), DataError, f"sample {first} has"),
        (changed(frame, first, label=other), DynamicsError, f"sample {first} are not those"),
    ]:
        with pytest.raises(error, match=says) as refused:
            word_curves(stream, wrong)
        assert "\n" not in str(refused.value)
    plain = StreamDynamics(
        ids=stream.ids, epochs=stream.epochs, columns=stream.reduce().columns, health=()
    )
    with pytest.raises(DynamicsError, match="no tokens were recorded"):
        word_curves(plain, frame)


def test_the_record_counts_words_and_entities(run):
    metrics = run.record["metrics"]
    stream = run.dynamics.stream("validation")
    right = stream.tokens.columns["predicted"][1:] == stream.tokens.gold
    assert metrics["token_accuracy"]["validation/evaluation"] == right.mean(axis=1).tolist()
    for name in ("entity_precision", "entity_recall", "entity_f1"):
        assert set(metrics[name]) == {"validation/evaluation", "train/training"}
        assert all(0 <= value <= 1 for value in metrics[name]["validation/evaluation"])
    assert run.outputs("validation") is None


def test_it_learns_the_tags_of_words(tiny_folder, tmp_path, data):
    """Tags follow from the words, so that a model whose labels are shifted cannot get them."""
    config = RunConfig("own", model=str(tiny_folder), epochs=10, learning_rate=5e-3, **CONFIG)
    run = get_or_train(config, data, runs=tmp_path, progress=False)
    assert run.record["metrics"]["token_accuracy"]["validation/evaluation"][-1] > 0.9
    assert run.record["metrics"]["entity_f1"]["validation/evaluation"][-1] > 0.8


def test_with_a_real_model(tmp_path):
    config = RunConfig("tiny-tags", model="minilm", epochs=2, learning_rate=1e-3, **CONFIG)
    run = get_or_train(config, runs=tmp_path, progress=False)
    metrics = run.record["metrics"]
    assert metrics["entity_f1"]["validation/evaluation"][-1] > 0.5
    data = load_data("tiny-tags")
    curves = word_curves(run.dynamics.stream("validation"), data["validation"], data.label_names)
    assert not curves["missing"].any()
    easy, hard = (
        curves.loc[curves["tag"].eq("O") == flag, "action_score"] for flag in (True, False)
    )
    assert easy.mean() < hard.mean()
