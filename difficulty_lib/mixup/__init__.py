"""Mixup that knows difficulty: regions of a data map, pairs of easy and ambiguous samples, training.

Regions and pairs are pure functions; mixing needs the extra `train`.
"""

from typing import TYPE_CHECKING

from difficulty_lib._lazy import lazy
from difficulty_lib.mixup._intervention import mixup_intervention as mixup_intervention
from difficulty_lib.mixup._pairs import pair_samples as pair_samples
from difficulty_lib.mixup._pairs import random_pairs as random_pairs
from difficulty_lib.mixup._pairs import repeat_pairs as repeat_pairs
from difficulty_lib.mixup._regions import DataMap as DataMap
from difficulty_lib.mixup._regions import data_map as data_map
from difficulty_lib.mixup._threshold import mislabelled_ids as mislabelled_ids
from difficulty_lib.mixup._threshold import threshold_samples as threshold_samples
from difficulty_lib.mixup._threshold import with_threshold_class as with_threshold_class

if TYPE_CHECKING:
    from difficulty_lib.mixup._examples import MixedExamples as MixedExamples
    from difficulty_lib.mixup._examples import mixing_collator as mixing_collator
    from difficulty_lib.mixup._mixing import mixed_logits as mixed_logits
    from difficulty_lib.mixup._mixing import mixed_targets as mixed_targets
    from difficulty_lib.mixup._mixing import soft_cross_entropy as soft_cross_entropy
    from difficulty_lib.mixup._trainer import MixupMixin as MixupMixin
    from difficulty_lib.mixup._trainer import MixupSettings as MixupSettings
    from difficulty_lib.mixup._trainer import MixupTrainer as MixupTrainer

_LAZY = {
    "MixedExamples": "_examples",
    "MixupMixin": "_trainer",
    "MixupSettings": "_trainer",
    "MixupTrainer": "_trainer",
    "mixed_logits": "_mixing",
    "mixed_targets": "_mixing",
    "mixing_collator": "_examples",
    "soft_cross_entropy": "_mixing",
}

__getattr__ = lazy(__name__, _LAZY)
