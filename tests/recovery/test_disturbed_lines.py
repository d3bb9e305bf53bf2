"""Rows and columns of a scan whose counts were disturbed."""

from functools import cache

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
