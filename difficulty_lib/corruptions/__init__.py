"""Errors planted in data, of which it is known where they are; needs numpy and pandas alone."""

from difficulty_lib.corruptions._corruption import CORRUPTIONS as CORRUPTIONS
from difficulty_lib.corruptions._corruption import Corruption as Corruption
from difficulty_lib.corruptions.entities import change_entity as change_entity
from difficulty_lib.corruptions.entity_or_number import (
    change_entity_or_number as change_entity_or_number,
)
from difficulty_lib.corruptions.labels import flip_labels as flip_labels
from difficulty_lib.corruptions.numbers import change_number as change_number
from difficulty_lib.corruptions.summaries import swap_summaries as swap_summaries
