"""Written summaries against a search by hand, one text at a time, in float64 and without a cache."""

import copy
import itertools

import numpy as np
import pandas as pd
import pytest
import tiny_words
import torch
from tiny_words import CAUSAL, KINDS, TASK, dialogues, settings_of
from training import tiny_heads

from difficulty_lib.tasks import TASKS, _generation
from difficulty_lib.tasks._generation import write_texts
from difficulty_lib.tasks._rouge import rouge

MOST = 9
SEP = 3


@pytest.fixture(scope="module")
def models():
    return {kind: tiny_words.model_of(kind) for kind in KINDS}


def reads(kind, tokenizer, count=7, **changed):
    """The rows of some dialogues, and what the model reads of each."""
    task = TASKS[TASK[kind]]
    rows = task.encode(dialogues(count), settings_of(tokenizer, **changed)).rows
    if kind not in CAUSAL:
        return [row["input_ids"] for row in rows]
    return [
        [token for token, label in zip(row["input_ids"], row["labels"]) if label == -100]
        for row in rows
    ]


def common_token(texts):
    """A token within most texts, so that as an end mark it ends them at different places."""
    inner = [token for text in texts for token in set(text[1:])]
    return max(set(inner), key=inner.count)


def assert_written(model, read, written, expected):
    exact = tiny_words.in_float64(model)
    assert [one.tokens for one in written] == expected
    for prompt, one in zip(read, written):
        wanted = tiny_words.mean_entropy(exact, prompt, one.tokens)
        assert one.entropy == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_greedy_texts_and_their_entropy(tokenizer, models, kind, monkeypatch):
    monkeypatch.setitem(_generation.TEXTS, "cpu", 3)  # several batches of several texts
    model, read = models[kind], reads(kind, tokenizer)
    exact = tiny_words.in_float64(model)
    settings = settings_of(tokenizer, max_target_length=MOST)
    end = common_token([tiny_words.greedy(exact, prompt, -1, MOST) for prompt in read])
    expected = [tiny_words.greedy(exact, prompt, end, MOST) for prompt in read]
    assert len({len(text) for text in expected}) > 1
    written = write_texts(model, settings, read, end)
    assert_written(model, read, written, expected)
    assert np.ptp([one.entropy for one in written]) > 0.01
    alone = [write_texts(model, settings, [prompt], end)[0] for prompt in read]
    assert [one.tokens for one in alone] == [one.tokens for one in written]
    np.testing.assert_allclose(
        [one.entropy for one in alone], [one.entropy for one in written], atol=1e-5
    )


@pytest.mark.parametrize("kind", KINDS)
def test_texts_by_beams_and_their_entropy(tokenizer, models, kind):
    model, read = models[kind], reads(kind, tokenizer)
    exact = tiny_words.in_float64(model)
    settings = settings_of(tokenizer, max_target_length=MOST, num_beams=3)
    end = common_token([tiny_words.greedy(exact, prompt, -1, MOST) for prompt in read])
    written = write_texts(model, settings, read, end)
    alone = [write_texts(model, settings, [prompt], end)[0] for prompt in read]
    assert_written(model, read, written, [one.tokens for one in alone])
    greedy = [tiny_words.greedy(exact, prompt, end, MOST) for prompt in read]
    assert [one.tokens for one in written] != greedy
    for one in written:
        assert end not in one.tokens[:-1]


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("kind", ["bart", "gpt2"])
def test_no_tokens_in_a_row_are_written_twice(tokenizer, models, kind, beams):
    """By hand where decoding is greedy; what stands in the prompt may be written."""
    model, read = models[kind], reads(kind, tokenizer)
    free = settings_of(tokenizer, max_target_length=MOST, num_beams=beams)
    held = settings_of(tokenizer, max_target_length=MOST, num_beams=beams, no_repeat_ngram_size=1)
    assert any(len(set(one.tokens)) < MOST for one in write_texts(model, free, read, -1))
    written = [one.tokens for one in write_texts(model, held, read, -1)]
    assert all(len(set(tokens)) == len(tokens) == MOST for tokens in written)
    assert any(set(tokens) & set(prompt) for tokens, prompt in zip(written, read))
    if beams == 1:
        exact = tiny_words.in_float64(model)
        for prompt, tokens in zip(read, written):
            wanted = []
            for _ in range(MOST):
                z = tiny_words.next_logits(exact, prompt, wanted)[-1].copy()
                z[wanted] = -np.inf
                wanted.append(int(z.argmax()))
            assert tokens == wanted


@pytest.mark.parametrize("kind", CAUSAL)
def test_a_prompt_is_read_once_whatever_the_beams(tokenizer, models, kind, monkeypatch):
    """As `generate` writes that is given the prompt for every beam; and fewer tokens are read."""
    model, read = models[kind], reads(kind, tokenizer)
    settings = settings_of(tokenizer, max_target_length=MOST, num_beams=3)
    seen = []
    handle = model.register_forward_pre_hook(
        lambda module, args, given: seen.append(given["input_ids"].numel()), with_kwargs=True
    )
    found = []
    for once in (True, False):
        if not once:
            monkeypatch.setattr(_generation, "_read_once", lambda *given: {})
        seen.clear()
        written = write_texts(model, settings, read, SEP)
        found.append(([one.tokens for one in written], sum(seen)))
        entropies = [one.entropy for one in written]
        found[-1] += (entropies,)
    handle.remove()
    assert found[0][0] == found[1][0]
    np.testing.assert_allclose(found[0][2], found[1][2], atol=1e-5)
    longest = max(map(len, read)) * len(read)
    assert found[1][1] - found[0][1] > longest  # of three, two are spared


@pytest.mark.parametrize("kind", ["bart", "llama"])
def test_as_many_beams_as_tokens_find_the_best_text_of_two(tokenizer, models, kind):
    """Mean log-likelihood per token; of two tokens, or of the end mark alone."""
    model, read = models[kind], reads(kind, tokenizer, count=3)
    exact = tiny_words.in_float64(model)
    beams = tiny_heads.VOCABULARY - 1
    settings = settings_of(tokenizer, max_target_length=2, num_beams=beams)
    for prompt, one in zip(read, write_texts(model, settings, read, SEP)):
        z = tiny_words.next_logits(exact, prompt, [])[-1]
        first = z - np.log(np.exp(z - z.max()).sum()) - z.max()
        scores = {(SEP,): first[SEP]}
        for token in range(tiny_heads.VOCABULARY):
            if token != SEP:
                z = tiny_words.next_logits(exact, prompt, [token])[-1]
                second = z - np.log(np.exp(z - z.max()).sum()) - z.max()
                for last in range(tiny_heads.VOCABULARY):
                    scores[token, last] = (first[token] + second[last]) / 2
        assert tuple(one.tokens) == max(scores, key=scores.get)


def test_an_end_mark_at_once_is_an_empty_text(tokenizer, models):
    model = models["bart"]
    frame = dialogues(4)
    settings = settings_of(tokenizer)
    encoded = TASKS["summarization"].encode(frame, settings)
    exact = tiny_words.in_float64(model)
    logits = [tiny_words.next_logits(exact, row["input_ids"], [])[-1] for row in encoded.rows]
    silent = copy.deepcopy(model)
    with torch.no_grad():
        silent.final_logits_bias[0, SEP] += 50.0
    table = TASKS["summarization"].outputs(silent, settings, frame, encoded)
    assert table["generated"].tolist() == [""] * 4
    assert table["generated_tokens"].tolist() == [1] * 4
    assert not table[["rouge1", "rouge2", "rougeL"]].to_numpy().any()
    for z in logits:
        z[SEP] += 50.0
    wanted = [tiny_heads.by_hand(z, 0)["entropy"] for z in logits]
    np.testing.assert_allclose(table["generated_entropy"], wanted, atol=1e-6)


@pytest.mark.parametrize("kind", ["bart", "gpt2"])
def test_a_models_own_settings_and_state_change_nothing(tokenizer, models, kind):
    read, settings = reads(kind, tokenizer), settings_of(tokenizer)
    wanted = [one.tokens for one in write_texts(models[kind], settings, read, SEP)]
    model = copy.deepcopy(models[kind]).train()
    for name, value in {
        "do_sample": True,
        "temperature": 3.0,
        "num_beams": 4,
        "repetition_penalty": 9.0,
        "no_repeat_ngram_size": 1,
        "min_length": 50,
        "max_length": 3,
        "eos_token_id": 11,
    }.items():
        setattr(model.generation_config, name, value)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
        if hasattr(module, "dropout") and isinstance(module.dropout, float):
            module.dropout = 0.5
    assert [one.tokens for one in write_texts(model, settings, read, SEP)] == wanted
    assert model.training


@pytest.mark.parametrize(
    ("beams", "kept", "texts"),
    [(1, 10**9, 16), (3, 10**9, 5), (3, 2 * 3 * 12 * tiny_heads.VOCABULARY, 2), (3, 1, 1)],
)
def test_the_logits_that_are_kept_bound_the_batch(
    tokenizer, models, monkeypatch, beams, kept, texts
):
    monkeypatch.setitem(_generation.LOGITS, "cpu", kept)
    settings = settings_of(tokenizer, num_beams=beams, max_target_length=12)
    assert _generation._together(models["bart"], settings) == texts


# The table


@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_the_table_has_a_row_per_sample(tokenizer, models, kind):
    task, settings = TASKS[TASK[kind]], settings_of(tokenizer)
    frame = dialogues(6)
    frame.iloc[2, frame.columns.get_loc("label")] = ""  # set aside
    encoded = task.encode(frame, settings)
    table = task.outputs(models[kind], settings, frame, encoded)
    assert table.index.tolist() == frame.index.delete(2).tolist()
    assert table.index.name == "sample_id"
    assert table.index.dtype == "int64"
    read = reads(kind, tokenizer, count=6)
    del read[2]
    for row, one in zip(table.itertuples(), write_texts(models[kind], settings, read, SEP)):
        words = tokenizer.decode(one.tokens, skip_special_tokens=True).strip()
        assert (row.generated, row.generated_tokens) == (words, len(one.tokens))
        assert row.generated_entropy == pytest.approx(one.entropy, abs=1e-5)
        wanted = rouge([frame["label"][row.Index]], [words])
        assert {name: values[0] for name, values in wanted.items()} == {
            name: getattr(row, name) for name in wanted
        }


def f_measure(common, wanted, found):
    return 2 * common / (wanted + found)  # harmonic mean of precision and recall


def longest_common(a, b):
    """Longest common subsequence, of all subsequences of a."""
    for size in range(len(a), -1, -1):
        for chosen in itertools.combinations(a, size):
            rest = iter(b)
            if all(word in rest for word in chosen):
                return size
    return 0


def test_rouge_by_counting_words():
    rng = np.random.default_rng(3)
    words = ["road", "river", "town", "moon", "film"]  # all their own stems
    pairs = [[rng.choice(words, rng.integers(2, 8)).tolist() for _ in range(2)] for _ in range(20)]
    found = rouge([" ".join(a) for a, _ in pairs], [" ".join(b).title() + "!" for _, b in pairs])
    for place, (a, b) in enumerate(pairs):
        for size in (1, 2):
            grams = [
                pd.Series([tuple(text[i : i + size]) for i in range(len(text) - size + 1)])
                for text in (a, b)
            ]
            left, right = (part.value_counts() for part in grams)
            common = sum(min(count, right.get(gram, 0)) for gram, count in left.items())
            wanted = f_measure(common, len(grams[0]), len(grams[1]))
            assert found[f"rouge{size}"][place] == pytest.approx(wanted)
        wanted = f_measure(longest_common(a, b), len(a), len(b))
        assert found["rougeL"][place] == pytest.approx(wanted)


def test_rouge_takes_words_by_their_stems():
    scores = rouge(["Ann baked cookies."], ["Ann bakes a cookie"])
    assert scores["rouge1"] == pytest.approx([2 * 0.75 * 1.0 / 1.75])
    assert rouge(["Ann"], [""])["rougeL"].tolist() == [0.0]
    assert rouge([], [])["rouge1"].shape == (0,)
