"""Where the energy axis lies."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from slow_repeats import slow

from hyperspy_multimodal.eds.spectrum import explain as explain_module
from hyperspy_multimodal.eds.spectrum.calibration import far_axis, search_axis
from hyperspy_multimodal.eds.spectrum.instrument import candidates_beside
from hyperspy_multimodal.eds.spectrum.sum_fit import best_sum_fit, fit_sum_spectrum

from .synthetic import (
    BEAM,
    NOMINAL,
    USED,
    amplitudes,
    drawn,
    expected,
    explained,
    lines_of,
    setting_of,
)

pytestmark = pytest.mark.filterwarnings("error")

COUNTS = {"Co": 4e4, "O": 1e4, "S": 8e3}
NAMED = list(COUNTS)
AXES = [(-0.06, -0.01), (-0.06, 0.01), (0.06, -0.01), (0.06, 0.01), (0.0, 0.0)]


def searched(observed, named=NAMED):
    others = candidates_beside(named, NOMINAL, USED, BEAM)
    return search_axis(observed, USED, NOMINAL, lines_of(*named, *others), BEAM)


@pytest.mark.parametrize(("offset", "gain"), [*AXES, (-0.09, 0.005), (0.0, 0.014)])
def test_lines_come_within_reach_of_the_fit(offset, gain):
    detector = replace(NOMINAL, offset=offset, gain=gain)
    best = searched(drawn(expected(COUNTS, detector)))[0]
    energies = np.array([0.525, 2.307, 6.93])
    assert_allclose(best.position(energies), detector.position(energies), atol=0.025)


def test_axes_that_are_offered_differ():
    found = searched(drawn(expected({"Co": 300}, smooth=1e3)), ["Co"])
    assert 1 < len(found) <= 3
    for i, one in enumerate(found):
        for other in found[:i]:
            assert abs(one.offset - other.offset) >= 0.03 or 4 * abs(one.gain - other.gain) >= 0.03


def test_a_spectrum_without_counts_has_the_axis_of_the_signal():
    best = searched(np.zeros(1024))[0]
    assert (best.offset, best.gain) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_few_counts_move_the_axis_little():
    best = searched(drawn(expected({"Co": 10, "O": 3}, smooth=20)))[0]
    assert abs(best.offset) < 0.03 and abs(best.gain) < 0.005


def test_only_used_channels_count():
    observed = drawn(expected(COUNTS, replace(NOMINAL, offset=0.05)))
    observed[~USED] = 1e7
    assert searched(observed)[0].offset == pytest.approx(0.05, abs=0.013)


@pytest.mark.parametrize(("offset", "gain"), [(0.3, 0.0), slow(-0.2, 0.0), (0.0, 0.04)])
def test_axes_too_far_off_to_be_fitted_are_still_seen(offset, gain):
    detector = replace(NOMINAL, offset=offset, gain=gain)
    found = far_axis(drawn(expected(COUNTS, detector)), USED, NOMINAL, lines_of(*NAMED), BEAM)
    assert found == pytest.approx((offset, gain), abs=0.005)


def test_axes_within_reach_are_not_far():
    for observed in (drawn(expected(COUNTS, replace(NOMINAL, offset=0.05))), np.zeros(1024)):
        assert far_axis(observed, USED, NOMINAL, lines_of(*NAMED), BEAM) is None


@cache
def on_axis(offset, gain):
    """Two explanations together: counts of lines, and where the lines lie above the truth."""
    detector = replace(NOMINAL, offset=offset, gain=gain)
    found = explained(drawn(expected(COUNTS, detector)), NAMED, detector)
    strong = [line.name in ("Co_Ka", "O_Ka", "S_Ka") for line in found.fit.lines]
    energies = np.array([line.energy for line in found.fit.lines])[strong]
    return found, found.fit.places[strong] - detector.position(energies)


@pytest.mark.parametrize(
    ("offset", "gain"), [AXES[0], AXES[3], *(slow(*AXES[place]) for place in (1, 2, 4))]
)
def test_counts_do_not_depend_on_where_the_axis_starts(offset, gain):
    found, away = on_axis(offset, gain)
    assert_allclose(away, 0, atol=3e-3)
    assert found.unnamed == [] and found.peaks == [] and not found.fit.at_limits
    assert found.far_axis is None
    for name, truth in (("Co_Ka", 4e4), ("O_Ka", 1e4), ("S_Ka", 8e3)):
        assert amplitudes(found.fit)[name] == pytest.approx(truth, rel=0.045)


@pytest.mark.parametrize(
    "element", ["Ti", "Ho", *(slow(each) for each in ("Sr", "Ru", "Ca", "Y", "Nb"))]
)
def test_the_axis_holds_beside_a_strong_peak_that_nobody_names(element):
    """As strong as the strongest that is named, and no element of an instrument."""
    moved = replace(NOMINAL, offset=0.02, gain=-0.002)
    found = explained(drawn(expected({**COUNTS, element: 4e4}, moved)), NAMED)
    for energy in (6.93, 2.307):
        assert abs(found.fit.detector.position(energy) - moved.position(energy)) < 0.01
    assert list(found.other_elements) == [element]
    assert found.peaks == [] and found.instrument_elements == {}
    for name, truth in (("Co_Ka", 4e4), ("S_Ka", 8e3)):
        assert amplitudes(found.fit)[name] == pytest.approx(truth, rel=0.04)


def test_the_axis_that_was_found_with_all_elements_is_held_from_then_on(monkeypatch):
    """By each later fit, in which other elements and peaks come and go."""
    first, later = [], []

    def recorded_first(setting, starts, iterations):
        first.append(best_sum_fit(setting, starts, iterations))
        return first[-1]

    def recorded_later(setting, start=None):
        later.append(setting.known)
        return fit_sum_spectrum(setting, start)

    monkeypatch.setattr(explain_module, "best_sum_fit", recorded_first)
    monkeypatch.setattr(explain_module, "fit_sum_spectrum", recorded_later)
    explained(drawn(expected({**COUNTS, "Ti": 3e3})), NAMED, candidates=("Cu",))
    assert len(first) == 1 and len(later) > 2
    assert all(known is first[0].detector for known in later)


def test_the_best_of_several_starts_is_taken():
    observed = drawn(expected(COUNTS, replace(NOMINAL, offset=0.03)))
    setting = setting_of(observed, NAMED)
    starts = [replace(NOMINAL, offset=offset) for offset in (-0.1, 0.03)]
    fits = [fit_sum_spectrum(setting, start) for start in starts]
    assert fits[1].chi_squared < fits[0].chi_squared - 10
    best = best_sum_fit(setting, starts)
    assert best.chi_squared == fits[1].chi_squared
    np.testing.assert_array_equal(best.amplitudes, fits[1].amplitudes)


def test_what_is_held_stays_and_the_rest_is_fitted():
    """To a spectrum whose axis has moved and whose edge is deep."""
    edges = (1.839,)
    before = fit_sum_spectrum(setting_of(drawn(expected(COUNTS)), NAMED))
    moved = replace(NOMINAL, offset=0.02)
    observed = drawn(expected(COUNTS, moved, steps=[(1.839, 0.4)]))
    setting = setting_of(observed, NAMED, edges=edges)
    held = fit_sum_spectrum(replace(setting, hold=True), before)
    assert replace(held.detector, edges=None) == replace(before.detector, edges=None)
    for one, other in ((held.shifts, before.shifts), (held.widths, before.widths)):
        np.testing.assert_array_equal(one, other)
    free = fit_sum_spectrum(setting, before)
    assert free.detector.offset == pytest.approx(0.02, abs=0.002)
    assert held.depths[0] == pytest.approx(0.4, abs=0.1)
    assert free.chi_squared < held.chi_squared


def test_the_axis_of_the_signal_is_kept_if_it_is_to_be():
    detector = replace(NOMINAL, offset=0.03)
    observed = drawn(expected(COUNTS, detector))
    found = explained(observed, NAMED, detector, refine=False, candidates=())
    assert (found.fit.detector.offset, found.fit.detector.gain) == (0.0, 0.0)
    refined = explained(observed, NAMED, detector, candidates=())
    assert refined.fit.chi_squared < 0.5 * found.fit.chi_squared
