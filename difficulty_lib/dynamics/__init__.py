"""Recorded training dynamics: the table that every score is computed from."""

from difficulty_lib.dynamics._columns import DERIVED as DERIVED
from difficulty_lib.dynamics._columns import STORED as STORED
from difficulty_lib.dynamics._columns import VOG_TARGETS as VOG_TARGETS
from difficulty_lib.dynamics._columns import VOG_WINDOWS as VOG_WINDOWS
from difficulty_lib.dynamics._dynamics import STREAMS as STREAMS
from difficulty_lib.dynamics._dynamics import Dynamics as Dynamics
from difficulty_lib.dynamics._store import write_part as write_part
from difficulty_lib.dynamics._store import write_samples as write_samples
from difficulty_lib.dynamics._stream import StreamDynamics as StreamDynamics
