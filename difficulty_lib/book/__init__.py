"""What the book's notebooks need beside the analysis; it needs the extra `book`."""

from difficulty_lib.book._page import edition as edition
from difficulty_lib.book._page import glue as glue
from difficulty_lib.book._page import provenance as provenance
from difficulty_lib.book._page import quoted_texts as quoted_texts
from difficulty_lib.book._page import said as said
from difficulty_lib.book._token_map import TokenMap as TokenMap
from difficulty_lib.book._token_map import token_map as token_map
