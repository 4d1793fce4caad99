"""Features of texts that may make a sample hard: pure functions, and the registry of them."""

from difficulty_lib.features._feature import FEATURES as FEATURES
from difficulty_lib.features._feature import Feature as Feature
from difficulty_lib.features._feature import column_title as column_title
from difficulty_lib.features._feature import feature as feature
from difficulty_lib.features._feature import feature_of as feature_of
from difficulty_lib.features._table import feature_table as feature_table
from difficulty_lib.features._words import words_of as words_of
from difficulty_lib.features.answers import answer_disagreement as answer_disagreement
from difficulty_lib.features.answers import answer_length as answer_length
from difficulty_lib.features.answers import answer_position as answer_position
from difficulty_lib.features.answers import words_near_answer as words_near_answer
from difficulty_lib.features.classes import class_frequency as class_frequency
from difficulty_lib.features.fragments import compression as compression
from difficulty_lib.features.fragments import coverage as coverage
from difficulty_lib.features.fragments import density as density
from difficulty_lib.features.fragments import fragment_lengths as fragment_lengths
from difficulty_lib.features.length import length as length
from difficulty_lib.features.negation import negation as negation
from difficulty_lib.features.neighbours import neighbour_agreement as neighbour_agreement
from difficulty_lib.features.overlap import lexical_overlap as lexical_overlap
from difficulty_lib.features.rarity import rarest_word as rarest_word
from difficulty_lib.features.rarity import word_rarity as word_rarity
from difficulty_lib.features.surface import names as names
from difficulty_lib.features.surface import numbers as numbers
from difficulty_lib.features.variety import type_token_ratio as type_token_ratio
