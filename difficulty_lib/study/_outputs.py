"""Studies and chapters of tasks whose models give out texts: summaries, or answers."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import pandas as pd

from difficulty_lib import charts
from difficulty_lib.book import quoted_texts
from difficulty_lib.study._chapter import Chapter
from difficulty_lib.study._study import Study


class OutputsStudy(Study):
    """Results of recorded runs whose models' own outputs were kept after the last epoch."""

    kinds: ClassVar[tuple[str, str]]  # of outputs, the better first
    kinds_title: ClassVar[str]
    guess_quotes: ClassVar[bool] = False  # whether `guess` holds words of the data

    @cached_property
    def outputs(self) -> pd.DataFrame | None:
        """What the model gave out after the last epoch (`Run.outputs`); None if it was not kept."""
        table = self.run.outputs(self.split)
        return None if table is None else table.loc[self.dynamics.ids]

    def with_kinds(self, frame: pd.DataFrame, better: pd.Series, guess: list[str]) -> pd.DataFrame:
        """The samples with `kind`, which of `kinds` an output is, and `guess`, it in a few words."""
        kind = better.map({True: self.kinds[0], False: self.kinds[1]})
        return frame.assign(kind=kind, guess=guess)

    @property
    def shown_texts(self) -> pd.Series | None:
        """The text by which a sample is known in charts, or None."""
        return self.texts


class OutputsChapter(Chapter):
    """What the notebooks of such tasks call, beside what those of all tasks do."""

    study: OutputsStudy

    def action_entropy_chart(self) -> Any:
        """The brushable scatter, coloured by the kind of output."""
        study, samples = self.study, self.study.samples
        kinds = study.kinds
        if study.outputs is None:
            kinds = ("known", "not known")
            samples = samples.assign(kind=kinds[1], guess="")
        order = samples["action"].sort_values(ascending=False).index
        quoted = order[:10].append(order[-5:])
        texts = quoted_texts(study.shown_texts, quoted, study.spec.redistributable)
        samples = samples.assign(text=texts.reindex(samples.index).fillna(""))
        if study.guess_quotes and not study.spec.redistributable:
            samples["guess"] = samples["guess"].where(samples.index.isin(quoted), "")
        return charts.action_entropy_chart(
            samples[["id", "action", "entropy", "kind", "guess", "text"]],
            f"Spearman correlation {study.action_entropy.value:.2f}",
            kinds=kinds,
            title=study.kinds_title,
        )
