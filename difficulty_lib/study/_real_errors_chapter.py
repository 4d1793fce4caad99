"""The chapter on real errors: its charts, tables and sentences, values glued."""

from __future__ import annotations

from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib._errors import DataError
from difficulty_lib.analysis import Estimate
from difficulty_lib.audit import RULE
from difficulty_lib.audit._wrong_or_ambiguous import KINDS as SORTED
from difficulty_lib.book import glue
from difficulty_lib.scores import SCORES
from difficulty_lib.study import _real_errors_words as words
from difficulty_lib.study._chapter import shown
from difficulty_lib.study._nli_words import left_out
from difficulty_lib.study._real_errors import RealErrorsStudy
from difficulty_lib.study._real_errors_imdb import A_VOTE_EACH, BESIDE_WORDS, KINDS, WORDS
from difficulty_lib.study._real_errors_kinds import KINDS as LABEL_KINDS

KEYS = {WORDS: "words", BESIDE_WORDS: "words_and_loss", A_VOTE_EACH: "words_and_each"}  # glued
ROWS = 12  # of the contestants on IMDB
HEADS = {
    "kind": "errors",
    "average_precision": "average precision",
    "auroc": "AUROC",
    "base_rate": "base rate",
    "errors_among_judged": "errors among these",
    "lowest": "at least",
    "highest": "at most",
}
Text = str


class RealErrorsChapter:
    """What the notebook calls, one method per thing on the page.

    Where the data lack what a chart or table shows, there is none, and the sentence beside it says
    what is missing.
    """

    def __init__(self, study: RealErrorsStudy) -> None:
        self.study = study

    def about(self) -> Text:
        """What the page is made of."""
        return words.about(self.study)

    # --- false alarms ------------------------------------------------------------------------

    def rated_chart(self) -> Any:
        """Suspects among rated sentences: ambiguous, or a plain false alarm."""
        return _alarms_chart(self.study.rated, ("ambiguous", "clear"))

    def rated_text(self) -> Text:
        """What the raters say of the suspects."""
        found = self.study.rated
        if found is None:
            return words.missing(self.study, "rated")
        _glue_alarms("rated", found)
        return words.alarms(found, "the raters", by_construction=True)

    def chaos_chart(self) -> Any:
        """Suspects among ChaosNLI's pairs: wrong, ambiguous, or a plain false alarm."""
        return _alarms_chart(self.study.chaos, ("wrong", "ambiguous", "clear"))

    def chaos_text(self) -> Text:
        """What a hundred people say of the suspects."""
        found = self.study.chaos
        if found is None:
            return words.missing(self.study, "chaos")
        _glue_alarms("chaos", found)
        return words.alarms(found, "a hundred people")

    # --- error and variation -----------------------------------------------------------------

    def kinds_text(self) -> Text:
        """How many labels are an error, and how many are variation."""
        found = self.study.variation
        if found is None:
            return words.missing(self.study, "variation")
        for kind, count in found.counts.items():
            glue(f"varierr_{kind}", count)
        return words.kinds(found)

    def separation_chart(self) -> Any:
        """Every score's AUROC: errors against variation, and variation against agreement."""
        found = self.study.variation
        if found is None:
            return None
        asked = ("error against variation", "variation against agreed")
        table = found.separation[found.separation["question"].isin(asked)]
        table = table.rename(columns={"title": "label", "question": "series", "auroc": "estimate"})
        return charts.intervals_chart(table, "AUROC", zero=0.5)

    def separation_text(self) -> Text:
        """Whether any score tells the two apart."""
        found = self.study.variation
        if found is None:
            return ""
        table = found.separation[found.separation["question"] == "error against variation"]
        by_score = table.set_index("score")
        glue("varierr_action_auroc", by_score.loc["action_score", "auroc"])
        glue("varierr_action_precision", by_score.loc["action_score", "average_precision"])
        glue("varierr_best_auroc", table["auroc"].iloc[0])
        glue("varierr_best", str(table["score"].iloc[0]))
        return words.separation(found)

    def separation_table(self) -> Any:
        """Average precision and AUROC of every score, for each question."""
        found = self.study.variation
        if found is None:
            return None
        columns = ["question", "title", "means", "average_precision", "auroc", "base_rate", "n"]
        return _shown(found.separation[columns].rename(columns={"title": "score"}))

    def thresholds_table(self) -> Any:
        """The action score's AUROC where other thresholds say what an error is."""
        found = self.study.variation
        return None if found is None else _shown(found.by_threshold)

    def places_chart(self) -> Any:
        """Wrongness against ambiguity, with the rule's lines."""
        found = self.study.variation
        if found is None:
            return None
        pair = found.pairs[0]
        titles = (SCORES[pair[0]].title, SCORES[pair[1]].title)
        return charts.wrong_ambiguous_chart(found.places(pair), LABEL_KINDS, RULE, titles)

    def sorting_text(self) -> Text:
        """How often the rule is right."""
        found = self.study.variation
        if found is None:
            return ""
        try:
            measured = found.sorting(found.pairs[0])
        except DataError as error:  # no suspect of one of the two kinds
            return left_out("The rule's measurement", str(error))
        glue("rule_balanced_accuracy", measured.balanced_accuracy)
        glue("rule_separation", measured.separation)
        return words.sorting(measured, found.pairs[0])

    def confusion_table(self) -> Any:
        """What the rule calls every kind of label."""
        found = self.study.variation
        if found is None:
            return None
        places = found.places(found.pairs[0])
        table = pd.crosstab(places["label"], places["kind"])
        table = table.reindex(index=list(LABEL_KINDS), columns=list(SORTED), fill_value=0)
        return shown(table.rename_axis("the label is").reset_index().rename_axis(None, axis=1))

    def pairs_table(self) -> Any:
        """The rule on other pairs of scores."""
        found = self.study.variation
        return None if found is None else _shown(found.sorted_by)

    # --- reviews -----------------------------------------------------------------------------

    def judged_text(self) -> Text:
        """The three readings, for any error and for correctable ones."""
        found = self.study.judged
        if found is None:
            return words.missing(self.study, "judged")
        glue("imdb_read", found.at)
        glue("imdb_runs", len(self.study.reviews))
        for kind in KINDS:
            glue(f"imdb_{kind}_base_rate", found.truth(kind).mean())
            for name, read in found.headline[kind].items():
                key = f"imdb_{kind}_{name.replace(' ', '_')}"
                glue(f"{key}_ap", read.pool.average_precision)
                glue(f"{key}_auroc", read.pool.auroc)
                glue(f"{key}_judged", read.judged)
                glue(f"{key}_among", read.errors_among_judged)
                glue(f"{key}_lowest", read.lowest)
                glue(f"{key}_highest", read.highest)
        return "\n\n".join(words.judged(found, kind) for kind in KINDS)

    def judged_table(self) -> Any:
        """The readings of the headline's rankings."""
        found = self.study.judged
        if found is None:
            return None
        rows = [
            {"errors": KINDS[kind], "ranking": name}
            | {
                "average precision": read.pool.average_precision,
                "AUROC": read.pool.auroc,
                f"judged of the first {found.at:,}": read.judged,
                "errors among these": read.errors_among_judged,
                "at least": read.lowest,
                "at most": read.highest,
            }
            for kind in KINDS
            for name, read in found.headline[kind].items()
        ]
        return _shown(pd.DataFrame(rows))

    def contestants_table(self, rows: int = ROWS) -> Any:
        """The contestants with the highest average precision, for each kind of error."""
        found = self.study.judged
        if found is None:
            return None
        ends = [c for c in found.table if str(c).endswith(("_low", "_high"))]
        table = _alike_once(found.table).drop(columns=ends).replace({"kind": KINDS})
        table = table.groupby("kind", sort=False).head(rows)
        return shown(
            table.assign(contestant=table["contestant"].map(words.in_words)).rename(columns=HEADS)
        )

    def judged_chart(self, rows: int = ROWS) -> Any:
        """Average precision of the best contestants on any error, and theirs on correctable ones."""
        found = self.study.judged
        if found is None:
            return None
        table = _alike_once(found.table)
        best = table.loc[table["kind"] == "any_error", "contestant"].head(rows)
        table = table[table["contestant"].isin(best)]
        table = pd.DataFrame(
            {
                "label": table["contestant"].map(words.in_words),
                "series": table["kind"].map(KINDS),
                "estimate": [
                    Estimate(v, low, high, n=len(found.judgements))
                    for v, low, high in zip(
                        table["average_precision"],
                        table["average_precision_low"],
                        table["average_precision_high"],
                    )
                ],
            }
        )
        return charts.intervals_chart(table, "average precision within the judged", zero=None)

    def words_text(self) -> Text:
        """What a linear model of words finds, alone and beside the last loss."""
        if self.study.judged is None:
            return ""
        table = self.study.judged.table
        for row in table[table["contestant"].str.contains(WORDS)].itertuples():
            name = KEYS[row.contestant]
            glue(f"imdb_{row.kind}_{name}_ap", row.average_precision)
            glue(f"imdb_{row.kind}_{name}_lowest", row.lowest)
        return words.by_words(self.study)

    def published_text(self) -> Text:
        """What the published methods found."""
        found = self.study.judged
        return "" if found is None else words.published(found)

    def over_time_text(self) -> Text:
        """Whether later epochs help."""
        found = self.study.judged
        return "" if found is None else words.over_time(found)


def _alike_once(table: pd.DataFrame) -> pd.DataFrame:
    """Of contestants with the same figures throughout, as many scores of one epoch are, the first."""
    figures = table.drop(columns=["kind", "contestant"]).columns
    wide = table.pivot(index="contestant", columns="kind", values=list(figures)).round(9)
    alike: dict[tuple[float, ...], list[str]] = {}
    for name in dict.fromkeys(table["contestant"]):
        alike.setdefault(tuple(wide.loc[name]), []).append(name)
    names = {
        first: f"{first} (+ {len(others)} alike)" if others else first
        for first, *others in alike.values()
    }
    kept = table[table["contestant"].isin(names)]
    return kept.assign(contestant=kept["contestant"].map(names)).reset_index(drop=True)


def _alarms_chart(found: pd.DataFrame | None, kinds: tuple[str, ...]) -> Any:
    if found is None:
        return None
    table = pd.DataFrame(
        [
            {"label": row["title"], "series": kind, "estimate": row[kind]}
            for _, row in found.iterrows()
            for kind in kinds
        ]
    )
    return charts.intervals_chart(table, "share of the most suspect", zero=None)


def _glue_alarms(name: str, found: pd.DataFrame) -> None:
    row = found.set_index("score").loc["action_score"]
    for kind, base in found.attrs["base"].items():
        glue(f"{name}_{kind}", row[kind])
        glue(f"{name}_{kind}_base", base)


def _shown(table: pd.DataFrame) -> Any:
    """A table whose estimates are given with their intervals."""
    return shown(table.map(lambda value: "" if value is None else _written(value)))


def _written(value: object) -> object:
    return str(value) if isinstance(value, Estimate) else value
