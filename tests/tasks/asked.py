"""Questions with contexts of small words, and references that read like the definitions."""

import numpy as np
import pandas as pd
import torch
from training import tiny

from difficulty_lib.tasks import TaskSettings

COLUMNS = ("question", "context")


def settings_of(tokenizer, **given):
    return TaskSettings(
        **({"tokenizer": tokenizer, "text_columns": COLUMNS, "max_length": 20, "stride": 4} | given)
    )


def frame_of(*rows, first_id=100):
    """Of (question, context, texts of the answers), each at its first occurrence."""
    index = pd.Index(first_id + 3 * np.arange(len(rows))[::-1], name="sample_id")
    label = [tuple((text, context.find(text)) for text in texts) for _, context, texts in rows]
    data = {"question": [q for q, _, _ in rows], "context": [c for _, c, _ in rows]}
    return pd.DataFrame({**data, "label": pd.Series(label, dtype=object).tolist()}, index=index)


def random_frame(count, seed=0, longest=40, unanswerable=0.2, answers=3):
    """Contexts of 3 to `longest` words, of which some have several pieces."""
    rng = np.random.default_rng(seed)
    words = [*tiny.FILLERS, "towns", "seemed", "films,", "watching.", "zebra"]
    rows = []
    for _ in range(count):
        context = [str(word) for word in rng.choice(words, rng.integers(3, longest))]
        golds = []
        for _ in range(rng.integers(1, answers + 1)):
            start = int(rng.integers(0, len(context)))
            golds.append(" ".join(context[start : start + int(rng.integers(1, 5))]))
        if rng.random() < unanswerable:
            golds = []
        question = " ".join(rng.choice(words, rng.integers(1, 6)))
        rows.append((question, " ".join(context), golds))
    return frame_of(*rows)


def question_model(seed=0, dropout=0.0, **settings):
    from transformers import BertForQuestionAnswering

    config = tiny.tiny_model(labels=2, dropout=dropout, **settings).config
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return BertForQuestionAnswering(config)


@torch.no_grad()
def logits_alone(model, row):
    """Start and end logits of one row, without padding, of a copy in float64 and eval mode."""
    import copy

    model = copy.deepcopy(model).double().eval()
    names = ("input_ids", "attention_mask", "token_type_ids")
    outputs = model(**{name: torch.tensor([row[name]]) for name in names})
    return outputs.start_logits[0].numpy(), outputs.end_logits[0].numpy()


def features_of(rows):
    """sample_id → its rows."""
    found = {}
    for row in rows:
        found.setdefault(row["sample_id"], []).append(row)
    return found


def answered_alone(model, frame, rows, refusing, longest=30):
    """sample_id → (start, end) characters of the best span, or None; every span looked at."""
    found = {}
    for sample_id, features in features_of(rows).items():
        best, null = (-np.inf, None), np.inf
        for row in features:
            start, end = logits_alone(model, row)
            null = min(null, start[0] + end[0])
            of_context = [place for place, span in enumerate(row["offsets"]) if span[0] >= 0]
            for s in of_context:
                for e in of_context:
                    if s <= e < s + longest and start[s] + end[e] > best[0]:
                        span = int(row["offsets"][s][0]), int(row["offsets"][e][1])
                        best = (start[s] + end[e], span)
        found[sample_id] = None if refusing and null > best[0] else best[1]
    return found


def other_tokenizer(kind):
    """One of bytes, of which several make a character, or one whose tokens hold the space before."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = {"special_tokens": ["<s>", "<pad>", "</s>", "<unk>"], "show_progress": False}
    if kind == "bytes":
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, **special)
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=80, unk_token="<unk>", **special)
    tokenizer.train_from_iterator([tiny.PROSE], trainer)
    if kind == "bytes":
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    else:
        tokenizer.post_processor = processors.TemplateProcessing(
            pair="$A </s> $B:1 </s>:1", special_tokens=[("</s>", 2)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", pad_token="<pad>", eos_token="</s>"
    )
