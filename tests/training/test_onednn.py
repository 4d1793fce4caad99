"""Products of a forward pass by oneDNN: the same numbers, and only where it is worth it."""

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile
from training import tiny
from transformers import DataCollatorWithPadding

from difficulty_lib import _onednn
from difficulty_lib.training import observe_split

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="this PyTorch is built without oneDNN"
)


def linear(features_in, features_out, **given):
    torch.manual_seed(1)
    return torch.nn.Linear(features_in, features_out, **given)


def through_onednn(function):
    """How many products oneDNN did for a call, and what the call gave."""
    with profile(activities=[ProfilerActivity.CPU]) as seen, _onednn._by_onednn()():
        result = function()
    return sum(event.name == "aten::mkldnn_convolution" for event in seen.events()), result


@pytest.fixture(params=[1, 2])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("rows", [(256,), (51, 7), (2, 8, 64)])
@pytest.mark.parametrize("terms", [96, 192, 500, 1536])
@pytest.mark.parametrize("bias", [True, False])
def test_a_large_product_is_that_of_float64(rows, terms, bias):
    layer, values = linear(terms, 192, bias=bias), torch.randn(*rows, terms)
    with torch.inference_mode():
        times, product = through_onednn(lambda: layer(values))
        plain = layer(values)
    exact = values.double().numpy() @ layer.weight.detach().double().numpy().T
    if bias:
        exact += layer.bias.detach().double().numpy()
    assert times == -(-terms // 192)
    assert product.dtype == torch.float32
    assert product.shape == plain.shape
    assert product.is_contiguous()
    np.testing.assert_allclose(product.numpy(), exact, rtol=0, atol=3e-6)
    error, plain_error = np.std(product.numpy() - exact), np.std(plain.numpy() - exact)
    assert error < 1.6 * plain_error  # in one piece, 1,536 terms have twice the error of PyTorch's


def test_transposed_values_and_weights():
    values, weight = torch.randn(96, 1024).T, torch.randn(96, 192).T
    with torch.no_grad():
        times, product = through_onednn(lambda: torch.nn.functional.linear(values, weight))
    assert times == 1
    exact = values.double().numpy() @ weight.double().numpy().T
    np.testing.assert_allclose(product.numpy(), exact, rtol=0, atol=1e-4)


def test_not_a_number_stays_what_it_is():
    layer, values = linear(96, 192), torch.randn(1024, 96)
    values[3, 5] = float("nan")
    with torch.inference_mode():
        times, product = through_onednn(lambda: layer(values))
    assert times == 1
    assert product.isnan().any(1).nonzero().flatten().tolist() == [3]


@pytest.mark.parametrize(
    ("rows", "outputs", "dtype", "gradients"),
    [
        pytest.param(255, 192, torch.float32, False, id="few rows"),
        pytest.param(0, 192, torch.float32, False, id="no rows"),
        pytest.param(1024, 6, torch.float32, False, id="few outputs"),
        pytest.param(1024, 192, torch.float64, False, id="float64"),
        pytest.param(1024, 192, torch.bfloat16, False, id="bfloat16"),
        pytest.param(1024, 192, torch.float32, True, id="with gradients"),
    ],
)
def test_what_is_left_to_pytorch(rows, outputs, dtype, gradients):
    layer = linear(96, outputs, dtype=dtype)
    values = torch.randn(rows, 96, dtype=dtype)
    with torch.set_grad_enabled(gradients):
        times, product = through_onednn(lambda: layer(values))
        assert times == 0
        assert product.requires_grad is gradients
        assert torch.equal(product, layer(values))


def test_a_weight_of_a_class_of_its_own_is_left_to_it():
    class Quantised(torch.nn.Parameter):
        pass

    layer = linear(96, 192)
    layer.weight = Quantised(layer.weight.detach())
    with torch.inference_mode():
        assert through_onednn(lambda: layer(torch.randn(1024, 96)))[0] == 0


def test_wrong_shapes_are_refused_as_ever():
    with torch.inference_mode(), pytest.raises(RuntimeError, match="shape"):
        through_onednn(lambda: linear(96, 192)(torch.randn(1024, 95)))


@pytest.mark.parametrize(
    ("name", "capable", "slower"),
    [
        ("AMD EPYC", True, True),
        ("AMD EPYC", False, False),
        ("Intel(R) Xeon(R)", True, False),
        (None, True, False),
    ],
)
def test_it_is_chosen_by_the_processor(name, capable, slower, monkeypatch):
    processor = {"cpu_name": name, "avx512_f": capable}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: processor, raising=False)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    assert _onednn._mkl_is_slower.__wrapped__() is slower
    monkeypatch.delattr(torch.cpu, "get_capabilities")  # an older PyTorch has none
    assert not _onednn._mkl_is_slower.__wrapped__()


def test_the_evaluation_stream_goes_through_it_and_stays_exact(tokenizer, monkeypatch):
    model, rows = tiny.tiny_model(std=0.4), tiny.encoded_rows(23)
    observe = lambda: observe_split(model, rows, DataCollatorWithPadding(tokenizer))  # noqa: E731
    monkeypatch.setattr(_onednn, "_mkl_is_slower", lambda: False)
    plain = observe()
    monkeypatch.setattr(_onednn, "_mkl_is_slower", lambda: True)
    monkeypatch.setattr(_onednn, "ROWS", 1)
    monkeypatch.setattr(_onednn, "OUTPUTS", 1)
    monkeypatch.setattr(_onednn, "TERMS", 24)  # of the 32 that this small model has
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        converted = observe()
    assert any(event.name == "aten::mkldnn_convolution" for event in seen.events())
    for column, values in plain.items():
        np.testing.assert_allclose(converted[column], values, rtol=0, atol=1e-5, err_msg=column)
