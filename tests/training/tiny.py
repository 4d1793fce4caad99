"""A tiny random BERT with a real WordPiece tokenizer, and small texts that name their label."""

from pathlib import Path

import numpy as np
import pandas as pd

LABEL_WORDS = (("sad", "gloomy"), ("glad", "merry"), ("fond", "tender"))
PROSE = """
a the this that film book song day night town river house train road garden story was is feels
seems looks very quite rather so and but with near under old new small long we they you watched
read heard found lost again today
"""
FILLERS = PROSE.split()
PIECES = ["##s", "##ed", "##ing", ".", ",", "!", "?"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAX_POSITIONS = 64
# Arguments of a Trainer that says nothing, keeps nothing and needs no GPU.
SILENT = {
    "use_cpu": True,
    "dataloader_pin_memory": False,
    "report_to": "none",
    "save_strategy": "no",
    "logging_strategy": "no",
    "disable_tqdm": True,
}


def vocabulary():
    words = [*SPECIAL, *PIECES, *FILLERS, *(word for pair in LABEL_WORDS for word in pair)]
    return {word: number for number, word in enumerate(words)}


def tiny_tokenizer():
    from transformers import BertTokenizerFast

    return BertTokenizerFast(vocab=vocabulary(), model_max_length=512)


def tiny_model(labels=3, dropout=0.1, seed=0, std=0.25):
    """Weights wide enough for the logits to differ visibly from sample to sample."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=len(vocabulary()),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=MAX_POSITIONS,
        initializer_range=std,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        num_labels=labels,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return BertForSequenceClassification(config)


def save_tiny(folder: Path, **settings) -> Path:
    """A folder as a user's would be: config.json, model.safetensors and the tokenizer."""
    tiny_model(**settings).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def labelled_texts(count, seed=0, labels=3, shortest=2, longest=14):
    """(texts, labels): fillers around a word of the label, every label in turn."""
    rng = np.random.default_rng(seed)
    texts, gold = [], []
    for number in range(count):
        label = number % labels
        words = list(rng.choice(FILLERS, rng.integers(shortest, longest)))
        words.insert(int(rng.integers(0, len(words) + 1)), str(rng.choice(LABEL_WORDS[label])))
        texts.append(" ".join(words))
        gold.append(label)
    return texts, gold


def labelled_frame(count, seed=0, labels=3, first_id=1000):
    """As `TextData` holds a split: ids neither from 0 nor consecutive, nor sorted."""
    texts, gold = labelled_texts(count, seed, labels)
    ids = first_id + 7 * np.random.default_rng(seed + 1).permutation(count)
    index = pd.Index(ids, dtype="int64", name="sample_id")
    return pd.DataFrame({"text": texts, "label": gold}, index=index)


def encoded_rows(count, seed=0, labels=3, first_id=1000):
    """Rows as a model reads them, with `labels` and `sample_id`, without padding."""
    frame = labelled_frame(count, seed, labels, first_id)
    encoded = tiny_tokenizer()(frame["text"].tolist())
    return [
        {
            **{name: encoded[name][place] for name in encoded},
            "labels": int(label),
            "sample_id": int(sample_id),
        }
        for place, (sample_id, label) in enumerate(frame["label"].items())
    ]


def write_mirror(folder: Path, name="emotion", train=24, other=9, **labels) -> Path:
    """A mirror as `DIFFICULTY_DATA` expects it: <name>/<split>.parquet with id, text, label."""
    (folder / name).mkdir(parents=True)
    for number, (split, count) in enumerate(
        {"train": train, "validation": other, "test": other}.items()
    ):
        frame = labelled_frame(count, seed=number, labels=labels.get(split, 3), first_id=100)
        table = frame.reset_index().rename(columns={"sample_id": "id"})
        table.to_parquet(folder / name / f"{split}.parquet", index=False)
    return folder


def direct_losses(model, rows):
    """sample_id → loss of the model as it is, in eval mode, one row at a time without padding."""
    import torch

    was_training = model.training
    model.eval()
    losses = {}
    for row in rows:
        inputs = {
            name: torch.tensor([row[name]])
            for name in ("input_ids", "attention_mask", "token_type_ids")
        }
        with torch.no_grad():
            z = model(**inputs).logits[0].double().numpy()
        shifted = z - z.max()
        losses[row["sample_id"]] = float(np.log(np.exp(shifted).sum()) - shifted[row["labels"]])
    model.train(was_training)
    return losses


def read_part(folder, split, stream, epoch, rank=0):
    """One recorded Parquet file as a frame, read without the library."""
    import pyarrow.parquet as pq

    place = f"dynamics/split={split}/stream={stream}/epoch={epoch}/rank-{rank}.parquet"
    with pq.ParquetFile(Path(folder) / place) as file:
        return file.read().to_pandas()
