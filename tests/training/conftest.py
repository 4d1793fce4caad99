"""Fixtures of the training tests: the tiny model on disk, encoded rows, trainers, a small mirror."""

import pytest
from training import tiny


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


@pytest.fixture(scope="session")
def tokenizer():
    return tiny.tiny_tokenizer()


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No hub, and no cache of it."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "no-cache"))


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A small mirror of `emotion`, and a folder of one's own for the runs."""
    folder = tiny.write_mirror(tmp_path / "data")
    monkeypatch.setenv("DIFFICULTY_DATA", str(folder))
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    return folder
