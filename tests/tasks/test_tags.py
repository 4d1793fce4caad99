"""Tagged sentences: whose label is on which piece, what does not fit, and how entities are counted."""

import numpy as np
import pandas as pd
import pytest
from training import tiny

from difficulty_lib._errors import DataError, ModelError
from difficulty_lib.data import load_data
from difficulty_lib.dynamics import StreamDynamics, TokenDynamics
from difficulty_lib.tasks import TASKS, TaskSettings
from difficulty_lib.tasks._entities import entities, entity_scores, marks_entities
from difficulty_lib.tasks._words import read_words, words_of

TASK = TASKS["token-classification"]
LONG, STRANGE, OTHER = (
    "sentence longer than the model takes",
    "a word that the tokenizer makes nothing of",
    "tags of another number than words",
)


def settings(tokenizer=None, max_length=64, **others):
    return TaskSettings(
        tokenizer=tokenizer or tiny.tiny_tokenizer(),
        text_columns=("text",),
        max_length=max_length,
        **others,
    )


def frame(*sentences, first_id=70):
    """(text, tags) of every sentence; without tags, the places of the words are taken as tags."""
    texts, tags = zip(*(s if isinstance(s, tuple) else (s, None) for s in sentences))
    tags = [
        list(range(len(t.split(" ")))) if given is None else given for t, given in zip(texts, tags)
    ]
    index = pd.Index(first_id - 3 * np.arange(len(texts)), dtype="int64", name="sample_id")
    return pd.DataFrame({"text": texts, "label": pd.Series(tags, index, dtype=object)}, index=index)


def encode(*sentences, **others):
    return TASK.encode(frame(*sentences), settings(**others))


def listed(encoded):
    return list(encoded.problems.itertuples(index=False, name=None))


def byte_level(*texts):
    """A tokenizer of bytes, which takes the space before a word into its first piece."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import RobertaTokenizer

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        show_progress=False,
    )
    trained.train_from_iterator(texts, trainer)
    vocabulary = trained.get_vocab()
    import json

    merges = [tuple(pair) for pair in json.loads(trained.to_str())["model"]["merges"]]
    return RobertaTokenizer(vocab=vocabulary, merges=merges)


# Words and pieces


def test_a_words_tag_is_on_its_first_piece():
    encoded = encode("the films watched!, today")
    row = encoded[0]
    pieces = tiny.tiny_tokenizer().convert_ids_to_tokens(row["input_ids"])
    assert pieces == ["[CLS]", "the", "film", "##s", "watched", "!", ",", "today", "[SEP]"]
    assert row["labels"] == [-100, 0, 1, -100, 2, -100, -100, 3, -100]
    assert row["sample_id"] == 70
    assert encoded.lengths.tolist() == [9]
    assert listed(encoded) == []
    assert encoded.truncated == 0


def test_wordpiece_reads_as_if_split_into_words():
    """transformers' own way from words to tokens is the reference, on texts with awkward words."""
    tokenizer = tiny.tiny_tokenizer()
    texts = load_data("tiny-tags")["train"]["text"].tolist()
    texts += ["films, books... today!", "a.b,c we.", "zzz filmzzz film", "É é film", "x\ty old"]
    for text, read in zip(texts, read_words(texts, tokenizer, 24)):
        wanted = tokenizer(words_of(text), is_split_into_words=True, truncation=True, max_length=24)
        first = {}
        for piece, word in enumerate(wanted.word_ids()):
            if word is not None:
                first.setdefault(word, piece)
        assert read.row["input_ids"] == wanted["input_ids"]
        assert dict(enumerate(read.first)) == first
        assert read.words == len(text.split(" "))


def test_bytes_keep_the_space_before_a_word():
    """Given word by word, such a tokenizer would read "thefilm"."""
    text = "the old film, watched  today"
    tokenizer = byte_level("the film was old", "watched a film", "today a film")
    (read,) = read_words([text], tokenizer, 64)
    ids = read.row["input_ids"]
    assert tokenizer.decode(ids, skip_special_tokens=False) == (
        "<s>the old film, watched <unk> today</s>"
    )
    rest = [*read.first[1:], len(ids) - 1]
    words = [tokenizer.decode(ids[a:b]) for a, b in zip(read.first, rest)]
    assert [word.strip() for word in words] == ["the", "old", "film,", "watched", "<unk>", "today"]
    assert words[1].startswith(" ")
    assert read.strange == [4]


@pytest.mark.parametrize("nothing", ["", "\u200b", "\ufeff\u00ad"])
def test_a_word_of_which_nothing_is_made_is_read_as_unknown(nothing):
    encoded = encode(f"the {nothing} film", "the film", f"{nothing} old {nothing}")
    known = tiny.vocabulary()
    assert encoded[0]["input_ids"] == [known[t] for t in ["[CLS]", "the", "[UNK]", "film", "[SEP]"]]
    assert encoded[0]["labels"] == [-100, 0, 1, 2, -100]
    assert encoded[2]["labels"] == [-100, 0, 1, 2, -100]
    assert listed(encoded) == [(70, STRANGE, True), (64, STRANGE, True)]


def test_without_an_unknown_token_the_sentence_is_set_aside():
    tokenizer = byte_level("the film was old")
    tokenizer.unk_token = None
    encoded = TASK.encode(frame("the  film", "the film"), settings(tokenizer))
    assert [row["sample_id"] for row in encoded.rows] == [67]
    assert listed(encoded) == [(70, STRANGE, False)]


def test_the_last_words_of_a_long_sentence_are_lost():
    encoded = encode("the films was old again", "the film", max_length=6)
    pieces = tiny.tiny_tokenizer().convert_ids_to_tokens(encoded[0]["input_ids"])
    assert pieces == ["[CLS]", "the", "film", "##s", "was", "[SEP]"]
    assert encoded[0]["labels"] == [-100, 0, 1, -100, 2, -100]
    assert listed(encoded) == [(70, LONG, True)]
    assert encoded.truncated == 1


def test_a_sentence_that_just_fits_is_not_cut():
    assert listed(encode("the films was old again", max_length=8)) == []
    assert listed(encode("the films was old again", max_length=7)) == [(70, LONG, True)]


def test_other_tags_than_words_are_set_aside_and_listed():
    encoded = encode(("the film", [0]), "was old", ("today", [0, 1]))
    assert [row["sample_id"] for row in encoded.rows] == [67]
    assert listed(encoded) == [(70, OTHER, False), (64, OTHER, False)]
    assert encoded.problems.dtypes.astype(str).tolist() == ["int64", "object", "bool"]


def test_if_no_sentence_is_left_it_is_an_error():
    with pytest.raises(DataError, match=r"none of the 2 sentences.*another number") as error:
        encode(("the film", [0]), ("today", []))
    assert "\n" not in str(error.value)


def test_a_model_too_short_for_a_word_is_an_error():
    with pytest.raises(DataError, match=LONG):
        encode("the film", max_length=2)


def test_a_tokenizer_that_knows_no_places_is_refused():
    class Slow:
        is_fast = False

    with pytest.raises(ModelError, match=r"Slow.*fast tokenizer"):
        encode("the film", tokenizer=Slow())


def test_every_row_of_the_fixture_is_encoded_or_listed():
    data = load_data("tiny-tags")
    for split in data.splits:
        encoded = TASK.encode(data[split], settings(max_length=24))
        set_aside = encoded.problems.query("not used")["sample_id"].tolist()
        ids = [row["sample_id"] for row in encoded.rows]
        assert sorted(ids + set_aside) == sorted(data[split].index)
        for row in encoded.rows:
            kept = [label for label in row["labels"] if label != -100]
            gold = data[split].loc[row["sample_id"], "label"]
            assert kept == gold[: len(kept)]
            cut = row["sample_id"] in encoded.problems["sample_id"].tolist()
            assert (len(kept) < len(gold)) <= cut


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_batch_pads_labels_where_it_pads_inputs(side):
    tokenizer = tiny.tiny_tokenizer()
    tokenizer.padding_side = side
    encoded = encode("the films was old", "today", tokenizer=tokenizer)
    batch = TASK.collate(tokenizer, None)(list(encoded.rows))
    assert batch["sample_id"].tolist() == [70, 67]
    for place, row in enumerate(encoded.rows):
        real = batch["attention_mask"][place].bool()
        assert batch["labels"][place][real].tolist() == row["labels"]
        assert batch["input_ids"][place][real].tolist() == row["input_ids"]
        assert set(batch["labels"][place][~real].tolist()) <= {-100}


# Entities


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("", []),
        ("O O", []),
        ("B-PER", [("PER", 0, 0)]),
        ("B-PER I-PER O B-PER", [("PER", 0, 1), ("PER", 3, 3)]),
        ("B-PER B-PER", [("PER", 0, 0), ("PER", 1, 1)]),
        ("B-PER I-LOC", [("PER", 0, 0), ("LOC", 1, 1)]),
        ("O I-LOC I-LOC", [("LOC", 1, 2)]),
        ("B-A-B I-A-B", [("A-B", 0, 1)]),
        # By seqeval 1.2.2's get_entities:
        (
            "E-PER B-PER I-PER E-LOC E-PER I-LOC E-LOC",
            [("PER", 0, 0), ("PER", 1, 2), ("LOC", 3, 3), ("PER", 4, 4), ("LOC", 5, 6)],
        ),
        (
            "I-PER S-PER S-PER E-PER S-PER B-PER I-PER",
            [("PER", k, k) for k in range(5)] + [("PER", 5, 6)],
        ),
    ],
)
def test_entities_of_a_sentence(tags, found):
    assert entities(tags.split()) == set(found)


def test_entity_scores_equal_seqeval():
    """Expected values computed once by seqeval 1.2.2, default mode."""
    gold = [
        "B-PER I-LOC I-ORG O",
        "I-ORG",
        "I-PER I-PER I-ORG I-ORG B-ORG",
        "I-PER B-PER B-ORG",
        "O",
    ]
    said = ["B-PER O I-ORG O", "I-ORG", "I-PER B-ORG I-ORG B-ORG B-ORG", "I-PER B-PER O", "O"]
    assert entity_scores([s.split() for s in gold], [s.split() for s in said]) == {
        "entity_precision": pytest.approx(0.6666666666666666),
        "entity_recall": pytest.approx(0.6),
        "entity_f1": pytest.approx(0.631578947368421),
    }


def test_half_an_entity_is_none():
    assert entity_scores([["B-PER", "I-PER", "O"]], [["B-PER", "O", "O"]])["entity_f1"] == 0.0


def test_without_entities_the_scores_are_zero():
    assert set(entity_scores([["O"]], [["O"]]).values()) == {0.0}


@pytest.mark.parametrize(
    ("names", "marked"),
    [
        (["O", "B-PER", "I-PER"], True),
        (["B-PER", "I-PER", "E-PER", "S-PER", "O"], True),
        (["NOUN", "VERB"], False),
        (["O"], False),
        ([], False),
        (["O", "B-PER", "X-PER"], False),
        (["O", "B", "I"], False),
    ],
)
def test_tags_that_mark_entities(names, marked):
    assert marks_entities(names) is marked


NAMES = ("O", "B-PER", "I-PER")


def tagged(gold, predicted, epochs):
    """Dynamics of these tags: right where predicted as such, at losses that do not matter."""
    numbers = [[[float(k) for k, _ in enumerate(row)] for row in gold] for _ in epochs]
    same = dict.fromkeys(("loss", "entropy", "top1", "top2", "gold_logit"), numbers)
    tokens = TokenDynamics.from_rows(gold, **same, predicted=predicted)
    return StreamDynamics(
        ids=np.arange(len(gold)) + 5, epochs=np.array(epochs), columns={}, tokens=tokens, health=()
    )


def test_metrics_of_every_trained_epoch():
    gold = [[1, 2, 0], [0, 1]]
    wrong, half = [[0, 0, 1], [1, 0]], [[1, 2, 0], [0, 0]]
    stream = tagged(gold, [wrong, wrong, half, gold], [0, 1, 2, 3])
    assert TASK.metrics(stream, NAMES) == {
        "token_accuracy": [0.0, 0.8, 1.0],
        "entity_precision": [0.0, 1.0, 1.0],
        "entity_recall": [0.0, 0.5, 1.0],
        "entity_f1": [0.0, pytest.approx(2 / 3), 1.0],
    }
    later = tagged(gold, [half, gold], [1, 2])
    assert TASK.metrics(later, NAMES)["token_accuracy"] == [0.8, 1.0]
    assert set(TASK.metrics(later, ("NOUN", "VERB", "X"))) == {"token_accuracy"}
