"""`multimodal_fusion` of EELS spectrum images."""

import logging
from copy import deepcopy
from pathlib import Path

import hyperspy.api as hs
import numpy as np
import pytest
from exspy.signals import EELSSpectrum
from hyperspy.signal import BaseSignal
from hyperspy.signals import Signal2D

from hyperspy_multimodal import compute_maps

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
LAMBDAS = (1e-2, 1e-2)


def particles(elements=("Ti", "Mn")):
    """Return a simulated spectrum image with two edges, its HAADF, and the expected net maps."""
    rng = np.random.default_rng(5)
    energy = 380 + 4.0 * np.arange(90)
    y, x = np.mgrid[:24, :28]
    disk = ((y - 11) ** 2 + (x - 10) ** 2 < 60).astype(float)
    square = ((abs(y - 12) < 7) & (abs(x - 19) < 6)).astype(float)
    edges = [(energy >= 456) & (energy < 500), (energy >= 640) & (energy < 700)]
    maps = np.stack([30 * disk, 20 * square])
    expected = (1 + disk + square)[..., None] * 30 * (energy / 450) ** -3
    for edge, content in zip(edges, maps, strict=True):
        expected = expected + content[..., None] * edge / edge.sum()
    signal = EELSSpectrum(rng.poisson(expected))
    axis = signal.axes_manager.signal_axes[0]
    axis.offset, axis.scale, axis.units = 380, 4, "eV"
    for axis in signal.axes_manager.navigation_axes:
        axis.scale, axis.units = 0.7, "nm"
    signal.metadata.General.title = "Particles"
    if elements:
        signal.add_elements(elements)
    return signal, 5 + 22**1.7 * disk + 25**1.7 * square, maps


def fuse(signal, haadf, **keywords):
    keywords = {"gamma": 1, "lambdas": LAMBDAS, "show_progressbar": False} | keywords
    return signal.multimodal_fusion(haadf, **keywords)


def stack(maps):
    return np.stack([m.data for m in maps])


def test_automatic_fusion_is_nearer_to_the_truth_than_the_raw_maps():
    signal, haadf, truth = particles()
    fused, output = fuse(signal, haadf, lambdas="auto", full_output=True)
    raw = stack(output["raw_maps"])
    assert output["converged"]
    error = np.square(stack(fused) - truth).sum(axis=(1, 2))
    assert (error < 0.2 * np.square(raw - truth).sum(axis=(1, 2))).all()
    np.testing.assert_allclose(stack(fused).sum(axis=(1, 2)), raw.sum(axis=(1, 2)), rtol=2e-3)


def test_results_are_native_signals():
    signal, haadf, _ = particles()
    for found, edge in zip(fuse(signal, haadf), ["Ti_L3", "Mn_L3"], strict=True):
        assert type(found) is BaseSignal
        assert found.axes_manager.navigation_shape == (28, 24)
        assert found.axes_manager.signal_shape == ()
        assert [a.units for a in found.axes_manager.navigation_axes] == ["nm", "nm"]
        assert found.metadata.Sample.elements == [edge.split("_")[0]]
        assert found.metadata.Sample.edges == [edge]
        onset = {"Ti_L3": 456, "Mn_L3": 640}[edge]
        assert found.metadata.General.title == (
            f"EELS edge intensity of Particles: {edge} at {onset} eV, fused"
        )
        assert found.data.dtype.kind == "f" and found.data.min() >= 0


def test_every_parameter_is_recorded():
    signal, haadf, _ = particles()
    node = fuse(signal, haadf, gain=2, seed=3)[0].metadata.Multimodal_fusion
    assert node.edges == ["Ti_L3", "Mn_L3"]
    assert node.onset_energies == [456, 640]
    assert (node.gain, node.gain_source) == (2.0, "given")
    assert (node.gamma, node.seed, node.keep_totals) == (1.0, 3, "auto")
    assert np.shape(node.integration_windows) == np.shape(node.background_windows) == (2, 2)


def test_maps_survive_saving(tmp_path):
    signal, haadf, _ = particles()
    found = fuse(signal, haadf)[0]
    found.save(tmp_path / "map.hspy")
    loaded = hs.load(tmp_path / "map.hspy")
    np.testing.assert_array_equal(loaded.data, found.data)
    assert loaded.metadata.Multimodal_fusion.as_dictionary() == (
        found.metadata.Multimodal_fusion.as_dictionary()
    )


def test_full_output():
    signal, haadf, _ = particles()
    _, output = fuse(signal, haadf, full_output=True)
    assert output["gain"] == 1.0
    assert output["raw_maps"][0].metadata.General.title.endswith("Ti_L3 at 456 eV, raw")
    assert isinstance(output["modelled_haadf"], Signal2D)


@pytest.mark.parametrize("lambdas", ["auto", LAMBDAS])
def test_counts_times_gain_give_maps_times_gain(lambdas):
    signal, haadf, _ = particles()
    plain, plain_output = fuse(signal, haadf, lambdas=lambdas, full_output=True)
    signal.data = 3.7 * signal.data
    scaled, output = fuse(signal, haadf, lambdas=lambdas, gain=3.7, full_output=True)
    np.testing.assert_allclose(stack(scaled), 3.7 * stack(plain), rtol=1e-6)
    raw, plain_raw = stack(output["raw_maps"]), stack(plain_output["raw_maps"])
    np.testing.assert_allclose(raw, 3.7 * plain_raw, rtol=1e-9, atol=1e-9)


def test_gain_of_the_metadata():
    signal, haadf, _ = particles()
    plain = fuse(signal, haadf)
    signal.data = 3 * signal.data
    signal.metadata.set_item("Signal.Noise_properties.Variance_linear_model.gain_factor", 3.0)
    found = fuse(signal, haadf)
    np.testing.assert_allclose(stack(found), 3 * stack(plain), rtol=1e-6)
    assert found[0].metadata.Multimodal_fusion.gain_source == "metadata"


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_lazy_equals_eager(dtype):
    signal, haadf, _ = particles()
    signal.change_dtype(dtype)
    eager = fuse(signal, haadf)
    lazy = signal.as_lazy()
    lazy.data = lazy.data.rechunk((5, 9, 40))
    found = fuse(lazy, haadf)
    assert all(m._lazy for m in found)
    np.testing.assert_allclose(stack(compute_maps(found)), stack(eager), rtol=1e-4, atol=1e-3)
    at_once = fuse(lazy, haadf, lazy_output=False)
    assert not any(m._lazy for m in at_once)
    np.testing.assert_allclose(stack(at_once), stack(eager), rtol=1e-4, atol=1e-3)


def test_inputs_are_unmodified():
    signal, haadf, _ = particles()
    image = Signal2D(haadf)
    before, image_before = signal.data.copy(), image.data.copy()
    metadata = deepcopy(signal.metadata.as_dictionary())
    elements = set(signal.elements)
    fuse(signal, image, gain=2.0)
    np.testing.assert_array_equal(signal.data, before)
    np.testing.assert_array_equal(image.data, image_before)
    assert signal.metadata.as_dictionary() == metadata
    assert signal.elements == elements


def test_transposed_scan_gives_transposed_maps():
    signal, haadf, _ = particles()
    turned = signal.swap_axes(0, 1)
    np.testing.assert_allclose(
        stack(fuse(turned, haadf.T)),
        stack(fuse(signal, haadf)).swapaxes(1, 2),
        rtol=1e-4,
        atol=1e-3,
    )


def test_order_of_edges():
    signal, haadf, _ = particles()
    forward = fuse(signal, haadf, tolerance=1e-6)
    backward = fuse(signal, haadf, edges=["Mn_L3", "Ti_L3"], tolerance=1e-6)
    np.testing.assert_allclose(stack(backward)[::-1], stack(forward), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"edges": ["Mn_L9"]}, ValueError, "Mn_L3"),
        ({"gain": -1}, ValueError, "gain"),
        ({"background_windows": "none"}, ValueError, "background_windows"),
        ({"xray_lines": ["Ti_Ka"]}, TypeError, "edges"),
        ({"lambdas": "best"}, ValueError, "lambdas"),
    ],
)
def test_bad_arguments(keywords, error, message):
    signal, haadf, _ = particles()
    with pytest.raises(error, match=message):
        fuse(signal, haadf, **keywords)


def test_signals_that_cannot_be_fused():
    signal, haadf, _ = particles(elements=None)
    with pytest.raises(ValueError, match="add_elements"):
        fuse(signal, haadf)
    with pytest.raises(ValueError, match="single spectrum"):
        fuse(signal.inav[0, 0], haadf)
    signal.add_elements(("Ti",))
    with pytest.raises(ValueError, match="shape of the scan"):
        fuse(signal, haadf[:-1])
    signal.data = signal.data - 1000
    with pytest.raises(ValueError, match="negative counts"):
        fuse(signal, haadf)


@pytest.mark.skipif(not (DATA / "CuZn_EELS.hspy").exists(), reason="needs ../shared/data")
@pytest.mark.parametrize(("gain", "source"), [(None, "noise"), (4.5, "given")])
def test_measured_copper_and_zinc(gain, source, caplog):
    signal, haadf = hs.load(DATA / "CuZn_EELS.hspy"), hs.load(DATA / "CuZn_HAADF.hspy")
    signal.add_elements(("Zn", "Cu"))
    logger = logging.getLogger("hyperspy_multimodal")
    caplog.set_level(logging.INFO, logger=logger.name)
    logger.addHandler(caplog.handler)
    try:
        fused, output = fuse(
            signal, haadf, lambdas="auto", gain=gain, map_method="windows", full_output=True
        )
    finally:
        logger.removeHandler(caplog.handler)
    assert [m.metadata.Sample.edges for m in fused] == [["Cu_L3"], ["Zn_L3"]]
    assert fused[0].metadata.Multimodal_fusion.gain_source == source
    assert "tail of Cu_L3" in caplog.text
    assert ("noise of the spectra shows" in caplog.text) == (gain is None)
    for element, raw, found in zip(["Cu", "Zn"], output["raw_maps"], fused, strict=True):
        model_fit = hs.load(DATA / f"CuZn_{element}_modelfit.hspy").data
        assert np.isfinite(found.data).all() and found.data.min() >= 0
        before, after = (np.corrcoef(m.data.ravel(), model_fit.ravel())[0, 1] for m in (raw, found))
        print(f"{element}: correlation with the model fit {before:.3f} raw, {after:.3f} fused")
        assert after > 0.9
        assert after > before - 0.02


@pytest.mark.skipif(not (DATA / "CuZn_EELS.hspy").exists(), reason="needs ../shared/data")
def test_overlapping_edges_are_fitted_by_default():
    """Copper's tail lies under zinc; both maps are near those of a full model fit."""
    signal, haadf = hs.load(DATA / "CuZn_EELS.hspy"), hs.load(DATA / "CuZn_HAADF.hspy")
    signal.add_elements(("Cu", "Zn"))
    fused = signal.multimodal_fusion(haadf, gamma="auto", show_progressbar=False)
    for element, found in zip(["Cu", "Zn"], fused, strict=True):
        assert found.metadata.Multimodal_fusion.map_method == "fit"
        model_fit = hs.load(DATA / f"CuZn_{element}_modelfit.hspy").data
        assert found.data.min() >= 0
        assert np.corrcoef(found.data.ravel(), model_fit.ravel())[0, 1] > 0.97
