"""What a chapter says of itself, and the values that other pages quote from it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib._extras import require
from difficulty_lib.analysis import Estimate
from difficulty_lib.data import DATASETS
from difficulty_lib.training import Run

NAMED = 10  # runs that are named one by one


def glue(name: str, value: object) -> None:
    """Store a value for the book's prose; an `Estimate` also as `<name>_low` and `<name>_high`.

    Outside the book's tools (on a hosted notebook, say) the value is shown nowhere.
    """
    try:
        paste = require("myst_nb", "book").glue
    except ImportError:
        return
    if isinstance(value, Estimate):
        for key, number in (("", value.value), ("_low", value.low), ("_high", value.high)):
            paste(name + key, float(number), display=False)
    else:
        # numpy's own numbers say what they are, which no format understands.
        plain = value.item() if isinstance(value, np.generic) else value
        paste(name, plain, display=False)


def said(text: str) -> Any:
    """A sentence for the page, as Markdown; nothing where there is nothing to say."""
    return require("IPython.display", "book").Markdown(text) if text else None


def provenance(runs: list[Run], notebook: str, parameters: Mapping[str, Any], edition: str) -> Any:
    """The line under a chapter's title: what it was made from, and how to make it anew.

    Args:
        runs: the recorded runs, the first of which the figures show.
        notebook: the source's name without its ending.
        parameters: the notebook's parameters as executed.
        edition: "quick" or "published".
    """
    display = require("IPython.display", "book")
    run = runs[0]
    config, where = run.config, run.record["environment"]
    data = DATASETS[config.dataset]
    rows = ", ".join(f"{split} {size:,}" for split, size in run.sizes.items())
    hashes = ", ".join(f"`{r.hash}`" for r in runs[:NAMED])
    if len(runs) > NAMED:
        hashes += f" and {len(runs) - NAMED} more"
    given = " ".join(_option(k, v) for k, v in parameters.items() if v is not None)
    command = f"DIFFICULTY_CHARTS=book papermill notebooks/{notebook}.ipynb out.ipynb {given}"
    seeds = list(dict.fromkeys(str(r.config.seed) for r in runs))
    models = dict.fromkeys(_model(r) for r in runs)
    title = f"[{data.title}]({data.homepage})" if data.homepage else data.title
    lines = [
        f"**{edition.capitalize()} edition** · data: {title} "
        f"({rows}; {data.licence}) · model: {' and '.join(models)} · "
        f"seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)} · {where['hardware']} · {where['date']} · "
        f"run{'s' if len(runs) > 1 else ''} {hashes}",
        "",
        "Re-execute with other parameters:",
        "```bash",
        command,
        "```",
    ]
    return display.Markdown("\n".join(lines))


def _model(run: Run) -> str:
    config = run.config
    frozen = f", its lowest {config.frozen_layers} layers frozen" if config.frozen_layers else ""
    return f"{config.model} (`{config.model_revision[:8]}`{frozen})"


def _option(name: str, value: object) -> str:
    if isinstance(value, list | dict | bool):
        return f"-y '{json.dumps({name: value})}'"
    return f"-p {name} {value}"


def edition() -> str:
    """Which edition a notebook is executed for: `DIFFICULTY_EDITION`, else "your own"."""
    return os.environ.get("DIFFICULTY_EDITION", "your own")


def quoted_texts(texts: pd.Series | None, ids: pd.Index, redistributable: bool) -> pd.Series:
    """The texts that a page may show: all of them, or of these few samples only.

    Args:
        texts: indexed by sample_id; None where the data are not at hand.
        ids: the samples that the page quotes in any case.
        redistributable: whether the licence lets all texts be shown.

    Returns:
        A series on the index of `texts` with "" where a text is not shown.
    """
    if texts is None:
        return pd.Series("", index=ids)
    if redistributable:
        return texts
    return texts.where(texts.index.isin(ids), "")
