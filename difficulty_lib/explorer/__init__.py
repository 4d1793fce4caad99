"""A page to look through the samples of a data set: a map, a brush, the texts, the loss curves."""

from difficulty_lib.explorer._page import explorer_page as explorer_page
from difficulty_lib.explorer._points import Points as Points
from difficulty_lib.explorer._points import points_of as points_of
from difficulty_lib.explorer._projection import text_projection as text_projection
from difficulty_lib.explorer._side import Side as Side
