"""`difficulty data` of data whose labels are no classes, and of rows that were set aside."""

import pytest


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch):
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("tiny-nli", ["entailment", "train: 1 set aside, unknown label: 43"]),
        ("tiny-summaries", ["words a reference", "train: 1 set aside, empty summary: 41"]),
        (
            "tiny-questions",
            [
                "4 without answer, at most 3 answers",
                "train: 1 set aside, answer not in its context: 42",
                "train: 1 kept, answer found elsewhere in its context: 43",
            ],
        ),
        ("tiny-tags", ["B-PER 34", "validation: 1 set aside, tags of another number than words"]),
    ],
)
def test_what_is_said_of_a_fixture(difficulty, name, parts):
    outcome = difficulty("data", name)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{name}: from fixture\n")
    assert outcome.out.count("fingerprint as in the registry") == 2
    for part in parts:
        assert part in outcome.out


def test_many_problems_are_counted_and_the_first_named(difficulty, tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas")
    rows = {"id": range(10), "text": ["", *"abcdefghi"], "label": [0, 1, *[9] * 8]}
    (tmp_path / "emotion").mkdir()
    for split in ("train", "validation", "test"):
        pandas.DataFrame(rows).to_parquet(tmp_path / "emotion" / f"{split}.parquet")
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    out = difficulty("data", "emotion").out
    assert "  test: 8 set aside, unknown label: 2, 3, 4, 5, 6, …\n" in out
    assert "  test: 1 set aside, empty text: 0\n" in out
    assert "  test: 1 rows (joy 1)" in out
