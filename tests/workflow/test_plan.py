"""What is done, left and not possible; what is estimated, against numbers worked out by hand."""

import json
import runpy
from pathlib import Path

import pytest
import yaml

from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.data import DATASETS
from difficulty_lib.grid import (
    duration,
    estimated_seconds,
    make_plan,
    page_lines,
    plan_lines,
    ran_lines,
    read_records,
)
from difficulty_lib.training import RunConfig

ROOT = Path(__file__).parents[2]
HERE = "A processor"
EMOTION = {"dataset": "emotion", "splits": ["validation"], "train_size": 1000, "eval_size": 500}
EDITION = {
    "chapters": {"one": {"notebook": "sentiment", "parameters": {**EMOTION, "seeds": [1, 2]}}}
}


def config(**changed):
    names = {"evaluation_splits": ("validation",), "train_size": 1000, "eval_size": 500}
    return RunConfig(**{"dataset": "emotion", **names, **changed}).resolved()


def write_record(folder, run, seconds, hardware="A processor, 2 cores", **timings):
    where = folder / run.folder_name
    where.mkdir(parents=True)
    content = {
        "hash": run.hash,
        "config": run.to_dict(),
        "data": {},
        "environment": {"date": "2026-01-02 03:04 UTC", "hardware": hardware},
        "timings": {"train_s": seconds * 0.75, "total_s": seconds, "vog_mb": 4e9, **timings},
    }
    (where / "run.json").write_text(json.dumps(content), "utf8")
    return where


@pytest.fixture(autouse=True)
def nothing_at_hand(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.delenv("DIFFICULTY_DATA", raising=False)


def test_the_estimate_grows_with_the_samples_that_pass(tmp_path):
    # 6 epochs of 1,000, and 7 evaluations of 500 at a fifth: 6,700 in 670 s.
    write_record(tmp_path, config(), 670)
    records = read_records([tmp_path]).values()
    assert estimated_seconds(config(seed=2), records, HERE) == pytest.approx(670)
    twice = config(epochs=3, train_size=4000, record_initial=False)
    assert estimated_seconds(twice, records, HERE) == pytest.approx(0.1 * (12000 + 300))
    rows = DATASETS["emotion"].splits["train"].rows
    whole = config(epochs=1, train_size=None, eval_size=1)
    assert estimated_seconds(whole, records, HERE) == pytest.approx(0.1 * (rows + 0.2 * 2))


def test_the_most_alike_runs_count(tmp_path):
    for seed, seconds in ((1, 670), (2, 1340), (3, 67000)):
        write_record(tmp_path, config(seed=seed), seconds)
    other = config(dataset="rated-sentences")
    write_record(tmp_path, other, 67)
    write_record(tmp_path, config(intervention={"empty_inputs": True}), 1)
    write_record(tmp_path, config(record_gradients=True), 9999)
    records = read_records([tmp_path]).values()
    assert estimated_seconds(config(seed=4), records, HERE) == pytest.approx(1340)
    assert estimated_seconds(other, records, HERE) == pytest.approx(67)
    emptied = config(seed=4, intervention={"empty_inputs": True})
    assert estimated_seconds(emptied, records, HERE) == pytest.approx(1)


def test_other_hardware_tasks_and_models_say_nothing(tmp_path):
    write_record(tmp_path, config(), 670)
    records = read_records([tmp_path]).values()
    assert estimated_seconds(config(), records, "NVIDIA H200") is None
    assert estimated_seconds(config(), records, "") is None
    assert estimated_seconds(config(model="smollm2", model_revision="x"), records, HERE) is None
    nli = config(dataset="mnli", task="nli", evaluation_splits=("dev_matched",))
    assert estimated_seconds(nli, records, HERE) is None
    # Of the same task, though of other data.
    rated = estimated_seconds(config(dataset="rated-sentences"), records, HERE)
    assert rated == pytest.approx(670)


def test_of_a_run_that_went_on_all_sittings_count(tmp_path):
    write_record(tmp_path, config(), 100, train_s=900.0, evaluation_s=50.0)
    (record,) = read_records([tmp_path]).values()
    assert record.seconds == 950


def test_unfinished_runs_are_none_and_damaged_ones_are_named(tmp_path):
    where = write_record(tmp_path, config(), 100)
    where.rename(where.with_name(where.name + ".partial"))
    assert read_records([tmp_path, tmp_path / "nowhere"]) == {}
    damaged = write_record(tmp_path, config(), 100) / "run.json"
    damaged.write_text("{")
    with pytest.raises(DynamicsError, match=r"run\.json is damaged"):
        read_records([tmp_path])


def test_what_is_done_and_left(tmp_path):
    write_record(tmp_path, config(seed=1), 670)
    plan = make_plan(EDITION, read_records([tmp_path]), machine=HERE)
    assert [[cell.config.seed for cell in cells] for cells in (plan.done, plan.left)] == [[1], [2]]
    assert plan.seconds_left == pytest.approx(670)
    assert plan_lines(plan) == [
        "1 of 2 runs recorded",
        "1 run left: about 11 min, one run after another",
    ]
    assert plan_lines(make_plan(EDITION, {}, machine=HERE)) == [
        "0 of 2 runs recorded",
        "2 runs left: 2 runs of unknown length",
    ]


def test_a_run_above_the_limit_is_not_done_and_its_command_is_said(tmp_path):
    write_record(tmp_path, config(seed=1), 7200)
    records = read_records([tmp_path])
    within = make_plan({**EDITION, "limit_hours": 2}, records, machine=HERE)
    assert within.not_here == []
    plan = make_plan({**EDITION, "limit_hours": 1.5}, records, machine=HERE)
    assert plan.left == []
    assert plan.gaps == {"one"}
    name = config(seed=2).folder_name
    assert plan_lines(plan)[1:] == [
        f"not done: {name}: about 2 h on {HERE}, above the limit of 90 min",
        f"  make run RUN={name}",
    ]


@pytest.mark.parametrize("limit", [0, -1, True, "2 h"])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(ConfigError, match="limit_hours is"):
        make_plan({**EDITION, "limit_hours": limit}, {}, machine=HERE)


def test_without_data_a_run_is_not_done(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    plan = make_plan(EDITION, {}, machine=HERE)
    assert [cell.reason for cell in plan.not_here] == [
        "no data: DIFFICULTY_DATA names no folder with emotion, and the hub is switched off"
    ] * 2
    (tmp_path / "emotion").mkdir()
    monkeypatch.setenv("DIFFICULTY_DATA", str(tmp_path))
    assert make_plan(EDITION, {}, machine=HERE).not_here == []


def test_what_an_impossible_run_steers_is_impossible(tmp_path):
    write_record(tmp_path, config(seed=7), 7200)
    parameters = {
        **{name: EMOTION[name] for name in ("dataset", "train_size", "eval_size")},
        "seeds": [1, 2],
        "conditions": {"whole": {}, "half": {"budget": 0.5, "teacher": "whole"}},
        "curricula": [["easy_first", "linear"]],
    }
    edition = {"chapters": {"steered": {"notebook": "curriculum", "parameters": parameters}}}
    records = read_records([tmp_path])
    plan = make_plan({**edition, "limit_hours": 1.5}, records, machine=HERE)
    assert plan.left
    assert not any(cell.needs for cell in plan.left)
    steered = [cell for cell in plan.not_here if cell.needs and cell.config.epochs == 3]
    assert len(steered) == 2
    for cell in steered:
        assert cell.seconds < 1.5 * 3600
        assert cell.reason == f"it is steered by {cell.needs[0]}, which cannot be done here"
    assert make_plan({**edition, "limit_hours": 30}, records, machine=HERE).not_here == []


def test_the_page_shows_what_ran_and_what_is_missing(tmp_path):
    write_record(tmp_path, config(seed=1), 3600)
    write_record(tmp_path, config(seed=9), 120)
    records = read_records([tmp_path])
    plan = make_plan(EDITION, records, machine=HERE)
    text = "\n".join(page_lines({"published": plan}, records, {"one": "Chapter one"}, HERE))
    missing = config(seed=2).folder_name
    assert "2 runs recorded, 62 min of training and evaluation in all" in text
    assert "Of the published edition 1 run of 2 is missing." in text
    assert (
        f"- Chapter one: emotion, minilm, seed 2, about 31 min on {HERE}: `make run RUN={missing}`"
    ) in text
    row = f"| emotion, minilm, seed 1 | `{config(seed=1).hash}` | 2026-01-02 03:04 UTC |"
    assert (
        f"### Chapter one\n\n| Run | Hash | Finished | On | Took |\n|---|---|---|---|---:|\n{row}"
        in text
    )
    assert "### Shown in no chapter of these editions" in text
    assert text.count("| emotion, minilm, seed") == 2
    assert "Every run of the published edition was done." not in text


def test_the_books_page_names_every_published_run_and_every_gap():
    made = runpy.run_path(str(ROOT / "book/_ext/what_ran.py"))
    text = "\n".join(made["what_ran_lines"]())
    recorded = {path.parent.name for path in (ROOT / "data/runs").glob("*/run.json")}
    assert all(text.count(f"| `{name[-12:]}` |") == 1 for name in recorded)
    published = yaml.safe_load((ROOT / "workflow/published.yml").read_text("utf8"))
    wanted = {cell.name for cell in make_plan(published, {}, machine=HERE).cells}
    assert all((f"RUN={name}`" in text) == (name not in recorded) for name in wanted)
    page = (ROOT / "book/what-was-run.md").read_text("utf8")
    assert "{what-ran}" in page
    assert "- file: what-was-run" in (ROOT / "book/_toc.yml").read_text("utf8")


def test_what_ran_is_summed_up(tmp_path):
    write_record(tmp_path, config(), 90)
    write_record(tmp_path, config(seed=2), 7500)
    lines = ran_lines(read_records([tmp_path]).values())
    assert lines[0].endswith("  2026-01-02 03:04 UTC  A processor, 2 cores  90 s")
    assert lines[-1] == "2 runs, 2 h 6 min in all"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "unknown"),
        (0.4, "0 s"),
        (99, "99 s"),
        (100, "2 min"),
        (5930, "99 min"),
        (7200, "2 h"),
    ],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words
