"""Tasks: what is learnt, and what is observed while it is."""

from difficulty_lib.tasks._encoding import EncodedSplit as EncodedSplit
from difficulty_lib.tasks._encoding import TaskSettings as TaskSettings
from difficulty_lib.tasks._predictions import predict_answers as predict_answers
from difficulty_lib.tasks._task import TASKS as TASKS
from difficulty_lib.tasks._task import Task as Task
from difficulty_lib.tasks.classification import observe_classification as observe_classification
from difficulty_lib.tasks.questions import encode_questions as encode_questions
from difficulty_lib.tasks.sequences import observe_causal_tokens as observe_causal_tokens
from difficulty_lib.tasks.sequences import observe_tokens as observe_tokens
from difficulty_lib.tasks.spans import observe_spans as observe_spans
from difficulty_lib.tasks.summaries import encode_prompted_summaries as encode_prompted_summaries
from difficulty_lib.tasks.summaries import encode_summaries as encode_summaries
from difficulty_lib.tasks.summaries import summary_outputs as summary_outputs
from difficulty_lib.tasks.tokens import (
    observe_token_classification as observe_token_classification,
)
