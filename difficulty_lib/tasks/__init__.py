"""Tasks: what is learnt, and what is observed while it is."""

from difficulty_lib.tasks._task import TASKS as TASKS
from difficulty_lib.tasks._task import Task as Task
from difficulty_lib.tasks.classification import observe_classification as observe_classification
