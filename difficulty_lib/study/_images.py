"""What the chapter on images shows: two models' action scores, per image and per pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import (
    CurveClusters,
    Estimate,
    cluster_curves,
    mean,
    seed_agreement,
    seed_scores,
    share,
    spearman,
)
from difficulty_lib.audit import (
    contestant_table,
    measure_table,
    neighbour_disagreement,
    oriented,
    over_seeds,
    random_ranking,
    score_contestants,
)
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.images import (
    ImageData,
    ImageRun,
    edge_pixels,
    pixel_entropy,
    pixel_maps,
)
from difficulty_lib.scores import SCORES

Array = NDArray[np.float64]
ACTION = "action_score"
CHOSEN = "test"  # the split that is scored, as in the paper
OVERALL = "all classes"
SERIES = {
    "classifier": "classifier, two seeds",
    "autoencoder": "autoencoder, two seeds",
    "both": "classifier and autoencoder",
}


@dataclass(frozen=True)
class PlantedRun:
    """A classifier that was told some wrong labels.

    Attributes:
        run: with the training and the evaluation stream of `train`.
        truth: by sample_id, whether the label is wrong.
        given: by sample_id, the label that it was told.
    """

    run: ImageRun
    truth: pd.Series
    given: pd.Series


class ImageStudy:
    """Two models on the same images, every one with several seeds.

    Args:
        data: the images.
        classifiers: one per seed, two or more.
        autoencoders: of the same seeds; the first with every pixel in its evaluation stream.
        planted: of the same seeds; none where nothing was planted.
        rate: share of the labels that were to be planted.
        settings: what was trained, for the page.

    Raises:
        ConfigError: on fewer than two seeds, or others for one model than for another.
    """

    def __init__(
        self,
        data: ImageData,
        classifiers: Sequence[ImageRun],
        autoencoders: Sequence[ImageRun],
        planted: Sequence[PlantedRun] = (),
        rate: float = 0.1,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.data, self.rate = data, rate
        self.classifiers, self.autoencoders = list(classifiers), list(autoencoders)
        self.planted, self.settings = list(planted), dict(settings or {})
        self.seeds = [run.seed for run in self.classifiers]
        others = {
            "autoencoders": [run.seed for run in self.autoencoders],
            "planted": [one.run.seed for one in self.planted] or self.seeds,
        }
        if len(set(self.seeds)) < max(2, len(self.seeds)):
            raise ConfigError(f"seeds are {self.seeds}; expected two or more, each another one")
        for name, seeds in others.items():
            if seeds != self.seeds:
                raise ConfigError(f"seeds of the {name} are {seeds}; expected {self.seeds}")

    # --- per image --------------------------------------------------------------------------------

    def streams(self, kind: str) -> list[StreamDynamics]:
        """The scored streams of a model's runs, "classifier" or "autoencoder", without pixels."""
        runs = self.classifiers if kind == "classifier" else self.autoencoders
        return [without_tokens(run.dynamics.stream(CHOSEN, "evaluation")) for run in runs]

    @cached_property
    def scores(self) -> pd.DataFrame:
        """By sample_id: `classifier` and `autoencoder`, action scores as means over the seeds, and
        `label`, `predicted` and `wrong` (by the first seed after its last epoch)."""
        found = {
            kind: seed_scores(self.streams(kind), ACTION).mean(axis=1)
            for kind in ("classifier", "autoencoder")
        }
        table = pd.DataFrame(found)
        stream = self.streams("classifier")[0]
        table["label"] = self._by_id(self.data.labels[CHOSEN]).reindex(table.index)
        table["predicted"] = pd.Series(stream.columns["predicted"][-1], index=stream.ids)
        table["wrong"] = table["label"] != table["predicted"]
        return table

    @cached_property
    def accuracies(self) -> Estimate:
        """The classifiers' accuracy on the scored split after the last epoch, over seeds."""
        return over_seeds(
            [float(s.matrix("correct")[-1].mean()) for s in self.streams("classifier")]
        )

    def extremes(
        self, kind: str, count: int, label: int | None = None
    ) -> tuple[list[int], list[int]]:
        """Ids of the hardest images, the hardest first, and of the easiest, the easiest first."""
        scores = self.scores
        if label is not None:
            scores = scores[scores["label"] == label]
        order = scores[kind].sort_values(ascending=False, kind="stable").index.tolist()
        count = min(count, len(order) // 2)
        return order[:count], order[::-1][:count]

    def image(self, sample_id: int) -> NDArray[np.float32]:
        """An image of the scored split."""
        return self.data.images[CHOSEN][self._place[sample_id]]

    @cached_property
    def _place(self) -> dict[int, int]:
        return {int(i): place for place, i in enumerate(self.data.ids[CHOSEN])}

    def _by_id(self, values: NDArray[Any]) -> pd.Series:
        return pd.Series(values, index=pd.Index(self.data.ids[CHOSEN], name="sample_id"))

    def clusters(self, kind: str) -> CurveClusters:
        """Three clusters of the first seed's loss curves."""
        return cluster_curves(self.streams(kind)[0])

    # --- what the paper says of the images --------------------------------------------------------

    @cached_property
    def wrong_shares(self) -> tuple[Estimate, Estimate]:
        """Share of misread images among the tenth that is hardest, and among all others."""
        order = self.scores.sort_values("classifier", ascending=False, kind="stable")["wrong"]
        tenth = max(1, round(len(order) / 10))
        return share(order[:tenth]), share(order[tenth:])

    @cached_property
    def unusual(self) -> Estimate:
        """Spearman's correlation of the classifier's score with the distance to the class's mean."""
        images, labels = self.data.images["train"], self.data.labels["train"]
        count = len(self.data.label_names)
        centres = np.stack(
            [
                images[labels == k].mean(axis=0) if (labels == k).any() else images.mean(axis=0)
                for k in range(count)
            ]
        )
        apart = self.data.images[CHOSEN] - centres[self.data.labels[CHOSEN]]
        distance = self._by_id(np.sqrt((apart**2).sum(axis=(1, 2))))
        return spearman(self.scores["classifier"], distance.reindex(self.scores.index))

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """By sample_id, of the scored split: `used`, the share of pixels that are not empty; `floor`,
        the mean entropy of the pixels times the epochs, which no autoencoder's action score can fall
        below; and `excess`, the action score above it."""
        images = self.data.images[CHOSEN]
        used = self._by_id((images > 0).mean(axis=(1, 2)))
        floor = self._by_id(pixel_entropy(images).mean(axis=(1, 2))) * self.epochs("autoencoder")
        table = pd.DataFrame({"used": used, "floor": floor}).reindex(self.scores.index)
        table["excess"] = self.scores["autoencoder"] - table["floor"]
        return table

    def epochs(self, kind: str) -> int:
        """How many epochs a model was trained."""
        return len(self.streams(kind)[0].trained_epochs)

    def drawn_correlation(self, score: str, feature: str) -> Estimate:
        """Spearman's correlation of `autoencoder` or `excess` with `used` or `floor`."""
        table = self.drawn.assign(autoencoder=self.scores["autoencoder"])
        return spearman(table[score], table[feature])

    # --- per pixel --------------------------------------------------------------------------------

    @cached_property
    def maps(self) -> Array:
        """The action score of every pixel, the first seed's, shape (N, side, side)."""
        return pixel_maps(self._pixels, self.data.side)

    @property
    def _pixels(self) -> StreamDynamics:
        return self.autoencoders[0].dynamics.stream(CHOSEN, "evaluation")

    def pixel_map(self, sample_id: int) -> Array:
        """An image's pixels' action scores, the first seed's."""
        return self.maps[int(np.searchsorted(self._pixels.ids, sample_id))]

    def reconstruction(self, sample_id: int) -> NDArray[np.float32]:
        """What the first seed's autoencoder makes of an image after the last epoch."""
        return self.autoencoders[0].outputs[CHOSEN][self._place[sample_id]]

    @cached_property
    def edges(self) -> pd.DataFrame:
        """Edges against all other pixels: a row per measure, `name` and `estimate`, in nats.

        `estimate` is the mean over images of the difference between both means within the image: of
        the action score, of its floor (the pixel's own entropy, in every epoch), and of the rest.
        """
        place = [self._place[int(i)] for i in self._pixels.ids]
        images = self.data.images[CHOSEN][place]
        at = edge_pixels(images)
        both = at.any(axis=(1, 2)) & ~at.all(axis=(1, 2))
        floor = pixel_entropy(images) * self.epochs("autoencoder")
        rows = []
        for name, values in (
            ("action score", self.maps),
            ("what the pixel's grey makes unavoidable", floor),
            ("the rest, which is the model's", self.maps - floor),
        ):
            at_edges = (values * at).sum(axis=(1, 2))[both] / at.sum(axis=(1, 2))[both]
            elsewhere = (values * ~at).sum(axis=(1, 2))[both] / (~at).sum(axis=(1, 2))[both]
            rows.append({"name": name, "estimate": mean(at_edges - elsewhere)})
        return pd.DataFrame(rows)

    # --- agreement --------------------------------------------------------------------------------

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """A row per class (first: all) and pair: `label`, `series`, `estimate`, `n`, of Spearman's
        correlation between action scores of two seeds (their mean over all pairs of seeds), and
        between the two models (means over the seeds)."""
        rows = []
        names: dict[int | None, str] = {None: OVERALL}
        names.update(enumerate(self.data.label_names))
        for label, name in names.items():
            chosen = self.scores if label is None else self.scores[self.scores["label"] == label]
            if len(chosen) < 3:
                continue
            ids = chosen.index.to_numpy()
            for kind in ("classifier", "autoencoder"):
                streams = [stream.take(ids) for stream in self.streams(kind)]
                rows.append(
                    {"label": name, "series": SERIES[kind], "n": len(chosen)}
                    | {"estimate": seed_agreement(streams, ACTION, resamples=300)}
                )
            rows.append(
                {"label": name, "series": SERIES["both"], "n": len(chosen)}
                | {"estimate": spearman(chosen["classifier"], chosen["autoencoder"])}
            )
        return pd.DataFrame(rows)

    def agreed(self, pair: str, label: str = OVERALL) -> Estimate:
        """The correlation of a pair of `SERIES` in a class, or in all."""
        table = self.agreement
        row = table[(table["label"] == label) & (table["series"] == SERIES[pair])]
        found: Estimate = row["estimate"].iloc[0]
        return found

    # --- planted labels ---------------------------------------------------------------------------

    @cached_property
    def precision(self) -> pd.DataFrame:
        """Average precision of the planted errors, a row per seed, a column per contestant."""
        return pd.DataFrame(
            {
                one.run.seed: self._precision(one, blind)
                for one, blind in zip(self.planted, self.autoencoders)
            }
        ).T

    def _precision(self, one: PlantedRun, blind: ImageRun) -> pd.Series:
        images = pd.Series(
            list(self.data.images["train"].reshape(len(one.given), -1)), index=one.given.index
        )
        unlabelled = SCORES[ACTION](blind.dynamics.stream("train", "training"))
        contestants = contestant_table(
            *(
                score_contestants(one.run.dynamics.stream("train", s))
                for s in ("evaluation", "training")
            ),
            neighbour_disagreement(one.given, np.stack(images.tolist())),
            oriented(unlabelled, name=f"{ACTION}/autoencoder"),
            random_ranking(one.given.index.to_numpy(), seed=one.run.seed),
        )
        table = measure_table(contestants, one.truth, resamples=0)
        return table.set_index("contestant")["average_precision"]

    @cached_property
    def found(self) -> pd.DataFrame:
        """A row per contestant, the best mean first: `contestant`, `estimate` over the seeds.

        Of those that find the same with every seed, the first alone.
        """
        kept = self.precision.loc[:, ~self.precision.round(12).T.duplicated()]
        rows: list[dict[str, Any]] = [
            {"contestant": str(name), "estimate": over_seeds(kept[name].tolist())} for name in kept
        ]
        rows.sort(key=lambda row: -row["estimate"].value)
        return pd.DataFrame(rows)

    @cached_property
    def base_rate(self) -> float:
        """Share of wrong labels, the mean over the seeds."""
        return float(np.mean([one.truth.mean() for one in self.planted]))

    def ahead(self, first: str, second: str) -> Estimate:
        """Average precision of the first contestant minus that of the second, paired by seed."""
        return over_seeds((self.precision[first] - self.precision[second]).tolist())


def without_tokens(stream: StreamDynamics) -> StreamDynamics:
    """A stream of images alone: where pixels were recorded, their mean is the image's loss."""
    if stream.tokens is None:
        return stream
    return StreamDynamics(
        ids=stream.ids,
        epochs=stream.epochs,
        columns={"loss": stream.matrix("loss")},
        label=stream.label,
        split=stream.split,
        stream=stream.stream,
    )
