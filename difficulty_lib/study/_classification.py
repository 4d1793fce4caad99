"""Everything that a classification chapter shows, for whichever data set it is given."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from difficulty_lib.analysis import (
    ClassDifficulty,
    Estimate,
    agreement_ceiling,
    class_difficulty,
    disagreement_table,
    hardest,
    paired_difference,
    share,
    spearman,
)
from difficulty_lib.study._study import TOP, Study
from difficulty_lib.training import Run


class ClassificationStudy(Study):
    """Results of recorded runs of a task whose samples have classes."""

    @cached_property
    def samples(self) -> pd.DataFrame:
        """A row per sample: `id`, `target`, `predicted`, `action`, `entropy`; index sample_id."""
        assert self.dynamics.label is not None
        predicted = self.dynamics.matrix("predicted")[-1].astype(int)
        frame = super().samples
        frame.insert(1, "target", [self.names[k] for k in self.dynamics.label])
        frame.insert(2, "predicted", [self.names[k] for k in predicted])
        return frame

    def measures(self, run: Run) -> dict[str, float]:
        """Accuracy on every evaluated split, after the last and after the best epoch."""
        found = {f"{s} accuracy": run.accuracy(s) for s in run.config.evaluation_splits}
        for other in run.config.evaluation_splits:
            if other != self.split:  # an epoch chosen on a split says nothing of that split
                chosen = run.accuracy(other, run.best_epoch(self.split))
                found[f"{other} accuracy, best epoch on {self.split}"] = chosen
        return found

    @cached_property
    def accuracy(self) -> Estimate:
        """Accuracy on the scored split after the last epoch."""
        return share(self.dynamics.matrix("correct")[-1] > 0)

    @cached_property
    def confidently_wrong(self) -> Estimate:
        """Share of the hardest by action score that are wrong with a probability of .9 or more."""
        wrong = self.samples["target"] != self.samples["predicted"]
        sure = self.scores["maximum_softmax_probability"] >= 0.9
        return share((wrong & sure).loc[hardest(self.samples["action"], TOP)])

    @cached_property
    def classes(self) -> ClassDifficulty:
        """Mean action score of every class against its frequency in training."""
        assert self.dynamics.label is not None
        counts = self.run.record["data"]["label_counts"]["train"]
        return class_difficulty(self.samples["action"], self.dynamics.label, counts, self.names)

    @cached_property
    def rarity(self) -> Estimate:
        """Spearman, over the samples, of action score and the frequency of the sample's class."""
        counts = self.run.record["data"]["label_counts"]["train"]
        frequency = self.samples["target"].map(dict(zip(self.names, counts)))
        return spearman(frequency, self.samples["action"])

    @property
    def rated(self) -> bool:
        """Whether people's individual ratings of the samples are at hand."""
        return self.rows is not None and "disagreement" in self.rows.columns

    @cached_property
    def disagreement(self) -> pd.DataFrame:
        """Every score's Spearman with human disagreement (see `disagreement_table`)."""
        assert self.rows is not None
        return disagreement_table(self.distinct_scores, self.rows["disagreement"])

    @cached_property
    def ceiling(self) -> Estimate:
        """The highest correlation that the raters' own agreement allows."""
        assert self.rows is not None
        return agreement_ceiling(self.rows["ratings"].tolist(), self.rows["label"].tolist())

    def against(self, other: str) -> Estimate:
        """Action score's correlation with human disagreement minus another score's, paired."""
        assert self.rows is not None
        return paired_difference(self.scores, self.rows["disagreement"], "action_score", other)
