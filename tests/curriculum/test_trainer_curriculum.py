"""The curriculum inside transformers' Trainer: its own batches at pacing 1, ranks, and resumed."""

import json
import time

import pytest
from curriculum import as_rank
from training import launch, tiny

from difficulty_lib.curriculum import ORDERS

PACED = {"order": "easy_first", "pacing": "linear", "start": 0.2, "end": 0.8}
STEPS = {1: 12, 2: 6}  # updates of an epoch, by ranks
ID = [row["sample_id"] for row in tiny.encoded_rows(as_rank.ROWS)]


def seen_alone(folder, settings):
    trainer = as_rank.make(folder, settings)
    trainer.train(resume_from_checkpoint=settings.get("resume"))
    return trainer.seen


def seen(folder, ranks, **settings):
    """By rank: the samples of every batch."""
    if ranks == 1:
        return [seen_alone(folder, settings)]
    context, port = launch._server(), launch._free_port()
    processes = [
        context.Process(target=as_rank.train, args=(rank, ranks, port, str(folder), settings))
        for rank in range(ranks)
    ]
    for process in processes:
        process.start()
    end = time.monotonic() + 300
    while any(process.is_alive() for process in processes):
        if any(process.exitcode for process in processes) or time.monotonic() > end:
            for process in processes:  # one alone would wait for the other for ever
                process.kill()
        time.sleep(0.05)
    assert [process.exitcode for process in processes] == [0] * ranks
    return [json.loads((folder / f"seen-{rank}.json").read_text()) for rank in range(ranks)]


@pytest.mark.parametrize("order", ORDERS[::3])
def test_pacing_one_has_the_trainers_own_batches(tmp_path, order):
    wanted = seen_alone(tmp_path, {})
    found = seen_alone(tmp_path, {"curriculum": {"order": order, "pacing": "constant"}})
    assert found == wanted
    assert len(found) == 36


def expected(ranks, epoch):
    """Batches of every rank: batch by batch in turn, filled up from the epoch's first samples."""
    rows = as_rank.sampler(PACED, ranks).rows(epoch).tolist()
    rows += rows[: -len(rows) % (as_rank.BATCH * ranks)] if ranks > 1 else []
    batches = [
        [ID[row] for row in rows[at : at + as_rank.BATCH]]
        for at in range(0, len(rows), as_rank.BATCH)
    ]
    return [batches[rank::ranks] for rank in range(ranks)]


@pytest.mark.parametrize("ranks", [1, 2])
def test_every_rank_has_its_share_whole_or_resumed_inside_an_epoch(tmp_path, ranks):
    steps = STEPS[ranks]
    wanted = [expected(ranks, epoch) for epoch in range(3)]
    whole = seen(tmp_path, ranks, curriculum=PACED, stop=steps + 4)
    for rank in range(ranks):
        assert whole[rank] == [batch for epoch in wanted for batch in epoch[rank]]
        assert len(whole[rank]) == 3 * steps
    checkpoint = str(tmp_path / "trainer" / f"checkpoint-{steps + 4}")
    rest = seen(tmp_path, ranks, curriculum=PACED, resume=checkpoint)
    for rank in range(ranks):
        assert rest[rank] == whole[rank][steps + 4 :]


def test_batches_that_are_accumulated(tmp_path):
    settings = {"curriculum": PACED, "arguments": {"gradient_accumulation_steps": 3}}
    found = [sample for batch in seen_alone(tmp_path, settings) for sample in batch]
    assert found == [ID[row] for epoch in range(3) for row in as_rank.sampler(PACED, 1).rows(epoch)]


def test_a_trainer_trained_twice_begins_anew(tmp_path):
    trainer = as_rank.make(tmp_path, {"curriculum": PACED})
    trainer.train()
    first, trainer.seen = trainer.seen, []
    trainer.train()
    assert trainer.seen == first
