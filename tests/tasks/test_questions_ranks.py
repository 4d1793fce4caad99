"""Features of one question on several ranks: it is recorded once per epoch, and rightly."""

import numpy as np
from tasks import asked, questions_as_rank
from training import launch, tiny_heads

from difficulty_lib import Dynamics


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


def test_both_streams_have_every_question_once_per_epoch(tmp_path):
    context = launch._server()
    port = launch._free_port()
    processes = [
        context.Process(target=questions_as_rank.train, args=(rank, RANKS, port, str(tmp_path)))
        for rank in range(RANKS)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=300)
    assert [process.exitcode for process in processes] == [0] * RANKS
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
