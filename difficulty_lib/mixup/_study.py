"""The Trainer of a run that trains on mixtures."""

from __future__ import annotations

from difficulty_lib.mixup._examples import mixing_collator as mixing_collator
from difficulty_lib.mixup._trainer import MixupTrainer
from difficulty_lib.training._study_trainer import StudyTrainer


class MixedStudyTrainer(MixupTrainer, StudyTrainer):
    """A run's Trainer with mixup."""
