"""The chapter on images, on a few digits: its figures against references, its page without gaps."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats
from sklearn.metrics import average_precision_score

from difficulty_lib._errors import ConfigError
from difficulty_lib.charts import image_scores_chart
from difficulty_lib.study import ImageChapter, ImageStudy, image_study
from difficulty_lib.study._images import OVERALL, SERIES
from difficulty_lib.study._images_runs import image_settings, settings_hash

CHARTS = ["edges", "scores", "agreement", "planted"]
TEXTS = ["short", "extremes", "drawn", "edges", "agreement", "planted"]
GALLERIES = ["classes", "pixels", "mean"]
FEW = {"size": "small", "seeds": [3, 4, 5], "train_size": 300, "test_size": 80}


@pytest.fixture(scope="module")
def study():
    return image_study(FEW)


@pytest.fixture(scope="module")
def chapter(study):
    return ImageChapter(study)


# --- what is on the page --------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_described_and_has_its_table(chapter, name):
    description = getattr(chapter, f"{name}_chart")().to_dict()["description"]
    assert len(description) > 60
    assert not re.search(r"\bnan\b|\binf\b", description)
    body = getattr(chapter, f"{name}_table")().data
    assert body.startswith("<details><summary>As a table: ")
    assert body.count("<tr") > 3
    assert not re.search(r"\bnan\b|\binf\b", body)


@pytest.mark.parametrize("kind", ["classifier", "autoencoder"])
def test_curves_have_centres_in_chart_and_table(chapter, study, kind):
    centres = study.clusters(kind).centres
    assert f"to {centres[0, -1]:.2f}" in chapter.curves_chart(kind).to_dict()["description"]
    assert f"{centres[0, 0]:.3f}" in chapter.curves_table(kind).data
    assert f"from {centres[2, 0]:.2f}" in chapter.curves_text(kind)


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_have_numbers_and_no_gaps(chapter, name):
    text = getattr(chapter, f"{name}_text")()
    assert re.search(r"\d", text)
    assert not re.search(r"\bnan\b|\binf\b|None|_", text)
    assert ".." not in text


@pytest.mark.parametrize("name", GALLERIES)
def test_galleries_have_a_text_for_every_picture(chapter, name):
    html = getattr(chapter, f"{name}_gallery")()._repr_html_()
    texts = re.findall(r'<img src="data:image/png;base64,[^"]+" alt="([^"]*)"', html)
    assert len(texts) == html.count("<img") > 10
    assert all(re.search(r"image|pixels", text) for text in texts)


def test_the_gallery_shows_the_hardest_of_each_class_first(chapter, study):
    rows = {row.name: row for row in chapter.classes_gallery().rows}
    for label, name in enumerate(study.data.label_names):
        own = study.scores[study.scores["label"] == label]["classifier"]
        hardest, easiest = rows[name].groups
        assert f"image {own.idxmax()}, action score {own.max():.2f}" in hardest[0].alt
        assert f"image {own.idxmin()}, action score {own.min():.2f}" in easiest[0].alt


def test_the_provenance_names_what_would_make_it_again(chapter, study):
    text = chapter.provenance(FEW, "quick").data
    assert "seeds 3, 4 ·" in text  # the small size keeps two
    assert f"`{settings_hash(study.settings)}`" in text
    assert "-p size small -y 'seeds: [3, 4, 5]'" in text


# --- the figures ----------------------------------------------------------------------------------


def test_scores_are_means_over_seeds_of_sums_over_epochs(study):
    for kind in ("classifier", "autoencoder"):
        sums = [stream.matrix("loss").sum(axis=0) for stream in study.streams(kind)]
        np.testing.assert_allclose(study.scores[kind], np.mean(sums, axis=0), rtol=1e-5)
    label = dict(zip(study.data.ids["test"], study.data.labels["test"]))
    assert study.scores["label"].to_dict() == {int(i): int(k) for i, k in label.items()}
    read = dict(zip(study.data.ids["test"], study.classifiers[0].outputs["test"].argmax(axis=1)))
    assert study.scores["predicted"].to_dict() == {int(i): int(k) for i, k in read.items()}


def test_maps_are_of_their_images(study):
    first = study.streams("autoencoder")[0]
    for place, sample_id in enumerate(first.ids):
        mean = study.pixel_map(int(sample_id)).mean()
        assert mean == pytest.approx(first.matrix("loss")[:, place].sum(), rel=1e-5)
    hardest = study.extremes("autoencoder", 1)[0][0]
    x, p = study.image(hardest).astype(float), study.reconstruction(hardest).astype(float)
    last = -(x * np.log(p) + (1 - x) * np.log(1 - p)).mean()
    assert last == pytest.approx(
        first.matrix("loss")[-1, first.ids.tolist().index(hardest)], rel=1e-3
    )


def test_no_image_falls_below_its_floor(study):
    drawn = study.drawn
    x = np.clip(study.data.images["test"].astype(float), 1e-12, 1 - 1e-12)
    floor = stats.entropy(np.stack([x, 1 - x]), axis=0).mean(axis=(1, 2)) * 4
    np.testing.assert_allclose(
        drawn["floor"].loc[study.data.ids["test"]], floor, rtol=1e-6, atol=1e-8
    )
    assert (drawn["excess"] > 0).all()


def test_edges_are_compared_within_their_image(study):
    whole, floor, rest = study.edges["estimate"]
    assert whole.value == pytest.approx(floor.value + rest.value, rel=1e-9)


def test_agreement_is_spearmans(study):
    for label, name in [(None, OVERALL), *enumerate(study.data.label_names)]:
        chosen = study.scores if label is None else study.scores[study.scores["label"] == label]
        for kind in ("classifier", "autoencoder"):
            a, b = (
                pd.Series(s.matrix("loss").sum(axis=0), index=s.ids).loc[chosen.index]
                for s in study.streams(kind)
            )
            assert study.agreed(kind, name).value == pytest.approx(stats.spearmanr(a, b).statistic)
        both = stats.spearmanr(chosen["classifier"], chosen["autoencoder"]).statistic
        assert study.agreed("both", name).value == pytest.approx(both)
    assert set(study.agreement["series"]) == set(SERIES.values())


def test_planted_labels_are_those_told_and_found_as_scikit_learn_counts(study):
    frame = study.precision
    for one in study.planted:
        true = pd.Series(study.data.labels["train"], index=study.data.ids["train"])
        assert ((one.given != true) == one.truth).all()
        stream = one.run.dynamics.stream("train", "training")
        np.testing.assert_array_equal(stream.label, one.given.loc[stream.ids])
        expected = average_precision_score(
            one.truth.loc[stream.ids], stream.matrix("loss").sum(axis=0)
        )
        assert frame.loc[one.run.seed, "action_score/training"] == pytest.approx(expected)
    assert study.base_rate == np.mean([one.truth.mean() for one in study.planted])
    best = study.found.iloc[0]
    assert best["estimate"].value == pytest.approx(frame.mean().max())


def test_the_same_parameters_give_the_same_numbers(study):
    again = image_study(FEW)
    pd.testing.assert_frame_equal(again.scores, study.scores)
    pd.testing.assert_frame_equal(again.precision, study.precision)


def test_misread_images_are_counted(study):
    top, rest = study.wrong_shares
    assert (top.n, rest.n) == (8, 72)
    found = round(top.value * 8) + round(rest.value * 72)
    assert found == study.scores["wrong"].sum()


# --- settings -------------------------------------------------------------------------------------


def test_sizes_are_the_data_sets_own_and_small_is_less():
    full = image_settings({"dataset": "fashion-mnist"})
    assert (full["train_size"], full["test_size"], full["epochs"]) == (2000, 500, 20)
    assert image_settings({})["train_size"] is None
    small = image_settings({"size": "small", "seeds": [7, 8, 9], "epochs": 2})
    assert (small["seeds"], small["train_size"], small["epochs"]) == ([7, 8], 400, 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"size": "huge"}, "'huge'"),
        ({"dataset": "mnist"}, "mnist"),
        ({"seeds": [1]}, "[1]"),
        ({"seeds": [1, 1]}, "[1, 1]"),
        ({"seeds": 3}, "3"),
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": None}, "epochs is None"),
        ({"train_size": "all"}, "train_size is 'all'"),
        ({"model": "minilm"}, "unknown parameter 'model'"),
    ],
)
def test_what_cannot_be_is_refused(given, said):
    raises_one_line(lambda: image_settings(given), said, kind=ConfigError)


def test_other_seeds_for_one_model_are_refused(study):
    raises_one_line(
        lambda: ImageStudy(study.data, study.classifiers, study.autoencoders[::-1]),
        "autoencoders are [4, 3]; expected [3, 4]",
        kind=ConfigError,
    )
    raises_one_line(
        lambda: ImageStudy(study.data, study.classifiers[:1], study.autoencoders[:1]),
        "seeds are [3]",
        kind=ConfigError,
    )


def test_scores_of_zero_stay_on_the_logarithmic_axis(study):
    ids = [1, 2, 3]
    table = pd.DataFrame({"id": ids, "class": "a", "read": "a", "kind": "read right"})
    table = table.assign(classifier=[0.0, 1e-9, 3.0], autoencoder=[1.0, 2.0, 3.0])
    rows = image_scores_chart(table, "none").to_dict()["datasets"]
    assert all(row["classifier"] > 0 for row in next(iter(rows.values())))


def test_other_data_have_another_hash(study):
    settings = study.settings
    assert settings_hash(settings) == settings_hash(dict(reversed(settings.items())))
    assert settings_hash(settings | {"epochs": 9}) != settings_hash(settings)
    assert replace(study.data).fingerprint() == settings["fingerprint"]
