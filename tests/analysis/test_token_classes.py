"""Tokens put back into their texts, words made of them, and which classes of words are hard."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib import Dynamics
from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.analysis import (
    TokenDifficulty,
    class_difficulty_of_tokens,
    classes_of,
    token_difficulty,
)
from difficulty_lib.dynamics import TOKEN_COLUMNS, TokenDynamics
from difficulty_lib.words import speakers, word_spans

pytest.importorskip("transformers")
from training import tiny, tiny_heads

TEXTS = {
    9: "Anna doesn't like 12 cats, but Tom's friend does 😀.",
    4: "they met",
    7: "  Zoë  and\nTom: naïve — ok? ",
    12: "Anna Anna Anna",
}
EPOCHS = 3


def trained_tokenizer(kind):
    """A small tokenizer of the kind that GPT-2 or T5 has, made from these texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    if kind == "bytes":
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.post_processor = processors.ByteLevel(trim_offsets=False)
        made.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=290,
            special_tokens=["<eos>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )
        special = {"eos_token": "<eos>", "bos_token": "<eos>", "unk_token": "<eos>"}
    else:
        made = Tokenizer(models.Unigram())
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=60, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>"
        )
        special = {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    made.train_from_iterator([*TEXTS.values()] * 5, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=made, **special)


def wordpiece():
    """Most words of the texts are unknown to it."""
    return tiny.tiny_tokenizer()


TOKENIZERS = {
    "bytes": lambda: trained_tokenizer("bytes"),
    "unigram": lambda: trained_tokenizer("unigram"),
    "wordpiece": wordpiece,
}


@pytest.fixture(scope="module", params=list(TOKENIZERS))
def tokenizer(request):
    return TOKENIZERS[request.param]()


def stream_of(golds, losses, ids, split="test", first_epoch=1):
    """Dynamics with these losses [epoch][sample][token]; nothing else of them matters here."""
    zeros = [[np.zeros(len(gold)) for gold in golds] for _ in losses]
    columns = dict.fromkeys(TOKEN_COLUMNS, zeros) | {
        "loss": losses,
        "predicted": [golds for _ in losses],
    }
    tokens = TokenDynamics.from_rows(golds, **columns)
    epochs = np.arange(len(losses)) + first_epoch
    return Dynamics.from_arrays(list(ids), tokens=tokens, split=split, epochs=epochs).stream()


def end_of(tokenizer):
    return tokenizer.sep_token_id if tokenizer.eos_token is None else tokenizer.eos_token_id


def golds_of(tokenizer, texts, lead="", end=True):
    closing = [end_of(tokenizer)] if end else []
    return [
        np.array(tokenizer(lead + text, add_special_tokens=False)["input_ids"] + closing)
        for text in texts
    ]


def losses_for(golds, seed=0, epochs=EPOCHS):
    rng = np.random.default_rng(seed)
    return [[rng.exponential(1.0, len(gold)) for gold in golds] for _ in range(epochs)]


def difficulty_of(tokenizer, texts=None, **settings):
    texts = pd.Series(TEXTS) if texts is None else texts
    golds = golds_of(tokenizer, texts)
    losses = losses_for(golds)
    return token_difficulty(
        stream_of(golds, losses, texts.index), texts, tokenizer, **settings
    ), losses


# Alignment


@pytest.mark.parametrize("lead", ["", " ", "\n"])
def test_tokens_stand_where_they_stand(tokenizer, lead):
    texts = pd.Series(TEXTS)
    golds = golds_of(tokenizer, texts, lead)
    losses = losses_for(golds)
    found = token_difficulty(stream_of(golds, losses, texts.index), texts, tokenizer)
    for place, (sample_id, text) in enumerate(TEXTS.items()):
        table = found.table.loc[sample_id]
        assert len(table) == len(golds[place])
        assert table["special"].tolist() == [False] * (len(table) - 1) + [True]
        assert table["start"].is_monotonic_increasing
        own = table[~table["special"]]
        assert [text[a:b] for a, b in zip(own["start"], own["end"])] == own["token"].tolist()
        covered = {c for a, b in zip(own["start"], own["end"]) for c in range(a, b)}
        assert {text[c] for c in set(range(len(text))) - covered} <= set(" \n")
        summed = np.array([epoch[place] for epoch in losses])
        np.testing.assert_allclose(table["action_score"], summed.sum(axis=0), rtol=1e-6)
        np.testing.assert_allclose(table["last_loss"], summed[-1], rtol=1e-6)
        rows = dict(found.by_sample())[sample_id]
        np.testing.assert_allclose(found.losses[:, rows], summed, rtol=1e-6)


def test_pieces_of_known_words():
    texts = pd.Series({3: "songs, the film!"})
    found, _ = difficulty_of(wordpiece(), texts)
    assert found.table["token"].tolist() == ["song", "s", ",", "the", "film", "!", ""]
    assert found.table["start"].tolist() == [0, 4, 5, 7, 11, 15, 16]


def test_special_tokens_before_and_after(tokenizer):
    texts = pd.Series(TEXTS)
    ends = end_of(tokenizer)
    golds = [np.r_[ends, gold, ends] for gold in golds_of(tokenizer, texts)]
    found = token_difficulty(stream_of(golds, losses_for(golds), texts.index), texts, tokenizer)
    for _, rows in found.by_sample():
        assert found.table["special"].to_numpy()[rows].tolist()[-2:] == [True, True]
        assert found.table["special"].to_numpy()[rows[0]]
        assert found.table["end"].to_numpy()[rows[0]] == 0


def test_cut_texts_have_the_tokens_that_are_left(tokenizer):
    texts = pd.Series(TEXTS)
    golds = [gold[:3] for gold in golds_of(tokenizer, texts, end=False)]
    whole = difficulty_of(tokenizer)[0].table
    found = token_difficulty(stream_of(golds, losses_for(golds), texts.index), texts, tokenizer)
    for sample_id in TEXTS:
        own = whole[~whole["special"]].loc[sample_id, ["start", "end"]].iloc[:3]
        pd.testing.assert_frame_equal(found.table.loc[sample_id, ["start", "end"]], own)


def test_epoch_0_is_no_part_of_the_action_score():
    texts = pd.Series({3: "the film"})
    golds = golds_of(wordpiece(), texts)
    losses = losses_for(golds, epochs=3)
    found = token_difficulty(stream_of(golds, losses, [3], first_epoch=0), texts, wordpiece())
    assert found.epochs.tolist() == [1, 2]
    np.testing.assert_allclose(found.table["action_score"], losses[1][0] + losses[2][0], rtol=1e-6)
    assert len(found.losses) == 2


def test_tagged_words():
    texts = pd.Series({3: "the  old film", 8: "a song"})
    golds = [[0, 2, 1], [1]]
    stream = stream_of(golds, losses_for(golds), texts.index)
    tags = {3: [0, 2, 1], 8: [1, 0]}
    found = token_difficulty(stream, texts, tags=tags)
    assert found.table["token"].tolist() == ["the", "old", "film", "a"]
    assert found.table["start"].tolist() == [0, 5, 9, 0]
    assert not found.table["special"].any()
    raises_one_line(
        lambda: token_difficulty(stream, texts, tags={3: [0, 1, 1], 8: [1]}),
        "sample 3",
        "the data's tags",
        kind=DynamicsError,
    )
    raises_one_line(
        lambda: token_difficulty(stream, pd.Series({3: "two words", 8: "a"})),
        "sample 3: 3 gold labels for 2 words",
        kind=DynamicsError,
    )


def test_what_does_not_belong_together_is_refused(tokenizer):
    texts = pd.Series(TEXTS)
    golds = golds_of(tokenizer, texts)
    stream = stream_of(golds, losses_for(golds), texts.index)
    other = texts.copy()
    other[4] = "film they met"
    raises_one_line(
        lambda: token_difficulty(stream, other, tokenizer), "sample 4", kind=DynamicsError
    )
    raises_one_line(lambda: token_difficulty(stream, texts.drop(7), tokenizer), "no text", "[7]")
    raises_one_line(lambda: token_difficulty(stream, texts, object()), "object", "fast tokenizer")
    plain = Dynamics.from_arrays([1, 2], loss=[[1.0, 2.0]]).stream()
    raises_one_line(
        lambda: token_difficulty(plain, texts, tokenizer), "no tokens", kind=DynamicsError
    )


def test_a_run_that_learnt_nothing_is_scored_only_if_asked_for():
    texts = pd.Series(dict.fromkeys(range(20), "the old film song day night"))
    golds = golds_of(wordpiece(), texts, end=False)
    zeros = [[np.zeros(len(gold)) for gold in golds]]
    columns = dict.fromkeys(TOKEN_COLUMNS, zeros) | {
        "loss": [[np.full(len(gold), 3.0) for gold in golds]],
        "predicted": [[np.full(len(gold), golds[0][0]) for gold in golds]],
    }
    tokens = TokenDynamics.from_rows(golds, **columns)
    stream = Dynamics.from_arrays(list(texts.index), tokens=tokens, split="test").stream()
    raises_one_line(
        lambda: token_difficulty(stream, texts, wordpiece()), "learnt nothing", kind=DynamicsError
    )
    found = token_difficulty(stream, texts, wordpiece(), allow_collapsed=True)
    assert (found.table["action_score"] == 3).all()


# Words


def test_words_are_sums_of_their_tokens(tokenizer):
    found, _ = difficulty_of(tokenizer)
    words = found.words()
    for sample_id, text in TEXTS.items():
        tokens, table = found.table.loc[sample_id], words.table.loc[sample_id]
        assert table.index.tolist() == list(range(len(table)))
        own = table[~table["special"]]
        assert list(zip(own["start"], own["end"])) == [
            (a, b) for a, b in word_spans(text) if (tokens["start"] < b).any()
        ]
        for word in own.itertuples():
            # every tokenizer here cuts at words' ends, so a word's tokens begin inside it
            inside = tokens[(tokens["start"] >= word.start) & (tokens["start"] < word.end)]
            inside = inside[~inside["special"]]
            assert word.tokens == len(inside)
            assert word.action_score == pytest.approx(inside["action_score"].sum())
            assert word.last_loss == pytest.approx(inside["last_loss"].sum())
        assert table["special"].sum() == 1
    np.testing.assert_allclose(words.losses.sum(axis=0), words.table["action_score"], rtol=1e-6)
    np.testing.assert_allclose(words.losses[-1], words.table["last_loss"], rtol=1e-6)


def test_words_between_spaces():
    words = difficulty_of(wordpiece())[0].words(by_spaces=True)
    assert words.table.loc[9, "token"].tolist() == [*TEXTS[9].split(" "), ""]
    assert words.table.loc[9, "tokens"].tolist()[-2:] == [2, 1]  # "😀." and the end


def test_take_keeps_the_order_that_is_asked_for():
    found, _ = difficulty_of(wordpiece())
    part = found.take([12, 9])
    assert part.ids.tolist() == [12, 9]
    assert part.texts.tolist() == [TEXTS[12], TEXTS[9]]
    pd.testing.assert_frame_equal(part.table, found.table.loc[[12, 9]])
    np.testing.assert_allclose(part.losses.sum(axis=0), part.table["action_score"], rtol=1e-6)
    raises_one_line(lambda: found.take([9, 5]), "[5]")


# Real models


@pytest.mark.parametrize("kind", ["t5", "gpt2", "labels"])
def test_dynamics_of_tiny_models(tmp_path, one_thread, no_gpu, kind):
    """Recorded from the models themselves, a row at a time in float64 says what it should be."""
    from transformers import DataCollatorForSeq2Seq, DataCollatorForTokenClassification

    from difficulty_lib.dynamics import write_part, write_samples
    from difficulty_lib.tasks import TASKS
    from difficulty_lib.training import observe_split

    tokenizer, model = wordpiece(), tiny_heads.model_of(kind)
    texts = pd.Series({31: "the old film was lost", 8: "songs and rain !", 17: "night train"})
    rows = []
    for sample_id, text in texts.items():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        source = tokenizer("a long day .")["input_ids"]
        row = {"input_ids": source, "labels": [*ids, tokenizer.sep_token_id]}
        if kind == "gpt2":
            row["input_ids"], row["labels"] = (
                [*source, *row["labels"]],
                [-100] * len(source) + row["labels"],
            )
        if kind == "labels":
            row = {"input_ids": ids, "labels": [i % 4 for i in range(len(ids))]}
            if sample_id == 8:
                row["labels"][1] = -100  # "##s"
        rows.append({**row, "attention_mask": [1] * len(row["input_ids"]), "sample_id": sample_id})
    collate = DataCollatorForSeq2Seq(tokenizer)
    if kind == "labels":
        collate = DataCollatorForTokenClassification(tokenizer)
    task = {"t5": "summarization", "gpt2": "summarization-causal", "labels": "token-classification"}
    columns = observe_split(model, rows, collate, observe=TASKS[task[kind]].observe)
    write_samples(tmp_path, "test", np.sort(texts.index), None)
    write_part(tmp_path, "test", "evaluation", 1, columns)
    stream = Dynamics.load(tmp_path).stream()
    found = token_difficulty(stream, texts, None if kind == "labels" else tokenizer)
    wanted = tiny_heads.tokens_alone(kind, model, rows)
    for sample_id in texts.index:
        np.testing.assert_allclose(
            found.table.loc[sample_id, "action_score"], wanted[sample_id][1]["loss"], atol=2e-5
        )
    first = found.table.loc[8, "token"].tolist()
    assert first == (
        ["songs", "and", "rain", "!"] if kind == "labels" else ["song", "s", "and", "rain", "!", ""]
    )


# Classes


def random_words(samples=60, seed=0, effect=1.0, cluster=0.0):
    """Words with a class each: names stand at the start of a text, where every word is harder."""
    rng = np.random.default_rng(seed)
    rows = []
    for sample_id in 5 + 2 * np.arange(samples):
        own = cluster * rng.normal()
        length = int(rng.integers(3, 12))
        for place in range(length):
            kind = str(
                rng.choice(
                    ["name", "other", "number"],
                    p=[0.7, 0.2, 0.1] if place == 0 else [0.1, 0.7, 0.2],
                )
            )
            score = 1 + effect * (kind == "number") + 4 * (place == 0) + own + rng.normal() / 4
            rows.append((sample_id, place, kind, score, int(rng.integers(1, 4))))
    frame = pd.DataFrame(rows, columns=["sample_id", "position", "class", "action_score", "tokens"])
    frame = frame.set_index(["sample_id", "position"])
    table = frame.drop(columns="class").assign(
        start=0, end=1, token="w", special=False, last_loss=frame["action_score"] ** 2
    )
    losses = table[["action_score"]].to_numpy().T
    texts = pd.Series("w", index=frame.index.get_level_values(0).unique())
    return TokenDifficulty(texts, table, losses, np.array([1])), frame["class"]


def test_means_and_differences_equal_pandas():
    words, classes = random_words()
    for score in ("action_score", "last_loss"):
        found = class_difficulty_of_tokens(words, classes, score=score, resamples=50)
        table = found.table.set_index("class")
        means = words.table[score].groupby(classes).mean()
        np.testing.assert_allclose(table["mean"], means[table.index])
        np.testing.assert_allclose(table["difference"], means[table.index] - means["other"])
        assert table["mean"].is_monotonic_decreasing
        np.testing.assert_allclose(
            table["tokens"], words.table["tokens"].groupby(classes).mean()[table.index]
        )
        assert table["n"].to_dict() == classes.value_counts().to_dict()
        held = classes.reset_index().groupby("class")["sample_id"].nunique()
        assert table["samples"].to_dict() == held.to_dict()
        assert (found.score, found.reference, found.n) == (score, "other", 60)


@pytest.mark.parametrize(
    "controls", [("first", "position"), (), ("tokens",), ("position", "first", "tokens")]
)
def test_adjusted_differences_equal_a_regression(controls):
    linear = pytest.importorskip("sklearn.linear_model")
    words, classes = random_words()
    found = class_difficulty_of_tokens(words, classes, controls=controls, resamples=20)
    last = words.table.groupby(level=0).size() - 1
    place = words.table.index.get_level_values(1).to_numpy()
    columns = {
        "first": (place == 0).astype(float),
        "position": place / last[words.table.index.get_level_values(0)].to_numpy(),
        "tokens": words.table["tokens"].to_numpy(dtype=float),
    }
    kinds = ["name", "number"]
    design = [classes == kind for kind in kinds] + [columns[name] for name in controls]
    fit = linear.LinearRegression().fit(
        np.stack(design, axis=1).astype(float), words.table["action_score"]
    )
    table = found.table.set_index("class")
    np.testing.assert_allclose(table.loc[kinds, "adjusted"], fit.coef_[:2], atol=1e-8)
    assert table.loc["other", "adjusted"] == 0
    assert found.controls["control"].tolist() == list(controls)
    np.testing.assert_allclose(found.controls["effect"], fit.coef_[2:], atol=1e-8)


def test_a_class_that_stands_first_is_hard_by_its_place_alone():
    words, classes = random_words(samples=200)
    table = class_difficulty_of_tokens(words, classes, resamples=300).table.set_index("class")
    name, number = table.loc["name"], table.loc["number"]
    assert name["difference_low"] > 1
    assert name["adjusted_low"] < 0 < name["adjusted_high"]
    assert number["adjusted_low"] < 1 < number["adjusted_high"]
    assert number["adjusted_low"] > 0.8


def test_intervals_are_over_samples_and_not_over_words():
    """All words of a text alike: the mean is of n independent numbers, however many words they have."""
    rng = np.random.default_rng(1)
    samples, length = 100, 30
    own = rng.normal(size=samples)
    index = pd.MultiIndex.from_product(
        [range(samples), range(length)], names=["sample_id", "position"]
    )
    table = pd.DataFrame({"action_score": own.repeat(length), "tokens": 1}, index=index)
    table = table.assign(last_loss=0.0, start=0, end=1, token="w", special=False)
    texts = pd.Series("w", index=range(samples))
    words = TokenDifficulty(texts, table, table[["action_score"]].to_numpy().T, np.array([1]))
    row = class_difficulty_of_tokens(words, pd.Series("other", index=index)).table.iloc[0]
    wanted = 2 * 1.96 * own.std() / np.sqrt(samples)
    assert row["high"] - row["low"] == pytest.approx(wanted, rel=0.1)


def test_intervals_cover():
    """The difference of numbers is 1; texts differ, so that words of one are alike."""
    inside = 0
    for seed in range(40):
        words, classes = random_words(40, seed, cluster=1.0)
        row = class_difficulty_of_tokens(words, classes, resamples=150, seed=seed)
        row = row.table.set_index("class").loc["number"]
        inside += row["adjusted_low"] < 1 < row["adjusted_high"]
    assert inside >= 33  # 38 are expected; fewer than 33 has a probability below .003


def test_special_tokens_are_left_out():
    words, classes = random_words()
    table = words.table.copy()
    table.iloc[::5, table.columns.get_loc("special")] = True
    table.loc[table["special"], "action_score"] = 1e6
    special = TokenDifficulty(words.texts, table, words.losses, words.epochs)
    found = class_difficulty_of_tokens(special, classes, resamples=20).table
    assert found["mean"].max() < 100
    assert found["n"].sum() == (~table["special"]).sum()


def test_a_class_that_few_resamples_hold_has_an_interval_of_those():
    words, classes = random_words()
    classes.iloc[3] = "rare"
    row = (
        class_difficulty_of_tokens(words, classes, resamples=100)
        .table.set_index("class")
        .loc["rare"]
    )
    assert row["low"] == row["mean"] == row["high"] == words.table["action_score"].iloc[3]


def test_classes_of_words_of_texts():
    found, _ = difficulty_of(wordpiece())
    words = found.words()
    dialogues = {9: "Anna: hi\nTom: hello", 12: "Anna: hi"}
    classes = classes_of(words, names={i: speakers(d) for i, d in dialogues.items()})
    assert classes.index.equals(words.table.index)
    kinds = dict(zip(words.table.loc[9, "token"], classes.loc[9]))
    assert kinds == {
        "Anna": "name",
        "doesn't": "negation",
        "like": "function",
        "12": "number",
        "cats": "other",
        ",": "punctuation",
        "but": "function",
        "Tom's": "name",
        "friend": "other",
        "does": "function",
        "😀.": "punctuation",
        "": "special",
    }
    assert classes.loc[12].tolist() == ["name"] * 3 + ["special"]


def test_refusals():
    words, classes = random_words()
    refused = class_difficulty_of_tokens
    raises_one_line(
        lambda: refused(words, classes, score="aum"), "score is 'aum'", kind=ConfigError
    )
    raises_one_line(
        lambda: refused(words, classes, controls=("length",)), "'length'", kind=ConfigError
    )
    raises_one_line(lambda: refused(words, classes.iloc[1:]), "one per word")
    raises_one_line(lambda: refused(words, classes, reference="verb"), "'verb'", "name")
