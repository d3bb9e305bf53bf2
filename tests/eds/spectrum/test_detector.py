"""What a detector makes of a line."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hyperspy_multimodal.eds.spectrum.detector import Detector, escape_share, window_transmission

EDGES = np.arange(1025) * 0.01
DETECTOR = Detector(EDGES, 130.0)
ENERGIES = np.array([0.5249, 1.0, 2.307, 4.51, 5.8987])
COUNTS = np.array([3.0, 1.0, 4.0, 2.0, 5.0])
ROWS = np.array([0, 1, 0, 2, 1])


def moments(shape):
    centres = DETECTOR.centres
    mean = shape @ centres / shape.sum()
    return mean, np.sqrt(shape @ (centres - mean) ** 2 / shape.sum() - 0.01**2 / 12)


# places and widths


def test_all_of_a_line_is_recorded_at_its_place_and_as_wide_as_it_should_be():
    for energy, shape in zip(ENERGIES, DETECTOR.shapes(ENERGIES), strict=True):
        mean, sigma = moments(shape)
        assert shape.sum() == pytest.approx(1, abs=1e-9)
        assert mean == pytest.approx(energy, abs=1e-5)
        assert sigma * np.sqrt(8 * np.log(2)) == pytest.approx(DETECTOR.width(energy), rel=1e-3)
    assert DETECTOR.width(5.8987) == pytest.approx(0.130)


def test_widths_are_those_of_exspy():
    from exspy._misc.eds.utils import get_FWHM_at_Energy

    for energy in (0.5, 1.74, 8.05):
        assert DETECTOR.width(energy) == pytest.approx(get_FWHM_at_Energy(130, energy), rel=1e-3)


def test_the_slope_bends_widths_around_manganese():
    steep = replace(DETECTOR, slope=3000.0)
    assert steep.width(5.8987) == pytest.approx(0.130)
    assert 1e6 * (steep.width(7.8987) ** 2 - steep.width(5.8987) ** 2) == pytest.approx(6000)


def test_offset_and_gain_move_lines():
    moved = replace(DETECTOR, offset=0.02, gain=0.01)
    mean, _ = moments(moved.shapes([4.0])[0])
    assert mean == pytest.approx(1.01 * 4 + 0.02, abs=1e-5)
    assert moved.position(4.0) == pytest.approx(1.01 * 4 + 0.02)


def test_each_line_may_have_a_place_and_a_width_of_its_own():
    shapes = DETECTOR.shapes([4.0, 4.0], np.array([0.03, -0.01]), np.array([0.0, 0.44]))
    (first, narrow), (second, wide) = map(moments, shapes)
    assert (first, second) == pytest.approx((4.03, 3.99), abs=1e-5)
    assert wide / narrow == pytest.approx(1.2, rel=1e-3)


def test_a_poor_resolution_never_leaves_a_line_without_width():
    assert replace(DETECTOR, resolution=100.0).width(0.1) > 0


def test_the_axis_may_begin_anywhere():
    """Lines lie in the same channels if the axis moves with the offset of the detector."""
    settings = {"tail": 0.1, "wide": 0.2, "escape": 1.0}
    here = replace(DETECTOR, **settings)
    there = replace(DETECTOR, edges=EDGES - 0.21, offset=-0.21, **settings)
    assert_allclose(there.shapes(ENERGIES), here.shapes(ENERGIES), atol=1e-12)


# what becomes of counts


@pytest.mark.parametrize(
    "settings",
    [{"escape": 1.5}, {"tail": 0.1}, {"shelf": 0.02}, {"wide": 0.4},
     {"escape": 1.0, "tail": 0.05, "shelf": 0.01, "wide": 0.2}],
    ids=str,
)  # fmt: skip
def test_no_setting_changes_the_counts_of_lines(settings):
    shapes = replace(DETECTOR, **settings).shapes(ENERGIES[1:])
    assert_allclose(shapes.sum(axis=1), 1, atol=1e-3)
    assert (shapes >= 0).all()
    plain = DETECTOR.shapes(ENERGIES[1:])
    assert np.abs(shapes - plain).sum(axis=1).max() > 1e-2


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


def test_a_tail_reaches_below_the_line_by_its_width():
    """The mean falls by the share in the tail times its length."""
    mean, _ = moments(replace(DETECTOR, tail=0.1).shapes([4.0])[0])
    assert mean == pytest.approx(4.0 - 0.1 * DETECTOR.width(4.0), abs=1e-4)


def test_a_shelf_is_even_from_0_to_the_line():
    shape = replace(DETECTOR, shelf=0.05).shapes([4.0])[0]
    flat = shape[DETECTOR.centres < 3.5]
    assert_allclose(flat, 0.05 * 0.01 / 4.0, rtol=1e-9)


def test_a_wide_part_is_half_as_wide_again():
    _, narrow = moments(DETECTOR.shapes([4.0])[0])
    _, both = moments(replace(DETECTOR, wide=0.4).shapes([4.0])[0])
    assert both**2 == pytest.approx((0.6 + 0.4 * 1.5**2) * narrow**2, rel=1e-3)


def test_sums_of_lines_are_sums_of_their_shapes():
    detector = replace(DETECTOR, escape=1.0, tail=0.05, shelf=0.01, wide=0.2)
    shapes = COUNTS[:, None] * detector.shapes(ENERGIES)
    expected = [shapes[row == ROWS].sum(axis=0) for row in range(3)]
    assert_allclose(detector.summed(ENERGIES, COUNTS, ROWS, 3), expected, atol=1e-12)


def test_windows_let_more_through_at_higher_energies():
    passed = window_transmission(np.array([0.1, 0.28, 0.5, 1, 10]))
    assert np.all(np.diff(passed) > 0)
    assert passed[-1] == pytest.approx(1, abs=1e-3)


# derivatives


def summed(detector, shifts=0.0, widths=0.0):
    return detector.summed(ENERGIES, COUNTS, ROWS, 3, shifts, widths)


@pytest.mark.parametrize(
    ("name", "step", "detector"),
    [
        ("gain", 1e-5, DETECTOR),
        ("resolution", 1e-2, DETECTOR),
        ("slope", 1.0, DETECTOR),
        ("escape", 1e-2, replace(DETECTOR, escape=0.5)),
        ("tail", 1e-3, replace(DETECTOR, tail=0.05, shelf=0.01)),
        ("shelf", 1e-3, replace(DETECTOR, tail=0.05, shelf=0.01)),
        ("wide", 1e-2, replace(DETECTOR, wide=0.2)),
    ],
)
def test_derivatives_along_settings_of_the_detector_are_differences(name, step, detector):
    detector = replace(detector, offset=0.013, gain=0.002)
    value = getattr(detector, name)
    above, below = (
        summed(replace(detector, **{name: value + sign * step})).sum(axis=0) for sign in (1, -1)
    )
    expected = (above - below) / (2 * step)
    found = detector.slopes(ENERGIES, COUNTS, ROWS, 3)[name]
    assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_derivatives_along_places_and_widths_of_lines_are_differences():
    """Of sums of lines, each of which moves and broadens as one."""
    widths = np.full(5, 0.3)
    along = DETECTOR.slopes(ENERGIES, COUNTS, ROWS, 3, 0.01, widths)
    moved = (summed(DETECTOR, 0.01 + 1e-5, widths) - summed(DETECTOR, 0.01 - 1e-5, widths)) / 2e-5
    wider = (summed(DETECTOR, 0.01, widths + 1e-4) - summed(DETECTOR, 0.01, widths - 1e-4)) / 2e-4
    assert_allclose(along["position"], moved, atol=1e-5 * np.abs(moved).max())
    assert_allclose(along["width"], wider, atol=1e-5 * np.abs(wider).max())
