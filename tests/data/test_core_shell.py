"""Core-shell particles: what was drawn agrees with the truth that comes with it."""

import tracemalloc

import exspy.signals
import hyperspy.api as hs
import numpy as np
import pytest
from exspy.material import elements

from hyperspy_multimodal import data
from hyperspy_multimodal.data import Specimen, core_shell

from .specimens import stack

LINES = ["Co_Ka", "O_Ka", "S_Ka"]
SMALL = {"channels": 800}  # 8 keV: less to draw


def quantify(specimen):
    with np.errstate(divide="ignore", invalid="ignore"):  # eXSpy divides by absent elements
        return specimen.signal.quantification(
            specimen.counts, "CL", factors=specimen.kfactors, navigation_mask=None
        )


@pytest.fixture(scope="module")
def specimen():
    return core_shell((24, 40), counts=50.0, **SMALL)


@pytest.fixture(scope="module")
def rich():
    """So many counts that every pixel on a particle can be quantified."""
    return core_shell((16, 16), counts=1e6, haadf_noise=0, **SMALL)


def test_public_names_are_there():
    assert all(hasattr(data, name) for name in data.__all__)
    assert isinstance(core_shell((8, 8), **SMALL), Specimen)


def test_signal_knows_its_axes_and_microscope(specimen):
    signal = core_shell((24, 40), pixel_size=0.5, energy_resolution=128.0, **SMALL).signal
    assert isinstance(signal, exspy.signals.EDSTEMSpectrum)
    x, y, energy = (
        signal.axes_manager._axes[1],
        signal.axes_manager._axes[0],
        signal.axes_manager[2],
    )
    assert (x.name, x.units, x.scale, x.size) == ("x", "nm", 0.5, 40)
    assert (y.name, y.units, y.scale, y.size) == ("y", "nm", 0.5, 24)
    assert (energy.name, energy.units, energy.scale, energy.offset) == ("Energy", "keV", 0.01, 0)
    tem = signal.metadata.Acquisition_instrument.TEM
    assert tem.beam_energy == 200 and tem.beam_current > 0
    assert tem.Detector.EDS.energy_resolution_MnKa == 128
    assert tem.Detector.EDS.live_time > 0
    assert signal.metadata.Sample.elements == ["Co", "O", "S"]
    assert signal.metadata.Sample.xray_lines == LINES


def test_metadata_record_how_to_make_it_again(specimen):
    recorded = specimen.signal.metadata.Simulation.as_dictionary()
    for derived in ("specimen", "electrons_per_pixel", "solid_angle"):
        assert recorded.pop(derived)
    np.testing.assert_array_equal(core_shell(**recorded).signal.data, specimen.signal.data)


def test_live_time_agrees_with_the_electrons(specimen):
    dose = specimen.signal._get_dose("zeta")
    assert dose == pytest.approx(specimen.signal.metadata.Simulation.electrons_per_pixel)


def test_it_can_be_saved(specimen, tmp_path):
    specimen.signal.deepcopy().save(tmp_path / "scan.hspy")  # saving adds to the metadata
    loaded = hs.load(tmp_path / "scan.hspy")
    assert loaded.metadata.Simulation.seed == 0
    np.testing.assert_array_equal(loaded.data, specimen.signal.data)


@pytest.mark.parametrize("field", ["counts", "background"])
def test_truth_looks_like_what_exspy_measures(specimen, field):
    for truth, measured in zip(
        getattr(specimen, field), specimen.signal.get_lines_intensity(), strict=True
    ):
        assert type(truth) is type(measured)
        assert truth.data.dtype == measured.data.dtype
        assert truth.metadata.as_dictionary() == measured.metadata.as_dictionary()
        assert truth.axes_manager.as_dictionary() == measured.axes_manager.as_dictionary()


def test_haadf_lies_on_the_same_grid(specimen):
    haadf, signal = specimen.haadf, specimen.signal
    assert type(haadf) is hs.signals.Signal2D and haadf.data.dtype == np.float32
    assert haadf.metadata.General.title == "HAADF"
    for image_axis, scan_axis in zip(
        haadf.axes_manager.signal_axes, signal.axes_manager.navigation_axes, strict=True
    ):
        for attribute in ("name", "units", "scale", "offset", "size"):
            assert getattr(image_axis, attribute) == getattr(scan_axis, attribute)


def test_a_seed_fixes_everything(specimen):
    again = core_shell((24, 40), counts=50.0, **SMALL)
    np.testing.assert_array_equal(again.signal.data, specimen.signal.data)
    np.testing.assert_array_equal(again.haadf.data, specimen.haadf.data)


def test_another_seed_changes_the_noise_and_not_the_truth(specimen):
    other = core_shell((24, 40), counts=50.0, seed=1, **SMALL)
    assert np.any(other.signal.data != specimen.signal.data)
    assert np.any(other.haadf.data != specimen.haadf.data)
    np.testing.assert_array_equal(stack(other.counts), stack(specimen.counts))


def test_another_layout_seed_changes_the_truth(specimen):
    other = core_shell((24, 40), counts=50.0, layout_seed=1, **SMALL)
    assert np.any(stack(other.counts) != stack(specimen.counts))


@pytest.mark.parametrize("shape", [(16, 16), (16, 28), (28, 16)])
def test_finer_sampling_shows_the_same_particles(shape):
    coarse = stack(core_shell(shape, **SMALL).composition)
    fine = stack(core_shell(tuple(5 * n for n in shape), channels=800, counts=1e-6).composition)
    # a fifth of a pixel: the middle one of 5 x 5 has the same centre
    np.testing.assert_allclose(fine[:, 2::5, 2::5], coarse, atol=1e-9)


def test_densest_point_has_the_counts_asked_for(specimen):
    assert stack(specimen.counts).max() == pytest.approx(50)


def test_expected_counts_follow_the_dose(specimen):
    tenfold = core_shell((24, 40), counts=500.0, **SMALL)
    for field in ("counts", "background"):
        np.testing.assert_allclose(
            stack(getattr(tenfold, field)), 10 * stack(getattr(specimen, field)), rtol=1e-12
        )
    np.testing.assert_allclose(stack(tenfold.composition), stack(specimen.composition))
    assert tenfold.kfactors == pytest.approx(specimen.kfactors)


def test_windows_measure_truth_and_background_within_poisson_errors(specimen):
    measured = stack(specimen.signal.get_lines_intensity())
    expected = stack(specimen.counts) + stack(specimen.background)
    totals, expected_totals = measured.sum(axis=(1, 2)), expected.sum(axis=(1, 2))
    assert np.all(np.abs(totals - expected_totals) < 4 * np.sqrt(expected_totals))
    on = expected > 1
    chi_squared = ((measured - expected)[on] ** 2 / expected[on]).mean()
    assert chi_squared == pytest.approx(1, abs=5 * np.sqrt(3 / on.sum()))


def test_vacuum_holds_nothing(specimen):
    vacuum = stack(specimen.counts).sum(axis=0) == 0
    assert 0.2 < vacuum.mean() < 0.8
    assert specimen.signal.data[vacuum].sum() == 0
    assert stack(specimen.composition)[:, vacuum].max() == 0


def test_cores_hold_sulphur_and_shells_oxygen(specimen):
    cobalt, oxygen, sulphur = stack(specimen.composition)
    shell = (cobalt > 0) & (sulphur == 0)
    np.testing.assert_allclose(cobalt[shell], 300 / 7)
    np.testing.assert_allclose(oxygen[shell], 400 / 7)
    # every core is seen through a shell: a mixture of Co9S8 and Co3O4 in every pixel
    np.testing.assert_allclose(cobalt, 9 / 8 * sulphur + 3 / 4 * oxygen)


def test_quantified_truth_is_the_composition(rich):
    quantified = stack(quantify(rich))
    truth = stack(rich.composition)
    counts = stack(rich.counts)
    # eXSpy takes less than 0.1 counts for none
    measurable = np.all((counts == 0) | (counts > 0.1), axis=0) & (counts > 0).any(axis=0)
    assert measurable.sum() > 50
    np.testing.assert_allclose(quantified[:, measurable], truth[:, measurable], rtol=1e-6)


def test_composition_looks_like_a_quantification(rich):
    quantified = quantify(rich)
    for truth, result in zip(rich.composition, quantified, strict=True):
        assert type(truth) is type(result)
        for item in ("General.title", "Sample.elements", "Sample.xray_lines"):
            assert truth.metadata.get_item(item) == result.metadata.get_item(item)


def test_noiseless_haadf_is_affine_in_scattering(rich):
    # areal density from counts: density ~ k-factor x counts / atomic weight
    scattering = sum(
        k
        * truth.data
        * elements[s].General_properties.Z ** 1.7
        / elements[s].General_properties.atomic_weight
        for k, truth, s in zip(rich.kfactors, rich.counts, ("Co", "O", "S"), strict=True)
    )
    slope, pedestal = np.polyfit(scattering.ravel(), rich.haadf.data.ravel(), 1)
    assert slope > 0 and pedestal > 0
    np.testing.assert_allclose(rich.haadf.data, slope * scattering + pedestal, rtol=1e-6)


def test_haadf_noise_is_a_fraction_of_the_range():
    quiet = core_shell((64, 64), 1e-6, haadf_noise=0, **SMALL).haadf.data
    noisy = core_shell((64, 64), 1e-6, haadf_noise=0.05, **SMALL).haadf.data
    assert np.std(noisy - quiet) == pytest.approx(0.05 * np.ptp(quiet), rel=0.05)


def test_no_continuum_leaves_only_tails_of_neighbours():
    with_continuum = core_shell((16, 16), **SMALL)
    without = core_shell((16, 16), peak_to_background=np.inf, **SMALL)
    np.testing.assert_allclose(stack(without.counts), stack(with_continuum.counts))
    tails = stack(without.background).sum(axis=(1, 2)) / stack(without.counts).sum(axis=(1, 2))
    assert np.all(tails < 1e-3)
    assert np.all(stack(with_continuum.background) >= stack(without.background))


def test_continuum_has_the_level_asked_for():
    specimen = core_shell((16, 16), peak_to_background=500.0, **SMALL)
    cobalt = specimen.counts[0].data.sum()
    windows = specimen.signal.estimate_integration_windows()
    width = windows[0][1] - windows[0][0]
    per_ten_electronvolts = specimen.background[0].data.sum() * 0.01 / width
    assert cobalt / per_ten_electronvolts == pytest.approx(500, rel=0.05)


def test_counts_take_the_smallest_type_that_holds_them(specimen, rich):
    assert specimen.signal.data.dtype == np.uint8
    assert rich.signal.data.dtype == np.min_scalar_type(rich.signal.data.max()) != np.uint8


@pytest.mark.parametrize("shape", [(8, 8), (16, 16), (96, 20), [20, 33]])
def test_any_shape(shape):
    specimen = core_shell(shape, channels=400, channel_width=0.02)
    assert specimen.signal.data.shape == (*shape, 400)
    assert np.isfinite(stack(specimen.counts)).all()
    assert (stack(specimen.counts).sum(axis=(1, 2)) > 0).all()


def test_no_spectrum_image_of_floats_is_made():
    core_shell((8, 8), **SMALL)  # loads what is loaded once
    tracemalloc.start()
    image = core_shell((80, 100), channels=1024).signal.data
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert image.dtype == np.uint8
    assert peak < 2 * image.nbytes + 4e6


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"shape": 16}, TypeError),
        ({"shape": (16.0, 16)}, TypeError),
        ({"shape": (16, True)}, TypeError),
        ({"shape": (16,)}, ValueError),
        ({"shape": (16, 16, 16)}, ValueError),
        ({"shape": (0, 16)}, ValueError),
        ({"shape": (-16, 16)}, ValueError),
        ({"counts": "5"}, TypeError),
        ({"counts": 0}, ValueError),
        ({"counts": -1.0}, ValueError),
        ({"counts": np.nan}, ValueError),
        ({"counts": np.inf}, ValueError),
        ({"haadf_noise": -0.1}, ValueError),
        ({"haadf_noise": np.nan}, ValueError),
        ({"energy_resolution": 100.0}, ValueError),
        ({"beam_energy": 0.0}, ValueError),
        ({"beam_energy": 8.0}, ValueError),
        ({"channels": 512.0}, TypeError),
        ({"channels": 512}, ValueError),
        ({"channel_width": 0.0}, ValueError),
        ({"pixel_size": None}, TypeError),
        ({"pixel_size": -1}, ValueError),
        ({"peak_to_background": 0}, ValueError),
        ({"seed": 0.5}, TypeError),
        ({"seed": -1}, ValueError),
        ({"layout_seed": None}, TypeError),
    ],
)
def test_bad_arguments_are_named_with_what_was_given_and_expected(arguments, error):
    (name,) = arguments
    with pytest.raises(error, match=rf"{name}.* must .*, but .* given"):
        core_shell(**{"shape": (16, 16), **arguments})
