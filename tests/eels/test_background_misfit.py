"""Errors of backgrounds that are no power law."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.eels.background_misfit import background_misfit
from hyperspy_multimodal.eels.edge_measurement import plan_edges
from hyperspy_multimodal.eels.edge_windows import Channels
from hyperspy_multimodal.lazy import read_now

from .edge_spectra import spectrum_image

OFFSET, SCALE, SIZE = 700.0, 4.0, 100
LIMITS = OFFSET + SCALE * (np.arange(SIZE + 1) - 0.5)
ENERGY = OFFSET + SCALE * np.arange(SIZE)
SIDES = (700, 920), (760, 920), (832, 912), (856, 920)
EDGE = np.where(ENERGY > 931, 0.1 * (ENERGY / 931) ** -3, 0)


def background(change=0.0, exponent=3.0):
    """Return a background whose exponent is this at 931 eV and changes for each factor e."""
    logarithm = np.log(LIMITS / 931)
    at_limits = np.exp(-exponent * logarithm - change * logarithm**2 / 2)
    law = LIMITS[1:] ** (1 - exponent) - LIMITS[:-1] ** (1 - exponent)
    return (
        law / (1 - exponent) * 931**exponent / SCALE
        if change == 0
        else ((at_limits[1:] + at_limits[:-1]) / 2)
    )


def misfit(observed, side, gain=1.0, axis=None):
    axis = axis or Channels(OFFSET, SCALE, "eV")
    channels = tuple(round((each - OFFSET) / SCALE) for each in side)
    return background_misfit(observed, 0.0, axis, channels, (58, 80), gain)


def measured(spectrum, side):
    """Return total and error of the edge in 64 spectra that are this together."""
    data = np.random.default_rng(0).poisson(np.broadcast_to(spectrum / 64, (8, 8, SIZE)))
    signal = spectrum_image(data, ("Cu",), offset=OFFSET, scale=SCALE)
    reading = read_now(signal, plan_edges(signal, None, None, [side], 1.0))
    (start, stop), *_ = plan_edges(signal, None, None, [side], 1.0).inside
    return reading.raw.sum(), reading.total_errors[0], slice(start, stop)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("exponent", [2.0, 4.5])
def test_an_exact_power_law_has_no_misfit(side, exponent):
    found = misfit(1e9 * background(exponent=exponent), side)
    assert found.scale == 1.0
    assert found.drift == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("counts", [1e2, 1e5])
def test_noise_is_no_misfit(side, counts):
    rng = np.random.default_rng(1)
    found = np.array([misfit(rng.poisson(counts * background()), side) for _ in range(200)])
    assert np.mean(found[:, 0] > 1) < 0.1 and np.mean(found[:, 1] > 0) < 0.1
    assert found[:, 0].mean() < 1.05


@pytest.mark.parametrize("change", [-1.5, 1.5])
def test_an_exponent_that_changes_is_part_of_the_error(change):
    total, error, inside = measured(1e7 * (background(change) + EDGE), (700, 920))
    truth = 1e7 * EDGE[inside].sum()
    _, without, _ = measured(1e7 * (background() + EDGE), (700, 920))
    assert 4 * without < abs(total - truth) < 2 * error


def test_the_drift_is_that_of_the_extrapolated_background():
    spectrum = 1e9 * background(1.0)
    found = misfit(spectrum, (700, 920))
    line = np.polyfit(np.log(ENERGY[:55]), np.log(spectrum[:55]), 1)
    under = np.exp(np.polyval(line, np.log(ENERGY[58:80]))).sum()
    assert found.drift == pytest.approx(under / spectrum[58:80].sum() - 1, rel=0.15)


def test_structure_of_channels_scales_the_error_of_the_exponent():
    rng = np.random.default_rng(2)
    structure = np.repeat(rng.normal(0, 0.004, SIZE // 2), 2)
    observed = 1e8 * background() * (1 + structure)
    assert misfit(observed, (760, 920)).scale > 10
    # of noise with such a gain nothing is left
    assert misfit(observed, (760, 920), gain=5e3).scale == 1.0


def test_units_and_heights_do_not_matter():
    observed = 1e8 * background(1.0)
    kilo = Channels(OFFSET / 1e3, SCALE / 1e3, "keV")
    expected = misfit(observed, (760, 920))
    np.testing.assert_allclose(misfit(observed, (760, 920), axis=kilo), expected)
    np.testing.assert_allclose(misfit(5 * observed, (760, 920), gain=5), expected)


def test_few_channels_and_empty_spectra_show_nothing():
    assert misfit(1e8 * background(1.0), (912, 920)) == (1.0, 0.0)
    assert misfit(np.zeros(SIZE), (760, 920)) == (1.0, 0.0)


@pytest.mark.parametrize("counts", [5, 100])
def test_errors_of_simulated_edges_do_not_grow(counts):
    signal = core_loss((32, 32), counts=counts).signal
    found = read_now(signal, plan_edges(signal, None, None, "auto", 1.0)).misfits
    np.testing.assert_allclose(found, [(1.0, 0.0)] * 3, atol=0.05)


def test_totals_of_measured_copper_agree_for_all_background_windows(shared_data):
    signal = hs.load(shared_data / "CuZn_EELS.hspy")
    signal.add_elements(("Cu", "Zn"))
    sides = (704, 920), (760, 920), (832, 912), (832, 928), (856, 920)
    readings = [
        read_now(signal, plan_edges(signal, ["Cu_L3"], None, [side], None)) for side in sides
    ]
    totals = np.array([reading.raw.sum() for reading in readings])
    errors = np.array([reading.total_errors[0] for reading in readings])
    mean = np.average(totals, weights=errors**-2)
    assert (abs(totals - mean) < 2 * errors).all()
    assert (errors < 0.3 * totals).all()
