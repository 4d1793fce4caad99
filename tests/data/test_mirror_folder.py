"""Data sets whose folder in a mirror has another name, and those that only a mirror has."""

import pandas as pd
from refusals import raises_one_line

from difficulty_lib.data import DATASETS, load_data

TEXTS = ["oh great , more rain", "", "the train leaves at nine", "what a lovely queue"]


def write(folder, splits):
    folder.mkdir(parents=True)
    for split in splits:
        frame = pd.DataFrame({"id": range(4), "text": TEXTS, "label": [1, 1, 0, 1]})
        frame.to_parquet(folder / f"{split}.parquet", index=False)


def test_the_mirror_folder_of_another_name(monkeypatch, tmp_path):
    write(tmp_path / "isarcasmeval_en", ("train", "test"))
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    data = load_data("isarcasm")
    assert data.origin == "mirror"
    assert data["train"].index.tolist() == [0, 2, 3]
    listed = data.problems[data.problems["split"] == "train"]
    assert listed[["sample_id", "problem", "used"]].values.tolist() == [[1, "empty text", False]]


def test_without_a_mirror_the_line_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    raises_one_line(
        lambda: load_data("tweeteval-sentiment"), "tweeteval_sentiment/validation.parquet"
    )
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    raises_one_line(lambda: load_data("isarcasm"), "isarcasmeval_en/train.parquet")


def test_the_columns_of_the_hub_are_named_as_ours():
    hub = DATASETS["sst2"].hub
    assert hub is not None
    assert hub.columns == {"sentence": "text"}
