"""One thread, no GPU, and the tiny tokenizer, as in the tests of training."""

import pytest
from training import tiny


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


@pytest.fixture(scope="session")
def tokenizer():
    return tiny.tiny_tokenizer()
