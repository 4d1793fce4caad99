"""Runs whose training samples a score orders or selects: plain at pacing 1, resumed, and refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line
from training import tiny

from difficulty_lib._errors import DifficultyError
from difficulty_lib.curriculum import ordered
from difficulty_lib.data import load_data
from difficulty_lib.scores import score_table
from difficulty_lib.selection import select
from difficulty_lib.training import RunConfig, _resumable, get_or_train
from difficulty_lib.training._curriculum import curriculum_of
from difficulty_lib.training._scores_from import file_digest
from difficulty_lib.training._study_trainer import StudyTrainer

pytestmark = [
    pytest.mark.filterwarnings("ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"),
    pytest.mark.filterwarnings("ignore:.*differ from the registry:UserWarning"),
]
ROWS = 30


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A mirror, a model, and a recorded plain run, whose scores steer the others."""
    folder = tmp_path_factory.mktemp("steered")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DIFFICULTY_DATA", str(tiny.write_mirror(folder / "mirror", train=ROWS)))
        patched.setattr("torch.cuda.is_available", lambda: False)
        config = RunConfig(
            dataset="emotion",
            model=str(tiny.save_tiny(folder / "model", dropout=0.2)),
            epochs=3,
            batch_size=2,
            learning_rate=1e-3,
            evaluation_splits=("train",),
        )
        yield folder / "runs", config, get_or_train(config, runs=folder / "runs", progress=False)


def steered(place, runs=None, **intervention):
    home, config, _ = place
    settings = intervention.pop("settings", {})
    config = replace(config, intervention=intervention, **settings)
    return get_or_train(config, runs=runs or home, progress=False)


def of_plain(place, name="action_score", **more):
    return {"score": name, "run": place[2].folder.name, **more}


def curriculum(place, **more):
    return {"order": "easy_first", "pacing": "linear", "end": 0.9, **of_plain(place), **more}


def losses(run):
    return run.dynamics.stream("train", "evaluation").matrix("loss")


def seen_by(monkeypatch):
    """The samples of every batch, as they are trained on."""
    seen = []
    real = StudyTrainer.training_step

    def training_step(self, model, inputs, *args, **kwargs):
        seen.append(inputs["sample_id"].tolist())
        return real(self, model, inputs, *args, **kwargs)

    monkeypatch.setattr(StudyTrainer, "training_step", training_step)
    return seen


@pytest.mark.parametrize("order", ["random", "easy_first"])
def test_pacing_one_is_a_plain_run(place, order):
    run = steered(place, curriculum={"order": order, "pacing": "constant", **of_plain(place)})
    assert run.hash != place[2].hash
    np.testing.assert_array_equal(losses(run), losses(place[2]))


def test_easy_samples_come_first_in_as_many_updates(place, monkeypatch):
    seen = seen_by(monkeypatch)
    settings = curriculum(place, pacing="step", start=0.3, end=0.5, score="confidence")
    run = steered(place, curriculum=settings)
    assert len(seen) == 3 * ROWS / 2
    scores = score_table(place[2].dynamics.stream("train", "evaluation"))["confidence"]
    easy = set(scores.nlargest(9).index)
    assert {i for batch in seen[:15] for i in batch} == easy
    assert {i for batch in seen[30:] for i in batch} == set(scores.index)
    assert np.abs(losses(run) - losses(place[2])).max() > 1e-3


def test_easy_samples_of_every_class_come_first(place, monkeypatch):
    seen = seen_by(monkeypatch)
    settings = curriculum(place, order="easy_first_in_class", pacing="step", start=0.3, end=0.5)
    steered(place, curriculum=settings)
    table = score_table(place[2].dynamics.stream("train", "evaluation"))
    given = load_data("emotion")["train"]["label"]
    wanted = ordered(table["action_score"], "easy_first_in_class", seed=1, classes=given)[:9]
    first = {i for batch in seen[:15] for i in batch}
    assert first == set(wanted.tolist())
    assert set(given.loc[list(first)]) == set(given)


def test_an_order_in_class_of_data_without_classes_is_refused(place):
    asked = RunConfig(
        "tiny-summaries",
        task="summarization-causal",
        intervention={"curriculum": {"order": "easy_first_in_class", "pacing": "root"}},
    )
    raises_one_line(
        lambda: curriculum_of(asked, [1], []),
        "order is 'easy_first_in_class', and tiny-summaries has no classes",
        kind=DifficultyError,
    )


def test_a_stopped_curriculum_goes_on(place, tmp_path, monkeypatch):
    monkeypatch.setattr(_resumable, "EVERY_S", 0.0)
    whole = steered(place, tmp_path / "a", curriculum=curriculum(place))
    real = StudyTrainer.training_step

    def stopping(self, *args, **kwargs):
        if self.state.global_step == 20:
            raise KeyboardInterrupt
        return real(self, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(StudyTrainer, "training_step", stopping)
        with pytest.raises(KeyboardInterrupt):
            steered(place, tmp_path / "b", curriculum=curriculum(place))
    seen = seen_by(monkeypatch)
    again = steered(place, tmp_path / "b", curriculum=curriculum(place))
    assert len(seen) == 30  # 15 updates an epoch, one epoch was kept
    np.testing.assert_allclose(losses(again), losses(whole), rtol=1e-6, atol=1e-6)


@pytest.fixture
def other_home(place, monkeypatch):
    """Where runs are looked for when they are not beside the new one."""
    monkeypatch.setenv("DIFFICULTY_RUNS", str(place[0]))


@pytest.fixture(autouse=True)
def _home(other_home):
    pass


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_scores_of_a_file_are_those_of_the_run(place, tmp_path, kind):
    table = score_table(place[2].dynamics.stream("train", "evaluation"), ["action_score"])
    path = tmp_path / f"scores.{kind}"
    if kind == "csv":
        table.to_csv(path)
    else:
        table.to_parquet(path)
    source = {"score": "action_score", "file": str(path), "digest": file_digest(path)}
    by_file = steered(place, curriculum={"order": "hard_first", "pacing": "root", **source})
    by_run = steered(
        place, curriculum=curriculum(place, order="hard_first", pacing="root", end=0.5)
    )
    np.testing.assert_array_equal(losses(by_file), losses(by_run))


def test_scores_of_the_first_epochs(place):
    stream = place[2].dynamics.stream("train", "evaluation")
    first = pd.Series(stream.matrix("loss")[0], index=stream.ids, name="last_loss")
    run = steered(
        place,
        selected={"how": "easiest", "fraction": 0.5, **of_plain(place, "last_loss", epochs=1)},
    )
    kept = run.dynamics.stream("train", "evaluation").ids
    np.testing.assert_array_equal(kept, select(first, 0.5, "easiest"))


@pytest.mark.parametrize("how", ["hardest", "most_ambiguous", "random", "class_balanced"])
def test_a_selected_part_is_trained_on(place, monkeypatch, how):
    seen = seen_by(monkeypatch)
    floor = 0 if how == "random" else 2  # every class of the other splits must be there
    settings = {"how": how, "fraction": 0.4, "seed": 3, "floor": floor}
    run = steered(place, selected={**settings, **of_plain(place, "variability")})
    scores = score_table(place[2].dynamics.stream("train", "evaluation"))["variability"]
    labels = load_data("emotion")["train"]["label"]
    wanted = select(scores, 0.4, how, labels, seed=3, floor=floor)
    assert sorted({i for batch in seen for i in batch}) == wanted.tolist()
    assert run.sizes["train"] == 12


def test_suspects_and_planted_errors_are_dropped(place, monkeypatch):
    seen = seen_by(monkeypatch)
    dropped = {"how": "drop_suspects", "fraction": 0.2, **of_plain(place)}
    assert steered(place, selected=dropped).sizes["train"] == 24
    hardest = score_table(place[2].dynamics.stream("train", "evaluation"))["action_score"]
    assert not {i for batch in seen for i in batch} & set(hardest.nlargest(6).index)
    spared = steered(place, selected={**dropped, "fraction": 0.6, "floor": 3})
    given = load_data("emotion")["train"]["label"]
    assert given.loc[spared.dynamics.stream("train", "evaluation").ids].value_counts().min() >= 3
    assert spared.sizes["train"] == 12
    planted = ["flip_labels", 0.2]
    noisy = steered(place, corrupted=planted)
    clean = steered(place, corrupted=planted, selected={"how": "without_errors"})
    one, other = (run.dynamics.stream("train", "evaluation") for run in (noisy, clean))
    true = given.loc[one.ids].to_numpy() == one.label
    assert 0 < (~true).sum() < ROWS
    np.testing.assert_array_equal(other.ids, one.ids[true])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"curriculum": "easy"}, "expected a mapping"),
        ({"curriculum": {"order": "random", "pace": 1}}, "has no pace; known: order"),
        ({"curriculum": {"order": "random"}}, "has no pacing"),
        ({"curriculum": {"order": "easy_first", "pacing": "root"}}, "score is None"),
        (
            {"curriculum": {"order": "easy_first", "pacing": "root", "score": "aum"}},
            "either run or file",
        ),
        (
            {"curriculum": {"order": "easy_first", "pacing": "root", "score": "aum", "run": "x"}},
            "no recorded run 'x'",
        ),
        ({"curriculum": {"order": "random", "pacing": "cubic"}}, "unknown pacing"),
        (
            {
                "curriculum": {"order": "random", "pacing": "root"},
                "settings": {"record_training": True},
            },
            "record_training=False",
        ),
        ({"curriculum": {"order": "random", "pacing": "root"}, "second_split": 0}, "second_split"),
        ({"selected": {"how": "best"}}, "how is easiest"),
        ({"selected": {"how": "random"}}, "fraction is None"),
        ({"selected": {"how": "random", "fraction": 0.5, "p": 1}}, "has no p"),
        ({"selected": {"how": "random", "fraction": 0.001}}, "leaves nothing"),
        ({"selected": {"how": "random", "fraction": 0.3, "floor": 4}}, "floor of 4"),
        ({"selected": {"how": "without_errors"}}, "no errors were planted"),
    ],
)
def test_what_cannot_be_asked_for(place, settings, says):
    raises_one_line(lambda: steered(place, **settings), says, kind=DifficultyError)
    assert not list(place[0].glob("*.partial"))


def test_files_that_cannot_be_used(place, tmp_path):
    path = tmp_path / "scores.csv"

    def asked(table, **more):
        table.to_csv(path, index=False)
        source = {"score": "aum", "file": str(path), "digest": file_digest(path)} | more
        for settings in (
            {"curriculum": {"order": "hard_first", "pacing": "root", **source}},
            {"selected": {"how": "hardest", "fraction": 0.5, **source}},
        ):
            yield lambda given=settings: steered(place, **given)

    ids = load_data("emotion")["train"].index
    table = pd.DataFrame({"sample_id": ids, "aum": np.arange(ROWS)})
    for ask in asked(table, digest="0"):
        raises_one_line(ask, "digest is '0'", f"'{file_digest(path)}'", kind=DifficultyError)
    for ask in asked(table.rename(columns={"aum": "other"})):
        raises_one_line(ask, "no column aum", "other", kind=DifficultyError)
    for ask in asked(table.iloc[1:]):
        raises_one_line(ask, "1 of 30 samples", str(ids[0]), kind=DifficultyError)
    for ask in asked(table.assign(sample_id=table["sample_id"].replace(ids[2], 99_999))):
        raises_one_line(ask, "'aum': 1 of 30", kind=DifficultyError)
    more = pd.concat([table, pd.DataFrame({"sample_id": [99_999], "aum": [0.0]})])
    for ask in asked(more):
        raises_one_line(ask, "1 of 31 scores", "99999", kind=DifficultyError)
    for ask in asked(table, file=str(tmp_path / "none.csv")):
        raises_one_line(ask, "is no file", kind=DifficultyError)
