"""The chapter of planted errors, from simulated dynamics of which it is known who must win."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from scipy import stats
from sklearn.metrics import average_precision_score
from study.audits import SETTINGS, cell, cells, table_of

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.analysis import Estimate
from difficulty_lib.study import AuditChapter, AuditStudy
from difficulty_lib.study._audit import named
from difficulty_lib.study._audit_words import outcome, outcomes

CHARTS = ["precision", "everyone", "ranks", "minutes", "review", "precision_recall", "over_time"]
TEXTS = ["about", "overview", "ranks", "minutes", "over_time", "verdict", "not_measured"]
TABLES = ["overview", "chosen", "precision", "everyone", "ranks", "minutes", "review", "over_time"]


def study_of(made):
    return AuditStudy(made, table_of(made))


@pytest.fixture(scope="module")
def study():
    return study_of(cells())


@pytest.fixture(scope="module")
def chapter(study):
    return AuditChapter(study)


# --- what is on the page -----------------------------------------------------------------------


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_valid_and_described(chapter, name):
    spec = getattr(chapter, f"{name}_chart")().to_dict()
    assert len(spec["description"]) > 60
    assert "nan" not in spec["description"]
    assert "inf" not in spec["description"]


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_have_numbers_and_no_gaps(chapter, name):
    method = "about" if name == "about" else f"{name}_text"
    text = getattr(chapter, method)()
    assert re.search(r"\d", text)
    assert not re.search(r"\bnan\b|\binf\b|None|_", text)
    assert ".." not in text


@pytest.mark.parametrize("name", TABLES)
def test_every_chart_has_a_table(chapter, name):
    table = getattr(chapter, f"{name}_table")()
    body = table.to_html() if name == "overview" else table.data
    assert body.count("<tr") > 3
    assert "nan" not in body
    if name != "overview":
        assert body.startswith("<details><summary>As a table: ")


def test_the_table_behind_a_chart_has_its_numbers(chapter, study):
    body = chapter.precision_table().data.replace("\N{NO-BREAK SPACE}", " ")
    for row in study.precisions.itertuples(index=False):
        assert f"{row.value:.3f} [{row.low:.3f}, {row.high:.3f}]" in body


def test_the_curves_are_of_the_asked_setting(chapter, study):
    other = chapter.review_chart(SETTINGS[2]).to_dict()["description"]
    assert "truncate texts, 10 %" in other
    raises_one_line(lambda: chapter.review_chart(("flip_labels", 0.3)), "30 %", kind=ConfigError)


# --- the figures ---------------------------------------------------------------------------------


def test_average_precision_is_scikit_learns(study):
    for one in study.cells:
        own = study.precision.loc[(*one.setting, one.seed)]
        for name in study.actions:
            hard = one.contestants[name]
            expected = average_precision_score(one.truth.loc[hard.index], hard)
            assert own[name] == pytest.approx(expected, abs=1e-12)


def test_intervals_are_students_over_seeds(study):
    name, setting = study.actions[0], SETTINGS[0]
    values = study.precision.loc[setting, name].to_numpy()
    low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    found = study.over_seeds(name, setting)
    assert (found.value, found.low, found.high) == pytest.approx((values.mean(), low, high))


def test_how_well_a_model_knows_its_task_is_told_by_the_rows_without_an_error(study):
    setting, shares = SETTINGS[2], []
    for one in (c for c in study.cells if c.setting == setting):
        stream = one.streams["training"]
        right = (stream.columns["predicted"][-1] == stream.label)[~one.truth.to_numpy()]
        shares.append(right.mean())
    found = study.learnt[setting]
    assert (found.value, found.n) == (pytest.approx(np.mean(shares)), len(study.seeds))
    assert list(study.learnt) == list(SETTINGS)


def test_the_page_says_so_of_one_setting_and_of_the_ends_of_several(study, chapter):
    shares = {named(s): f"{100 * e.value:.0f} %" for s, e in study.learnt.items()}
    told = chapter.about().partition("in the last epoch they get ")[2]
    assert told.startswith("between ")
    least, most = (pick(study.learnt, key=lambda s: study.learnt[s].value) for pick in (min, max))
    assert f"{shares[named(least)]} (95" in told.partition(" and ")[0]
    assert f" and {shares[named(most)]} (95" in told
    one = AuditChapter(study_of([c for c in study.cells if c.setting == SETTINGS[0]])).about()
    assert f"they get {shares[named(SETTINGS[0])]} (95 % interval" in one


def test_without_streams_the_page_does_not_say_how_well_a_model_knows_its_task(study):
    bare = AuditStudy([replace(c, streams={}) for c in study.cells], study.table)
    assert bare.learnt == {}
    assert "How well" not in AuditChapter(bare).about()


def test_the_distance_is_paired_by_seed(study):
    name, setting = study.actions[1], SETTINGS[1]
    best = [
        study.precision.at[(*setting, seed), study.chosen[(*setting, seed)]] for seed in study.seeds
    ]
    apart = study.precision.loc[setting, name].to_numpy() - best
    found = study.distance(name, "best", setting)
    assert found.value == pytest.approx(apart.mean())
    assert found.low == pytest.approx(stats.t.interval(0.95, 2, apart.mean(), stats.sem(apart))[0])


def test_the_best_is_never_chosen_on_what_it_is_reported_of():
    made = cells(seeds=(1, 2, 3), settings=SETTINGS[:1])
    table = table_of(made)
    # On seed 1 alone the last loss is perfect, so the other seeds' choice alone shall see it.
    ap = (table["measure"] == "average_precision") & (table["contestant"] == "last_loss/evaluation")
    table.loc[ap, "value"] = np.where(table.loc[ap, "seed"] == 1, 1.0, 0.0)
    before = AuditStudy(made, table_of(made))
    study = AuditStudy(made, table)
    assert study.chosen[("flip_labels", 0.1, 1)] == before.chosen[("flip_labels", 0.1, 1)]
    assert study.chosen[("flip_labels", 0.1, 1)] != "last_loss/evaluation"


def test_hindsight_is_never_below_a_single_rival(study):
    for setting in study.settings:
        best = study.over_seeds(study.oracle[setting], setting).value
        assert best >= study.precision.loc[setting, study.rivals].mean().max()
        assert best >= study.over_seeds("best", setting).value - 1e-12


def test_no_variant_of_the_action_score_is_its_rival(study):
    assert len(study.actions) == 2
    assert study.actions[0] == "action_score/evaluation"
    assert not any(name.startswith("action_score") for name in study.rivals)
    assert "last_loss/training" in study.rivals
    assert "random" not in study.rivals


def test_what_ranks_alike_everywhere_is_shown_once(study):
    assert study.same["action_score_mean/evaluation"] == "action_score/evaluation"
    assert set(study.distinct) | set(study.same) == set(study.precision)


def test_a_known_winner_wins_and_a_known_loser_loses(study):
    perfect, blind = "confident_learning/embedding", "random"
    for action in study.actions:
        assert outcomes(study, perfect, action)["loses"] == []
        assert outcomes(study, blind, action)["wins"] == []
        assert outcomes(study, action, blind)["wins"] == list(SETTINGS)
        assert outcomes(study, action, action)["ties"] == list(SETTINGS)


def test_the_verdict_says_what_the_intervals_say(chapter, study):
    text = chapter.verdict_text()
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert len(lines) == len(study.actions)
    for line, action in zip(lines, study.actions):
        found = outcomes(study, action)
        counts = {name: len(settings) for name, settings in found.items()}
        assert (
            "against the best other score: wins {wins}, ties {ties} and loses {loses} of 3".format(
                **counts
            )
            in line
        )
        assert "against random order: wins 3, ties 0 and loses 0 of 3." in line
        if 0 < counts["loses"] < 3:
            assert "loses *" in line
    assert "finds planted errors: in 3 of 3 settings it is shown to be better" in text


def test_the_answer_in_short_tells_the_streams_apart(study, chapter):
    told = chapter.verdict_text().partition("On the whole: ")[2].partition("\n")[0].split("; ")
    assert [part.partition(" it ")[0].partition(" the ")[0] for part in told] == [
        "after each epoch",
        "while training",
    ]
    words = {"wins": "it is ahead of", "ties": "not shown to differ", "loses": "is ahead of it"}
    for part, action in zip(told, study.actions):
        assert words[outcome(study.distance(action, "best"))] in part


def test_one_setting_is_said_as_one():
    one = AuditChapter(study_of(cells(seeds=(1, 2, 3), settings=SETTINGS[:1])))
    assert one.about().startswith(
        "1 setting of corruption and rate, 3 seeds each: 3 trainings on 160 rows,"
    )
    assert "of 1 setting it is shown" in one.verdict_text()


def test_a_blind_action_score_is_said_to_find_nothing():
    made = []
    for one in cells(seeds=(1, 2, 3), settings=SETTINGS[:2]):
        blind = one.contestants["random"].sample(frac=1, random_state=one.seed).to_numpy()
        table = one.contestants.assign(**{"action_score/evaluation": blind})
        table.attrs = one.contestants.attrs
        made.append(replace(one, contestants=table))
    text = AuditChapter(study_of(made)).verdict_text()
    assert "nowhere, as far as these seeds show: in 0 of 2 settings" in text
    assert "the best other score is ahead of it" in text
    assert "against the best other score: wins 0, ties 0 and loses 2 of 2;" in text


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.01, 0.2, "wins"),
        (-0.2, -0.01, "loses"),
        (-0.1, 0.1, "ties"),
        (0.0, 0.0, "ties"),
        (1e-17, 1e-16, "ties"),
    ],
)
def test_an_interval_decides(low, high, expected):
    assert outcome(Estimate((low + high) / 2, low, high, n=3)) == expected


def test_minutes_of_a_perfect_ranking_are_five_seconds_an_error(study):
    table = study.minutes.set_index(["setting", "series"])["estimate"]
    perfect = table["flip labels, 10 %", "confident learning (embedding)"]
    assert perfect.value == pytest.approx(5 / 60)
    blind = table["flip labels, 10 %", "random order"]
    assert 0.4 < blind.value < 1.6  # 5 / 60 / 0.1 on average
    assert 0 < blind.low < blind.value < blind.high


def test_curves_end_with_every_error_found_at_the_base_rate(study):
    curves = study.curves(SETTINGS[1])
    ends = curves[curves["read"] == 1]
    assert ends["found"].tolist() == pytest.approx([1.0] * len(study.series))
    assert ends["precision"].tolist() == pytest.approx([0.2] * len(ends))
    assert ends["minutes"].tolist() == pytest.approx([160 * 5 / 60] * len(ends))
    assert (curves.groupby("series")["found"].diff().dropna() >= -1e-12).all()


def test_the_last_loss_forgets_what_the_sum_remembers(study):
    last = study.over_time.query("epoch == 4 and stream == 'evaluation'").set_index("score")
    assert last.loc["action_score", "value"].min() > last.loc["last_loss", "value"].max()
    for found in last["to_last"]:
        assert found.value == 0
    first = study.over_time.query("epoch == 1")
    pd.testing.assert_series_equal(  # one epoch's sum is its loss
        first.query("score == 'action_score'")["value"].reset_index(drop=True),
        first.query("score == 'last_loss'")["value"].reset_index(drop=True),
    )


# --- what cannot be used, and what may be missing ----------------------------------------------------


def test_one_stream_and_nothing_but_scores_is_enough():
    made = [
        replace(one, contestants=one.contestants.drop(columns=["random", "ensemble/in_sample"]))
        for one in cells(seeds=(1, 2), streams=("evaluation",), perfect=False)
    ]
    chapter = AuditChapter(study_of(made))
    assert list(chapter.study.series) == ["action score, after each epoch", "best other score"]
    assert "confident learning, for there were no out-of-sample" in chapter.not_measured_text()
    for name in CHARTS:
        assert getattr(chapter, f"{name}_chart")().to_dict()["description"]
    assert "**Verdict.**" in chapter.verdict_text()


def test_without_streams_time_is_left_out():
    made = [replace(one, streams={}) for one in cells(seeds=(1, 2), settings=SETTINGS[:1])]
    chapter = AuditChapter(study_of(made))
    assert chapter.over_time_chart() is None
    assert chapter.over_time_table() is None
    assert "not shown" in chapter.over_time_text()


def test_a_contestant_that_some_cell_lacks_is_left_out():
    made = cells(seeds=(1, 2), settings=SETTINGS[:1])
    made[0] = replace(made[0], contestants=made[0].contestants.drop(columns="random"))
    assert "random" not in study_of(made).precision


def test_one_seed_is_refused():
    made = cells(seeds=(1,))
    raises_one_line(lambda: study_of(made), "seeds are [1]", kind=ConfigError)


def test_a_setting_without_a_seed_is_refused():
    made = cells(seeds=(1, 2))[:-1]
    raises_one_line(
        lambda: study_of(made), "truncate texts, 10 % has the seeds [1]", kind=ConfigError
    )


def test_no_cell_is_refused():
    raises_one_line(lambda: AuditStudy([], table_of(cells((1,)))), "seeds are []", kind=ConfigError)


def test_a_table_without_a_cell_is_refused():
    made = cells(seeds=(1, 2), settings=SETTINGS[:2])
    table = table_of(made[:-1])
    raises_one_line(lambda: AuditStudy(made, table), "flip labels, 20 %, seed 2", kind=DataError)


def test_contestants_without_a_rival_are_refused():
    made = [cell(SETTINGS[0], seed) for seed in (1, 2)]
    made = [
        replace(one, contestants=one.contestants[["action_score/training", "random"]])
        for one in made
    ]
    raises_one_line(lambda: study_of(made), "another registered score", kind=DataError)
