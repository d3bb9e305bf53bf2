"""What holds for every simulated specimen: signals and truth agree, and calls can be repeated."""

import tracemalloc

import numpy as np
import pytest
from slow_repeats import slow

from hyperspy_multimodal.data import (
    Scan,
    Specimen,
    bimetal,
    core_shell,
    flat,
    haadf_only,
    overlapping_pair,
    oxide_interface,
    swap,
    wedge,
)

from .specimens import stack

SPECIMENS = {
    "core_shell": (core_shell, {}),
    "bimetal": (bimetal, {}),
    "oxide_interface": (oxide_interface, {"spacing": 5.0, "width": 1.2}),
    "flat": (flat, {}),
    "wedge": (wedge, {}),
    "haadf_only": (haadf_only, {}),
    "swap": (swap, {"radius": 5.0}),
    "S-Mo": (overlapping_pair, {"pair": "S-Mo"}),
    "Ti-Ba": (overlapping_pair, {"pair": "Ti-Ba"}),
}
RANDOM_LAYOUTS = [name for name in SPECIMENS if name not in ("oxide_interface", "flat", "swap")]
COARSE = {"channels": 400, "channel_width": 0.02}  # 8 keV: less to draw
OFF = {
    "energy_offset": 0.02,
    "energy_gain": -0.002,
    "resolution_error": 6.0,
    "line_weight_error": 0.1,
    "line_weight_seed": 3,
    "stray": 0.2,
    "pixel_size": 0.5,
    "haadf_noise": 0.03,
    "seed": 5,
}


def make(name, shape=(17, 22), counts=20.0, **settings):
    function, arguments = SPECIMENS[name]
    return function(shape=shape, counts=counts, **{**COARSE, **arguments, **settings})


#: Slow tests repeat with these what quick ones say of the other specimens.
REPEATS = "bimetal", "wedge", "swap", "S-Mo"


@pytest.fixture(
    scope="module", params=[slow(each) if each in REPEATS else each for each in SPECIMENS]
)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def specimen(name):
    return make(name)


@pytest.fixture(scope="module")
def off(name):
    """At a very high dose, on a detector that is not as the metadata say."""
    return make(name, counts=1e6, **OFF)


def test_truth_is_what_the_windows_hold_at_a_very_high_dose(off):
    measured = stack(off.signal.get_lines_intensity())
    expected = stack(off.counts) + stack(off.background)
    residual = (measured - expected)[expected > 100] / np.sqrt(expected[expected > 100])
    assert abs(residual.mean()) < 5 / np.sqrt(residual.size)
    assert residual.std() == pytest.approx(1, abs=5 / np.sqrt(2 * residual.size))


def test_totals_of_a_scan_of_few_counts_are_within_poisson_errors(specimen):
    measured = stack(specimen.signal.get_lines_intensity()).sum(axis=(1, 2))
    expected = (stack(specimen.counts) + stack(specimen.background)).sum(axis=(1, 2))
    assert np.all(np.abs(measured - expected) < 4 * np.sqrt(expected))


def test_densest_point_has_the_counts_asked_for(specimen):
    assert stack(specimen.counts).max() == pytest.approx(20)
    assert stack(specimen.background).min() >= 0


def test_xrays_are_the_counts_unless_the_detector_is_off(specimen, off):
    np.testing.assert_array_equal(stack(specimen.xrays), stack(specimen.counts))
    np.testing.assert_allclose(stack(off.xrays), 1e6 / 20 * stack(specimen.xrays), rtol=1e-9)
    ratios = stack(off.counts).sum(axis=(1, 2)) / stack(off.xrays).sum(axis=(1, 2))
    assert np.all(np.abs(ratios - 1) > 1e-3)
    assert np.all(np.abs(ratios - 1) < 0.4)
    assert Specimen._fields[-1] == "xrays"


def test_xrays_look_like_what_exspy_measures(specimen):
    for truth, measured in zip(specimen.xrays, specimen.signal.get_lines_intensity(), strict=True):
        assert truth.metadata.as_dictionary() == measured.metadata.as_dictionary()


def test_quantified_xrays_are_the_composition_whatever_the_detector(off):
    with np.errstate(divide="ignore", invalid="ignore"):  # eXSpy divides by absent elements
        quantified = stack(
            off.signal.quantification(off.xrays, "CL", factors=off.kfactors, navigation_mask=None)
        )
    xrays = stack(off.xrays)
    # eXSpy takes less than 0.1 counts for none
    measurable = np.all((xrays == 0) | (xrays > 1), axis=0) & (xrays > 0).any(axis=0)
    assert measurable.sum() > 50
    truth = stack(off.composition)[:, measurable]
    np.testing.assert_allclose(truth.sum(axis=0), 100)
    np.testing.assert_allclose(quantified[:, measurable], truth, rtol=1e-6, atol=1e-4)


def test_metadata_record_how_to_make_it_again(name, off):
    recorded = off.signal.metadata.Simulation.as_dictionary()
    assert OFF.items() <= recorded.items()
    for derived in ("specimen", "electrons_per_pixel", "solid_angle"):
        assert recorded.pop(derived)
    again = SPECIMENS[name][0](**recorded)
    np.testing.assert_array_equal(again.signal.data, off.signal.data)
    np.testing.assert_array_equal(again.haadf.data, off.haadf.data)


def test_metadata_keep_the_nominal_detector(off):
    signal = off.signal
    assert signal.metadata.Acquisition_instrument.TEM.Detector.EDS.energy_resolution_MnKa == 130
    assert (signal.axes_manager[-1].scale, signal.axes_manager[-1].offset) == (0.02, 0)


def test_a_seed_changes_the_noise_and_not_the_truth(name, specimen):
    other = make(name, seed=1)
    assert np.any(other.signal.data != specimen.signal.data)
    assert np.any(other.haadf.data != specimen.haadf.data)
    for field in ("counts", "background", "composition", "xrays"):
        np.testing.assert_array_equal(stack(getattr(other, field)), stack(getattr(specimen, field)))


@pytest.mark.parametrize(
    "random", [slow(each) if each in REPEATS else each for each in RANDOM_LAYOUTS]
)
def test_a_layout_seed_changes_the_truth(random):
    first, second = (make(random, layout_seed=seed) for seed in (0, 1))
    assert np.any(stack(first.counts) != stack(second.counts))


@pytest.mark.parametrize(("shape", "counts"), [((17, 60), 1e-3), slow((50, 16), 1e4)])
def test_any_shape_and_dose(name, shape, counts):
    specimen = make(name, shape, counts)
    assert specimen.signal.data.shape == (*shape, 400)
    for field in ("counts", "background", "composition", "xrays"):
        assert np.isfinite(stack(getattr(specimen, field))).all()
    assert (stack(specimen.counts).sum(axis=(1, 2)) > 0).all()
    assert np.isfinite(specimen.haadf.data).all() and specimen.haadf.data.shape == shape


@pytest.mark.slow
def test_memory_is_that_of_the_counts():
    make("bimetal")  # loads what is loaded once
    tracemalloc.start()
    image = make("bimetal", (80, 90), 2.0, channels=800, channel_width=0.01).signal.data
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert image.dtype == np.uint8
    # the image, blocks of the draw, and some tens of maps
    assert peak < 1.4 * image.nbytes + 6e6


def test_an_unknown_setting_is_named(name):
    with pytest.raises(TypeError, match=r"Settings must .* energy_resolution.*, but seeds=3 was"):
        make(name, seeds=3)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"energy_offset": "0"}, TypeError),
        ({"energy_offset": np.inf}, ValueError),
        ({"energy_gain": -1.0}, ValueError),
        ({"energy_gain": None}, TypeError),
        ({"resolution_error": -12.0}, ValueError),
        ({"resolution_error": np.nan}, ValueError),
        ({"line_weight_error": -0.1}, ValueError),
        ({"line_weight_seed": 0.5}, TypeError),
        ({"stray": -1.0}, ValueError),
    ],
)
def test_bad_settings_are_named_with_what_was_given_and_expected(arguments, error):
    (setting,) = arguments
    with pytest.raises(error, match=rf"{setting}.* must .*, but .* given"):
        Scan(**arguments)


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        (bimetal, {"shape": (15, 16)}, ValueError),
        (bimetal, {"layout_seed": -1}, ValueError),
        (bimetal, {"alloy": "Pt-Co"}, ValueError),
        (oxide_interface, {"shape": (7, 40)}, ValueError),
        (oxide_interface, {"spacing": 0.0}, ValueError),
        (oxide_interface, {"spacing": 50.0}, ValueError),
        (oxide_interface, {"width": -1.0}, ValueError),
        (oxide_interface, {"haadf_width": 0}, ValueError),
        (oxide_interface, {"thickness": "20"}, TypeError),
        (oxide_interface, {"mixing": 1.5}, ValueError),
        (oxide_interface, {"mixing": -0.5}, ValueError),
        (overlapping_pair, {"pair": "S-S"}, ValueError),
        (overlapping_pair, {"pair": ["S", "Mo"]}, ValueError),
        (overlapping_pair, {"shape": 32}, TypeError),
        (overlapping_pair, {"layout_seed": 1.0}, TypeError),
        (flat, {"thickness": 0.0}, ValueError),
        (flat, {"shape": (0, 3)}, ValueError),
        (wedge, {"slope": -0.1}, ValueError),
        (wedge, {"counts": 0.0}, ValueError),
        (haadf_only, {"contrast": np.nan}, ValueError),
        (haadf_only, {"shape": (16, 8)}, ValueError),
        (swap, {"shape": (15, 40)}, ValueError),
        (swap, {"radius": 0.0}, ValueError),
        (swap, {"radius": "9"}, TypeError),
        (swap, {"share": -0.1}, ValueError),
        (swap, {"share": 1.5}, ValueError),
    ],
)
def test_bad_arguments_are_named_with_what_was_given_and_expected(function, arguments, error):
    (argument,) = arguments
    with pytest.raises(error, match=rf"{argument}.* must .*, but .* given"):
        function(**{"shape": (40, 40), **arguments})


def test_a_single_pixel_of_film():
    assert flat((1, 1), 1e5).counts[0].data == pytest.approx(1e5)
