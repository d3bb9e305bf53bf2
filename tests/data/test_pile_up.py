"""Sum peaks: two X-rays that are counted as one of the sum of their energies."""

import numpy as np
import pytest

from hyperspy_multimodal.data import Scan, flat
from hyperspy_multimodal.data._expectation import expected_xrays
from hyperspy_multimodal.data._pile_up import add_sum_peaks
from hyperspy_multimodal.data._xray import line_energy


@pytest.fixture
def image():
    rng = np.random.default_rng(0)
    templates = rng.uniform(0, 1, (3, 20)) * (np.arange(20) < 10)  # sums stay in the channels
    return rng.uniform(0, 100, (3, 4, 5)), templates / templates.sum(axis=1, keepdims=True)


def test_two_lost_counts_make_one(image):
    maps, templates = image
    before = maps.copy()
    new_maps, new_templates = add_sum_peaks(maps, templates, 0.1)
    np.testing.assert_array_equal(maps, before)
    np.testing.assert_allclose(new_maps[:3], 0.9 * maps, rtol=1e-12)
    np.testing.assert_allclose(new_maps[3], 0.05 * maps.sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(new_templates[:3], templates)
    assert new_templates[3].sum() == pytest.approx(1) and np.all(new_templates[3] >= 0)


@pytest.mark.parametrize("shift", [0.0, -1.0, -0.3, 2.7])
def test_energy_is_kept(image, shift):
    maps, templates = image
    new_maps, new_templates = add_sum_peaks(maps, np.pad(templates, ((0, 0), (2, 5))), 0.2, shift)
    channels = np.arange(new_templates.shape[1])
    # the energy of a channel, in channels, where two of energy e1 and e2 are counted at e1 + e2
    energies = channels + shift
    sums = new_templates @ energies
    total = new_maps.sum(axis=(1, 2))
    assert sums[3] * total[3] == pytest.approx(0.2 / 0.8 * (sums[:3] @ total[:3]))


def test_what_falls_above_the_channels_is_lost():
    maps, templates = np.full((1, 1, 1), 10.0), np.eye(8)[5:6]
    new_maps, new_templates = add_sum_peaks(maps, templates, 0.2)
    assert new_maps.ravel() == pytest.approx([8, 1]) and not new_templates[1].any()


@pytest.mark.parametrize("errors", [{}, {"energy_offset": 0.034, "energy_gain": 0.01}])
def test_the_strongest_line_has_its_sum_at_twice_its_energy(errors):
    scan = Scan(channels=2000, peak_to_background=np.inf, pile_up=0.02, **errors)
    expected = expected_xrays(np.full((1, 3, 3), 900.0), ["Ni_Ka"], scan)
    energy = (scan.true_channel_edges[1:] + scan.true_channel_edges[:-1]) / 2
    ka = line_energy("Ni_Ka")
    near = np.abs(energy - 2 * ka) < 0.1
    sums = expected.templates[-1]
    assert energy[np.where(energy > 12, sums, 0).argmax()] == pytest.approx(2 * ka, abs=0.011)
    assert sums[near] @ energy[near] / sums[near].sum() == pytest.approx(2 * ka, abs=0.01)


def test_every_line_loses_its_share_and_truth_says_so():
    areal = np.random.default_rng(1).uniform(0, 900, (2, 3, 4))
    lines = ["Co_Ka", "O_Ka"]
    plain, piled = (expected_xrays(areal, lines, Scan(pile_up=share)) for share in (0.0, 0.03))
    assert len(piled.maps) == len(plain.maps) + 1 == len(piled.templates)
    assert piled.electrons == plain.electrons
    for field in ("net", "xrays"):
        np.testing.assert_allclose(getattr(piled, field), 0.97 * getattr(plain, field), rtol=1e-12)
    np.testing.assert_array_equal(piled.kfactors, plain.kfactors)
    # no line is where two lines of oxygen meet
    image = np.einsum("kyx,kc->yxc", piled.maps, piled.templates)
    windows = Scan().eds_signal(image, lines).get_lines_intensity()
    for window, net, background in zip(windows, piled.net, piled.background, strict=True):
        np.testing.assert_allclose(window.data, net + background, rtol=1e-12)
    counts, before = (np.einsum("kyx,kc->yx", e.maps, e.templates) for e in (piled, plain))
    lost = 1 - counts / before
    assert np.all((lost > 0.015) & (lost < 0.03))  # half, and what falls above the channels


def test_counts_of_the_whole_scan_fall_by_half_the_share():
    settings = {"shape": (20, 20), "counts": 2000.0, "channels": 2048, "peak_to_background": np.inf}
    plain, piled = (flat(**settings, pile_up=share) for share in (0.0, 0.2))
    ratio = piled.signal.data.sum(dtype=float) / plain.signal.data.sum(dtype=float)
    assert ratio == pytest.approx(0.9, abs=0.002)
