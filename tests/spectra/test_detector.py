"""What a detector makes of a line."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.spectra.detector import Detector, escape_share, window_transmission

EDGES = np.arange(1025) * 0.01
DETECTOR = Detector(EDGES, 130.0)


def moments(shape):
    centres = DETECTOR.centres
    mean = shape @ centres / shape.sum()
    return mean, np.sqrt(shape @ (centres - mean) ** 2 / shape.sum() - 0.01**2 / 12)


def test_all_of_a_line_is_recorded_at_its_place_and_as_wide_as_it_should_be():
    for energy, shape in zip((0.5249, 2.307, 5.8987), DETECTOR.shapes([0.5249, 2.307, 5.8987]),
                             strict=True):  # fmt: skip
        mean, sigma = moments(shape)
        assert shape.sum() == pytest.approx(1, abs=1e-9)
        assert mean == pytest.approx(energy, abs=1e-5)
        assert sigma * np.sqrt(8 * np.log(2)) == pytest.approx(DETECTOR.width(energy), rel=1e-3)
    assert DETECTOR.width(5.8987) == pytest.approx(0.130)


def test_widths_are_those_of_exspy():
    from exspy._misc.eds.utils import get_FWHM_at_Energy

    for energy in (0.5, 1.74, 8.05):
        assert DETECTOR.width(energy) == pytest.approx(get_FWHM_at_Energy(130, energy), rel=1e-3)


def test_offset_and_gain_move_lines():
    moved = replace(DETECTOR, offset=0.02, gain=0.01)
    mean, _ = moments(moved.shapes([4.0])[0])
    assert mean == pytest.approx(1.01 * 4 + 0.02, abs=1e-5)


def test_a_poor_resolution_never_leaves_a_line_without_width():
    assert replace(DETECTOR, resolution=100.0).width(0.1) > 0


def test_escape_peaks_take_their_counts_from_the_line():
    with_escape = replace(DETECTOR, escape=1.0).shapes([4.51])[0]
    share = escape_share(4.51)
    assert with_escape.sum() == pytest.approx(1, abs=1e-9)
    near = np.abs(DETECTOR.centres - (4.51 - 1.74)) < 0.3
    assert with_escape[near].sum() == pytest.approx(share, rel=1e-3)
    assert 0.003 < share < 0.008


def test_nothing_escapes_below_the_silicon_edge():
    assert_allclose(escape_share([0.5, 1.7]), 0)
    assert_allclose(replace(DETECTOR, escape=1.0).shapes([0.5]), DETECTOR.shapes([0.5]), atol=1e-15)


def test_windows_let_more_through_at_higher_energies():
    passed = window_transmission(np.array([0.1, 0.28, 0.5, 1, 10]))
    assert np.all(np.diff(passed) > 0)
    assert passed[-1] == pytest.approx(1, abs=1e-3)
