"""Gradients of one sample at a time, at the price of the batch's: GraNd, TracIn and VoG.

Needs the extra `train`.
"""

from typing import TYPE_CHECKING

from difficulty_lib._lazy import lazy

if TYPE_CHECKING:
    from difficulty_lib.gradients._inputs import TARGETS as TARGETS
    from difficulty_lib.gradients._inputs import input_gradients as input_gradients
    from difficulty_lib.gradients._losses import causal_loss as causal_loss
    from difficulty_lib.gradients._losses import classification_loss as classification_loss
    from difficulty_lib.gradients._losses import sequence_loss as sequence_loss
    from difficulty_lib.gradients._norms import gradient_norms as gradient_norms
    from difficulty_lib.gradients._vog import VarianceOfGradients as VarianceOfGradients

_LAZY = {
    "TARGETS": "_inputs",
    "input_gradients": "_inputs",
    "causal_loss": "_losses",
    "classification_loss": "_losses",
    "sequence_loss": "_losses",
    "gradient_norms": "_norms",
    "VarianceOfGradients": "_vog",
}

__getattr__ = lazy(__name__, _LAZY)
