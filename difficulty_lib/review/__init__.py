"""Looking through ranked rows and deciding about each: what an audit keeps, and what it estimates.

Needs nothing but the core's own packages, and SQLite from the standard library.
"""

from difficulty_lib.review._decisions import KINDS as KINDS
from difficulty_lib.review._decisions import Decision as Decision
from difficulty_lib.review._decisions import Decisions as Decisions
from difficulty_lib.review._decisions import Shown as Shown
from difficulty_lib.review._decisions import TakenError as TakenError
from difficulty_lib.review._export import corrected as corrected
from difficulty_lib.review._export import export as export
from difficulty_lib.review._export import log_table as log_table
from difficulty_lib.review._inert import inert as inert
from difficulty_lib.review._inert import inert_table as inert_table
from difficulty_lib.review._inert import restore as restore
from difficulty_lib.review._inert import restore_table as restore_table
from difficulty_lib.review._left import ErrorsLeft as ErrorsLeft
from difficulty_lib.review._left import errors_left as errors_left
from difficulty_lib.review._order import Order as Order
from difficulty_lib.review._plain import plain as plain
from difficulty_lib.review._rows import RankedRows as RankedRows
from difficulty_lib.review._rows import ours as ours
from difficulty_lib.review._rows import ranked_rows as ranked_rows
