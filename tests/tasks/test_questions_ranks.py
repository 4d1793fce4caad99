"""Features of one question on several ranks: it is recorded once per epoch, and rightly."""

import json

import numpy as np
import torch
from refusals import raises_one_line
from tasks import asked, questions_as_rank
from training import launch, tiny_heads

from difficulty_lib import Dynamics
from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import write_part
from difficulty_lib.tasks import TASKS
from difficulty_lib.training import Recorder


def expected(model, rows):
    """sample_id → loss of the feature that counts, one at a time in float64."""
    found = {}
    for sample_id, features in asked.features_of(rows).items():
        seen = []
        for row in features:
            answers = list(zip(row["start_positions"], row["end_positions"]))
            one = tiny_heads.span_by_hand(*asked.logits_alone(model, row), answers)
            seen.append((answers != [(0, 0)], one["loss"]))
        held = [loss for inside, loss in seen if inside]
        found[sample_id] = min(held) if held else max(loss for _, loss in seen)
    return found


RANKS = 2


def trained(folder, learning_rate=0.0):
    """Train on several ranks; what each saw: rank → batches of (question, feature, answered, loss)."""
    context = launch._server()
    port = launch._free_port()
    processes = [
        context.Process(
            target=questions_as_rank.train, args=(rank, RANKS, port, str(folder), learning_rate)
        )
        for rank in range(RANKS)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=300)
    assert [process.exitcode for process in processes] == [0] * RANKS
    return [json.loads((folder / f"seen-{rank}.json").read_text()) for rank in range(RANKS)]


def test_both_streams_have_every_question_once_per_epoch(tmp_path):
    trained(tmp_path)
    model, encoded = questions_as_rank.questions()
    wanted = expected(model, encoded.rows)
    assert len(encoded) > len(wanted) > questions_as_rank.BATCH * RANKS
    dynamics = Dynamics.load(tmp_path)
    assert set(dynamics.keys) == {("train", "training"), ("validation", "evaluation")}
    for key in dynamics.keys:
        stream = dynamics.stream(*key)
        assert stream.ids.tolist() == sorted(wanted)
        for losses in stream.matrix("loss"):
            np.testing.assert_allclose(losses, [wanted[i] for i in stream.ids], atol=1e-5)


def combined(rows):
    """question → loss of the feature that counts, of (question, feature, answered, loss)."""
    found = {}
    for question in {row[0] for row in rows}:
        held = [loss for q, _, answered, loss in rows if q == question and answered]
        others = [loss for q, _, answered, loss in rows if q == question and not answered]
        found[question] = min(held) if held else max(others)
    return found


def test_features_that_pad_the_last_batches_do_not_count(tmp_path):
    """The copies are seen by a model that has learnt since, so with them the losses are others."""
    batches = trained(tmp_path, learning_rate=0.05)
    _, encoded = questions_as_rank.questions()
    assert len(encoded) % (questions_as_rank.BATCH * RANKS)
    stream = Dynamics.load(tmp_path).stream("train", "training")
    per_epoch = len(batches[0]) // 2
    changed = 0
    for epoch in range(2):
        steps = range(epoch * per_epoch, (epoch + 1) * per_epoch)
        seen = [row for step in steps for rank in batches for row in rank[step]]
        first = {}
        for row in seen:  # in the order of the batches
            first.setdefault(row[1], row)
        assert sorted(first) == list(range(len(encoded)))
        assert len(seen) > len(first)
        wanted = combined(list(first.values()))
        with_copies = combined(seen)
        changed += sum(abs(wanted[q] - with_copies[q]) > 1e-3 for q in wanted)
        losses = stream.matrix("loss")[epoch]
        np.testing.assert_allclose(losses, [wanted[i] for i in stream.ids], atol=1e-5)
    assert changed


def features(path, rank, last_batch, rows):
    names = ("sample_id", "feature_id", "answered", "loss")
    columns = {name: np.array(values) for name, values in zip(names, zip(*rows))}
    write_part(path, "train", "training", 1, columns, rank, last_batch=np.array(last_batch))


def test_a_copy_of_another_ranks_feature_is_left_out(tmp_path):
    features(tmp_path, 0, [2], [(7, 0, True, 3.0), (8, 2, False, 1.0)])
    features(tmp_path, 1, [0, 3], [(7, 1, True, 4.0), (7, 0, True, 0.5), (8, 3, False, 0.25)])
    stream = Dynamics.load(tmp_path).stream("train", "training")
    assert stream.ids.tolist() == [7, 8]
    assert stream.matrix("loss").tolist() == [[3.0, 1.0]]
    only = Dynamics.load(tmp_path, columns=["loss"]).stream("train", "training")
    assert only.matrix("loss").tolist() == [[3.0, 1.0]]


def test_a_feature_of_two_ranks_that_is_no_padding_is_refused(tmp_path):
    features(tmp_path, 0, [1], [(7, 0, True, 3.0), (7, 1, False, 1.0)])
    features(tmp_path, 1, [2], [(7, 0, True, 0.5), (8, 2, False, 1.0)])
    raises_one_line(
        lambda: Dynamics.load(tmp_path), "1 features", "more than once", "7", kind=DynamicsError
    )


def recorder(folder):
    return Recorder(folder, observe=TASKS["question-answering"].observe)


def batch(ids, numbers, seed):
    z = torch.randn(2, len(ids), 6, generator=torch.Generator().manual_seed(seed))
    ones = torch.ones(len(ids), dtype=torch.int64)
    return torch.tensor(ids), (z[0], z[1]), (ones, ones), torch.tensor(numbers)


def test_a_ranks_own_copy_counts_once_wherever_it_was_stopped(tmp_path):
    steps = [batch([3, 3, 4], [0, 1, 2], 0), batch([5, 3, 4], [3, 0, 2], 1)]
    whole, killed, resumed = (recorder(tmp_path / name) for name in ("a", "b", "b"))
    for step in steps:
        whole.step(*step)
    whole.epoch_end(rank=0, world=2)
    killed.step(*steps[0])
    resumed.load_state_dict(killed.state_dict())
    resumed.step(*steps[1])
    resumed.epoch_end(rank=0, world=2)
    losses = [TASKS["question-answering"].observe(*step[1:3])["loss"].numpy() for step in steps]
    wanted = [min(losses[0][:2]), losses[0][2], losses[1][0]]
    for name in ("a", "b"):
        stream = Dynamics.load(tmp_path / name).stream()
        assert stream.ids.tolist() == [3, 4, 5]
        np.testing.assert_allclose(stream.matrix("loss"), [wanted], rtol=1e-6)


def test_one_rank_has_no_copies(tmp_path):
    alone = recorder(tmp_path)
    alone.step(*batch([3, 3, 4], [0, 1, 2], 0))
    alone.step(*batch([5, 3], [3, 0], 1))
    raises_one_line(
        lambda: alone.epoch_end(rank=0, world=1), "more than once", "[3]", kind=DynamicsError
    )
