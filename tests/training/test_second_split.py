"""Training on one half and then on the other, while the first is watched."""

import numpy as np
import pytest
from refusals import raises_one_line
from training import tiny
from training.test_cross_validation import config, data

from difficulty_lib._errors import DataError
from difficulty_lib.scores import SCORES, score_table
from difficulty_lib.training import Run, RunConfig, second_split
from difficulty_lib.training._interventions import half_of, intervene

pytestmark = pytest.mark.filterwarnings(
    "ignore::difficulty_lib.dynamics._health.CollapsedRunWarning"
)


@pytest.fixture(scope="module")
def watched(tmp_path_factory, tiny_folder, one_thread):
    """(what was recorded, the folder of the runs), for tests that change neither."""
    runs = tmp_path_factory.mktemp("second-split")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torch.cuda.is_available", lambda: False)
        found = second_split(config(tiny_folder), data(), runs=runs, progress=False)
    return found, runs


def test_the_halves_are_exchanged():
    whole = data()
    halves = []
    for half in (0, 1):
        seen = intervene(whole, RunConfig(dataset="own", intervention={"second_split": half}))
        assert set(seen.splits) == {"train", "second_half"}
        assert (half_of(seen["train"].index, 1) == half).all()
        halves.append([set(frame.index) for frame in seen.splits.values()])
    assert halves[0] == halves[1][::-1]
    assert halves[0][0] | halves[0][1] == set(whole["train"].index)


def test_every_training_sample_has_a_value(watched):
    found, runs = watched
    stream = found.stream()
    frame = data()["train"].sort_index()
    assert found.keys == [("train", "second_split")]
    assert stream.ids.tolist() == frame.index.tolist()
    assert stream.label.tolist() == frame["label"].tolist()
    assert stream.epochs.tolist() == [0, 1, 2]
    assert not stream.held_out
    assert len(list(runs.iterdir())) == 2
    table = score_table(stream.trusted())
    assert "second_split_forgetting" in table
    assert not {"self_confidence", "normalized_margin", "pvi"} & set(table)
    correct = stream.matrix("correct")
    for place, found_at in enumerate(SCORES["second_split_forgetting"](stream.trusted())):
        course = correct[:, place].tolist()
        assert found_at == {(1, 1): 3, (0, 1): 3, (1, 0): 2, (0, 0): 1}[tuple(course)]


def test_the_second_stage_goes_on_from_the_first_with_the_other_half(watched, tiny_folder):
    """The same by hand: two Trainers of `transformers` in turn, the losses one row at a time."""
    from transformers import (
        AutoModelForSequenceClassification,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    stream = watched[0].stream()
    frame = data()["train"]
    half = half_of(frame.index, 1)
    tokenizer = tiny.tiny_tokenizer()

    def rows(chosen):
        part = frame[chosen]
        return [
            {**{k: v[i] for k, v in tokenizer(part["text"].tolist()).items()}, "labels": label}
            for i, label in enumerate(part["label"])
        ]

    set_seed(1)
    model = AutoModelForSequenceClassification.from_pretrained(
        tiny_folder, num_labels=3, ignore_mismatched_sizes=True
    )
    watch = [
        {**row, "sample_id": int(i)} for row, i in zip(rows(half == 0), frame.index[half == 0])
    ]
    seen = []
    for stage in (0, 1):
        part = rows(half == stage)
        lengths = [len(row["input_ids"]) for row in part]
        arguments = TrainingArguments(
            output_dir=str(watched[1] / "scratch"),
            num_train_epochs=2,
            learning_rate=5e-3,
            per_device_train_batch_size=8,
            seed=1,
            data_seed=1,
            use_cpu=True,
            optim="adamw_torch_fused",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = by_length(Trainer, lengths)(
            model=model,
            args=arguments,
            train_dataset=part,
            data_collator=DataCollatorWithPadding(tokenizer),
        )
        trainer.train()
        seen.append(tiny.direct_losses(model, watch))
    for place, losses in ((0, seen[0]), (2, seen[1])):
        mine = stream.take(np.sort(frame.index[half == 0]))
        wanted = [losses[int(i)] for i in mine.ids]
        np.testing.assert_allclose(mine.columns["loss"][place], wanted, atol=1e-4)


def by_length(base, lengths):
    """Samples in the order in which the library draws them."""
    import torch
    from transformers.trainer_pt_utils import LengthGroupedSampler

    class ByLength(base):
        def _get_train_sampler(self, train_dataset=None):
            generator = torch.Generator()
            generator.manual_seed(1)
            return LengthGroupedSampler(8, lengths=lengths, generator=generator)

    return ByLength


def test_recorded_runs_are_used_again(watched, tiny_folder, monkeypatch):
    found, runs = watched

    def fail(*args, **kwargs):
        raise AssertionError("it trains")

    monkeypatch.setattr("difficulty_lib.training._runs.train_run", fail)
    again = second_split(config(tiny_folder), data(), runs=runs, progress=False)
    np.testing.assert_array_equal(again.stream().columns["loss"], found.stream().columns["loss"])
    with pytest.raises(AssertionError, match="it trains"):
        second_split(config(tiny_folder, seed=2), data(), runs=runs, progress=False)


def test_the_record_counts_both_halves(watched):
    frame = data()["train"]
    for folder in watched[1].glob("own-*"):
        run = Run.load(folder)
        half = run.config.intervention["second_split"]
        counts = run.record["data"]["label_counts"]
        for split, which in (("train", half), ("second_half", 1 - half)):
            labels = frame["label"][half_of(frame.index, 1) == which]
            assert counts[split] == np.bincount(labels, minlength=3).tolist()


def test_a_half_of_one_class_is_refused(tiny_folder, tmp_path):
    whole = data()
    second = half_of(whole["train"].index, 1) == 1
    whole.splits["train"].loc[second, "label"] = 1
    run = lambda: second_split(config(tiny_folder), whole, runs=tmp_path, progress=False)  # noqa: E731
    raises_one_line(run, "own/second_half", "'good'", "two classes", kind=DataError)
    assert list(tmp_path.iterdir()) == []


def test_a_label_may_be_in_one_half_alone(tiny_folder, tmp_path):
    whole = data(count=24)
    first = half_of(whole["train"].index, 1) == 0
    labels = whole["train"]["label"]
    whole.splits["train"]["label"] = labels.where(first | (labels < 2), 0)
    found = second_split(config(tiny_folder, epochs=1), whole, runs=tmp_path, progress=False)
    assert len(found.stream()) == 24
