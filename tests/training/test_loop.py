import numpy as np
import pytest
import torch

from difficulty_lib import Dynamics, score_table
from difficulty_lib._errors import DynamicsError
from difficulty_lib.training import Recorder

N, CLASSES, EPOCHS = 23, 3, 4


@pytest.fixture
def learnt(tmp_path):
    """A loop over 23 samples in shuffled batches of 5, and the losses it saw, by id."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.arange(100, 100 + N)
    inputs = torch.randn(N, 4, generator=generator)
    labels = torch.randint(0, CLASSES, (N,), generator=generator)
    model = torch.nn.Linear(4, CLASSES)
    update = torch.optim.SGD(model.parameters(), lr=0.5)
    recorder = Recorder(tmp_path / "run")
    losses = np.zeros((EPOCHS, N))
    for epoch in range(EPOCHS):
        for rows in torch.randperm(N, generator=generator).split(5):
            logits = model(inputs[rows])
            recorder.step(ids[rows], logits, labels[rows])
            each = torch.nn.functional.cross_entropy(logits, labels[rows], reduction="none")
            losses[epoch, rows.numpy()] = each.detach().numpy()
            update.zero_grad()
            each.mean().backward()
            update.step()
        recorder.epoch_end()
    return tmp_path / "run", ids.numpy(), labels.numpy(), losses


def test_every_sample_once_per_epoch_with_its_own_loss(learnt):
    folder, ids, labels, losses = learnt
    stream = Dynamics.load(folder).stream("train", "training")
    np.testing.assert_array_equal(stream.ids, ids)
    np.testing.assert_array_equal(stream.label, labels)
    np.testing.assert_allclose(stream.matrix("loss"), losses, atol=1e-6)


def test_scores_follow(learnt):
    folder, ids, _, losses = learnt
    scores = score_table(Dynamics.load(folder).stream())["action_score"]
    np.testing.assert_allclose(scores.loc[ids], losses.sum(axis=0), atol=1e-5)


def test_a_forgotten_epoch_end_is_noticed(tmp_path):
    recorder = Recorder(tmp_path)
    for _ in range(2):
        recorder.step(torch.tensor([4, 7]), torch.zeros(2, 3), torch.tensor([0, 1]))
    with pytest.raises(DynamicsError, match=r"more than once.*\[4, 7\].*epoch_end"):
        recorder.epoch_end()


def test_an_epoch_of_nothing_is_refused(tmp_path):
    with pytest.raises(DynamicsError, match="no batch was observed"):
        Recorder(tmp_path).epoch_end()


@pytest.mark.parametrize("ids", [[1, 2, 3], [1]])
def test_shapes_that_disagree_are_refused(tmp_path, ids):
    with pytest.raises(DynamicsError, match=r"expected \(batch,\)"):
        Recorder(tmp_path).step(torch.tensor(ids), torch.zeros(2, 3), torch.tensor([0, 1]))


def test_recording_keeps_no_graph(tmp_path):
    logits = torch.zeros(2, 3, requires_grad=True)
    recorder = Recorder(tmp_path)
    recorder.step(torch.tensor([1, 2]), logits, torch.tensor([0, 1]))
    assert not any(value.requires_grad for value in recorder.batches[0].values())
