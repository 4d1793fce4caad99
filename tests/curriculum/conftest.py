"""Fixtures of the curricula's tests."""

import pytest


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass
