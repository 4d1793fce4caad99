"""difficulty_lib: which samples are hard, which are labelled wrong, and what to do about it."""

from difficulty_lib._errors import DifficultyError as DifficultyError
from difficulty_lib.dynamics import Dynamics as Dynamics
from difficulty_lib.scores import SCORES as SCORES
from difficulty_lib.scores import ranking as ranking
from difficulty_lib.scores import score_table as score_table

__version__ = "0.1.0"
