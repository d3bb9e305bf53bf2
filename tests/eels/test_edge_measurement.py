"""Electrons at EELS edges, and their background."""

import numpy as np
import pytest

from .edge_spectra import SIZE, flat, measure, power_law, spectrum_image


def test_no_background():
    maps = measure(flat(), sides=None).maps
    assert not maps.background.any()
    np.testing.assert_array_equal(maps.net, maps.counts)


@pytest.mark.parametrize("exponent", [2.0, 3.3])
def test_background_of_a_noiseless_power_law_is_exact(exponent):
    thickness = 1 + np.add.outer(np.arange(12), np.arange(10)) % 5
    data = 1e6 * thickness[..., None] * power_law(exponent)
    found = measure(spectrum_image(data, ("Ti", "O")), gain=1.0)
    np.testing.assert_allclose(found.maps.net, 0, atol=2e-6 * found.maps.counts.max())
    np.testing.assert_allclose(found.maps.background, found.maps.counts, rtol=2e-4)


def test_net_totals_of_weak_edges_on_a_strong_background():
    rng = np.random.default_rng(3)
    thickness = np.full((48, 48), 1.0)
    thickness[10:38, 8:40] = 2.0
    content = np.zeros((48, 48))
    content[15:30, 12:36] = 1.0
    channels = slice(53, 76)  # the integration window of Ti L3, 455 to 501 eV
    background = power_law(3.0)
    background *= 300 / background[channels].sum()
    edge = np.zeros(SIZE)
    edge[channels] = 30 / 23
    data = rng.poisson(thickness[..., None] * background + content[..., None] * edge)
    maps = measure(spectrum_image(data)).maps
    truth = 30 * content.sum()
    gross, beside = maps.counts.sum(), np.tensordot(maps.beside, maps.segments, axes=1).sum()
    reach, width = np.log(455 * 501 / (405 * 451)) / 2, np.log(451 / 405)
    expected = 300 * thickness.sum()
    sigma = np.sqrt(gross + expected**2 * (1 + (4 * reach / width) ** 2) / beside)
    assert sigma < 0.5 * truth
    assert abs(maps.totals[0] - truth) < 3 * sigma
    # the expected background is nearer to the truth than the measured one
    error = maps.background[0] - 300 * thickness
    assert np.sqrt(np.mean(error**2)) < np.sqrt(
        np.mean((maps.counts - maps.net - 300 * thickness) ** 2)
    )


def test_gain_that_leaves_no_electrons():
    with pytest.raises(ValueError, match="no window contains an electron"):
        measure(flat(), gain=1e9)
