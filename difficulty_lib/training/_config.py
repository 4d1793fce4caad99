"""`RunConfig`: everything that decides how a run comes out; its hash is the run's identity."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib._whole import whole_number, whole_or_none
from difficulty_lib.data import DATASETS
from difficulty_lib.data._fingerprint import of_all
from difficulty_lib.tasks import TASKS
from difficulty_lib.training._models import model_identity

SIDES = ("right", "left")
PRECISIONS = ("auto", "float32", "bfloat16")
SCHEDULES = ("linear", "cosine", "constant", "constant_with_warmup", "polynomial", "inverse_sqrt")
_LATER = {
    "record_gradients": False,
    "record_probabilities": False,
    "max_target_length": 64,
    "stride": 64,
    "num_beams": 1,
    "no_repeat_ngram_size": 0,
    "frozen_layers": 0,
    "truncation_side": "right",
}
_RANGES = (
    ("learning_rate", 0.0, math.inf),
    ("weight_decay", 0.0, math.inf),
    ("warmup_ratio", 0.0, 1.0),
)


@dataclass(frozen=True)
class RunConfig:
    """One fine-tuning. The defaults are the paper's: 6 epochs, learning rate 5e-5.

    Attributes:
        dataset: name in the registry of data sets.
        task: name in the registry of tasks.
        model: an embedded model's name, a local folder, or a hub id.
        seed: of the head's initial weights, the order of the samples and dropout.
        epochs: passes over the training split.
        learning_rate: peak learning rate of AdamW.
        batch_size: samples per update.
        max_length: tokens after which a text is cut.
        weight_decay: AdamW's.
        warmup_ratio: share of the updates over which the learning rate rises.
        schedule: how it falls afterwards, a name that `transformers` knows.
        precision: "float32", "bfloat16" (autocast), or "auto": bfloat16 where the hardware has it.
        train_size: so many training samples, chosen by their ids; None is all.
        eval_size: so many samples of every other split; None is all.
        evaluation_splits: splits whose evaluation stream is recorded, in float32.
        record_training: whether the training stream is recorded too.
        record_gradients: whether per-sample gradient norms and the variance of gradients of the
            evaluation splits are recorded too.
        record_probabilities: whether the probabilities of all classes after the last epoch are kept
            for the evaluation splits (`Run.outputs`).
        record_initial: whether the evaluation stream starts at epoch 0, before the first update.
        max_target_length: of summaries, the tokens after which a reference or a generated text
            is cut.
        stride: of questions, the tokens that neighbouring pieces of a long context share.
        num_beams: of summaries, the beams of the generation; 1 is greedy.
        no_repeat_ngram_size: of summaries, so many tokens in a row are never written twice; 0 is no
            such rule. Three is customary (Paulus et al., 2018).
        frozen_layers: of a causal model, how many of its lowest layers keep their weights, with the
            embeddings and the head; a row passes through them once, whatever the epochs.
        truncation_side: of classification, where a text that is too long is cut: at its end
            ("right") or at its beginning ("left").
        intervention: what was done to the data or the training, by name; empty for nothing.
        data_fingerprint: of the whole data set; filled in from the registry.
        model_revision: of the weights; filled in.
    """

    dataset: str
    task: str = "sentiment"
    model: str = "minilm"
    seed: int = 1
    epochs: int = 6
    learning_rate: float = 5e-5
    batch_size: int = 32
    max_length: int = 128
    weight_decay: float = 0.0
    warmup_ratio: float = 0.0
    schedule: str = "linear"
    precision: str = "auto"
    train_size: int | None = None
    eval_size: int | None = None
    evaluation_splits: tuple[str, ...] = ("validation", "test")
    record_training: bool = False
    record_initial: bool = True
    record_gradients: bool = False
    record_probabilities: bool = False
    max_target_length: int = 64
    stride: int = 64
    num_beams: int = 1
    no_repeat_ngram_size: int = 0
    frozen_layers: int = 0
    truncation_side: str = "right"
    intervention: dict[str, Any] = field(default_factory=dict)
    data_fingerprint: str = ""
    model_revision: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.evaluation_splits, str) or not all(
            isinstance(split, str) for split in self.evaluation_splits
        ):
            raise ConfigError(
                f"evaluation_splits is {self.evaluation_splits!r}; expected a list of splits' names"
            )
        object.__setattr__(self, "evaluation_splits", tuple(self.evaluation_splits))
        if TASKS[self.task].encode is None:
            raise ConfigError(
                f"task '{self.task}' has no runs of its own; record it in a Trainer of yours with "
                f"observe=TASKS['{self.task}'].observe"
            )
        if self.record_probabilities and TASKS[self.task].target != "class":
            raise ConfigError(
                f"record_probabilities is {self.record_probabilities!r}, and task '{self.task}' has "
                "no classes of samples; expected false"
            )
        for name in ("epochs", "batch_size", "max_length", "max_target_length", "num_beams"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), 1))
        for name in ("seed", "stride", "frozen_layers", "no_repeat_ngram_size"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), 0))
        for name in ("train_size", "eval_size"):
            object.__setattr__(self, name, whole_or_none(name, getattr(self, name), 1))
        if self.frozen_layers and TASKS[self.task].auto_model != "AutoModelForCausalLM":
            raise ConfigError(
                f"frozen_layers is {self.frozen_layers}, and task '{self.task}' has no causal model; "
                "expected 0"
            )
        if self.truncation_side != "right" and TASKS[self.task].target != "class":
            raise ConfigError(
                f"truncation_side is {self.truncation_side!r}, and task '{self.task}' has no classes "
                "of samples; expected 'right'"
            )
        rate = self.learning_rate
        if isinstance(rate, int | float) and not 0 < rate < math.inf:
            raise ConfigError(f"learning_rate is {rate!r}; expected a number above 0")
        for name, low, high in _RANGES:
            # As float, so that 1 and 1.0 are the same run.
            object.__setattr__(self, name, _between(name, getattr(self, name), low, high))
        choices = (
            ("precision", PRECISIONS),
            ("schedule", SCHEDULES),
            ("truncation_side", SIDES),
        )
        for name, known in choices:
            if getattr(self, name) not in known:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; expected {', '.join(known)}")
        if not isinstance(self.intervention, dict):
            raise ConfigError(f"intervention is {self.intervention!r}; expected a mapping")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RunConfig:
        """From a mapping, such as a notebook's parameters or a run's record.

        Raises:
            ConfigError: on a key that is no setting.
        """
        known = [f.name for f in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ConfigError(f"unknown setting {', '.join(unknown)}; known: {', '.join(known)}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**asdict(self), "evaluation_splits": list(self.evaluation_splits)}

    def resolved(self) -> RunConfig:
        """With fingerprint and revision filled in; needs neither the data nor, mostly, the model.

        Raises:
            ConfigError: if the data set is not in the registry and has no fingerprint given.
            ModelError: if the model is neither embedded, nor a folder, nor reachable on the hub.
        """
        data = self.data_fingerprint or of_all(
            split.fingerprint for split in DATASETS[self.dataset].splits.values()
        )
        model = self.model_revision or model_identity(self.model)
        return replace(self, data_fingerprint=data, model_revision=model)

    @property
    def hash(self) -> str:
        """The run's identity: 12 hex digits over every resolved setting."""
        identity = self.resolved().to_dict()
        for name, default in _LATER.items():  # settings that came later leave old hashes alone
            if identity[name] == default:
                del identity[name]
        if "/" not in identity["model"] or identity["model_revision"].startswith("folder-"):
            # A folder's place is not part of what was run; its content, the revision, is.
            identity["model"] = _slug(identity["model"])
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def folder_name(self) -> str:
        """Readable and unique: data set, model, seed and hash."""
        return f"{_slug(self.dataset)}-{_slug(self.model)}-seed{self.seed}-{self.hash}"


def _slug(name: str) -> str:
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    return re.sub(r"[^A-Za-z0-9.]+", "-", last).strip("-.").lower() or "x"


def _between(name: str, value: object, low: float, high: float) -> float:
    wanted = f"{low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        number = float(value)
        if math.isfinite(number):
            return number
    raise ConfigError(f"{name} is {value!r}; expected a number, {wanted}")
