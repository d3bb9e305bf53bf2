"""Rows and columns of a scan whose counts were disturbed."""

from functools import cache

import hyperspy.api as hs
import numpy as np
import pytest
from slow_repeats import alternating

from hyperspy_multimodal.data import bimetal, core_shell, oxide_interface
from hyperspy_multimodal.recovery.disturbed_lines import disturbed_lines


@cache
def simulated(make, dose, seed):
    specimen = make((72, 80), dose, seed=seed)
    return specimen.signal.data.sum(axis=-1).astype(float), np.asarray(specimen.haadf.data, float)


def scan(make=core_shell, dose=10, seed=0):
    counts, haadf = simulated(make, dose, seed)
    return counts.copy(), haadf.copy()


@alternating(3, make=[core_shell, bimetal, oxide_interface], dose=[1, 10, 300], seed=[0, 1])
def test_scans_that_were_not_disturbed_have_none(make, dose, seed):
    """Rows of atoms and rims of particles are in the HAADF too."""
    for axis in (0, 1):
        lines, shares = disturbed_lines(*scan(make, dose, seed), axis)
        assert len(lines) == len(shares) == 0


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("share", [0.0, 0.5, 2.0])
def test_disturbed_lines_are_found_along_both_axes(axis, share):
    counts, haadf = scan()
    lines = [30, 40, 41]
    np.moveaxis(counts, axis, 0)[lines] *= share
    found, shares = disturbed_lines(counts, haadf, axis)
    assert set(lines) <= set(found) and len(found) <= len(lines) + 1
    known = np.isin(found, lines)
    np.testing.assert_allclose(shares[known], share, atol=0.3)
    assert len(disturbed_lines(counts, haadf, 1 - axis)[0]) == 0


def test_what_the_haadf_shows_too_is_specimen():
    counts, haadf = scan(dose=100)
    counts[30], haadf[30] = 0.5 * counts[30], 0.5 * haadf[30]
    assert len(disturbed_lines(counts, haadf, 0)[0]) == 0


@pytest.mark.parametrize("power", [0.5, 0.7, 1.0])
@pytest.mark.parametrize("ends", [False, True])
def test_the_edge_of_a_specimen_at_the_border_of_a_scan_is_not_disturbed(power, ends):
    """Counts need not be proportional to the HAADF, nor come down to its background."""
    rise = np.ones(60)
    rise[:5] = [0.17, 0.37, 0.6, 0.75, 0.9]
    rise = rise[::-1] if ends else rise
    haadf = np.outer(1500 * rise, np.ones(40))
    counts = np.random.default_rng(0).poisson(1e4 * (0.2 + 0.8 * (haadf / 1500) ** power))
    assert len(disturbed_lines(counts, haadf, 0)[0]) == 0


def test_an_edge_of_a_measured_specimen_is_not_disturbed(shared_data):
    haadf = hs.load(shared_data / "CuZn_HAADF.hspy").data
    signal = hs.load(shared_data / "CuZn_EELS.hspy").isig[800.0:1200.0]
    assert len(disturbed_lines(signal.data.sum(axis=-1) / 4.2, haadf, 0)[0]) == 0


@pytest.mark.parametrize("lines", [[0], [1], [0, 1], [70, 71]])
@pytest.mark.parametrize("share", [0.0, 0.5, 2.0])
def test_disturbed_lines_are_found_at_the_border(lines, share):
    counts, haadf = scan()
    counts, haadf = counts + 1000, haadf + haadf.max()  # on a film
    counts[lines] *= share
    assert list(disturbed_lines(counts, haadf, 0)[0]) == lines


def test_many_lines_are_structure():
    counts, haadf = scan()
    counts[::3] *= 0.3
    assert len(disturbed_lines(counts, haadf, 0)[0]) == 0


def test_short_scans_have_none():
    assert len(disturbed_lines(np.ones((3, 40)), np.ones((3, 40)), 0)[0]) == 0


def test_the_message_has_a_mask_that_leaves_them_out(caplog):
    specimen = core_shell((48, 40), 10)
    signal = specimen.signal.deepcopy()
    signal.data[20:22] = signal.data[20:22] // 3
    options = {"lambdas": (0.01, 0.1), "max_iterations": 5, "show_progressbar": False}
    signal.multimodal_fusion(specimen.haadf, **options)
    assert "Disturbed rows of the scan: 20, 21" in caplog.text
    assert "mask[[20, 21]] = True" in caplog.text
    mask = np.zeros((48, 40), bool)
    mask[[20, 21]] = True
    caplog.clear()
    signal.multimodal_fusion(specimen.haadf, navigation_mask=mask, **options)
    specimen.signal.multimodal_fusion(specimen.haadf, **options)
    assert "Disturbed" not in caplog.text
    signal.data[20] = specimen.signal.data[20]
    signal.multimodal_fusion(specimen.haadf, **options)
    assert "Disturbed row of the scan: 21. Counts there are" in caplog.text
