"""Errors planted in data, of which it is known where they are; needs numpy and pandas alone."""

from difficulty_lib.corruptions._added import ADDED as ADDED
from difficulty_lib.corruptions._corruption import CORRUPTIONS as CORRUPTIONS
from difficulty_lib.corruptions._corruption import Corruption as Corruption
from difficulty_lib.corruptions._truth import TRUTH as TRUTH
from difficulty_lib.corruptions.answers import shift_answers as shift_answers
from difficulty_lib.corruptions.confused_classes import flip_by_class as flip_by_class
from difficulty_lib.corruptions.confused_samples import flip_by_instance as flip_by_instance
from difficulty_lib.corruptions.duplicates import contradict_duplicates as contradict_duplicates
from difficulty_lib.corruptions.entities import change_entity as change_entity
from difficulty_lib.corruptions.entity_or_number import (
    change_entity_or_number as change_entity_or_number,
)
from difficulty_lib.corruptions.foreign import insert_foreign as insert_foreign
from difficulty_lib.corruptions.labels import flip_labels as flip_labels
from difficulty_lib.corruptions.numbers import change_number as change_number
from difficulty_lib.corruptions.summaries import swap_summaries as swap_summaries
from difficulty_lib.corruptions.truncated import truncate_texts as truncate_texts
