"""What the registry says of a data set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib._registry import Registry
from difficulty_lib.data._registry_files import read_registry

TARGETS = ("class", "text", "answers", "tags")


@dataclass(frozen=True)
class Embedded:
    """A source distribution on the package index that holds the data."""

    package: str
    version: str
    sha256: str
    parser: str


@dataclass(frozen=True)
class Hub:
    """A data set on the Hugging Face hub, at a pinned revision.

    `splits` names those of our splits that the hub calls otherwise, `columns` our names of the
    hub's columns.
    """

    id: str
    revision: str
    config: str | None = None
    splits: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SplitSpec:
    """How many rows a split has for use, and the fingerprint of their (id, texts, label)."""

    rows: int
    fingerprint: str


@dataclass(frozen=True)
class DataSpec:
    """An entry of the registry of data sets; `target` says what its labels are (`TextData`).

    `mirror` is its folder in a mirror, where that is not its name.
    """

    name: str
    title: str
    task: str
    text_columns: tuple[str, ...]
    label_column: str
    label_names: tuple[str, ...]
    licence: str
    redistributable: bool
    citation: str
    homepage: str
    splits: dict[str, SplitSpec] = field(default_factory=dict)
    embedded: Embedded | None = None
    hub: Hub | None = None
    target: str = "class"
    fixture: bool = False
    mirror: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise ConfigError(
                f"data set {self.name}: target '{self.target}'; expected {', '.join(TARGETS)}"
            )

    @classmethod
    def from_toml(cls, name: str, entry: dict[str, Any]) -> DataSpec:
        """Read an entry of `datasets.toml`."""
        known = dict(entry)
        splits = {k: SplitSpec(**v) for k, v in known.pop("splits").items()}
        embedded = Embedded(**known.pop("embedded")) if "embedded" in known else None
        hub = Hub(**known.pop("hub")) if "hub" in known else None
        for key in ("text_columns", "label_names", "notes"):
            known[key] = tuple(known.get(key, ()))
        return cls(name=name, splits=splits, embedded=embedded, hub=hub, **known)


def _read() -> Registry[DataSpec]:
    registry: Registry[DataSpec] = Registry("data set")
    for name, entry in read_registry("datasets").items():
        registry.add(DataSpec.from_toml(name, entry))
    return registry


DATASETS = _read()
