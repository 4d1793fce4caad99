"""The grid of runs: what is recorded, what is left and why, what it takes, and on which GPU.

The extras `train` and `book` are needed where a chapter's parameters become runs.
"""

from difficulty_lib.grid._cells import Cell as Cell
from difficulty_lib.grid._cells import edition_cells as edition_cells
from difficulty_lib.grid._cost import estimated_seconds as estimated_seconds
from difficulty_lib.grid._cost import measured_seconds as measured_seconds
from difficulty_lib.grid._gpus import gpu_slots as gpu_slots
from difficulty_lib.grid._gpus import own_gpu as own_gpu
from difficulty_lib.grid._plan import Plan as Plan
from difficulty_lib.grid._plan import make_plan as make_plan
from difficulty_lib.grid._records import Record as Record
from difficulty_lib.grid._records import read_records as read_records
from difficulty_lib.grid._words import duration as duration
from difficulty_lib.grid._words import page_lines as page_lines
from difficulty_lib.grid._words import plan_lines as plan_lines
from difficulty_lib.grid._words import ran_lines as ran_lines
