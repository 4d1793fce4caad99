"""What a refused input gets: an error of one line that says what, where and what instead."""

import pytest

from difficulty_lib._errors import DataError


def raises_one_line(function, *parts, kind=DataError):
    """The message, after checking that it is one line and says each of `parts`."""
    with pytest.raises(kind) as caught:
        function()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message
    return message
