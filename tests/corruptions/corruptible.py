"""Data that every registered corruption can be tried on, and what each must be given."""

import numpy as np
import pandas as pd

from difficulty_lib.corruptions import CORRUPTIONS
from difficulty_lib.words import vocabulary

NAMES = ["Anna", "Tom", "Mary", "Ben", "Zoe", "Igor", "Lena", "Paul", "Kim", "Otto"]
WORDS = ["film", "was", "a", "long", "and", "slow", "one", "but", "Anna", "liked", "its", "end"]


def dialogues(count=400, seed=0):
    """Dialogues of two with summaries: a third have a number, every tenth neither name nor number."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        one, two = rng.choice(NAMES, 2, replace=False)
        hour = int(rng.integers(1, 10))
        summary = f"{one} will meet {two}'s friend."
        if number % 3 == 0:
            summary = f"{two} and {one} meet at {hour}:30."
        if number % 10 == 0:
            summary = "they will meet somewhere."
        rows.append((f"{one}: shall we meet at {hour}:30?\n{two}: fine", summary))
    ids = pd.Index(5 + 3 * rng.permutation(count), name="sample_id")
    return pd.DataFrame(rows, columns=["dialogue", "label"], index=ids)


def labels(count=1000, classes=4, seed=0):
    """Texts of two to nine words with classes; every tenth has no word at all."""
    rng = np.random.default_rng(seed)
    ids = pd.Index(11 + 2 * rng.permutation(count), name="sample_id")
    drawn = rng.integers(0, classes, count)
    texts = [
        " ".join(rng.choice(WORDS, rng.integers(2, 10))) + ["", ".", " !"][number % 3]
        for number in range(count)
    ]
    texts[::10] = ["?!"] * len(texts[::10])
    return pd.DataFrame({"text": texts, "label": drawn}, index=ids)


def questions(count=600, seed=0):
    """Contexts with answers of one to three words; every tenth has none, every 13th no word beside it."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        words = [f"{word}{n}" for n, word in enumerate(rng.choice(WORDS, 12))]
        context = " ".join(words[:7]) + ", (" + " ".join(words[7:]) + ")."
        first = int(rng.integers(0, 10))
        length = int(rng.integers(1, 4))
        span = words[first : first + length]
        start = context.index(span[0])
        end = context.index(span[-1]) + len(span[-1])
        answers = ((context[start:end], start),)
        if number % 5 == 0:  # a second reading, of the first word alone
            answers += ((span[0], start),)
        if number % 10 == 0:
            answers = ()
        if number % 13 == 0:
            answers = ((context, 0),)
        rows.append(("who?", context, answers))
    ids = pd.Index(7 + 5 * rng.permutation(count), name="sample_id")
    return pd.DataFrame(rows, columns=["question", "context", "label"], index=ids)


def frame_of(name, count=None):
    """Data of the kind that a corruption is for."""
    make = {"text": dialogues, "class": labels, "answers": questions}[CORRUPTIONS[name].target]
    return make(count) if count else make()


def column_of(name):
    """The column that a corruption changes."""
    return CORRUPTIONS[name].changes


def settings_of(name, frame):
    """What must be given, or makes a corruption independent of which samples there are."""
    if "entity" in name:
        return {"names": vocabulary(frame["dialogue"])}
    if name in ("flip_labels", "contradict_duplicates"):
        return {"classes": 4}
    if name == "flip_by_class":
        return {"confusion": np.array([[9, 3, 1, 0], [2, 9, 0, 0], [1, 1, 9, 1], [0, 0, 5, 9]])}
    if name == "flip_by_instance":
        return {"probabilities": probabilities(frame)}
    if name == "insert_foreign":
        texts = [f"nothing to do with it, number {n}" for n in range(len(frame))]
        return {"foreign": pd.Series(texts, index=1000 + np.arange(len(frame)))}
    return {}


def probabilities(frame, classes=4):
    """Probabilities in steps of a tenth, so that many margins are equal."""
    rng = np.random.default_rng(1)
    table = rng.multinomial(10, np.ones(classes) / classes, len(frame)) / 10
    return pd.DataFrame(table, index=frame.index)
