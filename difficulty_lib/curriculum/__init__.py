"""Curricula: in which order, and how fast, samples become available to a training."""

from typing import TYPE_CHECKING

from difficulty_lib._lazy import lazy
from difficulty_lib.curriculum._order import ORDERS as ORDERS
from difficulty_lib.curriculum._order import ordered as ordered
from difficulty_lib.curriculum._pacing import PACINGS as PACINGS
from difficulty_lib.curriculum._pacing import Pacing as Pacing
from difficulty_lib.curriculum._pacing import pacing as pacing
from difficulty_lib.curriculum._sampler import CurriculumSampler as CurriculumSampler
from difficulty_lib.curriculum.pacings import constant as constant
from difficulty_lib.curriculum.pacings import exponential as exponential
from difficulty_lib.curriculum.pacings import linear as linear
from difficulty_lib.curriculum.pacings import logarithmic as logarithmic
from difficulty_lib.curriculum.pacings import quadratic as quadratic
from difficulty_lib.curriculum.pacings import root as root
from difficulty_lib.curriculum.pacings import self_paced as self_paced
from difficulty_lib.curriculum.pacings import staircase as staircase
from difficulty_lib.curriculum.pacings import step as step

if TYPE_CHECKING:
    from difficulty_lib.curriculum._mixin import CurriculumMixin as CurriculumMixin

__getattr__ = lazy(__name__, {"CurriculumMixin": "_mixin"})
