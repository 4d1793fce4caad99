"""From a model's name to its files: embedded in a Python package, a folder, or the hub."""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from collections.abc import Iterator
from contextlib import contextmanager
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
        install = embedded.get("install", "pip install 'difficulty-lib[train]'")
        raise ModelError(
            f"the model '{name}' comes with the package {embedded['package']}, which is not "
            f"installed: {install}"
        )
    return str(Path(next(iter(spec.submodule_search_locations))) / embedded["folder"])


def model_identity(name: str) -> str:
    """What tells one set of weights from another: a hash of the files, or the hub's commit.

    Raises:
        ModelError: if the name is neither embedded, nor a folder, nor to be found on the hub.
    """
    pair = _pair(name)
    if pair:
        return "+".join(model_identity(part) for part in pair)
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
    files = sorted(
        p for p in folder.rglob("*") if p.suffix in (".json", ".safetensors", ".txt", ".gguf")
    )
    if not files:
        raise ModelError(
            f"{folder}: no model files; expected config.json and *.safetensors, or a *.gguf"
        )
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
    """The tokenizer, and the model: with a new head for these labels, or the head of its words.

    Only safetensors or GGUF, never pickled weights; never code from the model's folder. Of
    "encoder+decoder", two encoders' names, an encoder-decoder is made whose halves start from them
    and whose attention across is new.

    Raises:
        ModelError: if the files are missing or cannot be used.
    """
    transformers = require("transformers", "train")
    auto_model = TASKS[task].auto_model
    pair = _pair(name)
    if pair and auto_model != "AutoModelForSeq2SeqLM":
        raise ModelError(
            f"'{name}' names an encoder and a decoder, but task '{task}' takes one model"
        )
    with _one_line(name):
        if pair:
            tokenizer, model = _warm_started(pair)
        else:
            where, options = _place(name, revision)
            tokenizer = transformers.AutoTokenizer.from_pretrained(where, **options)
            if "gguf_file" not in options:
                options["use_safetensors"] = True
            model = getattr(transformers, auto_model).from_pretrained(
                where,
                dtype="float32",  # the default, "auto", trains a bfloat16 checkpoint in bfloat16
                ignore_mismatched_sizes=True,
                **_head(labels, task),
                **options,
            )
            _as_dequantized(model)
    if getattr(tokenizer, "pad_token", None) is None:
        tokenizer.pad_token = tokenizer.eos_token
        model.config.pad_token_id = tokenizer.pad_token_id
    # A head that ignores `num_items_in_batch` is taken for one that heeds it, and its loss is then
    # scaled by the number of accumulated batches and ranks.
    model.accepts_loss_kwargs = False
    return tokenizer, model


def load_tokenizer(name: str, revision: str = "") -> Any:
    """The tokenizer of a model; that of the encoder of "encoder+decoder".

    Raises:
        ModelError: if the files are missing or cannot be used.
    """
    transformers = require("transformers", "train")
    pair = _pair(name)
    with _one_line(name):
        where, options = _place(pair[0] if pair else name, "" if pair else revision)
        return transformers.AutoTokenizer.from_pretrained(where, **options)


@contextmanager
def _one_line(name: str) -> Iterator[None]:
    """Whatever is raised where a model's files are missing or damaged becomes one line."""
    safetensors = require("safetensors", "train")
    try:
        yield
    except (OSError, ValueError, safetensors.SafetensorError, struct.error) as error:
        raise ModelError(_unreachable(name, error)) from None
    except Exception as error:
        # tokenizers raises bare Exceptions; of a GGUF file whatever its reading stumbles upon is.
        stumbled = isinstance(error, LookupError | TypeError | AttributeError | ArithmeticError)
        if type(error) is not Exception and not (stumbled and _is_gguf(name)):
            raise
        reason = next(iter(str(error).strip().splitlines()), "")
        said = reason if type(error) is Exception else f"{type(error).__name__}: {reason}"
        raise ModelError(
            f"the model '{name}' is damaged ({said}); expected files as they were saved or published"
        ) from None


def _is_gguf(name: str) -> bool:
    where = Path(model_folder(name))
    return where.is_dir() and _gguf_file(where) is not None


def _head(labels: tuple[str, ...], task: str) -> dict[str, Any]:
    if TASKS[task].labels == "span":  # whatever the folder's last head had
        labels = ("start", "end")
    if not labels:
        return {}
    names = dict(enumerate(labels))
    return {
        "num_labels": len(labels),
        "id2label": names,
        "label2id": {label: number for number, label in names.items()},
    }


def _place(name: str, revision: str) -> tuple[str, dict[str, Any]]:
    """What `from_pretrained` opens, and with which options."""
    where = model_folder(name)
    options: dict[str, Any] = {"trust_remote_code": False}
    if Path(where).is_dir():
        gguf = _gguf_file(Path(where))
        if gguf is not None:
            require("gguf", "causal")
            options["gguf_file"] = gguf
        else:
            _check_folder(name, Path(where))
    elif revision:
        options["revision"] = revision
    return where, options


def _as_dequantized(model: Any) -> None:
    """A GGUF file's weights are float32 once read; transformers still refuses to train them."""
    quantizer = getattr(model, "hf_quantizer", None)
    if quantizer is not None:
        quantizer.remove_quantization_config(model)


def _gguf_file(folder: Path) -> str | None:
    """The folder's one GGUF file, if it is no folder made by save_pretrained."""
    found = sorted(folder.glob("*.gguf"))
    if (folder / "config.json").exists() or not found:
        return None
    if len(found) > 1:
        raise ModelError(
            f"{folder}: {len(found)} GGUF files ({', '.join(p.name for p in found)}); expected one"
        )
    return found[0].name


def _pair(name: str) -> tuple[str, str] | None:
    """The two names of "encoder+decoder", or None for one model's name."""
    first, plus, second = name.partition("+")
    return (first, second) if plus and first and second and not Path(name).is_dir() else None


def _warm_started(pair: tuple[str, str]) -> tuple[Any, Any]:
    transformers = require("transformers", "train")
    (encoder, options), (decoder, _) = (_place(name, "") for name in pair)
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder, **options)
    other = transformers.AutoTokenizer.from_pretrained(decoder, **options)
    if tokenizer.get_vocab() != other.get_vocab():
        raise ModelError(
            f"'{pair[0]}' and '{pair[1]}' have other vocabularies; expected two models of one "
            "tokenizer"
        )
    model = transformers.EncoderDecoderModel.from_encoder_decoder_pretrained(encoder, decoder)
    start = tokenizer.cls_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    end = tokenizer.sep_token_id if tokenizer.eos_token_id is None else tokenizer.eos_token_id
    for config in (model.config, model.generation_config):
        config.decoder_start_token_id = start
        config.eos_token_id = end
        config.pad_token_id = tokenizer.pad_token_id
    return tokenizer, model.float()


def longest_input(tokenizer: Any, model: Any, max_length: int) -> int:
    """Tokens that fit: the setting, or less where model or tokenizer take less."""
    limits = [max_length, int(getattr(tokenizer, "model_max_length", max_length) or max_length)]
    config = getattr(model.config, "encoder", model.config)
    positions = getattr(config, "max_position_embeddings", None)
    if positions:
        # RoBERTa-like models count positions from padding_idx + 1
        offset = 2 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0
        limits.append(int(positions) - offset)
    return min(limits)


def longest_target(model: Any, max_target_length: int) -> int:
    """Tokens that a decoder of its own can write: the setting, or less where it takes less."""
    if not model.config.is_encoder_decoder:
        return max_target_length
    config = getattr(model.config, "decoder", model.config)
    positions = getattr(config, "max_position_embeddings", None)
    return min(max_target_length, int(positions)) if positions else max_target_length
