"""What the pages that open from the file system share: pieces of script and style, put together here."""

from difficulty_lib.page._assemble import assembled as assembled
from difficulty_lib.page._assemble import hash_of as hash_of
