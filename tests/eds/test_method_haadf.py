"""A HAADF in every form in which it comes."""

import dask.array as da
import numpy as np
import pytest
from hyperspy.signals import Signal2D

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.signals.clipped_haadf import warn_of_clipping


@pytest.fixture(scope="module")
def specimen():
    return core_shell((40, 48), counts=5)


@pytest.fixture(scope="module")
def fused(specimen):
    return fuse(specimen, specimen.haadf)


def fuse(specimen, haadf):
    found = specimen.signal.multimodal_fusion(haadf, 1, (0.01, 0.02), show_progressbar=False)
    return np.stack([each.data for each in found])


def state(haadf):
    """All that a method could change by mistake."""
    if not hasattr(haadf, "metadata"):
        return np.asarray(haadf).tobytes()
    axes = [axis.get_axis_dictionary() for axis in haadf.axes_manager._axes]
    return np.asarray(haadf.data).tobytes(), type(haadf), haadf.metadata.as_dictionary(), axes


def navigating(haadf):
    return haadf.transpose(signal_axes=[])


def lazily(haadf):
    return haadf.as_lazy()


def as_dask(haadf):
    return da.from_array(haadf.data, chunks=(7, 11))


def uncalibrated(haadf):
    return Signal2D(haadf.data)


def in_micrometres(haadf):
    other = haadf.deepcopy()
    for axis in other.axes_manager.signal_axes:
        axis.scale, axis.offset, axis.units = axis.scale / 1000, 0, "µm"
    return other


@pytest.mark.parametrize(
    "form",
    [
        navigating,
        lazily,
        as_dask,
        uncalibrated,
        in_micrometres,
        lambda haadf: haadf.data,
        lambda haadf: haadf.data.tolist(),
        lambda haadf: lazily(navigating(haadf)),
    ],
    ids=[*"navigation lazy dask uncalibrated µm array list lazy-navigation".split()],
)
def test_haadf_in_any_form(specimen, fused, form):
    haadf = form(specimen.haadf)
    before = state(haadf)
    np.testing.assert_allclose(fuse(specimen, haadf), fused, atol=1e-6)
    assert state(haadf) == before


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, ">u2", np.float64])
def test_haadf_of_any_number(specimen, dtype):
    whole = np.round(specimen.haadf.data)
    found = fuse(specimen, whole.astype(dtype))
    np.testing.assert_allclose(found, fuse(specimen, whole), atol=1e-6)


def test_gain_and_pedestal_of_the_haadf_do_not_matter(specimen, fused):
    found = fuse(specimen, specimen.haadf.data * 1e-6 + 3)
    np.testing.assert_allclose(found, fused, atol=0.02)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_saturated_haadf_is_told(specimen, bits, caplog):
    end = 2**bits - 1
    brightness = specimen.haadf.data / specimen.haadf.data.max()
    dtype = f"u{bits // 8}"
    fuse(specimen, (brightness * end * 0.98).astype(dtype))
    assert "saturated" not in caplog.text
    fuse(specimen, np.minimum(brightness * end * 2, end).astype(dtype))
    assert f"at {end}, the end of a detector's range" in caplog.text


@pytest.mark.parametrize("bits", [8, 16])
def test_a_haadf_clipped_at_black_is_told(specimen, bits, caplog):
    end = 2**bits - 1
    brightness = specimen.haadf.data / specimen.haadf.data.max()
    fuse(specimen, (brightness * end * 0.98).astype(f"u{bits // 8}"))
    assert "at black" not in caplog.text
    dark = np.quantile(brightness, 0.4)
    fuse(specimen, (np.maximum(brightness - dark, 0) * end).astype(f"u{bits // 8}"))
    assert "lowest value, so it is probably clipped at black" in caplog.text


@pytest.mark.parametrize("mean", [0.03, 0.3, 30])
def test_an_image_of_counted_electrons_is_not_clipped(mean, logged):
    warn_of_clipping(np.random.default_rng(0).poisson(mean, (64, 64)))
    assert not logged.records
