import numpy as np
import pytest
import torch
from refusals import raises_one_line

from difficulty_lib import Dynamics, score_table
from difficulty_lib._errors import ConfigError, DynamicsError, ModelError, TrainingError
from difficulty_lib.images import (
    autoencoder,
    classifier,
    load_digits,
    observe_images,
    observe_pixels,
    pixel_maps,
    train_images,
)
from difficulty_lib.scores import token_table


@pytest.fixture(scope="module")
def data():
    return load_digits().subset({"train": 96, "test": 40})


def observed_losses(data, run):
    """The classifier's losses from its own probabilities, by hand."""
    p = run.outputs["test"]
    return -np.log(p[np.arange(len(p)), data.labels["test"]])


def test_the_classifier_is_recorded_in_both_streams(data):
    run = train_images("classifier", data, 1, epochs=3)
    train, test = (
        run.dynamics.stream("train", "training"),
        run.dynamics.stream("test", "evaluation"),
    )
    np.testing.assert_array_equal(train.ids, np.sort(data.ids["train"]))
    np.testing.assert_array_equal(test.label, data.labels["test"][np.argsort(data.ids["test"])])
    assert test.matrix("loss").shape == (3, 40)
    np.testing.assert_allclose(
        test.matrix("loss")[-1], observed_losses(data, run), rtol=1e-4, atol=1e-6
    )
    scores = score_table(test)
    np.testing.assert_allclose(scores["action_score"], test.matrix("loss").sum(axis=0), rtol=1e-5)


@pytest.mark.parametrize("kind", ["classifier", "autoencoder"])
def test_a_seed_gives_the_same_to_the_bit_and_leaves_torch_as_it_was(data, kind):
    torch.manual_seed(5)
    expected, threads = torch.rand(1), torch.get_num_threads()
    torch.manual_seed(5)
    runs = [train_images(kind, data, seed, epochs=3, batch_size=8, latent=8) for seed in (1, 1, 2)]
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == threads
    one, again, other = (run.dynamics.stream("test").matrix("loss") for run in runs)
    np.testing.assert_array_equal(one, again)
    assert (one != other).all()


def test_the_classifier_is_told_the_given_labels_and_scored_by_the_true_ones(data):
    told = data.labels["train"].copy()
    told[:10] = (told[:10] + 1) % 10
    run = train_images(
        "classifier", data, 1, epochs=3, batch_size=8, labels=told, evaluate=("train", "test")
    )
    order = np.argsort(data.ids["train"])
    for stream in ("training", "evaluation"):
        np.testing.assert_array_equal(run.dynamics.stream("train", stream).label, told[order])
    assert (
        run.dynamics.stream("test").label == data.labels["test"][np.argsort(data.ids["test"])]
    ).all()


def test_pixels_are_tokens_whose_scores_add_up_to_the_images(data, tmp_path):
    run = train_images("autoencoder", data, 1, epochs=3, latent=8, pixels=True, folder=tmp_path)
    stream = Dynamics.load(tmp_path).stream("test", "evaluation")
    maps = pixel_maps(stream, 8)
    # by hand, from what the model draws after the last epoch
    x, p = data.images["test"].astype(float), run.outputs["test"].astype(float)
    order = np.argsort(data.ids["test"])
    last = -(x * np.log(p) + (1 - x) * np.log(1 - p))[order]
    np.testing.assert_allclose(
        token_table(stream, ["last_loss"])["last_loss"].to_numpy().reshape(-1, 8, 8),
        last,
        rtol=2e-3,
        atol=1e-4,
    )
    whole = score_table(stream, ["action_score"])["action_score"]
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), whole, rtol=1e-5)
    alone = train_images("autoencoder", data, 1, epochs=3, latent=8)
    np.testing.assert_allclose(
        alone.dynamics.stream("test").matrix("loss"), stream.matrix("loss"), rtol=1e-5
    )
    raises_one_line(lambda: pixel_maps(stream, 7), "64 pixels; expected 49", kind=DynamicsError)


def test_a_pixel_is_observed_as_a_choice_between_empty_and_full():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, generator=generator) * 3
    pixels = torch.rand(3, 5, generator=generator)
    pixels[0, :2] = torch.tensor([0.0, 1.0])
    seen = observe_pixels(logits, pixels)
    both = torch.stack([torch.zeros_like(logits), logits], dim=-1)
    log_p = both.log_softmax(dim=-1)
    soft = torch.stack([1 - pixels, pixels], dim=-1)
    torch.testing.assert_close(seen["token_loss"], -(soft * log_p).sum(-1))
    torch.testing.assert_close(seen["token_entropy"], -(log_p.exp() * log_p).sum(-1))
    torch.testing.assert_close(seen["token_gold_logit"] + seen["token_loss"], both.logsumexp(-1))
    torch.testing.assert_close(seen["token_top1"], both.amax(-1))
    torch.testing.assert_close(seen["token_top2"], both.amin(-1))
    assert (seen["token_predicted"] == both.argmax(-1)).all()
    torch.testing.assert_close(observe_images(logits, pixels)["loss"], seen["token_loss"].mean(1))
    for observe in (observe_images, observe_pixels):
        raises_one_line(lambda o=observe: o(logits, pixels[:, :4]), "(3, 5)", kind=DynamicsError)


@pytest.mark.parametrize("side", [6, 8, 15, 16, 28, 32])
def test_models_take_any_side_and_the_last_pixel_counts(side):
    torch.manual_seed(0)
    images = torch.rand(2, side, side)
    assert classifier(side, 7)(images).shape == (2, 7)
    model = autoencoder(side, 12)
    logits = model(images)
    assert logits.shape == (2, side * side)
    for pixel in (0, side * side - 1):  # the corners neither come from the padding nor are cut
        changed = images.flatten(1).clone()
        changed[:, pixel] += 5
        assert not torch.equal(model(changed.unflatten(1, (side, side))), logits)


def test_the_models_are_the_papers():
    """Parameters counted from the pseudocode by hand, for one channel of 32 × 32 pixels."""
    count = lambda model: sum(p.numel() for p in model.parameters())  # noqa: E731
    conv = lambda a, b: (9 * a + 1) * b  # noqa: E731
    assert (
        count(classifier(32, 10))
        == conv(1, 32) + conv(32, 64) + (14 * 14 * 64 + 1) * 128 + 129 * 10
    )
    encoder = conv(1, 32) + conv(32, 64) + conv(64, 128) + conv(128, 256) + (4 * 256 + 1) * 128
    decoder = 129 * 4 * 256 + conv(256, 128) + conv(128, 64) + conv(64, 32) + conv(32, 1)
    assert count(autoencoder(32)) == encoder + decoder


def test_what_cannot_be_is_refused(data):
    raises_one_line(lambda: train_images("resnet", data, 1), "resnet", kind=ConfigError)
    raises_one_line(
        lambda: train_images("classifier", data, 1, epochs=0), "0 epochs", kind=ConfigError
    )
    raises_one_line(
        lambda: train_images("classifier", data, 1, evaluate=("validation",)),
        "validation",
        "train, test",
        kind=ConfigError,
    )
    raises_one_line(
        lambda: train_images("classifier", data, 1, labels=np.zeros(3, int)),
        "3 labels for 96",
        kind=ConfigError,
    )
    raises_one_line(
        lambda: train_images("autoencoder", data, 1, epochs=9, learning_rate=1e30),
        "not a number",
        kind=TrainingError,
    )
    raises_one_line(lambda: classifier(5, 10), "5 pixels", kind=ModelError)
    raises_one_line(lambda: autoencoder(8, 0), "a code of 0", kind=ModelError)
