"""Summaries: what a model reads, what it is taught, and that no batch changes what is seen."""

import copy

import numpy as np
import pandas as pd
import pytest
import tiny_words
import transformers
from tiny_words import CAUSAL, DECODERS, KINDS, TASK, dialogues, settings_of
from training import tiny, tiny_heads

from difficulty_lib._errors import ModelError
from difficulty_lib.dynamics import TOKEN_COLUMNS
from difficulty_lib.tasks import TASKS
from difficulty_lib.training._evaluation import observe_split

CLS, SEP = 2, 3


def one(dialogue, summary, sample_id=7):
    index = pd.Index([sample_id], dtype="int64", name="sample_id")
    return pd.DataFrame({"dialogue": [dialogue], "label": [summary]}, index=index)


def encode(kind, frame, tokenizer, **changed):
    return TASKS[TASK[kind]].encode(frame, settings_of(tokenizer, **changed))


def plain(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def listed(encoded):
    return [tuple(row) for row in encoded.problems.itertuples(index=False)]


def word_tokenizer(words, template, **marks):
    """Words as tokens, opened and closed by marks, such as real tokenizers have."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {word: number for number, word in enumerate([*marks.values(), *words])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=marks["unk_token"]))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if template:
        used = [(mark, vocabulary[mark]) for mark in template.split() if mark in vocabulary]
        made.post_processor = processors.TemplateProcessing(single=template, special_tokens=used)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, **marks)


# Encoding for a model with a decoder of its own


def test_the_text_is_read_and_the_summary_taught(tokenizer):
    encoded = encode("bart", one("you : watched a film", "they watched ."), tokenizer)
    (row,) = encoded.rows
    assert row["input_ids"] == [CLS, *plain(tokenizer, "you : watched a film"), SEP]
    assert row["attention_mask"] == [1] * len(row["input_ids"])
    # The decoder starts from [CLS], so that it is not what it has to learn.
    assert row["labels"] == [*plain(tokenizer, "they watched ."), SEP]
    assert row["sample_id"] == 7
    assert encoded.lengths.tolist() == [len(row["input_ids"]) + len(row["labels"])]
    assert encoded.truncated == 0
    assert encoded.problems.empty


def test_a_begin_mark_that_the_model_has_learnt_to_write_stays():
    """As BART's: its decoder starts from another mark."""
    marked = word_tokenizer(
        ["a", "b"], "<s> $A </s>", unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )
    (row,) = encode("bart", one("a b a", "b"), marked).rows
    assert marked.convert_ids_to_tokens(row["input_ids"]) == ["<s>", "a", "b", "a", "</s>"]
    assert marked.convert_ids_to_tokens(row["labels"]) == ["<s>", "b", "</s>"]


def test_a_tokenizer_of_t5_gets_its_prefix():
    marks = {"unk_token": "<unk>", "eos_token": "</s>", "pad_token": "<pad>"}
    words = ["summarize:", "a", "b"]
    t5 = word_tokenizer([*words, "<extra_id_0>"], "$A </s>", **marks)
    other = word_tokenizer(words, "$A </s>", **marks)
    for made, opening in ((t5, ["summarize:"]), (other, [])):
        (row,) = encode("t5", one("a b", "b a"), made).rows
        assert made.convert_ids_to_tokens(row["input_ids"]) == [*opening, "a", "b", "</s>"]
        assert made.convert_ids_to_tokens(row["labels"]) == ["b", "a", "</s>"]


# Encoding for a causal model


def test_a_causal_model_is_taught_the_summary_alone(tokenizer):
    encoded = encode("gpt2", one("you : watched a film", "they watched ."), tokenizer)
    (row,) = encoded.rows
    prompt = [CLS, *plain(tokenizer, "you : watched a film"), *plain(tokenizer, "\n\nSummary:")]
    summary = [*plain(tokenizer, "they watched ."), SEP]
    assert row["input_ids"] == prompt + summary
    assert row["attention_mask"] == [1] * len(prompt + summary)
    assert row["labels"] == [-100] * len(prompt) + summary
    assert encoded.lengths.tolist() == [len(prompt + summary)]


def test_a_tokenizer_without_begin_mark_begins_with_the_text():
    bare = word_tokenizer(["a", "b", "Summary:"], "", unk_token="<unk>", eos_token="</s>")
    (row,) = encode("gpt2", one("a b", "b"), bare).rows
    assert bare.convert_ids_to_tokens(row["input_ids"]) == ["a", "b", "Summary:", "b", "</s>"]


def test_a_text_that_does_not_fit_is_cut_at_its_end_and_its_summary_is_not(tokenizer):
    text = " ".join(tiny.FILLERS[:30])
    sizes = {"max_length": 24, "max_target_length": 8}
    for kind in ("bart", "gpt2"):
        encoded = encode(kind, one(text, "they watched a film ."), tokenizer, **sizes)
        (row,) = encoded.rows
        taught = [label for label in row["labels"] if label != -100]
        assert taught == [*plain(tokenizer, "they watched a film ."), SEP]
        assert listed(encoded) == [(7, "dialogue longer than the model takes", True)]
        assert encoded.truncated == 1
        prompt = plain(tokenizer, "\n\nSummary:")
        kept = 24 - 8 - 1 - len(prompt)  # room for a summary of 8 is always kept
        if kind == "bart":
            assert row["input_ids"] == [CLS, *plain(tokenizer, text)[:22], SEP]
        else:
            wanted = [CLS, *plain(tokenizer, text)[:kept], *prompt, *taught]
            assert row["input_ids"] == wanted


def test_a_text_that_just_fits_is_whole(tokenizer):
    prompt = len(plain(tokenizer, "\n\nSummary:"))
    for kind, sizes in (
        ("bart", {"max_length": 12}),
        ("gpt2", {"max_length": 10 + 1 + prompt + 8}),
    ):
        fits = encode(
            kind, one(" ".join(tiny.FILLERS[:10]), "film"), tokenizer, max_target_length=8, **sizes
        )
        cut = encode(
            kind, one(" ".join(tiny.FILLERS[:11]), "film"), tokenizer, max_target_length=8, **sizes
        )
        assert (fits.truncated, cut.truncated) == (0, 1)


@pytest.mark.parametrize("kind", ["bart", "gpt2"])
def test_a_long_summary_is_cut_and_listed(tokenizer, kind):
    words = tiny.FILLERS[:9]
    (whole, cut) = (
        encode(kind, one("a film", " ".join(words)), tokenizer, max_target_length=most)
        for most in (10, 9)
    )
    for encoded, kept in ((whole, 9), (cut, 8)):
        taught = [label for label in encoded.rows[0]["labels"] if label != -100]
        assert taught == [*plain(tokenizer, " ".join(words[:kept])), SEP]
    assert whole.problems.empty
    assert listed(cut) == [(7, "summary longer than max_target_length", True)]
    assert cut.truncated == 0  # which counts the texts


@pytest.mark.parametrize("kind", ["bart", "gpt2"])
@pytest.mark.parametrize("nothing", ["", " \n", None])
def test_a_text_without_summary_is_set_aside(tokenizer, kind, nothing):
    frame = pd.concat([one("a film", "film", 3), one("a town", nothing, 9), one("a", "the", 1)])
    encoded = encode(kind, frame, tokenizer)
    assert [row["sample_id"] for row in encoded.rows] == [3, 1]
    assert listed(encoded) == [(9, "empty summary", False)]
    assert len(encoded.lengths) == 2
    alone = encode(kind, one("a town", nothing), tokenizer)
    assert (len(alone), listed(alone)) == (0, [(7, "empty summary", False)])


@pytest.mark.parametrize("kind", ["bart", "gpt2"])
def test_an_empty_text_is_a_row(tokenizer, kind):
    (row,) = encode(kind, one("", "film"), tokenizer).rows
    assert row["labels"][-2:] == [*plain(tokenizer, "film"), SEP]


def test_lengths_without_room_for_a_text_are_refused(tokenizer):
    sizes = {"max_length": 15, "max_target_length": 12}
    with pytest.raises(ModelError, match=r"15 tokens hold no text beside a summary of 12 and 3"):
        encode("gpt2", one("a film", "film"), tokenizer, **sizes)


def test_several_texts_are_refused(tokenizer):
    frame = one("a film", "film").assign(title="a")
    with pytest.raises(
        ModelError, match=r"2 text columns \(title, dialogue\); a summary is of one"
    ):
        encode("bart", frame, tokenizer, text_columns=("title", "dialogue"))


@pytest.mark.parametrize("kind", ["bart", "gpt2"])
def test_a_tokenizer_without_end_mark_is_refused(kind):
    bare = word_tokenizer(["a"], "", unk_token="<unk>")
    with pytest.raises(ModelError, match="no mark for the end of a text"):
        encode(kind, one("a", "a"), bare)


# Batches


def observed(kind, model, rows, tokenizer, **limits):
    task = TASKS[TASK[kind]]
    columns = observe_split(
        model, rows, task.collate(tokenizer, model), observe=task.observe, **limits
    )
    return {name: columns[name] for name in ("sample_id", *(f"token_{c}" for c in TOKEN_COLUMNS))}


def by_id(columns, name):
    values = columns[f"token_{name}"]
    starts = np.concatenate([[0], np.cumsum(values.lengths)])
    return {
        int(sample_id): values.values[starts[i] : starts[i + 1]]
        for i, sample_id in enumerate(columns["sample_id"])
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_equals_one_by_one(tokenizer, kind):
    frame = dialogues(11)
    model = tiny_words.model_of(kind)
    rows = encode(kind, frame, tokenizer).rows
    together = observed(kind, model, rows, tokenizer)
    alone = observed(kind, model, rows, tokenizer, batch_rows=1)
    reference = tiny_heads.tokens_alone(kind, model, rows)
    for name in TOKEN_COLUMNS:
        batched, single = by_id(together, name), by_id(alone, name)
        assert sorted(batched) == sorted(frame.index)
        for sample_id, (_, wanted) in reference.items():
            np.testing.assert_allclose(batched[sample_id], single[sample_id], atol=1e-5)
            np.testing.assert_allclose(batched[sample_id], wanted[name], atol=1e-3, rtol=1e-4)
    assert np.ptp([float(v.mean()) for v in by_id(together, "loss").values()]) > 0.01


@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_a_tokenizer_that_pads_on_the_left_changes_no_batch(tokenizer, kind):
    """GPT-2's positions are counted from the left, and decoders start there."""
    left = copy.deepcopy(tokenizer)
    left.padding_side = "left"
    model = tiny_words.model_of(kind)
    rows = [
        {name: value for name, value in row.items() if name != "sample_id"}
        for row in encode(kind, dialogues(5), tokenizer).rows
    ]
    batches = [TASKS[TASK[kind]].collate(one, model)(rows) for one in (tokenizer, left)]
    for name in batches[0]:
        assert batches[0][name].equal(batches[1][name]), name
    assert left.padding_side == "left"


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_learns_from_its_batch_what_is_observed_of_it(tokenizer, kind):
    """The loss of the Trainer's batch is the mean over the taught tokens of those observed."""
    import torch

    model = tiny_words.model_of(kind).eval()
    rows = encode(kind, dialogues(6), tokenizer).rows
    batch = TASKS[TASK[kind]].collate(tokenizer, model)(
        [{k: v for k, v in row.items() if k != "sample_id"} for row in rows]
    )
    assert (batch["labels"] == -100).any()
    with torch.no_grad():
        loss = float(model(**batch).loss)
    seen = by_id(observed(kind, model, rows, tokenizer), "loss")
    assert loss == pytest.approx(np.concatenate(list(seen.values())).mean(), rel=1e-5)


def test_a_pad_that_is_the_end_mark_is_taught_once():
    """SmolLM2's and many others'."""
    same = word_tokenizer(
        ["a", "b", "Summary:"], "", unk_token="<unk>", eos_token="</s>", pad_token="</s>"
    )
    frame = pd.concat([one("a b a b", "b a b", 1), one("a", "b", 2)])
    rows = [
        {k: v for k, v in row.items() if k != "sample_id"} for row in encode("gpt2", frame, same)
    ]
    batch = TASKS["summarization-causal"].collate(same, tiny_words.model_of("gpt2"))(rows)
    assert (batch["labels"] == same.eos_token_id).sum(dim=1).tolist() == [1, 1]
    assert batch["attention_mask"].sum(dim=1).tolist() == [9, 4]


def test_both_tasks_are_of_texts():
    assert {TASKS[task].target for task in TASK.values()} == {"text"}
    assert (len(DECODERS), len(CAUSAL)) == (3, 2)


@pytest.mark.parametrize("kind", CAUSAL)
def test_causal_models_are_asked_for_the_summaries_logits_alone(kind, tokenizer):
    import torch

    model = tiny_words.model_of(kind).eval()
    frame = dialogues(5)
    rows = encode(kind, frame, tokenizer).rows
    collate = TASKS[TASK[kind]].collate(tokenizer, model)
    batch = collate(rows)
    kept = batch["logits_to_keep"]
    prompts = [sum(label == -100 for label in row["labels"]) for row in rows]
    assert kept.tolist() == list(range(min(prompts) - 1, batch["input_ids"].shape[1]))
    assert min(prompts) > 2
    whole = transformers.DataCollatorForSeq2Seq(tokenizer)(rows)
    with torch.no_grad():
        some = model(**{k: v for k, v in batch.items() if k != "sample_id"})
        full = model(**{k: v for k, v in whole.items() if k != "sample_id"})
    torch.testing.assert_close(some.logits, full.logits[:, kept])
    torch.testing.assert_close(some.loss, full.loss)
