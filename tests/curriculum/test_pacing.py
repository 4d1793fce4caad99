"""Pacing functions: their ends, that they never fall, and the values that the sources give."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.curriculum import PACINGS

LOSSES = np.random.default_rng(0).gamma(0.5, 1.0, 300)
shares = st.floats(0.01, 1.0)


@pytest.mark.parametrize("name", list(PACINGS))
@given(start=shares, end=shares)
def test_it_grows_from_start_to_all(name, start, end):
    entry = PACINGS[name]
    progress = np.concatenate([np.linspace(0, 1, 201), [end, max(end - 1e-12, 0)]])
    progress.sort()
    found = entry(progress, start=start, end=end, losses=LOSSES)
    assert found.shape == progress.shape
    assert (np.diff(found) >= 0).all()
    assert (found[progress >= end] == 1).all()
    assert ((found > 0) & (found <= 1)).all()
    if name == "constant":
        assert (found == 1).all()
    elif name == "self_paced":
        assert found[0] == pytest.approx(math.ceil(start * 300 - 1e-9) / 300)
    else:
        assert found[0] == pytest.approx(start, abs=1e-5)


@pytest.mark.parametrize("name", sorted(set(PACINGS) - {"constant"}))
def test_it_is_no_constant(name):
    assert PACINGS[name](0.49, start=0.1, end=1.0, losses=LOSSES) < 1


# Wu, Dyer and Neyshabur 2021, table of pacing functions, with N = 1, T = 1, a = end and b = start
WU = {
    "linear": lambda t, a, b: b + (1 - b) / a * t,
    "root": lambda t, a, b: b + (1 - b) / a**0.5 * t**0.5,
    "quadratic": lambda t, a, b: b + (1 - b) / a**2 * t**2,
    "exponential": lambda t, a, b: b + (1 - b) / (math.e**10 - 1) * (math.exp(10 * t / a) - 1),
    "logarithmic": lambda t, a, b: b + (1 - b) * (1 + 0.1 * math.log(t / a + math.e**-10)),
    "step": lambda t, a, b: b + (1 - b) * math.floor(t / a),
}


@pytest.mark.parametrize("name", list(WU))
@pytest.mark.parametrize(("end", "start"), [(0.8, 0.1), (1.0, 0.25), (0.3, 0.6)])
def test_as_the_source_writes_it(name, end, start):
    for progress in (0.0, 0.01, 0.1, 0.17, 0.29, 0.6, 0.79, 1.0):
        wanted = min(WU[name](progress, end, start), 1.0)
        assert PACINGS[name](progress, start=start, end=end) == pytest.approx(wanted)


def test_hacohen_and_weinshalls_stages():
    """Their fixed exponential pacing, updates counted: 4 % at first, times 1.9 every 100 of 600."""
    updates = np.arange(600)
    found = PACINGS["staircase"](updates / 600, start=0.04, end=1.0)
    np.testing.assert_allclose(found, [min(0.04 * 1.9 ** (i // 100), 1) for i in updates])


def test_kumars_annealing():
    losses = np.array([0.1, 0.1, 0.12, 0.14, 0.2, 0.5])
    # Half: the threshold .12, then times 1.3 six times until .5 is below.
    thresholds = [0.12 * 1.3**stage for stage in range(7)]
    assert thresholds[5] < 0.5 <= thresholds[6]
    for stage, threshold in enumerate(thresholds):
        found = PACINGS["self_paced"](stage / 6, start=0.5, end=1.0, losses=losses)
        assert found == pytest.approx(sum(loss <= threshold for loss in losses) / 6)


def test_losses_of_zero_do_not_stand_still():
    found = PACINGS["self_paced"](
        [0, 0.5, 1], start=0.5, end=1, losses=np.array([0, 0, 0, 0.1, 0.12, 9.0])
    )
    assert found.tolist() == [4 / 6, 5 / 6, 1.0]
    assert PACINGS["self_paced"](0.0, losses=np.zeros(4)) == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"start": 0}, "start is 0"),
        ({"start": 1.5}, "start is 1.5"),
        ({"end": 0.0}, "end is 0.0"),
        ({"end": True}, "end is True"),
        ({"start": float("nan")}, "start is nan"),
        ({"start": "a"}, "start is 'a'"),
    ],
)
def test_settings_that_cannot_be(settings, says):
    raises_one_line(lambda: PACINGS["linear"](0.5, **settings), says, kind=ConfigError)


def test_what_else_is_refused():
    raises_one_line(lambda: PACINGS["linear"]([0.5, 1.2]), "progress is outside")
    raises_one_line(lambda: PACINGS["self_paced"](0.5), "there are none")
    for losses in ([-1.0, 2.0], [np.nan, 1.0], []):
        raises_one_line(lambda given=losses: PACINGS["self_paced"](0.5, losses=given), "at least 0")
    raises_one_line(lambda: PACINGS["cubic"], "unknown pacing 'cubic'", "linear", kind=ConfigError)
