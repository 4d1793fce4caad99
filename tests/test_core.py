"""What the whole library rests on: registries, extras, errors, and an import with little installed."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import difficulty_lib
from difficulty_lib import SCORES, DifficultyError, _errors
from difficulty_lib._errors import ConfigError, MissingExtraError
from difficulty_lib._extras import require
from difficulty_lib._registry import Registry
from difficulty_lib.data import DATASETS


@dataclass(frozen=True)
class Entry:
    name: str


@pytest.fixture
def registry():
    made = Registry("fruit")
    for name in ("pear", "apple", "fig"):
        made.add(Entry(name))
    return made


# Registries


def test_registry_keeps_its_order(registry):
    assert list(registry) == ["pear", "apple", "fig"]
    assert len(registry) == 3
    assert registry["apple"] == Entry("apple")
    assert "fig" in registry
    assert "plum" not in registry


def test_registry_lists_what_it_knows(registry):
    with pytest.raises(ConfigError, match=r"^unknown fruit 'plum'; known: pear, apple, fig$"):
        registry["plum"]


def test_registry_refuses_a_name_twice(registry):
    with pytest.raises(ConfigError, match="fruit 'pear' is registered twice"):
        registry.add(Entry("pear"))
    assert len(registry) == 3


def test_registry_is_a_mapping(registry):
    assert dict(registry.items()) == {n: Entry(n) for n in ("pear", "apple", "fig")}
    assert registry.get("pear") == Entry("pear")
    assert registry.get("plum") is None


@pytest.mark.parametrize("known", [SCORES, DATASETS], ids=["scores", "data sets"])
def test_unknown_name_lists_every_known_one(known):
    with pytest.raises(ConfigError) as caught:
        known["hardship"]
    assert all(name in str(caught.value) for name in known)
    assert "\n" not in str(caught.value)


# Errors and extras


def test_every_error_is_a_difficulty_error():
    kinds = [e for e in vars(_errors).values() if isinstance(e, type)]
    assert len(kinds) > 5
    assert all(issubclass(kind, DifficultyError) for kind in kinds)
    assert all(kind.__doc__ for kind in kinds)


def test_require_what_is_there():
    assert require("json", "train") is json


@pytest.mark.parametrize("module", ["no_such_module_at_all", "no_such_module_at_all.inner"])
def test_require_names_the_extra(module):
    with pytest.raises(MissingExtraError) as caught:
        require(module, "train")
    message = str(caught.value)
    assert "no_such_module_at_all is not installed" in message
    assert "pip install 'difficulty-lib[train]'" in message
    assert caught.value.name == "no_such_module_at_all"
    assert isinstance(caught.value, ImportError)


def test_require_names_what_a_module_lacks(monkeypatch, tmp_path):
    (tmp_path / "needs_another.py").write_text("import no_such_module_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"no_such_module_at_all is not installed.*book"):
        require("needs_another", "book")


def test_require_does_not_hide_a_fault_of_our_own():
    with pytest.raises(ImportError) as caught:
        require("difficulty_lib.no_such_part", "train")
    assert not isinstance(caught.value, MissingExtraError)


# With little installed

BLOCKED = ("torch", "transformers", "scipy", "sklearn", "datasets", "accelerate", "altair")
PROGRAM = f"""
import sys
for name in {BLOCKED!r}:
    sys.modules[name] = None
import difficulty_lib, difficulty_lib.dynamics, difficulty_lib.scores
import difficulty_lib.data, difficulty_lib.analysis
dynamics = difficulty_lib.Dynamics.from_arrays([3, 4], loss=[[1.0, 2.0], [0.5, 2.5]])
scores = difficulty_lib.score_table(dynamics.stream())
print(difficulty_lib.__version__)
print(difficulty_lib.ranking(scores["action_score"]).index.tolist())
from difficulty_lib.analysis import share, spearman
print(spearman([1, 2, 3], [1, 3, 2]).value)
try:
    share([True, False])
except difficulty_lib.DifficultyError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def bare():
    root = str(Path(difficulty_lib.__file__).parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_core_needs_no_extra(bare):
    assert bare[0] == difficulty_lib.__version__
    assert bare[1] == "[4, 3]"
    assert float(bare[2]) == pytest.approx(0.5)


def test_a_missing_extra_is_named(bare):
    assert "scipy is not installed" in bare[3]
    assert "difficulty-lib[train]" in bare[3]


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+([a-z.+]\w*)*", difficulty_lib.__version__)


def test_public_names():
    for name in ("DifficultyError", "Dynamics", "SCORES", "ranking", "score_table"):
        assert hasattr(difficulty_lib, name)
