"""EDS_SEM with an image of back-scattered electrons (BSE) in place of the HAADF."""

import numpy as np
import pytest
from exspy.signals import EDSSEMSpectrum
from scipy import ndimage

from hyperspy_multimodal.data import core_shell

LAMBDAS = (0.003, 0.006)


def stacked(maps):
    return np.stack([each.data for each in maps])


def error(maps, truth):
    """Sum of squares of each map's error."""
    return np.square(maps - truth).sum(axis=(1, 2))


@pytest.fixture(scope="module")
def specimen():
    return core_shell((40, 48), counts=20, beam_energy=15)


@pytest.fixture(scope="module")
def truth(specimen):
    return stacked(specimen.counts)


@pytest.fixture(scope="module")
def sem(specimen):
    signal = specimen.signal.deepcopy()
    signal.set_signal_type("EDS_SEM")
    signal.metadata.set_item("Acquisition_instrument.SEM.Stage.tilt_alpha", 10.0)
    return signal


@pytest.fixture(scope="module")
def bse(specimen):
    """An image that is a little less sharp than the X-rays."""
    return ndimage.gaussian_filter(specimen.haadf.data, 0.5, mode="nearest")


@pytest.fixture(scope="module")
def automatic(sem, bse):
    return sem.multimodal_fusion(bse, gamma="auto", full_output=True)


def test_fused_maps_are_nearer_to_the_truth_than_raw_ones(automatic, truth):
    maps, output = automatic
    raw = stacked(output["raw_maps"])
    assert output["uses_brightness"] and output["converged"]
    assert (error(stacked(maps), truth) < 0.5 * error(raw, truth)).all()
    np.testing.assert_allclose(
        stacked(maps).sum(axis=(1, 2)), raw.sum(axis=(1, 2)), rtol=1e-3
    )  # totals stay as measured


def test_the_image_adds_to_the_counts(automatic, sem, bse, truth):
    alone = sem.multimodal_fusion(bse, gamma="auto", weights=[0, 0, 0], regulariser="isotropic")
    gained = error(stacked(alone), truth) / error(stacked(automatic[0]), truth)
    assert gained.mean() > 1.2


def test_maps_are_like_those_of_get_lines_intensity(automatic, sem):
    assert type(sem) is EDSSEMSpectrum
    for found, native in zip(automatic[0], sem.get_lines_intensity(), strict=True):
        assert type(found) is type(native)
        assert found.metadata.Signal.signal_type == "EDS_SEM"
        assert found.metadata.Sample.as_dictionary() == native.metadata.Sample.as_dictionary()
        assert found.axes_manager.navigation_shape == (48, 40)
        assert found.axes_manager[0].units == sem.axes_manager[0].units


def test_the_microscope_stays_in_the_metadata(automatic, sem):
    expected = sem.metadata.Acquisition_instrument.as_dictionary()
    assert set(expected) == {"SEM"}
    for found in automatic[0]:
        instrument = found.metadata.Acquisition_instrument
        assert instrument.as_dictionary() == expected
        assert (instrument.SEM.beam_energy, instrument.SEM.Stage.tilt_alpha) == (15, 10.0)


@pytest.mark.parametrize(
    ("map_method", "weights"), [("fit", [0.5, 0.3, 0.2]), ("fit", "Z"), ("windows", [1, 0, 1])]
)
def test_equals_eds_tem_where_parameters_are_given(specimen, sem, bse, map_method, weights):
    """Also with weights of Rutherford scattering, which depend on the beam energy."""
    given = {"weights": weights, "map_method": map_method}
    expected = specimen.signal.multimodal_fusion(bse, 1, LAMBDAS, **given)
    found = sem.multimodal_fusion(bse, 1, LAMBDAS, **given)
    np.testing.assert_allclose(stacked(found), stacked(expected), rtol=1e-5, atol=1e-5)


def test_lines_that_the_beam_cannot_excite_do_not_count(sem, bse):
    """Neither they nor the spectrum above the beam energy are part of the fit."""
    signal = sem.deepcopy()
    signal.set_microscope_parameters(beam_energy=5)
    signal.set_lines(["Co_La", "O_Ka", "S_Ka"])
    expected = stacked(signal.multimodal_fusion(bse, 1, LAMBDAS))
    signal.data[..., 510:] = 7
    found = stacked(signal.multimodal_fusion(bse, 1, LAMBDAS))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_the_spectra_are_not_modified(specimen, sem):
    np.testing.assert_array_equal(sem.data, specimen.signal.data)
