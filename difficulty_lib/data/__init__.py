"""Data sources: the registry, its resolution, and users' own tables."""

from difficulty_lib.data._check import check_frame as check_frame
from difficulty_lib.data._check import check_labels as check_labels
from difficulty_lib.data._conll import conll_data as conll_data
from difficulty_lib.data._fingerprint import fingerprint as fingerprint
from difficulty_lib.data._hashing import unit_hash as unit_hash
from difficulty_lib.data._human_labels import human_labels as human_labels
from difficulty_lib.data._imdb_judgements import imdb_judgements as imdb_judgements
from difficulty_lib.data._join_by_text import join_by_text as join_by_text
from difficulty_lib.data._problems import join_problems as join_problems
from difficulty_lib.data._problems import problem_table as problem_table
from difficulty_lib.data._questions import questions_data as questions_data
from difficulty_lib.data._questions import read_questions_file as read_questions_file
from difficulty_lib.data._registry_files import read_registry as read_registry
from difficulty_lib.data._registry_files import registry_folder as registry_folder
from difficulty_lib.data._resolve import changed_splits as changed_splits
from difficulty_lib.data._resolve import load_data as load_data
from difficulty_lib.data._spec import DATASETS as DATASETS
from difficulty_lib.data._spec import DataSpec as DataSpec
from difficulty_lib.data._summaries import summaries_data as summaries_data
from difficulty_lib.data._table_file import read_table_file as read_table_file
from difficulty_lib.data._table_file import table_data as table_data
from difficulty_lib.data._text_data import TextData as TextData
