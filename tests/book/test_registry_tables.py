"""The book's tables are made from the registries: nothing registered is missing from its page."""

import runpy
from pathlib import Path

import pytest

from difficulty_lib.corruptions import CORRUPTIONS
from difficulty_lib.data import DATASETS
from difficulty_lib.features import FEATURES
from difficulty_lib.tasks import TASKS

BOOK = Path(__file__).parents[2] / "book"
TABLES = runpy.run_path(str(BOOK / "_ext/registry_tables.py"))


@pytest.mark.parametrize(
    ("registry", "made"),
    [(TASKS, "task_lines"), (FEATURES, "feature_lines"), (CORRUPTIONS, "corruption_lines")],
)
def test_every_entry_is_there_with_a_sentence(registry, made):
    lines = TABLES[made]()
    for name in registry:
        place = next(n for n, line in enumerate(lines) if f"`{name}`" in line)
        assert lines[place + 1].startswith(": ")
        assert len(lines[place + 1]) > 30


def test_every_data_set_stands_with_its_task():
    text = "\n".join(TABLES["task_lines"]())
    assert all(f"`{name}`" in text for name in DATASETS)


@pytest.mark.parametrize("name", ["tasks-table", "features-table", "corruptions-table"])
def test_the_page_has_the_table(name):
    assert f"{{{name}}}" in (BOOK / "tasks.md").read_text("utf8")
