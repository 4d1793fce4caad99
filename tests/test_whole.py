"""Settings that count something."""

import numpy as np
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib._whole import whole_number, whole_or_none


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_come_back_as_pythons(value):
    for found in (whole_number("k", value, 3), whole_or_none("k", value, 3)):
        assert found == 3
        assert type(found) is int
    assert whole_or_none("k", None, 3) is None


@pytest.mark.parametrize("value", [2, -1, 3.0, "3", True, np.bool_(True), None, [3], np.array([3])])
def test_what_counts_nothing_is_refused(value):
    said = "expected a whole number of at least 3"
    raises_one_line(lambda: whole_number("k", value, 3), "k is ", said, kind=ConfigError)
    if value is not None:
        raises_one_line(lambda: whole_or_none("k", value, 3), said, "or None", kind=ConfigError)
