"""Models from folders, packages and the hub: their identity, and one line when they cannot be had."""

import json
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from training import tiny

import difficulty_lib
from difficulty_lib._errors import ModelError
from difficulty_lib.tasks import TaskSettings
from difficulty_lib.tasks.classification import encode_classes
from difficulty_lib.training import RunConfig
from difficulty_lib.training._models import (
    _hub_identity,
    load_model,
    longest_input,
    model_folder,
    model_identity,
)

LABELS = ("bad", "good", "neither")


def load(folder):
    return load_model(str(folder), "sentiment", LABELS, "")


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.fixture
def folder(tiny_folder, tmp_path):
    """A copy that a test may damage."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


@pytest.fixture
def fresh_identity():
    """Identities are kept for the life of a process; these tests change folders under their name."""
    _hub_identity.cache_clear()
    yield
    _hub_identity.cache_clear()


def test_loads_tokenizer_and_model_with_a_head_for_the_labels(tiny_folder):
    tokenizer, model = load(tiny_folder)
    assert model.config.id2label == dict(enumerate(LABELS))
    assert model.config.label2id == {name: i for i, name in enumerate(LABELS)}
    assert tokenizer("the film")["input_ids"] == tiny.tiny_tokenizer()("the film")["input_ids"]
    saved = tiny.tiny_model().state_dict()
    assert torch.equal(
        model.state_dict()["bert.pooler.dense.weight"], saved["bert.pooler.dense.weight"]
    )


def test_another_number_of_labels_gets_a_new_head_and_keeps_the_body(tiny_folder):
    _, model = load_model(str(tiny_folder), "sentiment", ("a", "b", "c", "d", "e"), "")
    weights, saved = model.state_dict(), tiny.tiny_model().state_dict()
    assert weights["classifier.weight"].shape == (5, 32)
    assert all(
        torch.equal(weights[name], saved[name]) for name in saved if name.startswith("bert.")
    )


def test_a_bfloat16_checkpoint_is_trained_in_float32(tmp_path):
    tiny.tiny_model().bfloat16().save_pretrained(tmp_path)
    tiny.tiny_tokenizer().save_pretrained(tmp_path)
    _, model = load(tmp_path)
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def remove(*names):
    def damage(folder):
        for name in names:
            (folder / name).unlink()

    return damage


def pickle_only(folder):
    (folder / "model.safetensors").unlink()
    torch.save(tiny.tiny_model().state_dict(), folder / "pytorch_model.bin")


def write(name, text):
    def damage(folder):
        (folder / name).write_text(text)

    return damage


def cut(name):
    def damage(folder):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])

    return damage


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (remove("tokenizer.json"), "no tokenizer"),
        (pickle_only, "safetensors"),
        (remove("config.json"), "no config.json"),
        (write("config.json", "{"), "model"),
        (write("config.json", "{}"), "model"),
        (write("config.json", '{"model_type": "unheard-of"}'), "model"),
        (write("tokenizer.json", "{"), "model"),
        (write("model.safetensors", "not weights"), "model"),
        (cut("model.safetensors"), "model"),
    ],
    ids=[
        "no-tokenizer",
        "pickle-only",
        "no-config",
        "broken-config",
        "empty-config",
        "unknown-type",
        "broken-tokenizer",
        "no-weights",
        "truncated-weights",
    ],
)
@pytest.mark.usefixtures("offline")
def test_a_damaged_folder_is_one_line(folder, damage, says):
    damage(folder)
    with pytest.raises(ModelError) as error:
        load(folder)
    text = one_line(error)
    assert says in text
    assert str(folder) in text


@pytest.mark.usefixtures("fresh_identity")
def test_an_empty_folder_has_no_identity(tmp_path):
    with pytest.raises(ModelError) as error:
        model_identity(str(tmp_path))
    assert str(tmp_path) in one_line(error)


@pytest.mark.parametrize("name", ["nobody/no-such-model", "/no/such/folder", "no such name"])
@pytest.mark.usefixtures("offline", "fresh_identity")
def test_an_unknown_model_is_one_line_and_quick(name):
    start = time.perf_counter()
    for call in (model_identity, load):
        with pytest.raises(ModelError) as error:
            call(name)
        assert name in one_line(error)
        assert "minilm" in str(error.value)
    assert time.perf_counter() - start < 10


def test_offline_by_environment_is_one_line():
    code = (
        "import os; os.environ['HF_HUB_OFFLINE'] = '1'\n"
        "from difficulty_lib.training._models import model_identity, ModelError\n"
        "try: model_identity('nobody/no-such-model')\n"
        "except ModelError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "nobody/no-such-model" in done.stdout


def test_embedded_identity_is_the_registrys():
    root = Path(difficulty_lib.__file__).parents[1]
    places = (root / "data", Path(difficulty_lib.__file__).parent / "_registry_data")
    registry = next(p / "models.toml" for p in places if (p / "models.toml").exists())
    models = tomllib.loads(registry.read_text("utf8"))
    for name, entry in models.items():
        assert model_identity(name) == entry["revision"][:16]


def test_a_missing_package_of_an_embedded_model_names_the_extra(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"difficulty-lib\[train\]") as error:
        model_folder("minilm")
    one_line(error)


@pytest.mark.usefixtures("fresh_identity")
def test_moving_a_folder_changes_neither_identity_nor_run(folder, tmp_path):
    def run_hash(place):
        return RunConfig(dataset="emotion", model=str(place), data_fingerprint="f").hash

    before = model_identity(str(folder)), run_hash(folder)
    moved = tmp_path / "elsewhere" / folder.name
    moved.parent.mkdir()
    folder.rename(moved)
    assert (model_identity(str(moved)), run_hash(moved)) == before


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.usefixtures("fresh_identity")
def test_other_files_are_another_model(folder, name):
    before = model_identity(str(folder))
    other = folder.with_name("other")
    shutil.copytree(folder, other)
    (other / name).write_bytes((other / name).read_bytes() + b"\n")
    assert model_identity(str(other)) != before


@pytest.mark.usefixtures("fresh_identity")
def test_a_folder_that_has_changed_is_another_model(folder):
    before = model_identity(str(folder))
    tiny.tiny_model(seed=9).save_pretrained(folder)
    assert model_identity(str(folder)) != before


def plant_code(folder, model_type):
    """A configuration that asks for the folder's own code, which would leave a trace."""
    trace = folder / "trace"
    (folder / "own.py").write_text(f"open({str(trace)!r}, 'w').close()\nclass Own: ...\n")
    config = json.loads((folder / "config.json").read_text())
    autos = ("AutoConfig", "AutoModelForSequenceClassification")
    config |= {"model_type": model_type, "auto_map": dict.fromkeys(autos, "own.Own")}
    (folder / "config.json").write_text(json.dumps(config))
    return trace


@pytest.mark.usefixtures("offline")
def test_code_in_a_folder_is_never_run(folder):
    trace = plant_code(folder, "unheard-of")
    with pytest.raises(ModelError) as error:
        load(folder)
    one_line(error)
    assert not trace.exists()


def test_known_models_are_loaded_without_the_folders_code(folder):
    trace = plant_code(folder, "bert")
    _, model = load(folder)
    assert type(model).__module__.startswith("transformers.")
    assert not trace.exists()


def test_pickled_weights_and_foreign_code_are_refused_of_the_hub_too(monkeypatch):
    """There the folder cannot be looked at first, so that it is `from_pretrained` that refuses."""
    asked = {}

    def from_pretrained(where, **options):
        asked[where] = options
        raise OSError("enough")

    tokenizer = SimpleNamespace(from_pretrained=lambda *args, **options: tiny.tiny_tokenizer())
    model = SimpleNamespace(from_pretrained=from_pretrained)
    monkeypatch.setattr("transformers.AutoTokenizer", tokenizer)
    monkeypatch.setattr("transformers.AutoModelForSequenceClassification", model)
    with pytest.raises(ModelError):
        load_model("someone/model", "sentiment", LABELS, "abc123")
    options = asked["someone/model"]
    assert options["use_safetensors"] is True
    assert options["trust_remote_code"] is False
    assert options["revision"] == "abc123"


# --- encoding and truncation -------------------------------------------------------------------


def limit_of(tokenizer_limit, positions, kind, max_length):
    config = SimpleNamespace(max_position_embeddings=positions, model_type=kind)
    tokenizer = SimpleNamespace(model_max_length=tokenizer_limit)
    return longest_input(tokenizer, SimpleNamespace(config=config), max_length)


@pytest.mark.parametrize(
    ("tokenizer_limit", "positions", "kind", "max_length", "expected"),
    [
        (512, 64, "bert", 128, 64),
        (512, 64, "bert", 32, 32),
        (48, 64, "bert", 128, 48),
        (int(1e30), 514, "roberta", 1000, 512),
        (int(1e30), None, "t5", 77, 77),
    ],
)
def test_longest_input_is_the_smallest_limit(
    tokenizer_limit, positions, kind, max_length, expected
):
    assert limit_of(tokenizer_limit, positions, kind, max_length) == expected


def test_texts_beyond_the_models_positions_are_cut_and_counted(tiny_folder):
    tokenizer, model = load(tiny_folder)
    limit = longest_input(tokenizer, model, 500)
    assert limit == tiny.MAX_POSITIONS
    frame = tiny.labelled_frame(6)
    words = [1, limit - 3, limit - 2, limit - 1, limit, 300]  # two more tokens frame them
    frame["text"] = [" ".join(["film"] * count) for count in words]
    encoded = encode_classes(frame, TaskSettings(tokenizer, ("text",), limit))
    assert encoded.truncated == 3
    assert encoded.lengths.tolist() == [3, limit - 1, limit, limit, limit, limit]
    assert [len(row["input_ids"]) for row in encoded.rows] == encoded.lengths.tolist()
    ids = torch.tensor([encoded.rows[-1]["input_ids"]])
    assert torch.isfinite(model(input_ids=ids).logits).all()


def test_encoded_rows_carry_label_and_id(tiny_folder):
    tokenizer, _ = load(tiny_folder)
    frame = tiny.labelled_frame(7)
    encoded = encode_classes(frame, TaskSettings(tokenizer, ("text",), 64))
    assert len(encoded) == 7
    assert encoded.truncated == 0
    for place, (sample_id, row) in enumerate(frame.iterrows()):
        assert encoded[place]["sample_id"] == sample_id
        assert encoded[place]["labels"] == row["label"]
        assert encoded[place]["input_ids"] == tokenizer(row["text"])["input_ids"]


def test_a_pair_is_read_as_two_segments_and_cut_together(tiny_folder):
    tokenizer, _ = load(tiny_folder)
    frame = tiny.labelled_frame(2).assign(second=["the river was long", "a song " * 40])
    encoded = encode_classes(frame, TaskSettings(tokenizer, ("text", "second"), 20))
    first, second = frame["text"].iloc[0], frame["second"].iloc[0]
    assert encoded[0]["input_ids"] == tokenizer(first, second)["input_ids"]
    assert set(encoded[0]["token_type_ids"]) == {0, 1}
    assert encoded.lengths[1] == 20
    assert encoded.truncated == 1


def test_three_texts_are_refused(tiny_folder):
    tokenizer, _ = load(tiny_folder)
    frame = tiny.labelled_frame(2).assign(b="x", c="y")
    with pytest.raises(ModelError, match="3 text columns"):
        encode_classes(frame, TaskSettings(tokenizer, ("text", "b", "c"), 20))
