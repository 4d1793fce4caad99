"""What five people each said of the IMDB test reviews that were suspected of a wrong label."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty_lib._errors import DataError

VOTES = ("negative", "positive", "neutral", "neither")
VERDICTS = ("right", "correctable", "neutral", "neither", "no agreement")
FLAGS = {  # which method had the review judged, and what the source calls it
    "flagged_by_loss": "FML_3_flagged",
    "flagged_by_losses": "FME_flagged",
    "flagged_by_confident_learning": "BL_CL_flagged",
}
FILE = "test_judgements.parquet"


def imdb_judgements() -> pd.DataFrame:
    """The crowd's judgements of 2,353 of the 25,000 test reviews of IMDB, from the local mirror.

    A review was judged if one of three methods flagged it, each of which flagged 1,310: the loss of
    one large fine-tuned model, that of three, and confident learning. Five people each said
    negative, positive, neutral or neither; three of them decide.

    Returns:
        Indexed by sample_id, those of the mirror's test split: `label` (0 negative, 1 positive, as
        given); `votes_negative`, `votes_positive`, `votes_neutral`, `votes_neither`; `verdict`,
        "right" (most gave the label), "correctable" (most gave the other label), "neutral",
        "neither" or "no agreement"; `any_error`, all but "right"; `correctable`; and
        `flagged_by_loss`, `flagged_by_losses`, `flagged_by_confident_learning`.

    Raises:
        DataError: in one line, where the mirror has them not or not with these columns.

    Source: Chong et al. 2022, who add the two other methods to the judgements of Northcutt et al.
    2021; the file is that of cleanlab/label-errors.
    """
    mirror = os.environ.get("DIFFICULTY_DATA")
    path = Path(mirror or "") / "imdb" / FILE
    if not mirror or not path.is_file():
        raise DataError(f"imdb: no judgements; set DIFFICULTY_DATA to a folder with imdb/{FILE}")
    try:
        frame = pd.read_parquet(path)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is not readable as Parquet ({reason})") from None
    wanted = ["id", "label", *(f"votes_{name}" for name in VOTES), *FLAGS.values()]
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; expected judgements of reviews")
    return _read(frame, path)


def _read(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    try:
        index = pd.Index(frame["id"].astype("int64"), name="sample_id")
        label = frame["label"].to_numpy(dtype=np.int64)
        votes = frame[[f"votes_{name}" for name in VOTES]].fillna(0).to_numpy(dtype=np.int64)
        flags = {name: frame[old].to_numpy(dtype=bool) for name, old in FLAGS.items()}
    except (ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: ids, labels or votes are no whole numbers ({reason})") from None
    for wrong, what in (
        (index.duplicated(), "is there more than once"),
        (~np.isin(label, [0, 1]), "has a label other than 0 and 1"),
        ((votes < 0).any(axis=1) | (votes.sum(axis=1) == 0), "has no votes"),
    ):
        if wrong.any():
            raise DataError(f"{path}: review {index[wrong][0]} {what}; expected one judgement each")
    # The two labels' votes come first, in the order of the labels.
    most, decided = votes.argmax(axis=1), 2 * votes.max(axis=1) > votes.sum(axis=1)
    verdict = np.select(
        [~decided, most == label, most < 2, most == 2], ["no agreement", *VERDICTS[:3]], "neither"
    )
    table = pd.DataFrame(votes, index=index, columns=[f"votes_{name}" for name in VOTES])
    table.insert(0, "label", label)
    return table.assign(
        verdict=verdict, any_error=verdict != "right", correctable=verdict == "correctable", **flags
    )
