"""Words of a text without a tagger: their places, names, classes, and which tokens make them."""

from difficulty_lib.words._classes import CLASSES as CLASSES
from difficulty_lib.words._classes import token_classes as token_classes
from difficulty_lib.words._names import mentions as mentions
from difficulty_lib.words._names import speakers as speakers
from difficulty_lib.words._pieces import tokens_to_words as tokens_to_words
from difficulty_lib.words._spans import is_number as is_number
from difficulty_lib.words._spans import space_spans as space_spans
from difficulty_lib.words._spans import word_spans as word_spans
from difficulty_lib.words._vocabulary import Vocabulary as Vocabulary
from difficulty_lib.words._vocabulary import vocabulary as vocabulary
