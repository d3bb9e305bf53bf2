"""Lines of a detector that bends energies, loses charge, and has segments of other widths."""

import numpy as np
import pytest
from scipy.special import erf
from scipy.stats import exponnorm

from hyperspy_multimodal.data import Scan
from hyperspy_multimodal.data._peak_shape import PeakShape, line_shares, recorded_energy
from hyperspy_multimodal.data._spectrum import element_template
from hyperspy_multimodal.data._xray import (
    full_width_half_maximum,
    line_families,
    production_cross_section,
    window_transmission,
)

EDGES = np.arange(-0.4, 40.0005, 0.001)
CENTRES = (EDGES[1:] + EDGES[:-1]) / 2
ALL = PeakShape(energy_bend=0.007, tail=0.05, shelf=0.02, wide_share=0.3, resolution_slope=2000.0)


def shares(energy, **shape):
    return line_shares(energy, EDGES, 130.0, PeakShape(**shape))


def mean(template):
    return template @ CENTRES / template.sum()


def naive_template(element, edges):
    """A sum of Gaussians, written out."""
    template, total = np.zeros(len(edges) - 1), 0.0
    for family, lines in line_families(element).items():
        for energy, share in lines.values():
            detected = production_cross_section(element, family, 200.0) * share
            detected *= float(window_transmission(energy))
            total += detected
            if detected > 0 and edges[0] < energy < edges[-1]:
                width = np.sqrt(2.5 * (energy - 5.8987) * 1e3 + 130.0**2) / 1e3
                sigma = width / np.sqrt(8 * np.log(2))
                template += detected * np.diff(erf((edges - energy) / (np.sqrt(2) * sigma))) / 2
    return template / total


@pytest.mark.parametrize("element", ["O", "Co", "Mo", "Au"])
def test_by_default_lines_are_gaussians_to_the_last_bit(element):
    edges = Scan().channel_edges
    for shape in ({}, {"shape": PeakShape()}, {"shape": Scan().peak_shape}):
        template, _ = element_template(element, edges, 130.0, 200.0, **shape)
        np.testing.assert_array_equal(template, naive_template(element, edges))


@pytest.mark.parametrize("energy", [0.277, 0.525, 2.3, 8.0, 17.4])
@pytest.mark.parametrize("shape", [ALL, ALL._replace(tail=0.8, shelf=0.2)])
def test_no_count_is_lost_or_negative(energy, shape):
    template = line_shares(energy, EDGES, 130.0, shape)
    assert np.all(template >= 0)
    # of a tail at low energy, a little reaches below the channels
    assert template.sum() == pytest.approx(1, abs=2e-3 if energy < 1 else 1e-8)


def test_low_lines_appear_low_and_others_where_they_are():
    for energy in (0.277, 0.525, 1.041, 1.74):
        shift = 0.01 * np.exp(-((energy / 0.8) ** 2))
        assert mean(shares(energy, energy_bend=0.01)) == pytest.approx(energy - shift, abs=1e-6)
        assert mean(shares(energy, energy_bend=-0.01)) == pytest.approx(energy + shift, abs=1e-6)
    high = np.linspace(2, 40, 77)
    assert np.abs(recorded_energy(high, 1.0) - high).max() < 0.01
    low = np.linspace(0.05, 3, 300)
    for bend in (-0.1, 0.1):
        assert np.all(np.diff(recorded_energy(low, bend)) > 0)  # no line overtakes another
        assert np.all(recorded_energy(low[low > 0.1], bend) > 0)


@pytest.mark.parametrize("energy", [0.525, 5.9, 8.04])
def test_a_tail_lies_on_the_low_side_only(energy):
    width = full_width_half_maximum(energy, 130.0)
    plain, tailed = shares(energy), shares(energy, tail=0.1)
    lost = 0.9 * plain
    above = energy + width < CENTRES
    assert tailed[above].sum() <= plain[above].sum()
    below = energy - 2 * width > CENTRES
    assert tailed[below].sum() > 0.01 > 100 * plain[below].sum()
    # an exponential of mean one width, and the Gaussian's variance on top
    tail = (tailed - lost) / 0.1
    assert mean(tail) == pytest.approx(energy - width, abs=1e-3)
    variance = tail @ (CENTRES - mean(tail)) ** 2
    assert variance == pytest.approx(width**2 * (1 + 1 / (8 * np.log(2))), rel=0.03)


def test_the_tail_is_the_exponentially_modified_gaussian_mirrored():
    width = full_width_half_maximum(3.0, 130.0)
    sigma = width / np.sqrt(8 * np.log(2))
    inside = (EDGES > 1.5) & (EDGES < 3.5)
    below = exponnorm.sf(-EDGES[inside], width / sigma, loc=-3.0, scale=sigma)
    tail = shares(3.0, tail=1.0)[inside[:-1]][:-1]
    np.testing.assert_allclose(tail, np.diff(below), atol=1e-12)


def test_a_shelf_is_flat_from_zero_to_the_line():
    template = shares(8.0, shelf=0.2)
    flat = template[(CENTRES > 0.001) & (CENTRES < 7)]
    np.testing.assert_allclose(flat, 0.2 / 8000, rtol=1e-9)
    assert not template[CENTRES < -0.001].any()
    np.testing.assert_array_less(template[CENTRES > 8.01], shares(8.0)[CENTRES > 8.01] + 1e-30)
    assert template.sum() == pytest.approx(1)


def test_a_wide_share_is_one_and_a_half_times_as_wide():
    for share in (0.1, 0.5, 1.0):
        template = shares(6.4, wide_share=share)
        narrow = full_width_half_maximum(6.4, 130.0) / np.sqrt(8 * np.log(2))
        variance = template @ (CENTRES - 6.4) ** 2
        assert variance == pytest.approx(narrow**2 * (1 - share + 2.25 * share), rel=1e-4)
        assert mean(template) == pytest.approx(6.4)


def test_the_slope_of_the_resolution_turns_widths_about_mn_ka():
    def width(energy, slope):
        template = shares(energy, resolution_slope=slope)
        return np.sqrt(8 * np.log(2) * template @ (CENTRES - energy) ** 2) * 1e3

    for slope in (1500.0, 2000.0, 2500.0):
        assert width(5.8987, slope) == pytest.approx(130, rel=1e-4)
        for low, high in ((0.525, 5.8987), (5.8987, 8.0)):
            rise = (width(high, slope) ** 2 - width(low, slope) ** 2) / (high - low)
            assert rise == pytest.approx(slope, rel=1e-3)
    assert width(0.525, 0.0) == pytest.approx(130, rel=1e-4)


def test_shapes_do_not_overflow_far_from_the_line():
    edges = np.linspace(-1, 400, 4011)
    with np.errstate(over="raise", invalid="raise"):
        for energy in (0.11, 100.0):
            assert np.isfinite(line_shares(energy, edges, 130.0, ALL)).all()
