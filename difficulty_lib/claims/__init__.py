"""What was claimed of the action score, and what the study's executed chapters say to each claim."""

from difficulty_lib.claims._claim import Claim as Claim
from difficulty_lib.claims._claim import Measure as Measure
from difficulty_lib.claims._glued import glued as glued
from difficulty_lib.claims._registry import CLAIMS as CLAIMS
from difficulty_lib.claims._table import count_line as count_line
from difficulty_lib.claims._table import table_lines as table_lines
from difficulty_lib.claims._verdict import Finding as Finding
from difficulty_lib.claims._verdict import Reading as Reading
from difficulty_lib.claims._verdict import found as found
from difficulty_lib.claims._verdict import judged as judged
