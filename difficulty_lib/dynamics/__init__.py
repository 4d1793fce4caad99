"""Recorded training dynamics: the table that every score is computed from."""

from difficulty_lib.dynamics._columns import DERIVED as DERIVED
from difficulty_lib.dynamics._columns import STORED as STORED
from difficulty_lib.dynamics._columns import VOG_TARGETS as VOG_TARGETS
from difficulty_lib.dynamics._columns import VOG_WINDOWS as VOG_WINDOWS
from difficulty_lib.dynamics._dynamics import STREAMS as STREAMS
from difficulty_lib.dynamics._dynamics import Dynamics as Dynamics
from difficulty_lib.dynamics._health import CollapsedRunWarning as CollapsedRunWarning
from difficulty_lib.dynamics._health import Finding as Finding
from difficulty_lib.dynamics._health import chance_loss as chance_loss
from difficulty_lib.dynamics._health import check_health as check_health
from difficulty_lib.dynamics._ragged import Ragged as Ragged
from difficulty_lib.dynamics._reductions import REDUCTIONS as REDUCTIONS
from difficulty_lib.dynamics._store import write_part as write_part
from difficulty_lib.dynamics._store import write_samples as write_samples
from difficulty_lib.dynamics._stream import StreamDynamics as StreamDynamics
from difficulty_lib.dynamics._tokens import TOKEN_COLUMNS as TOKEN_COLUMNS
from difficulty_lib.dynamics._tokens import TokenDynamics as TokenDynamics
