"""The power-law background of EELS edges."""

import numpy as np
import pytest

from hyperspy_multimodal.eels.power_law import power_law_area, power_law_exponent

from .edge_spectra import SIZE, flat, measure, spectrum_image


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0, 3.3, 7.0])
@pytest.mark.parametrize("middle", [430.0, 415.0])
def test_two_area_method_recovers_the_exponent(exponent, middle):
    left, right = 405.0, 451.0
    lower = power_law_area(exponent, left, middle)
    upper = power_law_area(exponent, middle, right) * (left / middle) ** exponent
    assert power_law_exponent(lower, upper, left, middle, right) == pytest.approx(
        exponent, abs=1e-5
    )


def test_power_law_area_is_the_integral():
    energies = np.linspace(405, 451, 100001)
    expected = np.trapezoid((energies / 405) ** -3.3, energies)
    assert power_law_area(3.3, 405.0, 451.0) == pytest.approx(expected, rel=1e-8)


def test_exponent_without_counts_and_of_rising_counts():
    exponent = power_law_exponent(np.array([0, 1, 0, 5]), np.array([0, 0, 1, 9]), 400, 420, 440)
    assert np.isfinite(exponent).all()
    np.testing.assert_allclose(exponent, [5, 10, 0, 0])


def test_spectra_that_rise_before_the_edge_are_reported(logged):
    data = np.random.default_rng(0).poisson(np.broadcast_to(np.arange(SIZE) + 20, (8, 8, SIZE)))
    measure(spectrum_image(data))
    assert "do not follow a power law" in logged.text


def test_energies_below_zero():
    signal = flat(None, offset=-100)
    with pytest.raises(ValueError, match="energies > 0"):
        measure(signal, ["Si_L3"], [[100, 110]], [[-50, 50]])
