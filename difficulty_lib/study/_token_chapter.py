"""The chapter on tokens: shaded texts, classes of words, planted errors."""

from __future__ import annotations

from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib._extras import require
from difficulty_lib.analysis import Estimate
from difficulty_lib.book import glue, token_map
from difficulty_lib.study._chapter import key_of, shown
from difficulty_lib.study._tokens import TokenStudy
from difficulty_lib.study._words import interval, percent, verdict

ADJUSTED = "with the place held fixed"


class TokenChapter:
    """What the notebook on tokens calls, one method per thing on the page."""

    def __init__(self, study: TokenStudy) -> None:
        self.study = study
        glue("n_scored", len(study.stream))
        glue("n_tokens", len(study.tokens.table))

    def about(self) -> str:
        """What the tokens are of."""
        study = self.study
        lost = [
            f"{len(found['ids']):,} of {found['split']}: {found['problem']}"
            for found in study.run.record["data"].get("problems", [])
            if found["split"] == study.split
        ]
        glue("concentration", study.concentration)
        return (
            f"{len(study.stream):,} texts of {study.split}, {len(study.tokens.table):,} tokens, "
            f"{len(study.words.table):,} words and marks, {study.run.config.epochs} epochs"
            f"{'; ' + '; '.join(lost) if lost else ''}. The hardest tenth of the words has "
            f"{percent(study.concentration)} of all the action score."
        )

    def map(self, count: int = 2) -> Any:
        """Texts with each word shaded by its own action score."""
        study = self.study
        ids = study.shown(count)
        kinds = ["hard"] * count + ["middle"] * count + ["easy"] * count
        action = study.samples["action"]
        titles = {i: f"{kind}: action score {action[i]:.2f}" for i, kind in zip(ids, kinds)}
        return token_map(study.tokens, ids, titles=titles)

    def classes_chart(self) -> Any:
        """Mean action score of every class of words against other words."""
        table = self.study.classes.table
        table = table[table["class"] != self.study.classes.reference]
        rows = [
            {
                "label": f"{row['class']} ({row['n']:,})",
                "series": series,
                "estimate": Estimate(
                    row[name], row[f"{name}_low"], row[f"{name}_high"], self.study.classes.n
                ),
            }
            for row in table.to_dict("records")
            for series, name in (("plain", "difference"), (ADJUSTED, "adjusted"))
        ]
        return charts.intervals_chart(
            pd.DataFrame(rows),
            f"action score minus that of {self.study.classes.reference} (nats)",
        )

    def classes_text(self) -> str:
        """Which classes of words are hard."""
        found = self.study.classes
        parts = []
        for row in found.table.to_dict("records"):
            name = row["class"]
            glue(f"class_{key_of(name)}", row["mean"])
            if name == found.reference:
                continue
            gap = Estimate(row["adjusted"], row["adjusted_low"], row["adjusted_high"], found.n)
            glue(f"class_{key_of(name)}_adjusted", gap)
            said = verdict(gap, 0.0, "harder", "easier", "not shown to differ")
            parts.append(f"{name} {said} ({interval(gap)} nats)")
        reference = found.table.set_index("class").loc[found.reference]
        return (
            f"Against {found.reference} (mean {reference['mean']:.2f} nats), with the place in the text "
            f"held fixed: {'; '.join(parts)}. Intervals resample texts, not words."
        )

    # Planted errors

    def _without(self) -> Any:
        display = require("IPython.display", "book")
        return display.Markdown("*This run observed no planted errors.*")

    def planted_text(self) -> str:
        """What was planted."""
        if not self.study.has_planted:
            return ""
        found, truth = self.study.errors, self.study.corrupted[1]
        kinds = truth.loc[truth["corrupted"], "kind"].value_counts()
        glue("planted_base_rate", found.base_rate)
        listed = ", ".join(f"{count:,} {kind}s" for kind, count in kinds.items())
        return (
            f"In {int(truth['corrupted'].sum()):,} of {found.n:,} references ({listed}) one piece was "
            f"changed. The model was trained on references as they are, and observed both the changed "
            f"and the unchanged ones. A random order has an average precision of "
            f"{found.base_rate:.2f}."
        )

    def planted_map(self) -> Any:
        """Corrupted references, the changed piece underlined."""
        if not self.study.has_planted:
            return self._without()
        study = self.study
        truth = study.corrupted[1]
        ids = study.planted_examples()
        titles = {
            i: f"“{truth.at[i, 'original']}” became “{truth.at[i, 'replacement']}”" for i in ids
        }
        return token_map(
            study.words_with_errors, ids, titles=titles, marked=truth.loc[ids, ["start", "end"]]
        )

    def planted_chart(self) -> Any:
        """Average precision of the corrupted references, by reduction."""
        if not self.study.has_planted:
            return self._without()
        found = self.study.errors
        names = {"action_score": "action score", "last_loss": "last loss"}
        rows = [
            {
                "label": row["reduction"],
                "series": names[row["score"]],
                "estimate": Estimate(row["average_precision"], row["low"], row["high"], found.n),
            }
            for row in found.table.to_dict("records")
        ]
        return charts.intervals_chart(
            pd.DataFrame(rows), "average precision of corrupted references", zero=found.base_rate
        )

    def verdict_text(self) -> str:
        """Which reduction finds the errors, and whether the changed word is the hardest."""
        if not self.study.has_planted:
            return ""
        found = self.study.errors
        table = found.table[found.table["score"] == "action_score"].set_index("reduction")
        for name, row in table.iterrows():
            glue(
                f"planted_{name}",
                Estimate(row["average_precision"], row["low"], row["high"], found.n),
            )
        best = table.index[0]
        parts = [
            f"Of the action scores, the best is by *{best}* with "
            f"{table.loc[best, 'average_precision']:.2f}."
        ]
        if best != "mean":
            gap = found.lead(best, "mean")
            glue("planted_best_minus_mean", gap)
            parts.append(
                f"Its lead over the mean, the paper's, is {interval(gap)}: "
                + verdict(
                    gap,
                    0.0,
                    "averaging over the tokens hides the error.",
                    "averaging finds more.",
                    "whether averaging over the tokens hides the error is undecided.",
                )
            )
        assert found.hardest is not None
        place = found.hardest.set_index("score").loc["action_score"]
        glue("planted_hardest", Estimate(place["share"], place["low"], place["high"], found.n))
        glue("planted_hardest_chance", float(place["chance"]))
        parts.append(
            f"The changed word is the hardest of its reference in {100 * place['share']:.0f} % "
            f"(95 % interval {100 * place['low']:.0f} to {100 * place['high']:.0f} %) of those that "
            f"were changed; a random word would be in {100 * place['chance']:.0f} %."
        )
        rises = self.study.rises.set_index("reduction")["share"]
        for name, estimate in rises.items():
            glue(f"planted_rises_{name}", estimate)
        parts.append(
            "Against the very same reference before, the error raises the action score by mean in "
            f"{percent(rises['mean'])}, by *{best}* in {percent(rises[best])}."
        )
        return " ".join(parts)

    def planted_table(self) -> Any:
        """Every reduction's average precision and AUROC, from action scores and last losses."""
        if not self.study.has_planted:
            return self._without()
        table = self.study.errors.table
        said = pd.DataFrame({"score": table["score"].str.replace("_", " ")})
        said["reduction"] = table["reduction"]
        for name, low, high, title in (
            ("average_precision", "low", "high", "average precision"),
            ("auroc", "auroc_low", "auroc_high", "AUROC"),
        ):
            said[title] = [
                f"{a:.2f}\u00a0[{b:.2f},\u00a0{c:.2f}]"
                for a, b, c in zip(table[name], table[low], table[high])
            ]
        return shown(said)
