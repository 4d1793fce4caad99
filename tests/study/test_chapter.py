import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats

from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.analysis import Estimate, GroupDifficulty
from difficulty_lib.book import provenance
from difficulty_lib.book._mime import VegaLiteMime, columnar, figure
from difficulty_lib.book._page import _option
from difficulty_lib.dynamics import Dynamics
from difficulty_lib.study import ClassificationChapter, ClassificationStudy, run_configs
from difficulty_lib.study._words import groups, verdict

CHARTS = ["confusion", "clusters", "action_entropy", "classes", "correlations"]


@pytest.fixture
def chapter(study):
    return ClassificationChapter(study)


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_valid_and_described(chapter, name):
    spec = getattr(chapter, f"{name}_chart")().to_dict()
    assert len(spec["description"]) > 40
    assert "nan" not in spec["description"]


def rows_of(spec):
    return [row for rows in spec["datasets"].values() for row in rows]


def test_charts_carry_few_texts_unless_the_licence_allows(chapter, study):
    body = json.dumps(chapter.action_entropy_chart().to_dict())
    carried = body.count("sentence number")
    assert carried == (len(study.samples) if study.spec.redistributable else 15)


def test_chart_holds_every_sample(chapter, study):
    spec = chapter.action_entropy_chart().to_dict()
    ids = {row["id"] for row in rows_of(spec) if "id" in row}
    assert ids == set(study.dynamics.ids.tolist())


def test_confusion_rows_sum_to_one(chapter):
    spec = chapter.confusion_chart().to_dict()
    rows = [row for row in rows_of(spec) if "share" in row]
    for target in {row["target"] for row in rows}:
        assert sum(r["share"] for r in rows if r["target"] == target) == pytest.approx(1)


def test_words_have_numbers_and_a_verdict(chapter):
    said = chapter.action_entropy_text()
    assert "95 % interval" in said
    assert "below the median" in said
    assert "nan" not in said + chapter.classes_text() + chapter.correlations_text()


def test_accuracy_is_of_the_last_epoch(chapter, study):
    stream = study.dynamics
    right = np.mean(stream.columns["predicted"][-1] == stream.label)
    assert f"{100 * right:.1f} % on validation" in chapter.accuracy_text()


def test_extremes_are_the_largest_and_smallest_sums(study):
    table = study.extremes(3)
    total = study.dynamics.columns["loss"][1:].astype(float).sum(axis=0)
    assert table["action"].tolist()[:3] == pytest.approx(sorted(total)[::-1][:3])
    assert table["action"].tolist()[3:] == pytest.approx(sorted(total)[:3])


def test_human_disagreement_is_asked_where_there_are_ratings(chapter, study):
    said = chapter.disagreement_text()
    if study.spec.name == "emotion":
        assert said == ""
        return
    total = study.dynamics.columns["loss"][1:].astype(float).sum(axis=0)
    human = study.rows["disagreement"].to_numpy()
    assert f"{stats.spearmanr(total, human).statistic:.2f} (95 %" in said
    assert chapter.disagreement_chart().to_dict()["description"]


def test_seeds_are_compared(chapter, study):
    sums = [r.dynamics.stream("validation").matrix("loss").sum(axis=0) for r in study.runs]
    expected = stats.spearmanr(*sums).statistic
    assert study.seed_agreement() == pytest.approx(expected)
    assert f"{expected:.2f} on average" in chapter.seeds_text()
    assert len(study.seeds()) == 2


def test_seeds_of_other_samples_are_not_compared(study):
    stream = study.runs[1].dynamics.stream("validation")
    few = Dynamics({("validation", "evaluation"): stream.take(stream.ids[3:])})
    study.runs[1].__dict__["dynamics"] = few
    raises_one_line(study.seed_agreement, "lacks 3 samples", "first: 0, 1, 2", kind=DynamicsError)


def test_without_texts_the_recorded_run_is_still_shown(study):
    bare = ClassificationChapter(ClassificationStudy(study.runs, None, "validation"))
    assert bare.action_entropy_chart().to_dict()["description"]
    assert bare.disagreement_text() == ""
    assert bare.extremes_table() is not None


def test_provenance_names_run_hardware_and_command(study):
    parameters = {"dataset": study.spec.name, "seeds": [1, 2], "train_size": None}
    said = provenance(study.runs, "sentiment", parameters, "quick").data
    for part in ("Quick edition", study.run.hash, "a machine", "seeds 1, 2"):
        assert part in said
    assert "papermill notebooks/sentiment.ipynb" in said
    assert "train_size" not in said
    assert said.count(study.run.config.model) == 1


def test_provenance_names_every_model_once(study):
    first, second = study.runs[:2]
    config = replace(second.config, model="another", model_revision="0123456789")
    runs = [first, replace(second, config=config)]
    said = provenance(runs, "agreement", {}, "quick").data
    revision = first.config.model_revision[:8]
    assert f"model: {first.config.model} (`{revision}`) and another (`01234567`) · " in said


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("epochs", 6, "-p epochs 6"),
        ("seeds", [1, 2], """-y '{"seeds": [1, 2]}'"""),
        ("record_training", True, """-y '{"record_training": true}'"""),
    ],
)
def test_command_lines_options(name, value, option):
    assert _option(name, value) == option


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.1, 0.3, "up"), (-0.3, -0.1, "down"), (-0.1, 0.3, "open")]
)
def test_verdict_follows_from_the_interval(low, high, said):
    estimate = Estimate((low + high) / 2, low, high, n=10)
    assert verdict(estimate, 0, "up", "down", "open") == said


def test_an_undefined_interval_decides_nothing():
    undefined = Estimate(float("nan"), float("nan"), float("nan"), n=10)
    assert verdict(undefined, 0, "up", "down", "open") == "open"


def test_run_configs_make_one_per_seed():
    configs = run_configs({"dataset": "emotion", "seeds": [3, 5], "splits": ["test"]})
    assert [c.seed for c in configs] == [3, 5]
    assert configs[0].evaluation_splits == ("test",)


@pytest.mark.parametrize(
    "wrong", [{"seeds": []}, {"splits": []}, {"learning_rte": 1e-4}, {"epochs": 0}]
)
def test_run_configs_refuse(wrong):
    with pytest.raises(ConfigError):
        run_configs({"dataset": "emotion", **wrong})


def test_figure_escapes_what_a_text_may_hold():
    text = '</script><b>"quoted"</b>'
    spec = {"description": text, "datasets": {"d": [{"t": text}, {"t": "b"}]}}
    page = figure(spec)
    assert page.count("</script>") == 1
    assert 'aria-label="&lt;/script&gt;' in page
    body = page.split('json">')[1].split("</script>")[0]
    assert json.loads(body)["datasets"]["d"]["$columns"]["t"] == [text, "b"]


def test_rows_of_unlike_keys_stay_rows():
    rows = [{"a": 1}, {"b": 2}]
    assert columnar(rows) == rows


def test_a_chart_without_description_is_a_warning():
    warned = []

    class Renderer:
        class logger:
            @staticmethod
            def warning(message, **kwargs):
                warned.append((message, kwargs["subtype"]))

    class Data:
        mime_type = "application/vnd.vegalite.v6+json"
        content: dict = {}  # noqa: RUF012
        line = 3

    assert VegaLiteMime.handle_mime(Renderer, Data, inline=False)
    assert "no description" in warned[0][0]
    Data.mime_type = "text/html"
    assert VegaLiteMime.handle_mime(Renderer, Data, inline=False) is None


@pytest.mark.parametrize(
    ("effect", "p", "chance", "verdict_"),
    [
        (
            0.004,
            0.0009,
            "p < 0.001. ",
            "do differ beyond chance, but the kind is a negligible part",
        ),
        (0.05, 0.049, "p = 0.049. ", "do differ beyond chance, but the kind is a small part"),
        (0.06, 0.001, "p = 0.001. ", "do differ beyond chance, and the kind is a medium part"),
        (0.5, 0.001, "p = 0.001. ", "do differ beyond chance, and the kind is a large part"),
        (0.5, 0.05, "p = 0.050. ", "So no difference between kinds is shown beyond chance."),
    ],
)
def test_groups_in_a_sentence(effect, p, chance, verdict_):
    table = pd.DataFrame(
        {"group": ["why", "who"], "n": [1200, 3], "mean": [2.0, 1.0], "low": 0.5, "high": 2.5}
    )
    found = GroupDifficulty(table, Estimate(effect, 0.001, 0.6, n=1203), 0.0008, 31.26, p)
    said = groups(found, "kind")
    assert said.startswith(
        "The hardest kind is *why* with a mean action score of 2.00 (95 % interval 0.50 to 2.50) over "
        "1,200 samples, the easiest *who* with a mean action score of 1.00 "
    )
    assert "H is 31.3" in said
    assert f"ε² = {effect:.4f} (95 % interval 0.0010 to 0.6000; 0.0008 by chance alone)" in said
    assert chance in said
    assert verdict_ in said
