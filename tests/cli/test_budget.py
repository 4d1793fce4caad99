"""`difficulty rank --budget`: what is paid for, what is recorded of it, and what is refused."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cli.test_rank_command import NAMES, plain_rows
from hypothesis import given
from hypothesis import strategies as st
from training import tiny

from difficulty_lib import SCORES, Dynamics
from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.budget import (
    EVALUATION_COST,
    early_agreement,
    first_epochs,
    plan_budget,
    spent,
)
from difficulty_lib.suspicion import OVER_EPOCHS

stats = pytest.importorskip("scipy.stats")


# What a budget pays for


@pytest.mark.parametrize(
    ("budget", "epochs", "paid"),
    [(0.2, 6, 1), (0.25, 6, 1), (0.4, 6, 2), (0.5, 6, 2), (0.6, 6, 3), (0.99, 6, 4), (0.2, 12, 2)],
)
def test_epochs_of_a_budget(budget, epochs, paid):
    assert plan_budget(budget, epochs).epochs == paid


@given(st.floats(0.001, 0.999), st.integers(1, 50))
def test_no_budget_is_overspent_and_none_wastes_an_epoch(budget, epochs):
    one = (1 + EVALUATION_COST) / epochs
    if budget < one * (1 - 1e-6):
        with pytest.raises(ConfigError, match="less than one epoch"):
            plan_budget(budget, epochs)
    elif budget > one * (1 + 1e-6):
        plan = plan_budget(budget, epochs)
        assert plan.share <= budget * (1 + 1e-6) < plan.share + one + 1e-6
        assert 1 <= plan.faster <= 4


def test_as_much_is_learnt_in_fewer_updates_up_to_fourfold():
    assert [plan_budget(b, 6).faster for b in (0.2, 0.4, 0.6, 0.8)] == [4, 3, 2, 1.5]


# The command


@pytest.mark.filterwarnings("ignore::difficulty_lib.dynamics.CollapsedRunWarning")
def test_a_fifth_is_one_epoch_ranked_by_the_evaluation_after_it(rank, home, files):
    rows = plain_rows(96)
    file = files.write_csv(home / "rows.csv", rows)
    options = ["--epochs", 6, "--learning-rate", "1e-3", "--batch-size", 4, "--keep", "kept"]
    outcome = rank(file, "--budget", 0.2, *options)
    assert outcome.code == 0, outcome.err
    record = json.loads((home / "kept" / "run.json").read_text("utf8"))
    assert record["config"]["epochs"] == 1
    assert record["config"]["learning_rate"] == pytest.approx(4e-3)
    part = tiny.read_part(home / "kept", "train", "evaluation", 1)
    ranked = {row["text"]: row for row in files.read_csv(home / "rows.ranked.csv")}
    in_order = [ranked[row["text"]] for row in rows]  # sample_id is the row's number from 1
    losses = [float(row["action_score"]) for row in in_order]
    np.testing.assert_allclose(losses, part.sort_values("sample_id")["loss"], rtol=1e-4)
    names = sorted(NAMES)
    assert [row["predicted"] for row in in_order] == [
        names[p] for p in part.sort_values("sample_id")["predicted"]
    ]


def test_it_says_what_was_spent(rank, home, files):
    file = files.write_csv(home / "rows.csv", plain_rows())
    outcome = rank(file, "--epochs", 6, "--budget", 0.5, "--keep", "kept")
    timings = json.loads((home / "kept" / "run.json").read_text("utf8"))["timings"]
    said = re.search(r"spent: 2 epochs of 6, evaluated, \d+ s: ([\d.]+) of the", outcome.out)
    share = (timings["train_s"] + timings["evaluation_s"]) / (3 * timings["train_s"])
    assert float(said.group(1)) == pytest.approx(share, abs=0.006)
    report = (home / "rows.report.html").read_text("utf8")
    assert "spent: 2 epochs of 6" in report
    for text in (outcome.out, report):
        assert "had 124 among its first 200 rows, all 6 had 160" in text
    assert "of the evaluation stream" in report


def test_the_whole_budget_is_the_ranking_without_one(rank, home, files):
    file = files.write_csv(home / "rows.csv", plain_rows())
    for name, options in (("one.csv", []), ("two.csv", ["--budget", 1])):
        outcome = rank(file, "--out", name, *options)
        assert "spent" not in outcome.out
    assert (home / "one.csv").read_bytes() == (home / "two.csv").read_bytes()
    assert "of the training stream" in (home / "rows.report.html").read_text("utf8")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--budget", 0], "above 0 and at most 1"),
        (["--budget", 1.5], "above 0 and at most 1"),
        (["--budget", "nan"], "above 0 and at most 1"),
        (["--budget", 0.1], "less than one epoch and its evaluation; expected 0.2 to 1"),
        (["--budget", 0.5, "--epochs", 2], "expected 0.6 to 1"),
        (["--budget", 0.2, "--by", "variability"], "'variability' compares epochs"),
    ],
)
def test_budgets_that_are_refused_before_anything_is_done(rank, home, files, options, says):
    files.write_csv(home / "rows.csv", plain_rows())
    before = files.under(home)
    full = [] if "--epochs" in options else ["--epochs", 6]
    assert says in rank("rows.csv", *full, *options).one_line()
    assert files.under(home) == before


def test_scores_that_say_nothing_after_one_epoch_are_known(simulate):
    stream = simulate(epochs=1).dynamics().stream()
    constant = {
        name
        for name, entry in SCORES.items()
        if entry.available(stream) and entry(stream).round(12).nunique() == 1
    }
    assert constant <= set(OVER_EPOCHS)
    one = SCORES["forgetting_events"](stream)  # after one epoch: whether it was wrong
    assert one.eq(1 - stream.matrix("correct")[0]).all()


# How early scores rank


def test_first_epochs_are_the_run_as_it_was(simulate):
    whole = simulate(epochs=4).dynamics().stream()
    early = first_epochs(whole, 2)
    assert early.epochs.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(early.matrix("loss"), whole.matrix("loss")[:2])
    for wrong in (0, 5):
        with pytest.raises(ConfigError, match="expected 1 to 4"):
            first_epochs(whole, wrong)


@pytest.mark.parametrize("name", ["action_score", "aum", "confidence"])
def test_early_agreement_by_hand(simulate, name):
    stream = simulate(epochs=4, samples=200).dynamics().stream()
    table = early_agreement(stream, name, top=0.1, resamples=50)
    assert table["epoch"].tolist() == [1, 2, 3, 4]
    sign = 1 if SCORES[name].higher_is_harder else -1
    full = sign * SCORES[name](stream)
    for row in table.itertuples():
        part = Dynamics.from_arrays(
            stream.ids,
            label=stream.label,
            **{c: v[1 : 1 + row.epoch] for c, v in stream.columns.items()},
        ).stream()
        early = sign * SCORES[name](part)
        assert row.value == pytest.approx(stats.spearmanr(early, full).statistic)
        assert row.low <= row.value <= row.high
        both = set(early.nlargest(20).index) & set(full.nlargest(20).index)
        assert row.overlap == pytest.approx(len(both) / 20)
        assert row.overlap_low <= row.overlap <= row.overlap_high
    last = table.iloc[-1]
    assert last["value"] == pytest.approx(1)
    assert last["overlap"] == 1


def test_early_agreement_with_another_run(simulate):
    stream = simulate(epochs=3, seed=0).dynamics().stream()
    noise = np.random.default_rng(0).normal(size=stream.columns["loss"].shape)
    loss = np.abs(stream.columns["loss"] + noise)
    other = replace(stream, columns={**stream.columns, "loss": loss})
    table = early_agreement(stream, "action_score", full=other, resamples=20)
    whole = pd.Series(loss[1:].sum(axis=0), index=stream.ids)
    wanted = stats.spearmanr(stream.matrix("loss")[0], whole).statistic
    assert table["value"][0] == pytest.approx(wanted)
    assert table["value"][2] < 1
    with pytest.raises(DynamicsError, match="other samples: 1 ids"):
        early_agreement(stream, "aum", full=stream.take(stream.ids[1:]))


def test_spent_is_of_the_training_alone_times_the_epochs():
    line = spent(plan_budget(0.2, 6), {"train_s": 10.0, "evaluation_s": 2.0})
    assert line == "spent: 1 epoch of 6, evaluated, 12 s: 0.20 of the 60 s that all 6 would take"
