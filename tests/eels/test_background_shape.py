"""Backgrounds of other shapes than a power law."""

import numpy as np
import pytest

from hyperspy_multimodal.eels.background_shape import checked_background_type
from hyperspy_multimodal.eels.edge_measurement import plan_edges
from hyperspy_multimodal.lazy import read_now

from .edge_spectra import OFFSET, SCALE, SIZE, measure, power_law, spectrum_image

ENERGY = OFFSET + SCALE * np.arange(SIZE)
EDGE = np.isin(np.arange(SIZE), np.arange(53, 90)).astype(float)
SHAPES = {
    "Exponential": np.exp(-(ENERGY - OFFSET) / 200),
    "Offset": np.ones(SIZE),
    "Polynomial": 1 - 1.5e-3 * (ENERGY - OFFSET) + 1e-6 * (ENERGY - OFFSET) ** 2,
    "Gaussian": np.exp(-((ENERGY - OFFSET) ** 2) / (2 * 100**2)),
}


def scan(shape, counts):
    """Return spectra whose background is this shape, twice as high on the right, and the edge."""
    height = np.where(np.arange(20) < 10, 1.0, 2.0)[None, :, None] * np.ones((16, 1, 1))
    return counts * (height * shape + 0.5 * EDGE), (counts * height * shape)


def found(data, background_type):
    signal = spectrum_image(data)
    plan = plan_edges(signal, ["Ti_L3"], None, "auto", 1.0, background_type)
    return read_now(signal, plan)


@pytest.mark.parametrize("name", SHAPES)
def test_a_background_of_its_own_shape_is_found(name):
    data, background = scan(SHAPES[name], 1000.0)
    measured = found(data, name)
    start, stop = measured.integration_windows[0]
    under = background[..., (ENERGY > start) & (ENERGY < stop)].sum(axis=-1)
    np.testing.assert_allclose(measured.maps.background[0], under, rtol=0.01)


def test_another_shape_gives_another_background():
    data, _ = scan(SHAPES["Gaussian"], 1000.0)
    gaussian, offset = (found(data, name).maps.background.sum() for name in ("Gaussian", "Offset"))
    assert offset > 1.5 * gaussian


def test_noise_of_pixels_is_not_in_the_shape():
    data, background = scan(SHAPES["Exponential"], 3.0)
    measured = found(np.random.default_rng(0).poisson(data), "Exponential")
    start, stop = measured.integration_windows[0]
    under = background[..., (ENERGY > start) & (ENERGY < stop)].sum()
    assert measured.maps.background.sum() == pytest.approx(under, rel=0.05)


def test_the_default_is_the_power_law():
    data = np.broadcast_to(100 * power_law(3.0), (8, 9, SIZE)).copy()
    default, named = measure(spectrum_image(data), ["Ti_L3"], gain=1.0), found(data, "PowerLaw")
    np.testing.assert_array_equal(default.maps.background, named.maps.background)


@pytest.mark.parametrize("given", ["Power law", "powerlaw", "PowerLaw", "POWER LAW"])
def test_names_are_those_of_hyperspy(given):
    assert checked_background_type(given) == "PowerLaw"


@pytest.mark.parametrize("given", ["linear", None, 3, "Scalable fixed pattern"])
def test_other_names_are_refused(given):
    with pytest.raises(ValueError, match="`background_type` must be one of"):
        checked_background_type(given)


def test_a_background_that_falls_below_zero_is_refused():
    falling = np.maximum(1 - (ENERGY - OFFSET) / 120, 0)
    data, _ = scan(falling, 1000.0)
    with pytest.raises(ValueError, match="does not describe the spectra before Ti_L3"):
        found(data, "Polynomial")
