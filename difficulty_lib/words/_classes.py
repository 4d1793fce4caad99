"""What kind of word each word of a text is, by closed lists, form and frequency."""

from __future__ import annotations

from collections.abc import Collection

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.words._lists import FUNCTION_WORDS, NEGATIONS, PRONOUNS
from difficulty_lib.words._names import can_be_name, mentions
from difficulty_lib.words._spans import is_number, plain, stem, word_spans
from difficulty_lib.words._vocabulary import Vocabulary

CLASSES = (
    "name",
    "number",
    "negation",
    "pronoun",
    "function",
    "rare",
    "other",
    "punctuation",
)
OTHER = "other"


def token_classes(
    text: str,
    *,
    names: Collection[str] = (),
    vocabulary: Vocabulary | None = None,
    rare_below: int = 10,
    spans: list[tuple[int, int]] | None = None,
) -> list[tuple[int, int, str]]:
    """The words of a text with the class of each, the first of these that fits.

    - *punctuation*: no letter and no digit, emoji among them.
    - *number*: begins with a digit, or is a number word (`two`, `third`, `hundred`; not `one`).
    - *negation*: `no`, `not`, `never`, `without` …, and every word that ends in n't.
    - *name*: has a name's form and is one of `names` or a name of the vocabulary; or is
      capitalised inside a sentence of this text.
    - *pronoun*: personal, possessive, reflexive; `someone` and its like.
    - *function*: articles, prepositions, conjunctions, auxiliaries, question words, particles.
    - *rare*: occurs fewer than `rare_below` times in the training texts; needs a vocabulary.
    - *other*: all other words, which are mostly common verbs, nouns and adjectives.

    A contraction has the class of what it begins with (`they're`, `Tom's`), but for negations.

    Args:
        text: any text.
        names: further names, such as those who speak in the sample's dialogue.
        vocabulary: of the training texts.
        rare_below: a word that occurs less often is rare.
        spans: the words as (start, end); those of `word_spans` if not given.

    Returns:
        (start, end, class) of every word, in characters, in their order.

    Raises:
        ConfigError: if `rare_below` is below 1.
        DataError: if a span is outside the text.

    >>> [c for _, _, c in token_classes("Tom's not seen 2 cats.", names=["Tom"])]
    ['name', 'negation', 'other', 'number', 'other', 'punctuation']
    """
    if rare_below < 1:
        raise ConfigError(f"rare_below is {rare_below}; expected at least 1")
    known = {*names, *mentions(text)}
    found = []
    for start, end in word_spans(text) if spans is None else spans:
        if not 0 <= start < end <= len(text):
            raise DataError(
                f"a word at {start} to {end} of a text of {len(text)} characters; expected it inside"
            )
        found.append((start, end, _class_of(text[start:end], known, vocabulary, rare_below)))
    return found


def _class_of(
    written: str, known: Collection[str], vocabulary: Vocabulary | None, rare_below: int
) -> str:
    core = _core(written)
    if not core:
        return "punctuation"
    if is_number(core):
        return "number"
    word = stem(core)
    low = plain(word)
    if low in NEGATIONS or plain(core).endswith("n't"):
        return "negation"
    if can_be_name(word) and (word in known or (vocabulary and vocabulary.is_name(word))):
        return "name"
    if low in PRONOUNS:
        return "pronoun"
    if low in FUNCTION_WORDS:
        return "function"
    if vocabulary is not None and vocabulary.count(word) < rare_below:
        return "rare"
    return OTHER


def _core(written: str) -> str:
    """A word without the punctuation around it, which words between spaces carry."""
    inside = [i for i, character in enumerate(written) if character.isalnum()]
    return written[inside[0] : inside[-1] + 1] if inside else ""
