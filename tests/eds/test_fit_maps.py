"""`fit_maps`: unbiased net counts with their variance, as native signals."""

import hyperspy.api as hs
import numpy as np
import pytest
from slow_repeats import slow

from hyperspy_multimodal import fit_maps
from hyperspy_multimodal.data import core_shell, overlapping_pair


def stacked(maps):
    return np.stack([each.data for each in maps])


@pytest.fixture(scope="module")
def specimen():
    return core_shell((40, 48), counts=5)


@pytest.fixture(scope="module")
def fitted(specimen):
    return fit_maps(specimen.signal, full_output=True)


def test_maps_are_like_those_of_get_lines_intensity(specimen, fitted):
    for found, native in zip(fitted[0], specimen.signal.get_lines_intensity(), strict=True):
        assert type(found) is type(native)
        assert found.data.shape == native.data.shape
        for own, other in zip(found.axes_manager._axes, native.axes_manager._axes, strict=True):
            assert own.get_axis_dictionary() == other.get_axis_dictionary()
        for item in ("Sample", "Acquisition_instrument"):
            own, other = (each.metadata[item].as_dictionary() for each in (found, native))
            assert own == other


def test_counts_are_unbiased_and_their_variance_is_the_stated_one():
    """Over six scans of one specimen."""
    scans = [core_shell((24, 24), counts=8, seed=seed) for seed in range(6)]
    maps = [fit_maps(scan.signal) for scan in scans]
    found, truth = np.array([stacked(each) for each in maps]), stacked(scans[0].counts)
    stated = np.mean(
        [
            [each.metadata.Spectrum_fit.variance for each in one]
            for one in maps
        ],
        axis=0,
    )  # fmt: skip
    pulls = (found.mean(axis=0) - truth).sum(axis=(1, 2))
    assert np.all(np.abs(pulls) < 4 * np.sqrt(stated.sum(axis=(1, 2)) / len(scans)))
    measured = found.var(axis=0, ddof=1).sum(axis=(1, 2))
    np.testing.assert_allclose(measured, stated.sum(axis=(1, 2)), rtol=0.1)


def test_totals_of_lines_that_stand_alone_are_those_of_windows(specimen, fitted):
    signal = specimen.signal
    windows = signal.get_lines_intensity(background_windows=signal.estimate_background_windows())
    for line in ("Co_Ka", "S_Ka"):
        index = signal.metadata.Sample.xray_lines.index(line)
        error = fitted[1]["total_errors"][line]
        assert abs(windows[index].data.sum() - fitted[1]["totals"][line]) < 4 * error


@pytest.mark.parametrize(
    ("pair", "line", "allowed"),
    [("S-Mo", "S_Ka", 0.2), slow("S-Pb", "S_Ka", 0.12), ("Ti-Ba", "Ti_Ka", 0.05)],
)
def test_overlapping_lines_are_told_apart(pair, line, allowed):
    """As well as weights of lines are known, and within twice the error that is stated."""
    specimen = overlapping_pair(pair, (48, 48), counts=40)
    maps, output = fit_maps(specimen.signal, full_output=True)
    index = [m.metadata.Sample.xray_lines[0] for m in maps].index(line)
    true = specimen.counts[index].data.sum()
    error = output["total_errors"][line]
    assert error < allowed * true
    assert abs(maps[index].data.sum() - true) < 2 * error
    in_window = specimen.signal.get_lines_intensity()[index].data.sum()
    assert in_window > (1 + 2 * allowed) * true


@pytest.mark.parametrize(
    "wrong",
    [{"energy_offset": 0.01}, {"resolution_error": 10.0}, {"line_weight_error": 0.1}],
)
def test_detectors_that_are_not_as_stated(wrong):
    specimen = core_shell((24, 24), counts=40, **wrong)
    found = stacked(fit_maps(specimen.signal)).sum(axis=(1, 2))
    true = stacked(specimen.xrays).sum(axis=(1, 2))
    np.testing.assert_allclose(found, true, rtol=0.08)


def test_stray_copper_is_found_and_may_be_named():
    specimen = core_shell((32, 32), counts=20, stray=0.2)
    _, output = fit_maps(specimen.signal, full_output=True)
    assert list(output["instrument_elements"]) == ["Cu"]
    assert output["unassigned_peaks"] == []
    _, named = fit_maps(specimen.signal, extra_lines=["Cu"], full_output=True)
    assert named["unassigned_peaks"] == []
    assert "Cu" in named["template_names"]
    for line, total in output["totals"].items():
        assert abs(total - named["totals"][line]) < 3 * named["total_errors"][line]


def test_lazy_equals_eager(specimen, fitted):
    lazy = specimen.signal.as_lazy()
    lazy.data = lazy.data.rechunk((13, 48, 300))
    np.testing.assert_allclose(stacked(fit_maps(lazy)), stacked(fitted[0]), atol=1e-4)


def test_output_describes_the_fit(specimen, fitted):
    _, output = fitted
    for name in ("sum_spectrum", "fitted", "continuum"):
        assert output[name].axes_manager.signal_shape == (1024,)
        assert output[name].axes_manager.signal_axes[0].units == "keV"
    np.testing.assert_array_equal(
        output["sum_spectrum"].data, specimen.signal.data.sum(axis=(0, 1))
    )
    assert output["templates"].data.shape == (len(output["template_names"]), 1024)
    assert abs(output["energy_offset"]) < 6e-3
    assert output["energy_resolution"] == pytest.approx(130, abs=3)
    assert output["goodness"].startswith("The fit of the summed spectrum is good")
    assert 0.8 < output["sum_deviance"] < 1.2
    np.testing.assert_allclose(np.diag(output["correlation"]), 1)


def test_covariances_of_overlapping_lines():
    _, output = fit_maps(overlapping_pair("S-Mo", (32, 32), counts=10).signal, full_output=True)
    (covariance,) = output["covariances"].values()
    assert covariance.shape == (32, 32)
    assert covariance.sum() < 0
    assert output["correlation"][0, 1] < -0.5


def test_parameters_are_recorded_and_survive_saving(fitted, tmp_path):
    fitted[0][0].save(tmp_path / "map.hspy")
    loaded = hs.load(tmp_path / "map.hspy")
    node = loaded.metadata.Spectrum_fit
    assert node.map_method == "fit"
    assert node.xray_lines == ["Co_Ka", "O_Ka", "S_Ka"]
    assert node.energy_resolution == pytest.approx(130, abs=3)
    assert loaded.metadata.Spectrum_fit.variance.shape == (40, 48)


def test_the_signal_is_not_modified(specimen):
    before = specimen.signal.data.copy(), specimen.signal.metadata.as_dictionary()
    fit_maps(specimen.signal)
    np.testing.assert_array_equal(specimen.signal.data, before[0])
    assert specimen.signal.metadata.as_dictionary() == before[1]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (
            {"xray_lines": ["Co_Ka", "Co_Kb"]},
            ValueError,
            ["the same family", "map_method='windows'"],
        ),
        ({"xray_lines": ["Zz_Ka"]}, ValueError, ["not a chemical element"]),
        ({"extra_lines": {"Cu": 1}}, TypeError, ["extra_lines", "list"]),
        ({"extra_lines": ["Qq"]}, ValueError, ["Qq"]),
        ({"integration_windows": -1}, ValueError, ["integration_windows", "> 0"]),
        ({"refine_calibration": 1}, TypeError, ["refine_calibration", "True or False"]),
        ({"show_progressbar": "yes"}, TypeError, ["show_progressbar"]),
    ],
)
def test_wrong_arguments(specimen, options, error, words):
    with pytest.raises(error) as refused:
        fit_maps(specimen.signal, **options)
    assert all(word in str(refused.value) for word in words)


def test_wrong_signals(specimen):
    with pytest.raises(TypeError, match="EDS spectrum image"):
        fit_maps(specimen.haadf)
    with pytest.raises(ValueError, match="a single spectrum"):
        fit_maps(specimen.signal.inav[0, 0])
    other = specimen.signal.deepcopy()
    other.axes_manager.signal_axes[0].units = "nm"
    with pytest.raises(ValueError, match=r"eV.*keV"):
        fit_maps(other)


def test_no_counts_at_all(specimen):
    empty = specimen.signal.deepcopy()
    empty.data[:] = 0
    maps, output = fit_maps(empty, full_output=True)
    assert not stacked(maps).any()
    assert output["unassigned_peaks"] == []


def test_maps_can_be_quantified(specimen, fitted):
    composition = specimen.signal.quantification(
        fitted[0], "CL", factors=specimen.kfactors, navigation_mask=None
    )
    total = np.nan_to_num(stacked(composition).sum(axis=0))
    assert np.all(np.isclose(total, 100) | (total == 0))
    assert np.isclose(total, 100).mean() > 0.3


@pytest.mark.parametrize(
    ("windows", "line"),
    [
        ([[0.4, 0.65], [6.8, 7.05], [2.2, 2.4]], "[CO]o?_Ka"),
        ([[6.8, 7], [0.4, 0.6], [8.8, 9.4]], "S_Ka"),
    ],
)
def test_windows_that_miss_their_line_are_refused(specimen, windows, line):
    with pytest.raises(ValueError, match=f"window of {line}.*none of its counts"):
        fit_maps(specimen.signal, integration_windows=windows)


def test_a_window_cut_by_the_axis_gives_the_counts_of_the_whole(specimen, fitted):
    cut = fit_maps(specimen.signal.isig[:7.0], full_output=True)[1]
    assert cut["totals"]["Co_Ka"] == pytest.approx(fitted[1]["totals"]["Co_Ka"], rel=0.03)


def test_elements_without_a_line_are_fitted_but_not_mapped(specimen, fitted):
    some = fit_maps(specimen.signal, ["O_Ka", "S_Ka"], full_output=True)
    assert len(some[0]) == 2
    assert "Co" in some[1]["template_names"]
    assert some[1]["unassigned_peaks"] == []
    for line, total in some[1]["totals"].items():
        assert total == pytest.approx(fitted[1]["totals"][line], rel=1e-3)


def test_extra_lines_of_a_mapped_element_are_refused(specimen):
    with pytest.raises(ValueError, match="among the mapped lines"):
        fit_maps(specimen.signal, extra_lines=["Co"])


def test_a_resolution_that_is_missing_is_assumed_and_found(specimen, fitted, caplog):
    signal = specimen.signal.deepcopy()
    del signal.metadata.Acquisition_instrument.TEM.Detector
    maps = fit_maps(signal)
    assert "resolution at Mn Ka 130 eV (the metadata say nothing)" in caplog.text
    assert "set_microscope_parameters" in caplog.text
    assert maps[0].metadata.Spectrum_fit.assumed.as_dictionary() == {"energy_resolution_MnKa": 130}
    np.testing.assert_allclose(maps[0].data, fitted[0][0].data)


@pytest.mark.parametrize(
    ("item", "value"),
    [("offset", 0.3), slow("offset", -1.0), slow("scale", 0.1)],
)
def test_a_wrong_axis_gives_no_maps(specimen, item, value):
    signal = specimen.signal.deepcopy()
    setattr(signal.axes_manager[-1], item, value)
    with pytest.raises(ValueError, match=r"(No element|None of|do not fit).* axis"):
        fit_maps(signal)
