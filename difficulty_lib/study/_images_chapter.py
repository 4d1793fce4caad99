"""The chapter on images: its pictures, its charts with the tables behind them, its sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from difficulty_lib import charts
from difficulty_lib._extras import require
from difficulty_lib.book import glue
from difficulty_lib.images import Gallery, GalleryRow, Picture, png
from difficulty_lib.study import _images_words as words
from difficulty_lib.study._audit_chapter import folded
from difficulty_lib.study._chapter import key_of
from difficulty_lib.study._images import ImageStudy
from difficulty_lib.study._images_runs import settings_hash

SHOWN = 5  # hardest, and easiest, of a class
DRAWN = 5  # hardest, and easiest, of the autoencoder
KINDS = ("classifier", "autoencoder")


class ImageChapter:
    """What the notebook on images calls, one method per thing on the page."""

    def __init__(self, study: ImageStudy) -> None:
        self.study = study
        glue("n_seeds", len(study.seeds))
        glue("n_scored", len(study.scores))
        glue("n_train", len(study.data.images["train"]))
        glue("accuracy", study.accuracies)

    def provenance(self, parameters: Mapping[str, Any], edition: str) -> Any:
        """The line under the title."""
        from difficulty_lib.training._environment import environment

        display = require("IPython.display", "book")
        made = settings_hash(self.study.settings)
        return display.Markdown(
            words.provenance(self.study, parameters, edition, environment(), made)
        )

    def about(self) -> str:
        """What was trained on what."""
        return words.about(self.study)

    def short_text(self) -> str:
        """The answer in short."""
        return words.short(self.study)

    # --- the classifier ---------------------------------------------------------------------------

    def classes_gallery(self) -> Gallery:
        """The hardest and easiest images of every class."""
        rows = []
        for label, name in enumerate(self.study.data.label_names):
            groups = self.study.extremes("classifier", SHOWN, label)
            rows.append(GalleryRow(name, [[self._picture(i) for i in ids] for ids in groups]))
        return Gallery(
            caption=(
                "The hardest and the easiest images of every class, with the classifier's action score "
                f"(nats, mean over {len(self.study.seeds)} seeds); where the first seed misreads one, "
                "as what."
            ),
            corner="class",
            heads=("hardest first", "easiest first"),
            rows=rows,
        )

    def _picture(self, sample_id: int) -> Picture:
        row = self.study.scores.loc[sample_id]
        names = self.study.data.label_names
        score = float(row["classifier"])
        alt = f"{names[int(row['label'])]}, image {sample_id}, action score {score:.2f}"
        caption = [f"{score:.2f}"]
        if row["wrong"]:
            alt += f", misread as {names[int(row['predicted'])]}"
            caption.append(f"→ {names[int(row['predicted'])]}")
        return Picture(png(self.study.image(sample_id)), alt, tuple(caption))

    def extremes_text(self) -> str:
        """What the hardest images are."""
        top, rest = self.study.wrong_shares
        glue("misread_hardest", top)
        glue("misread_others", rest)
        glue("action_distance", self.study.unusual)
        return words.extremes(self.study)

    def curves_chart(self, kind: str) -> Any:
        """The clusters of a model's loss curves."""
        return charts.clusters_chart(self.study.clusters(kind), self.study.streams(kind)[0])

    def curves_table(self, kind: str) -> Any:
        """The numbers of that chart: the centres."""
        found, stream = self.study.clusters(kind), self.study.streams(kind)[0]
        table = pd.DataFrame(
            found.centres, columns=[f"epoch {epoch}" for epoch in stream.trained_epochs]
        )
        table.insert(0, "images", found.sizes)
        table.insert(0, "cluster", list(found.names))
        return folded(table, f"mean loss of the {kind}'s clusters, in nats")

    def curves_text(self, kind: str) -> str:
        """How the clusters differ."""
        return words.curves(self.study, kind)

    # --- the autoencoder --------------------------------------------------------------------------

    def pixels_gallery(self) -> Gallery:
        """The images that are hardest and easiest to redraw, what came of them, and their pixels."""
        hardest, easiest = self.study.extremes("autoencoder", DRAWN)
        top = self._top
        rows = [
            GalleryRow("image", [[self._original(i) for i in ids] for ids in (hardest, easiest)]),
            GalleryRow("redrawn", [[self._redrawn(i) for i in ids] for ids in (hardest, easiest)]),
            GalleryRow(
                "pixels", [[self._pixels(i, top) for i in ids] for ids in (hardest, easiest)]
            ),
        ]
        return Gallery(
            caption=(
                "The images that are hardest and easiest for the autoencoder, with its action score "
                f"(nats per pixel, mean over {len(self.study.seeds)} seeds); what the first seed "
                "redraws after the last epoch; and the action score of every pixel, from 0 (dark) to "
                f"{top:.1f} nats or more (light)."
            ),
            corner="",
            heads=("hardest first", "easiest first"),
            rows=rows,
            size=48,
        )

    @property
    def _top(self) -> float:
        return float(np.quantile(self.study.maps, 0.995))

    def _original(self, sample_id: int) -> Picture:
        row = self.study.scores.loc[sample_id]
        name, score = self.study.data.label_names[int(row["label"])], float(row["autoencoder"])
        alt = f"{name}, image {sample_id}, action score {score:.2f} per pixel"
        return Picture(png(self.study.image(sample_id)), alt, (f"{score:.2f}",))

    def _redrawn(self, sample_id: int) -> Picture:
        alt = f"what the autoencoder makes of image {sample_id}"
        return Picture(png(self.study.reconstruction(sample_id)), alt)

    def _pixels(self, sample_id: int, top: float) -> Picture:
        values = self.study.pixel_map(sample_id)
        row, column = np.unravel_index(int(values.argmax()), values.shape)
        alt = (
            f"pixels of image {sample_id}: the hardest, {values.max():.2f} nats, in row {row + 1}, "
            f"column {column + 1}; the mean {values.mean():.2f}"
        )
        return Picture(png(values, top=top, heat=True), alt)

    def mean_gallery(self) -> Gallery:
        """Every class's mean image and the mean action score of its pixels."""
        ids = self.study.scores.index
        labels = self.study.scores["label"].to_numpy()
        pictures: list[list[Picture]] = [[], []]
        names = [n for k, n in enumerate(self.study.data.label_names) if (labels == k).any()]
        means = [
            np.mean([self.study.pixel_map(int(i)) for i in ids[labels == k]], axis=0)
            for k in np.unique(labels)
        ]
        top = float(max(values.max() for values in means))
        for label, name, values in zip(np.unique(labels), names, means):
            image = np.mean([self.study.image(int(i)) for i in ids[labels == label]], axis=0)
            pictures[0].append(Picture(png(image), f"mean image of {name}", (name,)))
            alt = (
                f"mean action score of the pixels of {name}: {values.mean():.2f} nats, the highest "
                f"{values.max():.2f}"
            )
            pictures[1].append(
                Picture(png(values, top=top, heat=True), alt, (f"{values.mean():.2f}",))
            )
        return Gallery(
            caption=(
                "The mean image of every class, and the mean action score of its pixels, from 0 (dark) "
                f"to {top:.1f} nats (light), with the mean over all of them."
            ),
            corner="",
            heads=("classes",),
            rows=[GalleryRow("image", [pictures[0]]), GalleryRow("pixels", [pictures[1]])],
        )

    def drawn_text(self) -> str:
        """Whether full images are hard."""
        for score, feature in (
            ("autoencoder", "used"),
            ("autoencoder", "floor"),
            ("excess", "used"),
        ):
            glue(f"{score}_{feature}", self.study.drawn_correlation(score, feature))
        return words.drawn(self.study)

    def edges_chart(self) -> Any:
        """Edges against other pixels."""
        table = self.study.edges.rename(columns={"name": "label"}).assign(series="edges")
        return charts.intervals_chart(table, "edge pixels minus the others of their image (nats)")

    def edges_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.edges
        said = [words.figure(e) for e in table["estimate"]]
        rows = pd.DataFrame({"what": table["name"], "edges minus others, in nats": said})
        return folded(rows, "edge pixels minus the others, with 95 % intervals")

    def edges_text(self) -> str:
        """Whether edges are hard."""
        for name, estimate in zip(
            ("edges", "edges_floor", "edges_rest"), self.study.edges["estimate"]
        ):
            glue(name, estimate)
        return words.edges(self.study)

    # --- both -------------------------------------------------------------------------------------

    def scores_chart(self) -> Any:
        """Both models' scores of every image."""
        names = self.study.data.label_names
        scores = self.study.scores
        table = pd.DataFrame(
            {
                "id": scores.index,
                "class": [names[k] for k in scores["label"]],
                "read": [names[k] for k in scores["predicted"]],
                "classifier": scores["classifier"].to_numpy(),
                "autoencoder": scores["autoencoder"].to_numpy(),
                "kind": np.where(scores["wrong"], "misread", "read right"),
            }
        )
        both = self.study.agreed("both")
        return charts.image_scores_chart(table, f"Spearman correlation {both.value:.2f}")

    def scores_table(self) -> Any:
        """That chart in numbers: both scores by class."""
        scores = self.study.scores
        names = self.study.data.label_names
        grouped = scores.groupby("label")
        table = pd.DataFrame(
            {
                "class": [names[k] for k in grouped.size().index],
                "images": grouped.size().to_numpy(),
                "misread": grouped["wrong"].sum().to_numpy(),
                **{f"{kind}, median": grouped[kind].median().to_numpy() for kind in KINDS},
                **{f"{kind}, highest": grouped[kind].max().to_numpy() for kind in KINDS},
            }
        )
        return folded(table, "action scores by class, in nats")

    def agreement_chart(self) -> Any:
        """Correlations between seeds and between models, overall and per class."""
        return charts.intervals_chart(
            self.study.agreement, "Spearman correlation of action scores", width=380
        )

    def agreement_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.agreement
        for row in table.itertuples(index=False):
            glue(f"agreement_{key_of(row.series)}_{key_of(row.label)}", row.estimate)
        wide = table.assign(said=[words.figure(e) for e in table["estimate"]]).pivot(
            index=["label", "n"], columns="series", values="said"
        )
        order = list(dict.fromkeys(zip(table["label"], table["n"])))
        wide = wide.loc[order, list(dict.fromkeys(table["series"]))].reset_index()
        return folded(
            wide.rename(columns={"label": "class", "n": "images"}),
            "correlations, with 95 % intervals",
        )

    def agreement_text(self) -> str:
        """Whether a model agrees with itself more than with another."""
        return words.agreement(self.study)

    # --- planted labels ---------------------------------------------------------------------------

    def planted_chart(self) -> Any:
        """Average precision of all contestants."""
        table = self.study.found
        shown = pd.DataFrame(
            {
                "label": [words.title(name) for name in table["contestant"]],
                "series": "average precision",
                "estimate": table["estimate"],
            }
        )
        return charts.intervals_chart(
            shown, f"average precision of the {words.PLANTED}", zero=self.study.base_rate
        )

    def planted_table(self) -> Any:
        """The numbers of that chart."""
        table = self.study.found
        for row in table.itertuples(index=False):
            glue(f"planted_{key_of(row.contestant)}", row.estimate)
        rows = pd.DataFrame(
            {
                "contestant": [words.title(name) for name in table["contestant"]],
                "average precision": [words.figure(e, 3) for e in table["estimate"]],
            }
        )
        return folded(rows, "average precision over seeds, with 95 % intervals")

    def planted_text(self) -> str:
        """Who finds the flipped labels."""
        glue("planted_base_rate", self.study.base_rate)
        return words.planted(self.study)
