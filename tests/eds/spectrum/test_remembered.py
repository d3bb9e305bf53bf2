"""An explanation is found once for a spectrum, and each caller has one of its own."""

from functools import lru_cache

import numpy as np
import pytest

from hyperspy_multimodal.eds.spectrum import remembered as module
from hyperspy_multimodal.eds.spectrum.detector import Detector
from hyperspy_multimodal.eds.spectrum.explain import explain

ENERGY = np.arange(0, 10, 0.02)
DETECTOR = Detector(np.append(ENERGY, 10.0) - 0.01, 130.0)
USED = ENERGY > 0.2


def spectrum(seed=0):
    peak = 3000 * DETECTOR.shapes([6.93])[0] + 2
    return np.random.default_rng(seed).poisson(peak).astype(float)


def calls_of(explaining, monkeypatch):
    """The arguments of calls; nothing is remembered at first."""
    seen = []

    def recorded(*arguments, **options):
        seen.append((arguments, options))
        return explaining(*arguments, **options)

    monkeypatch.setattr(module, "explain", recorded)
    monkeypatch.setattr(module, "_pickled", lru_cache(maxsize=16)(module._pickled.__wrapped__))
    return seen


@pytest.fixture
def calls(monkeypatch):
    """The arguments with which a spectrum was explained."""
    return calls_of(explain, monkeypatch)


@pytest.fixture
def quick_calls(monkeypatch):
    """The arguments with which a spectrum was copied, where an explanation is not looked at."""
    return calls_of(lambda observed, *_, **__: observed.copy(), monkeypatch)


def found(seed=0, named=("Co",), beam_energy=200.0, **options):
    return module.remembered(spectrum(seed), USED, DETECTOR, list(named), beam_energy, **options)


def test_it_is_what_explain_returns(calls):
    once, again = found(), found()
    expected = explain(spectrum(), USED, DETECTOR, ["Co"], 200.0)
    assert len(calls) == 1
    for each in (once, again):
        np.testing.assert_array_equal(each.fit.fitted, expected.fit.fitted)
        np.testing.assert_array_equal(each.fit.covariance, expected.fit.covariance)
        assert each.fit.detector.offset == expected.fit.detector.offset
        assert each.fit.lines == expected.fit.lines
        assert each.counts_of("Co") == expected.counts_of("Co")


def test_who_changes_one_changes_no_other(calls):
    first = found()
    before = first.fit.amplitudes.copy()
    first.fit.amplitudes[:] = -1
    first.peaks.append("mine")
    second = found()
    np.testing.assert_array_equal(second.fit.amplitudes, before)
    assert "mine" not in second.peaks


@pytest.mark.parametrize(
    "other", [{"seed": 1}, {"named": ("Co", "O")}, {"beam_energy": 100.0}, {"refine": False}]
)
def test_other_arguments_are_explained_anew(other, quick_calls):
    found()
    found(**other)
    assert len(quick_calls) == 2


def test_a_spectrum_that_changes_in_place_is_explained_anew(quick_calls):
    observed = spectrum()
    module.remembered(observed, USED, DETECTOR, ["Co"], 200.0)
    observed *= 2
    changed = module.remembered(observed, USED, DETECTOR, ["Co"], 200.0)
    assert len(quick_calls) == 2
    np.testing.assert_array_equal(changed, observed)
