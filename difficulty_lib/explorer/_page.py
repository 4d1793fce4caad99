"""The explorer's folder: a page, its numbers and, where it may hold them, its texts.

explorer.html, explorer.css and the scripts lie beside this file and are put together here. The page
runs this script, by its hash, and what lies beside it; it asks nobody else for anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from difficulty_lib._errors import DataError
from difficulty_lib._extras import require
from difficulty_lib.data import DATASETS, TextData
from difficulty_lib.explorer._pack import numbers_script, texts_script
from difficulty_lib.explorer._points import Points, points_of
from difficulty_lib.explorer._side import Source
from difficulty_lib.page import assembled, hash_of
from difficulty_lib.review import plain

HERE = Path(__file__).parent


def explorer_page(
    sources: Source | Sequence[Source] | Mapping[str, Source],
    data: TextData | None,
    folder: str | Path,
    *,
    title: str | None = None,
    texts: bool = True,
    projection: pd.DataFrame | None = None,
    splits: Sequence[str] | None = None,
    scores: Sequence[str] | None = None,
    command: str = "",
    compact: bool = False,
    allow_collapsed: bool = False,
) -> Path:
    """Write a page that shows the samples of runs or tables on a map, and reads those one picks.

    It opens from the file system, needs no network and no server, and compares any two scores, runs
    or models of the same samples.

    Args:
        sources: recorded runs (`Run`), `Dynamics`, one stream of them, or tables of scores indexed
            by sample_id; one, several, or several by name. Of a table, scores that the library
            knows keep their direction, and of any other numeric column high is hard.
        data: with the texts; None shows ids, classes and numbers.
        folder: is made if need be; `index.html`, `data.js` and `texts.js` in it are replaced.
        title: of the page; the data set's name if not given.
        texts: whether the page may hold the texts. Whether a licence lets you pass the page on is
            for you to see to (`TextData.redistributable`).
        projection: two columns, indexed by (split, sample_id), such as `text_projection` gives.
        splits: only these; all that were recorded if not given.
        scores: which registered scores; those that differ in their order if not given.
        command: the command that made it, shown under "About".
        compact: whether scores keep four digits and losses two decimals only, so that a page
            on the web is read faster.
        allow_collapsed: whether to show a run, too, that learnt nothing.

    Returns:
        The page's path.

    Raises:
        DataError: if sources and data do not fit together, or the folder cannot be written.
        DynamicsError: if a run's files are damaged, or it collapsed.
    """
    points = points_of(
        sources,
        data,
        texts=texts,
        projection=projection,
        splits=splits,
        scores=scores,
        allow_collapsed=allow_collapsed,
    )
    title = title or (data.name if data is not None else "Samples")
    return write_page(points, data, Path(folder), title, command, compact)


def write_page(
    points: Points,
    data: TextData | None,
    folder: Path,
    title: str,
    command: str,
    compact: bool = False,
) -> Path:
    """Write the page's files, the page itself last."""
    jinja = require("jinja2", "train")
    environment = jinja.Environment(
        loader=jinja.FileSystemLoader(HERE), autoescape=True, trim_blocks=True
    )
    environment.filters["thousands"] = lambda n: f"{n:,}"
    style = assembled(HERE / "explorer.css")
    script = assembled(HERE / "explorer.js")
    page = environment.get_template("explorer.html").render(
        title=plain(title, one_line=True),
        count=len(points),
        sides=[_about(side.run, side.name, side.streams) for side in points.sides],
        has_texts=bool(points.texts),
        private=_private(points, data),
        command=plain(command, one_line=True),
        style=style,
        script=script,
        style_hash=hash_of(style),
        script_hash=hash_of(script),
    )
    numbers = numbers_script(points, title=title, file=_file_name(title), compact=compact)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "data.js").write_text(numbers, encoding="utf8")
        if points.texts:
            (folder / "texts.js").write_text(texts_script(points), encoding="utf8")
        else:
            (folder / "texts.js").unlink(missing_ok=True)  # of an earlier page
        (folder / "index.html").write_text(page, encoding="utf8")
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from None
    return folder / "index.html"


def _about(run: Mapping[str, Any] | None, name: str, streams: Mapping[str, str]) -> dict[str, str]:
    observed = "; ".join(f"{split}: {stream} stream" for split, stream in streams.items())
    if run is None:
        return {"name": plain(name, one_line=True), "said": observed or "a table of scores"}
    config, where = run["config"], run["environment"]
    said = (
        f"model {config['model']}, seed {config['seed']}, {config['epochs']} epochs, learning rate "
        f"{config['learning_rate']}, batches of {config['batch_size']}; {where['hardware']}, "
        f"{where['date']}; run {run['hash']}; {observed}"
    )
    return {"name": plain(name, one_line=True), "said": plain(said, one_line=True)}


def _private(points: Points, data: TextData | None) -> str:
    """The licence of texts that the page holds and nobody may pass on."""
    if not points.texts or data is None or data.redistributable or data.name not in DATASETS:
        return ""
    return DATASETS[data.name].licence


def _file_name(title: str) -> str:
    stem = re.sub(r"[^\w.-]+", "-", title).strip("-.") or "samples"
    return f"{stem[:80]}.selected"
