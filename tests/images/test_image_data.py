import gzip
import hashlib
import struct

import numpy as np
import pytest
from refusals import raises_one_line
from sklearn.datasets import load_digits as reference

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.images import _fashion, load_digits, load_fashion, load_images


def test_every_digit_is_in_one_split_with_its_own_row_as_id():
    data, found = load_digits(), reference()
    ids = np.concatenate([data.ids["train"], data.ids["test"]])
    assert sorted(ids) == list(range(1797))
    for split in ("train", "test"):
        np.testing.assert_array_equal(data.labels[split], found.target[data.ids[split]])
        np.testing.assert_allclose(data.images[split] * 16, found.images[data.ids[split]])
    assert 0.3 < len(data.ids["test"]) / 1797 < 0.37


def test_a_subset_is_the_first_images_and_another_fingerprint():
    data = load_images("digits")
    part = data.subset({"train": 20, "test": None})
    np.testing.assert_array_equal(part.images["train"], data.images["train"][:20])
    assert len(part.labels["test"]) == len(data.labels["test"])
    assert part.fingerprint() != data.fingerprint() == load_digits().fingerprint()
    raises_one_line(lambda: data.subset({"train": 0}), "train", "0", kind=ConfigError)


def test_an_unknown_set_is_refused():
    raises_one_line(
        lambda: load_images("mnist"), "mnist", "digits, fashion-mnist", kind=ConfigError
    )


def idx(values):
    return (
        b"\0\0\x08"
        + bytes([values.ndim])
        + struct.pack(f">{values.ndim}I", *values.shape)
        + values.tobytes()
    )


@pytest.fixture
def fashion(tmp_path, monkeypatch):
    """Seven images written as IDX files, as if they were the published ones."""
    rng = np.random.default_rng(0)
    files, kept = {}, {}
    for split, prefix, count in (("train", "train", 5), ("test", "t10k", 2)):
        images = rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        labels = rng.integers(0, 10, count).astype(np.uint8)
        kept[split] = images, labels
        entries = []
        for name, values in (
            (f"{prefix}-images-idx3-ubyte.gz", images),
            (f"{prefix}-labels-idx1-ubyte.gz", labels),
        ):
            packed = gzip.compress(idx(values))
            (tmp_path / name).write_bytes(packed)
            entries.append((name, hashlib.sha256(packed).hexdigest()))
        files[split] = tuple(entries)
    monkeypatch.setattr(_fashion, "FILES", files)
    return tmp_path, kept


def test_idx_files_are_read_as_they_were_written(fashion):
    folder, kept = fashion
    data = load_fashion(folder)
    for split, (images, labels) in kept.items():
        np.testing.assert_allclose(data.images[split] * 255, images, atol=1e-4)
        np.testing.assert_array_equal(data.labels[split], labels)
    assert data.ids["test"].tolist() == [5, 6]
    assert data.side == 28


def test_another_file_than_the_published_one_is_refused(fashion):
    folder, _ = fashion
    path = folder / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx(np.zeros(2, np.uint8))))
    raises_one_line(lambda: load_fashion(folder), path.name, "sha256")
    path.unlink()
    raises_one_line(lambda: load_fashion(folder), path.name, "cannot be read")


def test_a_mirror_comes_first_and_where_nothing_is_it_says_what_to_do(fashion, monkeypatch):
    folder, _ = fashion
    monkeypatch.setattr(_fashion, "DEBIAN", folder / "nowhere")
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    raises_one_line(load_fashion, "apt install dataset-fashion-mnist", "DIFFICULTY_DATA")
    place = folder / "mirror" / "fashion-mnist"
    place.mkdir(parents=True)
    for path in folder.glob("*.gz"):
        path.rename(place / path.name)
    monkeypatch.setenv("DIFFICULTY_DATA", str(folder / "mirror"))
    assert len(load_images("fashion-mnist").ids["train"]) == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no IDX file"),
        (b"\0\0\x0d\x01\0\0\0\1\0", "no IDX file"),
        (b"\0\0\x08\x03\0\0\0\1", "ends within its head"),
        (b"\0\0\x08\x00", "ends within its head"),
        (b"\0\0\x08\x01\0\0\0\5\1\2", "holds 2 bytes; expected 5"),
    ],
)
def test_a_damaged_idx_file_is_refused(content, said):
    raises_one_line(lambda: _fashion.parse_idx(content, "a.gz"), "a.gz", said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"images": {"train": np.full((3, 8, 8), 1.5, np.float32)}}, "pixels from 1.5"),
        ({"images": {"train": np.full((3, 8, 8), np.nan, np.float32)}}, "expected 0 to 1"),
        ({"images": {"train": np.zeros((3, 8, 7), np.float32)}}, "(3, 8, 7)"),
        ({"labels": {"train": np.array([0, 1, 10])}}, "labels from 0 to 10"),
        ({"labels": {"train": np.array([0, 1])}}, "2 labels"),
        ({"ids": {"train": np.array([4, 4, 5])}}, "an id is there twice"),
    ],
)
def test_what_is_no_image_data_is_refused(changed, said):
    from dataclasses import replace

    fine = {
        "images": {"train": np.zeros((3, 8, 8), np.float32)},
        "labels": {"train": np.array([0, 1, 9])},
        "ids": {"train": np.array([4, 5, 6])},
    }
    data = replace(load_digits(), **fine)
    assert data.side == 8
    raises_one_line(lambda: replace(data, **changed), said, kind=DataError)
