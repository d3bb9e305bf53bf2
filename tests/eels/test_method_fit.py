"""EELS maps from whole spectra: overlapping edges are told apart."""

import logging
from functools import cache

import hyperspy.api as hs
import numpy as np
import pytest
from exspy.signals import EELSSpectrum
from slow_repeats import alternating

from hyperspy_multimodal import compute_maps
from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.eels.edge_fit import plan_edge_fit
from hyperspy_multimodal.eels.fitted_edges import gaussian_halves
from hyperspy_multimodal.eels.possible_fit import suits_fit
from hyperspy_multimodal.lazy import read_now
from hyperspy_multimodal.physics.hydrogenic import hydrogenic_edges

ENERGY = 700 + 4.0 * np.arange(250)
MICROSCOPE = {"beam_energy": 200.0, "convergence_angle": 20.0, "collection_angle": 30.0}
LAMBDAS = (0.01, 0.02)
INSIDE = {"Cu": (58, 80), "Zn": (80, 106)}


def edge(element):
    return hydrogenic_edges([f"{element}_L3"], MICROSCOPE)[0](ENERGY)


def truth(shape=(24, 30)):
    """Electrons in the windows: copper on the left, zinc on the right, both in between."""
    maps = np.zeros((2, *shape))
    maps[0, :, :18], maps[1, :, 12:] = 300, 150
    return maps


def spectrum_image(seed=0, shape=(24, 30), exponent=3.0, gain=1):
    maps = truth(shape)
    shapes = [edge(element) for element in ("Cu", "Zn")]
    shapes = [each / each[slice(*INSIDE[element])].sum() for element, each in
              zip(("Cu", "Zn"), shapes, strict=True)]  # fmt: skip
    expected = 60 * (ENERGY / 900) ** -exponent + np.tensordot(maps, shapes, axes=(0, 0))
    counts = np.random.default_rng(seed).poisson(expected)
    signal = EELSSpectrum(counts if gain == 1 else gain * counts.astype(np.float32))
    axis = signal.axes_manager[-1]
    axis.offset, axis.scale, axis.units = ENERGY[0], 4, "eV"
    signal.set_microscope_parameters(**MICROSCOPE)
    signal.add_elements(("Cu", "Zn"))
    return signal


def windows(signal):
    axis = signal.axes_manager[-1]
    return [[axis.offset + (limit - 0.5) * axis.scale for limit in INSIDE[element]]
            for element in ("Cu", "Zn")]  # fmt: skip


def fitted(signal, splits=3, **options):
    known = {"edges": None, "integration_windows": windows(signal), "gain": None}
    return read_now(signal, plan_edge_fit(signal, **known | options), splits)


@cache
def fitted_scan(seed):
    """The fit of one of several scans of a specimen, for all tests."""
    return fitted(spectrum_image(seed))


def electrons(fit):
    return fit.maps.gains[:, None, None] * fit.maps.net / fit.gain


def test_electrons_are_unbiased_and_edges_told_apart():
    found = np.mean([electrons(fitted_scan(seed)) for seed in range(4)], axis=0)
    left, both, right = slice(0, 12), slice(12, 18), slice(18, None)
    np.testing.assert_allclose(found[0][:, left].mean(), 300, rtol=0.02)
    np.testing.assert_allclose(found[:, :, both].mean(axis=(1, 2)), [300, 150], rtol=0.05)
    np.testing.assert_allclose(found[1][:, right].mean(), 150, rtol=0.03)
    assert abs(found[1][:, left].mean()) < 5
    assert abs(found[0][:, right].mean()) < 10


def test_windows_take_the_tail_of_one_edge_for_background_of_the_other():
    signal = spectrum_image()
    _, output = signal.multimodal_fusion(
        np.random.default_rng(0).random((24, 30)), 1, (1, 1), full_output=True,
        integration_windows=windows(signal), map_method="windows",
    )  # fmt: skip
    zinc = output["raw_maps"][1].data
    by_fit = electrons(fitted_scan(0))[1]
    assert abs(by_fit[:, :12].mean()) < abs(zinc[:, :12].mean()) / 2


def test_exponent_and_shift_are_found():
    fit = fitted(spectrum_image(exponent=2.6)).sum_fit
    assert fit.exponent == pytest.approx(2.6, abs=0.1)
    moved = spectrum_image(shape=(40, 40))
    moved.axes_manager[-1].offset += 3.0
    still, found = (fitted(each).sum_fit.shift for each in (spectrum_image(shape=(40, 40)), moved))
    assert found - still == pytest.approx(3, abs=0.5)


def test_the_stated_variance_is_that_of_repeated_scans():
    fits = [fitted_scan(seed).maps for seed in range(8)]
    gains = fits[0].gains[:, None, None]
    found = np.array([fit.gains[:, None, None] * fit.net for fit in fits]).var(axis=0, ddof=1)
    stated = np.mean([gains**2 * fit.net_variance for fit in fits], axis=0)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), stated.mean(axis=(1, 2)), rtol=0.1)


def test_gain_scales_counts_and_changes_nothing_else():
    one, many = fitted_scan(0), fitted(spectrum_image(gain=7), gain=7.0)
    np.testing.assert_allclose(electrons(many), electrons(one), atol=1e-2)
    np.testing.assert_allclose(many.maps.net_variance, one.maps.net_variance, rtol=1e-3)


@pytest.mark.parametrize("gain", [1, 7])
def test_halves_are_independent_with_half_the_mean(gain):
    maps = fitted(spectrum_image(gain=gain), gain=float(gain)).maps
    expected = gain * truth() / maps.gains[:, None, None]
    for first, second in maps.halves(3, 0):
        np.testing.assert_allclose(first.net + second.net, maps.net, atol=1e-4)
        noise = [half.net - expected / 2 for half in (first, second)]
        for i in range(2):
            correlation = np.corrcoef(noise[0][i].ravel(), noise[1][i].ravel())[0, 1]
            assert abs(correlation) < 0.15
            spread = noise[0][i].std() ** 2
            assert spread == pytest.approx(maps.net_variance[i].mean() / 2, rel=0.2)


def test_gaussian_halves_have_the_covariance_they_should():
    covariance = np.array([[4.0, -3.0], [-3.0, 9.0]])
    net = np.zeros((2, 100, 100))
    first = gaussian_halves(net, np.broadcast_to(covariance, (100, 100, 2, 2)), 1, 0)[0]
    np.testing.assert_allclose(np.cov(first.reshape(2, -1)), covariance / 4, atol=0.1)
    again = gaussian_halves(net, np.broadcast_to(covariance, (100, 100, 2, 2)), 1, 0)[0]
    np.testing.assert_array_equal(first, again)


def test_fusion_by_a_fit_records_it_and_keeps_counts():
    signal = spectrum_image()
    haadf = truth().sum(axis=0) + np.random.default_rng(0).normal(0, 5, (24, 30))
    maps, output = signal.multimodal_fusion(
        haadf, 1, LAMBDAS, map_method="fit", full_output=True, show_progressbar=False
    )
    node = maps[0].metadata.Multimodal_fusion
    assert node.map_method == "fit"
    assert node.exponent == pytest.approx(3, abs=0.1)
    assert abs(node.edge_shift) <= 5
    for fused, raw in zip(maps, output["raw_maps"], strict=True):
        assert fused.data.min() >= 0
        assert fused.data.sum() == pytest.approx(raw.data.sum(), rel=1e-3)
    lazy = compute_maps(signal.as_lazy().multimodal_fusion(haadf, 1, LAMBDAS, map_method="fit"))
    for one, other in zip(lazy, maps, strict=True):
        np.testing.assert_allclose(one.data, other.data, rtol=2e-3, atol=0.05)


def test_what_a_fit_needs_is_said():
    signal = spectrum_image()
    haadf = truth().sum(axis=0)
    with pytest.raises(ValueError, match="gain must be a finite number > 0"):
        signal.multimodal_fusion(haadf, map_method="fit", gain=0.0)
    with pytest.raises(ValueError, match="background_windows belong to map_method='windows'"):
        signal.multimodal_fusion(haadf, map_method="fit", background_windows=None)
    with pytest.raises(ValueError, match="at least 4 channels below the lowest edge"):
        signal.isig[920.0:].multimodal_fusion(haadf, map_method="fit")
    heavy = signal.deepcopy()
    heavy.add_elements(("La",))
    with pytest.raises(ValueError, match=r"K, L1, L2 and L3 only.*La_M"):
        heavy.multimodal_fusion(haadf, map_method="fit", edges=["Cu_L3", "La_M5"])
    with pytest.raises(ValueError, match=r"several of \['Cu'\]"):
        signal.multimodal_fusion(haadf, map_method="fit", edges=["Cu_L3", "Cu_L2"])
    with pytest.raises(ValueError, match="window of Cu_L3 lies below its edge"):
        signal.multimodal_fusion(
            haadf, map_method="fit", integration_windows=[[800, 840], [1020, 1100]]
        )
    negative = signal.deepcopy()
    negative.data = negative.data.astype("f4") - 200
    with pytest.raises(ValueError, match="negative counts"):
        negative.multimodal_fusion(haadf, map_method="fit", background_windows="auto", gain=1)
    delattr(signal.metadata.Acquisition_instrument.TEM, "convergence_angle")
    with pytest.raises(ValueError, match=r"convergence angle.*set_microscope_parameters"):
        signal.multimodal_fusion(haadf, map_method="fit")


def test_maps_of_a_measured_image_agree_with_a_full_model_fit(shared_data):
    """Copper and zinc, by eXSpy's example data."""
    path = shared_data / "CuZn_EELS.hspy"
    if not path.is_file():
        pytest.skip(f"{path.name} is not on this machine")
    signal = hs.load(path)
    signal.add_elements(("Cu", "Zn"))
    fit = fitted(signal, integration_windows=None, splits=0)
    for found, element in zip(electrons(fit), ("Cu", "Zn"), strict=True):
        model = hs.load(shared_data / f"CuZn_{element}_modelfit.hspy").data
        assert np.corrcoef(found.ravel(), model.ravel())[0, 1] > 0.98


def test_elements_that_are_not_mapped_are_fitted():
    signal = spectrum_image()
    whole = electrons(fitted_scan(0))
    alone = fitted(signal, edges=["Cu_L3"], integration_windows=windows(signal)[:1])
    assert alone.templates.others == ["Zn_L2", "background"]
    np.testing.assert_allclose(electrons(alone)[0].mean(), whole[0].mean(), rtol=0.02)


def test_single_negative_values_do_not_disturb():
    signal = spectrum_image()
    signal.data[3, 4, 200] = -2
    found = fitted(signal)
    np.testing.assert_allclose(electrons(found).mean(), electrons(fitted_scan(0)).mean(),
                               rtol=1e-3)  # fmt: skip
    assert np.isfinite(found.maps.first_halves).all()


def test_the_gain_is_that_of_the_noise_before_the_edges():
    signal = spectrum_image(gain=3.3)
    assert fitted(signal).gain == pytest.approx(3.3, rel=0.3)
    assert fitted(signal).camera.gain_source == "estimated"


# simulated oxide: O K, Mn L and Co L, each on the tail of the one before


def oxide(**options):
    channel = options.pop("channel_width", 2.0)
    options = {"shape": (24, 24), "counts": 1e4} | options
    shape = options.pop("shape")
    return core_loss(shape, channel_width=channel, channels=round(600 / channel), **options)


def with_elements(signal, *symbols):
    signal = signal.deepcopy()
    signal.metadata.Sample.elements = sorted(symbols)
    signal.elements = set(symbols)
    return signal


@pytest.fixture
def logged(caplog):
    """Messages of the package, which does not propagate them."""
    logger = logging.getLogger("hyperspy_multimodal")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


@alternating(white_lines=[0.0, 0.5, 1.0], channel_width=[1.0, 2.0, 4.0, 8.0])
def test_totals_of_a_simulated_oxide_are_right(white_lines, channel_width):
    bound = {0.0: 0.5, 0.5: 3.0, 1.0: 4.0}[white_lines]
    specimen = oxide(channel_width=channel_width, white_lines=white_lines, counts=1e5)
    fit = fitted(specimen.signal, integration_windows=None, splits=0)
    expected = [truth.data.sum() for truth in specimen.counts]
    found = electrons(fit).sum(axis=(1, 2))
    np.testing.assert_allclose(100 * (found / expected - 1), 0, atol=bound)
    assert list(np.array(fit.record["white_lines"]) > 0) == [False, *2 * [white_lines > 0]]
    assert abs(fit.record["edge_shift"]) < 0.5


def test_the_share_of_white_lines_is_recorded():
    specimen = oxide(white_lines=0.5)
    shares = fitted(specimen.signal, integration_windows=None, splits=0).record["white_lines"]
    np.testing.assert_allclose(shares, [0, 1 / 3, 1 / 3], atol=0.1)
    assert all(type(share) is float for share in shares)


def test_an_edge_on_the_tail_of_another_is_fitted_by_default():
    signal = oxide(shape=(8, 8)).signal
    assert suits_fit(signal, None)
    assert suits_fit(signal, ["O_K", "Co_L3"])
    # one edge, but others lie below it
    assert suits_fit(signal, ["Co_L3"])
    maps = signal.multimodal_fusion(np.ones((8, 8)) + np.eye(8), 1, (0.01, 0.02), max_iterations=5)
    assert maps[0].metadata.Multimodal_fusion.map_method == "fit"


def test_windows_are_the_default_where_no_edge_lies_below():
    signal = oxide(shape=(8, 8)).signal
    assert not suits_fit(signal, ["O_K"])
    assert not suits_fit(with_elements(signal, "Co"), None)
    assert not suits_fit(with_elements(signal, "Co"), ["Co_L3"])


def test_windows_are_the_default_where_a_fit_cannot_be_had(logged):
    signal = oxide(shape=(8, 8)).signal
    assert not suits_fit(signal, ["Co_L3", "Co_L2", "O_K"])
    assert not suits_fit(signal.isig[528.0:], ["Mn_L3", "Co_L3"])
    heavy = with_elements(signal, "O", "Mn", "La")  # M edges at 832 and 849 eV
    assert not suits_fit(heavy, None)
    assert not suits_fit(heavy, ["O_K", "Mn_L3"])
    assert "no shape" not in logged.text
    for item in ("beam_energy", "convergence_angle", "Detector"):
        unknown = signal.deepcopy()
        delattr(unknown.metadata.Acquisition_instrument.TEM, item)
        assert not suits_fit(unknown, None)


@alternating(3, white_lines=[0.0, 0.5, 1.0], counts=[30.0, 1e5])
def test_a_fit_of_all_elements_is_not_warned_of(white_lines, counts, logged):
    for channel_width in (1.0, 2.0, 4.0):
        signal = oxide(white_lines=white_lines, counts=counts, channel_width=channel_width).signal
        fitted(signal, integration_windows=None, splits=0)
    assert "deviate strongly" not in logged.text


@alternating(missing=["O", "Mn", "Co"], white_lines=[0.0, 0.5])
def test_a_missing_element_is_warned_of(missing, white_lines, logged):
    signal = oxide(white_lines=white_lines).signal
    known = with_elements(signal, *{"O", "Mn", "Co"} - {missing})
    fitted(known, integration_windows=None, splits=0)
    assert "deviate strongly from the sum of all spectra" in logged.text
    assert "add_elements" in logged.text and "map_method='windows'" in logged.text


def test_measured_spectra_are_not_warned_of_unless_an_element_is_missing(shared_data, logged):
    path = shared_data / "CuZn_EELS.hspy"
    if not path.is_file():
        pytest.skip(f"{path.name} is not on this machine")
    signal = hs.load(path)
    for symbols in (("Cu", "Zn"), ("Cu",)):
        assert "deviate strongly" not in logged.text
        signal = with_elements(signal, *symbols)
        fitted(signal, integration_windows=None, splits=0, gain=4.5)
    assert "deviate strongly" in logged.text


def test_why_no_fit_is_taken_is_said_once(caplog):
    specimen = core_loss((16, 16), counts=30)
    signal = specimen.signal.deepcopy()
    del signal.metadata.Acquisition_instrument.TEM.convergence_angle
    options = {"gamma": 1, "lambdas": (0.01, 0.02), "show_progressbar": False}
    [first, *_] = signal.multimodal_fusion(specimen.haadf, **options)
    assert first.metadata.Multimodal_fusion.map_method == "windows"
    assert caplog.text.count("windows are used, because") == 1
    assert "convergence angle" in caplog.text
    caplog.clear()
    [first, *_] = specimen.signal.isig[522.0:].multimodal_fusion(specimen.haadf, **options)
    assert first.metadata.Multimodal_fusion.map_method == "fit"
    assert "left out" not in caplog.text


def test_sums_of_few_electrons_are_hardly_biased():
    """Weights by the counts themselves favour channels that are low by chance."""
    ratios = []
    for seed in range(12):
        specimen = core_loss((16, 16), counts=1, seed=seed)
        fit = fitted(specimen.signal, splits=0, integration_windows=None)
        found = (fit.maps.gains[:, None, None] * fit.maps.net).sum(axis=(1, 2))
        ratios.append(found / [each.data.sum() for each in specimen.counts])
    assert np.mean(ratios) == pytest.approx(1, abs=0.35)
