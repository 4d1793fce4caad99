"""The tiny models are as fast on one thread, and have no use for a GPU."""

import pytest
from training.conftest import mirror, tokenizer  # noqa: F401


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass
