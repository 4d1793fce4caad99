"""The chapter on selection, from made accuracies of which it is known what must be said."""

import math
import re

import numpy as np
import pytest
from refusals import raises_one_line
from scipy import stats
from study.steered import SEEDS, cells

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib.study import (
    Condition,
    Selection,
    SelectionChapter,
    SelectionStudy,
    needed_runs,
    selection_configs,
)
from difficulty_lib.study._selection_ratio import ratio_of_means
from difficulty_lib.study._steered import PLAIN

CONDITIONS = [Condition("clean"), Condition("noisy", noise=0.4)]
EASY = [Selection("easiest", share, "action_score") for share in (0.3, 0.6)]
RANDOM = [Selection("random", share) for share in (0.3, 0.6)]
PRUNED = [Selection("drop_suspects", 0.6, "aum"), Selection("without_errors", 0.6)]
SELECTIONS = {s.title: s for s in (*EASY, *RANDOM, *PRUNED)}
TEXTS = ["about", "verdict_text", "recovered_text", "not_measured_text"]
SPLITS = ("test", "tweets")


def study_of(
    easy=(-0.05, -0.02), rows=(-0.04, -0.02), pruned=(0.05, 0.08), lost=0.1, splits=SPLITS, **more
):
    gains = dict(zip([s.title for s in (*EASY, *RANDOM)], (*easy, *rows)))
    made = cells("clean", {PLAIN: 0.0, **gains}, splits=splits, **more)
    gains |= dict(zip([s.title for s in PRUNED], pruned))
    noisy = {PLAIN: 0.0, **gains}
    made += cells("noisy", noisy, splits=splits, base=0.8 - lost, **more)
    return SelectionStudy(made, CONDITIONS, SELECTIONS)


@pytest.fixture(scope="module")
def chapter():
    return SelectionChapter(study_of())


# --- what is on the page -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["kept", "elsewhere", "differences", "recovered"])
def test_chart_is_valid_and_described_and_has_its_table(chapter, name):
    spec = getattr(chapter, f"{name}_chart")().to_dict()
    assert len(spec["description"]) > 60
    assert "nan" not in spec["description"]
    body = getattr(chapter, f"{name}_table")().data
    assert body.startswith("<details><summary>As a table: ")
    assert body.count("<tr") > 3
    assert "nan" not in body


@pytest.mark.parametrize("name", TEXTS)
def test_sentences_have_no_gaps(chapter, name):
    text = getattr(chapter, name)()
    assert re.search(r"\d", text) or name == "not_measured_text"
    assert not re.search(r"\bnan\b|\binf\b|None|_|\.\.", text)


def test_every_line_ends_with_all_rows(chapter):
    ends = chapter.study.kept.query("kept == 1")
    assert len(ends) == 2 * 2 * 2  # conditions, splits, series
    for row in ends.itertuples():
        whole = chapter.study.accuracy(row.condition, PLAIN, row.split)
        assert (row.value, row.low, row.high) == (whole.value, whole.low, whole.high)


# --- the figures ---------------------------------------------------------------------------------


def test_random_rows_are_as_many():
    table = study_of().differences
    fair = table[table["against"] == "random rows"]
    assert not (fair["how"] == "random").any()
    for row in fair.itertuples():
        study = study_of()
        pairs = [
            study.cell(row.condition, row.title, s).accuracy[row.split][-1]
            - study.cell(row.condition, Selection("random", row.kept).title, s).accuracy[row.split][
                -1
            ]
            for s in SEEDS
        ]
        low, high = stats.t.interval(0.95, 4, np.mean(pairs), stats.sem(pairs))
        assert (row.found.difference.low, row.found.difference.high) == pytest.approx((low, high))


def test_what_comes_back_is_a_share_of_what_was_lost():
    table = study_of(pruned=(0.05, 0.08), lost=0.1).recovered
    own = table[table["split"] == "test"].set_index("how")["share"]
    assert own["drop_suspects"].value == pytest.approx(0.5, abs=0.03)
    assert own["without_errors"].value == pytest.approx(0.8, abs=0.03)
    assert own["random"].value == pytest.approx(-0.2, abs=0.03)
    assert own["drop_suspects"].low < 0.5 < own["drop_suspects"].high


def test_nothing_lost_bounds_no_share():
    chapter = SelectionChapter(study_of(lost=0.0, noise=0.01))
    assert "a share that these seeds do not bound" in chapter.verdict_text()
    assert "not shown to be a loss" in chapter.recovered_text()
    assert "not bounded" in chapter.recovered_table().data
    assert chapter.recovered_chart() is None


@pytest.mark.parametrize("seed", range(5))
def test_fiellers_interval_is_where_the_paired_test_turns(seed):
    rng = np.random.default_rng(seed)
    b = 2 + rng.normal(0, 0.4, 6)
    a = 0.7 * b + rng.normal(0, 0.3, 6)
    found = ratio_of_means(a, b)
    for end in (found.low, found.high):
        assert stats.ttest_1samp(a - end * b, 0).pvalue == pytest.approx(0.05)
    inside = (found.low + found.high) / 2
    assert stats.ttest_1samp(a - inside * b, 0).pvalue > 0.05
    assert found.value == pytest.approx(a.mean() / b.mean())


def test_a_ratio_over_nothing_is_not_bounded():
    found = ratio_of_means([1.0, 2.0, 3.0], [-1.0, 1.0, 0.5])
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert math.isnan(ratio_of_means([1.0, 2.0], [0.0, 0.0]).value)
    raises_one_line(lambda: ratio_of_means([1.0], [2.0]), "two pairs or more")
    raises_one_line(lambda: ratio_of_means([1.0, math.nan], [2.0, 1.0]), "not finite")


# --- the verdict ---------------------------------------------------------------------------------


def test_harm_and_help_are_told_apart():
    hurt = SelectionChapter(study_of()).verdict_text()
    assert (
        "removing hard samples is shown to hurt (against all rows lower in 4 of 4 comparisons;"
        in hurt
    )
    helped = SelectionChapter(study_of(easy=(0.02, 0.02))).verdict_text()
    assert (
        "removing hard samples is shown to raise accuracy (against all rows higher in 4 of 4"
        in helped
    )
    both = SelectionChapter(study_of(easy=(-0.02, 0.02))).verdict_text()
    assert "shown to raise accuracy in some and to lower it in others" in both
    neither = SelectionChapter(study_of(easy=(0.0, 0.0))).verdict_text()
    assert "removing hard samples changes nothing beyond chance here" in neither
    assert "equivalent in 4 of 4" in neither


def test_pruning_is_said_against_the_truth():
    text = SelectionChapter(study_of(pruned=(0.05, 0.08))).verdict_text()
    assert re.search(r"without suspects, by [\w ]+, \+5\.\d points .*: higher\)", text)
    assert re.search(r"comes back, with the errors known [78]\d % \(95 %", text)


def test_one_split_and_no_errors_are_enough():
    made = cells("clean", dict.fromkeys((PLAIN, EASY[0].title, RANDOM[0].title), 0.0))
    chapter = SelectionChapter(SelectionStudy(made, CONDITIONS[:1], SELECTIONS))
    assert chapter.elsewhere_chart() is None
    assert chapter.elsewhere_table() is None
    assert chapter.recovered_chart() is None
    assert chapter.recovered_table() is None
    assert "not shown" in chapter.recovered_text()
    assert "accuracy on other data; planted errors" in chapter.not_measured_text()
    assert "Dropping suspects" not in chapter.verdict_text()


def test_a_condition_without_all_rows_is_refused():
    made = cells("clean", {EASY[0].title: 0.0})
    raises_one_line(
        lambda: SelectionStudy(made, CONDITIONS[:1], SELECTIONS), "no runs of plain", kind=DataError
    )


# --- the plan ------------------------------------------------------------------------------------

PARAMETERS = {
    "dataset": "sst2",
    "selections": [["easiest"], ["most_ambiguous", "aleatoric"], ["class_balanced", None, [0.1]]],
    "fractions": [0.3, 0.6],
    "suspects": ["aum"],
    "conditions": {"clean": {}, "noisy": {"noise": 0.4}},
    "elsewhere": {"reviews": "imdb/test"},
    "split": "validation",
    "seeds": [1, 2],
    "epochs": 3,
    "train_size": 2000,
}


def configs(**more):
    return selection_configs(PARAMETERS | more)


def test_scores_come_from_all_rows_with_the_same_seed_and_labels():
    by_name = {}
    for config in configs():
        for name in needed_runs(config):
            assert by_name[name].seed == config.seed
            assert "selected" not in by_name[name].intervention
            assert by_name[name].intervention.get("corrupted") == config.intervention.get(
                "corrupted"
            )
        by_name[config.folder_name] = config
    # of each seed: 2 × 2 by score, 1 balanced and 3 random in both; 2 prunings; all rows in both
    assert len(by_name) == 2 * (2 * (4 + 1 + 3) + 2 + 2)


def test_planted_errors_may_have_shares_of_their_own():
    """None of them leaves those that prune errors, and as many random rows."""
    for shares, count in (([], 1), ([0.5], 3 + 1 + 1)):
        noisy = [
            c.intervention.get("selected")
            for c in configs(fractions_with_errors=shares)
            if "corrupted" in c.intervention
        ]
        assert len(noisy) == 2 * (count + 2 + 1)  # and one suspect, the truth, and all rows
        found = {g.get("fraction") for g in noisy if g and g["how"] != "drop_suspects"}
        assert found == {*shares, 0.6, None}
    assert configs(fractions_with_errors=None) == configs()


def test_every_seed_has_random_rows_of_its_own():
    chosen = [c for c in configs() if c.intervention.get("selected", {}).get("how") == "random"]
    assert {(c.seed, c.intervention["selected"]["seed"]) for c in chosen} == {(1, 1), (2, 2)}


def test_all_are_evaluated_elsewhere():
    for config in configs(only={"kind": "a"}):
        assert config.evaluation_splits[-2:] == ("validation", "reviews")
        assert config.intervention["also_evaluated"] == {"reviews": "imdb/test"}
        assert config.intervention["only"] == {"kind": "a"}


def test_as_many_suspects_are_dropped_as_there_are_errors():
    chosen = [c.intervention["selected"] for c in configs() if "selected" in c.intervention]
    dropped = [g for g in chosen if g["how"] == "drop_suspects"]
    assert {g["fraction"] for g in dropped} == {0.4}
    assert not any("fraction" in g for g in chosen if g["how"] == "without_errors")


def test_equal_updates_are_more_epochs_of_fewer_rows():
    for config in configs(equal_updates=True):
        share = config.intervention.get("selected", {}).get("fraction")
        if config.intervention.get("selected", {}).get("how") not in (None, "drop_suspects"):
            assert config.epochs == (5 if share is None else round(3 / share))


def test_small_is_two_of_everything_and_one_share():
    small = selection_configs({"size": "small", **PARAMETERS, "seeds": [3, 4, 5]})
    assert {c.seed for c in small} == {3, 4}
    assert {c.train_size for c in small} == {300}
    chosen = [c.intervention["selected"] for c in small if "selected" in c.intervention]
    assert {g.get("fraction") for g in chosen} == {0.3, 0.4, 0.6, None}
    assert {g["how"] for g in chosen} == {
        *("easiest", "most_ambiguous", "random", "drop_suspects", "without_errors")
    }


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"seeds": [1]}, "two or more"),
        ({"selections": []}, "selections is []"),
        ({"selections": ["easiest"]}, "[how, score, shares]"),
        ({"selections": [["easy"]]}, "'easy'"),
        ({"selections": [["easiest", "loss"]]}, "loss"),
        ({"selections": [["easiest", None, [0]]]}, "shares between 0 and 1"),
        ({"fractions": [1.5]}, "shares between 0 and 1"),
        ({"fractions": 0.5}, "fractions is 0.5; expected a list"),
        ({"fractions_with_errors": [0]}, "shares between 0 and 1"),
        ({"suspects": ["loss"]}, "loss"),
        ({"elsewhere": "imdb/test"}, "elsewhere is 'imdb/test'; expected a mapping"),
        ({"only": "tweets"}, "only is 'tweets'; expected a mapping"),
        ({"equal_updates": 1}, "expected true or false"),
        ({"conditions": {"a": {}, "b": {"teacher": "a"}}}, "has a teacher"),
        ({"epoch": 3}, "epoch"),
    ],
)
def test_strange_parameters_are_refused(wrong, says):
    raises_one_line(lambda: configs(**wrong), says, kind=ConfigError)
