"""The chapter on agreement: its charts, each with the table behind it, and its sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from difficulty_lib import charts
from difficulty_lib.analysis import Estimate
from difficulty_lib.book import glue
from difficulty_lib.study import _agreement_words as words
from difficulty_lib.study._agreement import ALL, AgreementStudy
from difficulty_lib.study._audit_chapter import folded
from difficulty_lib.study._chapter import key_of, shown

QUOTED = 8  # hard samples that are shown with their neighbours


class AgreementChapter:
    """What the notebook on agreement calls, one method per thing on the page."""

    def __init__(self, study: AgreementStudy) -> None:
        self.study = study
        glue("n_scored", len(study.dynamics))
        glue("n_models", len(study.models))
        glue("n_seeds", len(study.own_streams))

    def about(self) -> str:
        """What is compared."""
        return words.about(self.study)

    def answer_text(self) -> str:
        """The chapter in a few sentences."""
        return f"**The answer in short.** {words.answer(self.study)}"

    def agreement_chart(self) -> Any:
        """Correlations over all samples and within classes."""
        study, table = self.study, self.study.agreement
        rows = []
        for row in table.to_dict("records"):
            methods = ("spearman", "pearson") if len(study.groups) == 1 else ("spearman",)
            for method in methods:
                series = method.capitalize() if len(study.groups) == 1 else row["group"]
                rows.append({"label": row["class"], "series": series, "estimate": row[method]})
        return charts.intervals_chart(
            pd.DataFrame(rows), "correlation of action scores between runs", zero=None
        )

    def agreement_table(self) -> Any:
        """The numbers of that chart."""
        for row in self.study.agreement.to_dict("records"):
            if row["class"] == ALL:
                for method in ("spearman", "pearson"):
                    glue(f"{method}_{key_of(row['group'])}", row[method])
        table = self.study.agreement.rename(columns={"spearman": "Spearman", "pearson": "Pearson"})
        return folded(_said(table), "correlations of action scores, with 95 % intervals")

    def pairs_table(self) -> Any:
        """Every pair of runs."""
        table = self.study.pairs.rename(columns={"spearman": "Spearman", "pearson": "Pearson"})
        return folded(_said(table), "every pair of runs")

    def agreement_text(self) -> str:
        """How well reruns and models agree."""
        for models, apart in self.study.models_apart.items():
            glue(f"apart_{key_of(models)}", apart)
        return f"{words.agreement(self.study)} {words.classes(self.study)}"

    def parts_chart(self) -> Any:
        """Agreement by how hard."""
        table = self.study.parts
        return charts.against_null_chart(
            table,
            _ranges(table),
            "part of the samples by action score, the hardest last (%)",
            "Spearman between runs",
        )

    def parts_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.parts
        labels = _ranges(table) * len(self.study.groups)
        return folded(_with_null(table, "part, %", labels), "Spearman within parts, and the null")

    def tops_chart(self) -> Any:
        """Agreement among the hardest."""
        return charts.against_null_chart(
            self.study.tops, self._tops, "the hardest of the samples", "Spearman between runs"
        )

    @property
    def _tops(self) -> list[str]:
        return [f"{top:.0%}" for top in dict.fromkeys(self.study.tops["top"].round(4))]

    def tops_table(self) -> Any:
        """The numbers of that chart."""
        labels = self._tops * len(self.study.groups)
        return folded(
            _with_null(self.study.tops, "the hardest", labels), "Spearman among the hardest"
        )

    def parts_text(self) -> str:
        """Where runs agree more or less than restriction of range allows."""
        hard = self.study.parts[self.study.parts["group"] == self.study.reruns].iloc[-1]
        glue("hardest_part", _estimate(hard))
        glue("hardest_part_null", float(hard["null"]))
        return words.parts(self.study)

    def overlap_chart(self) -> Any:
        """Overlap of the hardest, corrected for chance."""
        return charts.against_null_chart(
            self.study.overlap,
            self._ks,
            "k, so many of the hardest samples",
            "overlap of the k hardest, corrected for chance",
        )

    @property
    def _ks(self) -> list[str]:
        return [f"{k:,}" for k in dict.fromkeys(self.study.overlap["k"])]

    def overlap_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.overlap
        wide = _with_null(table, "k", self._ks * len(self.study.groups), "corrected")
        wide.insert(2, "in common", [f"{100 * share:.0f} %" for share in table["overlap"]])
        wide.insert(3, "by chance", [f"{100 * share:.0f} %" for share in table["share"]])
        return folded(wide, "overlap of the hardest samples")

    def overlap_text(self) -> str:
        """How many of the hardest two seeds share."""
        table = self.study.overlap
        for row in table[table["group"] == self.study.reruns].to_dict("records"):
            glue(f"overlap_{round(100 * row['share'])}", _estimate(row))
        return words.overlap(self.study)

    def reliability_chart(self) -> Any:
        """How reliable every score is, of one seed and of the mean of all."""
        table, count = self.study.reliability_of_scores, len(self.study.own_streams)
        rows = [
            {"label": row.title, "series": series, "estimate": estimate}
            for row in table.itertuples(index=False)
            for series, estimate in (
                ("one seed", row.single),
                (f"mean of {count} seeds (Spearman–Brown)", row.mean),
            )
        ]
        return charts.intervals_chart(
            pd.DataFrame(rows), "correlation with another such (Spearman)", zero=None
        )

    def reliability_table(self) -> Any:
        """The numbers of that chart, and how many seeds it takes."""
        rows = []
        for row in self.study.reliability_of_scores.itertuples(index=False):
            glue(f"reliability_{row.score}", row.single)
            needed = row.needed
            ends = ["∞" if n is None else f"{n:,}" for n in (needed.seeds, needed.low, needed.high)]
            if needed.seeds is not None:
                glue(f"seeds_{row.score}", needed.seeds)
            rows.append(
                {"score": row.title, "two seeds": _figure(row.single)}
                | {f"means of {len(self.study.own_streams)}": _figure(row.mean)}
                | {f"seeds for {needed.target:g}": f"{ends[0]} [{ends[1]}, {ends[2]}]"}
            )
        return folded(pd.DataFrame(rows), "reliability of every score, and the seeds it takes")

    def reliability_text(self) -> str:
        """How many seeds a score takes."""
        return words.reliability(self.study)

    def neighbours_table(self) -> Any:
        """The hardest samples and the labels of their nearest neighbours."""
        found = self.study.neighbours
        if found is None:
            return None
        near = found.table(QUOTED)
        rows = []
        for sample, part in near.groupby("id", sort=False):
            own = self.study.samples.loc[sample]
            rows.append(
                {"id": sample, "text": self._text(sample), "label": own["target"]}
                | {"predicted": own["predicted"], "action score": float(own["action"])}
                | {f"labels of the {found.count} nearest": _counted(part["neighbour_label"])}
                | {"nearest": self._training_text(part["neighbour"].iloc[0])}
            )
        return shown(pd.DataFrame(rows), 2)

    def neighbours_detail(self) -> Any:
        """Every neighbour of these samples."""
        found = self.study.neighbours
        if found is None:
            return None
        near = found.table(QUOTED).rename(columns={"neighbour_label": "label"})
        if self.study.spec.redistributable:  # so many texts only where the licence allows it
            near["text"] = [self._training_text(n) for n in near["neighbour"]]
        return folded(near, f"the {found.count} nearest training samples of each")

    def _text(self, sample: Any) -> str:
        assert self.study.texts is not None
        return str(self.study.texts.loc[sample])

    def _training_text(self, sample: Any) -> str:
        assert self.study.data is not None
        return str(self.study.data.texts("train").loc[sample])

    def neighbours_text(self) -> str:
        """Whether the hardest lie among samples of other classes."""
        found = self.study.neighbours
        if found is not None:
            glue("neighbours_hardest", found.of_hardest["label"])
            glue("neighbours_others", found.of_others)
            glue("neighbours_apart", found.apart)
        return words.neighbours(found)

    def accuracy_chart(self) -> Any:
        """Accuracy as a function of each score."""
        return charts.accuracy_chart(self.study.accuracy_by_score)

    def accuracy_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.accuracy_by_score
        said = [
            f"{100 * r.value:.0f} % [{100 * r.low:.0f}, {100 * r.high:.0f}]"
            for r in table.itertuples(index=False)
        ]
        wide = table.assign(said=said).pivot(
            index=["title", "series"], columns="part", values="said"
        )
        wide = wide.loc[list(dict.fromkeys(zip(table["title"], table["series"])))]
        wide.columns = [f"part {part}" for part in wide.columns]
        wide = wide.reset_index().rename(columns={"title": "by", "series": "right is"})
        return folded(wide, "accuracy by score, part 1 the easiest, with Wilson's 95 % intervals")

    def accuracy_text(self) -> str:
        """What the hardest parts hold."""
        table = self.study.accuracy_by_score
        last = table[table["part"] == table["part"].max()]
        for series, name in zip(self.study.judges, ("own", "other")):
            for row in last[last["series"] == series].to_dict("records"):
                glue(f"accuracy_{name}_{row['score']}", _estimate(row))
        return words.accuracy(self.study)

    def variance_chart(self) -> Any:
        """Action variance against entropy."""
        found = self.study.variance_entropy
        return charts.variance_entropy_chart(
            self.study.spread, f"Spearman correlation {found.value:.2f}"
        )

    def variance_table(self) -> Any:
        """That chart in numbers: quartiles of action variance by tenths of entropy."""
        spread = self.study.spread
        tenth = pd.qcut(spread["entropy"].rank(method="first"), 10, labels=False) + 1
        rows = []
        for number, part in spread.groupby(tenth):
            low, middle, high = part["variance"].quantile([0.25, 0.5, 0.75])
            rows.append(
                {"tenth by entropy": number, "entropy, up to": float(part["entropy"].max())}
                | {"action variance, quartile 1": low, "median": middle, "quartile 3": high}
                | {"wrong": f"{100 * (1 - part['right'].mean()):.0f} %"}
            )
        return folded(pd.DataFrame(rows), "action variance by tenths of entropy")

    def variance_text(self) -> str:
        """Whether action variance is entropy under another name."""
        study = self.study
        glue("variance_entropy", study.variance_entropy)
        glue("variance_entropy_pearson", study.variance_entropy_linear)
        glue("variance_closer", study.variance_closer)
        return words.variance(study)


def _estimate(row: Any) -> Estimate:
    return Estimate(float(row["value"]), float(row["low"]), float(row["high"]), n=0)


def _figure(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _said(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(
        **{name: [_figure(e) for e in table[name]] for name in ("Spearman", "Pearson")}
    )


def _ranges(table: pd.DataFrame) -> list[str]:
    spans = dict.fromkeys(zip(table["start"].round(6), table["end"].round(6)))
    return [f"{100 * start:.0f}–{100 * end:.0f}" for start, end in spans]


def _with_null(
    table: pd.DataFrame, name: str, labels: list[str], what: str = "Spearman"
) -> pd.DataFrame:
    said, null = (
        [f"{v:.3f} [{low:.3f}, {high:.3f}]" for v, low, high in zip(*(table[c] for c in columns))]
        for columns in (("value", "low", "high"), ("null", "null_low", "null_high"))
    )
    return pd.DataFrame({"group": table["group"], name: labels, what: said, "null": null})


def _counted(labels: pd.Series) -> str:
    return ", ".join(f"{name} {count}" for name, count in labels.value_counts(sort=True).items())
