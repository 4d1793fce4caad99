"""Selection: which part of the training data is kept, by a score or without suspected errors."""

from difficulty_lib.selection._select import SELECTIONS as SELECTIONS
from difficulty_lib.selection._select import select as select
from difficulty_lib.selection._suspects import drop_suspects as drop_suspects
