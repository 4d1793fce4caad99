"""What contestants make of the texts is worked out once, and kept beside the run."""

import sys
import warnings

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from refusals import raises_one_line
from training import tiny

from difficulty_lib._errors import DataError
from difficulty_lib.audit import _text_contestants as module
from difficulty_lib.audit import (
    benchmark_configs,
    cell_contestants,
    cleanlab_contestants,
    embedding_probabilities,
    neighbour_disagreement,
    recorded_text_contestants,
    text_contestants,
    training_embedding,
)
from difficulty_lib.data import TextData
from difficulty_lib.study import audit_study
from difficulty_lib.training import Run, RunConfig, get_or_train

pytest.importorskip("sklearn")
pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)
NAMES = {
    "neighbour_disagreement/10",
    "confident_learning/embedding",
    "cleanlab_self_confidence/embedding",
    "cleanlab_normalized_margin/embedding",
    "cleanlab_confidence_weighted_entropy/embedding",
}


@pytest.fixture(autouse=True)
def _alone(one_thread, no_gpu):
    pass


@pytest.fixture(scope="module")
def data():
    return TextData(
        name="own",
        splits={"train": tiny.labelled_frame(60)},
        text_columns=("text",),
        label_names=("bad", "good", "neither"),
        origin="file",
    )


@pytest.fixture
def run(tiny_folder, tmp_path, data):
    asked = RunConfig(
        dataset="own", model=str(tiny_folder), epochs=1, batch_size=8, precision="float32"
    )
    (cell,) = benchmark_configs(asked, [["flip_labels", 0.2]], [1])
    return get_or_train(cell.config, data, runs=tmp_path, progress=False)


def test_they_are_those_of_the_corrupted_labels(run, data):
    labels = run.truth["given_label"]
    vectors = training_embedding(run, data, "tfidf").loc[labels.index]
    found = text_contestants(labels, vectors)
    assert set(found) == NAMES
    expected = cleanlab_contestants(labels, embedding_probabilities(labels, vectors.to_numpy()))
    for name, values in expected.items():
        np.testing.assert_allclose(found[f"{name}/embedding"], values, rtol=1e-6)
    apart = neighbour_disagreement(labels, vectors.to_numpy())
    np.testing.assert_allclose(found["neighbour_disagreement/10"], apart, rtol=1e-6)


def test_the_second_time_no_text_is_read(run, data, monkeypatch):
    first = recorded_text_contestants(run, data)
    assert set(first) == NAMES
    monkeypatch.setattr("difficulty_lib.audit._benchmark.training_embedding", None)
    for texts in (data, None):
        again = recorded_text_contestants(Run.load(run.folder), texts)
        pd.testing.assert_frame_equal(again, first, check_exact=True)
        assert again.attrs == first.attrs == {"hard_is": "high"}


def test_a_cell_is_the_same_with_what_was_kept(run, data):
    vectors = training_embedding(run, data)
    worked_out = cell_contestants(run, None, vectors, allow_collapsed=True).contestants
    recorded_text_contestants(run, data)
    kept = recorded_text_contestants(run, None)
    read = cell_contestants(run, by_texts=kept, allow_collapsed=True).contestants
    pd.testing.assert_frame_equal(read, worked_out, check_exact=True)


def test_neither_texts_nor_kept_is_nothing(run):
    assert recorded_text_contestants(run, None) is None


@pytest.mark.parametrize("damage", ["form", "bytes", "empty"])
def test_a_file_that_cannot_be_used_is_made_anew(run, data, damage):
    first = recorded_text_contestants(run, data)
    path = run.folder / module.FILE
    if damage == "form":
        table = pq.read_table(path).replace_schema_metadata({b"form": b"0"})
        pq.write_table(table, path)
    else:
        path.write_bytes(path.read_bytes()[: 40 if damage == "bytes" else 0])
    assert recorded_text_contestants(run, None) is None
    again = recorded_text_contestants(run, data)
    pd.testing.assert_frame_equal(again, first, check_exact=True)
    assert recorded_text_contestants(run, None) is not None


def test_what_is_incomplete_is_not_kept(run, data, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "cleanlab.rank", None)
        assert set(recorded_text_contestants(run, data)) == {"neighbour_disagreement/10"}
    assert not (run.folder / module.FILE).exists()
    assert set(recorded_text_contestants(run, data)) == NAMES


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(run, data, monkeypatch):
    def refuse(table, path):
        raise PermissionError(path)

    monkeypatch.setattr("difficulty_lib.dynamics._store.write_table", refuse)
    assert set(recorded_text_contestants(run, data)) == NAMES
    assert not (run.folder / module.FILE).exists()


def test_samples_that_they_lack_are_named(run, data):
    known = recorded_text_contestants(run, data)
    raises_one_line(
        lambda: cell_contestants(run, by_texts=known.iloc[2:], allow_collapsed=True),
        f"lacks 2 samples, first: {known.index[:2].tolist()}",
        kind=DataError,
    )


def test_a_study_without_the_texts_has_them_from_the_runs(tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path))
    asked = {"dataset": "tiny-nli", "model": str(tiny_folder), "epochs": 1, "batch_size": 8}
    asked |= {"corruptions": [["flip_labels", 0.2]], "seeds": [1, 2]}
    whole = audit_study(asked, progress=False)

    def unreachable(name):
        raise DataError(f"{name}: no network")

    monkeypatch.setattr("difficulty_lib.study._audit_runs.load_data", unreachable)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        alone = audit_study(asked, progress=False)
    pd.testing.assert_frame_equal(alone.precision, whole.precision, check_exact=True)
    next(tmp_path.glob(f"*/{module.FILE}")).unlink()
    with pytest.warns(UserWarning, match="tiny-nli: no network"):
        lacking = audit_study(asked, progress=False)
    assert not NAMES & set(lacking.precision)
