"""Fused EDS maps are native HyperSpy signals, with a record of every parameter."""

import inspect
import re

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from exspy.signals import EDSTEMSpectrum

from hyperspy_multimodal import fit_maps

LAMBDAS = (0.01, 0.02)
LINES = ["Co_Ka", "O_Ka", "S_Ka"]


def stacked(maps):
    return np.stack([m.data for m in maps])


def axes_of(signal):
    return [axis.get_axis_dictionary() for axis in signal.axes_manager._axes]


# native


def test_maps_are_what_get_lines_intensity_returns(specimen, fused):
    for found, native in zip(fused, specimen.signal.get_lines_intensity(), strict=True):
        assert type(found) is type(native)
        assert axes_of(found) == axes_of(native)
        assert found.data.shape == native.data.shape == (40, 48)
        assert found.axes_manager.navigation_shape == native.axes_manager.navigation_shape
        assert found.axes_manager.signal_shape == native.axes_manager.signal_shape
        assert found.original_metadata.as_dictionary() == native.original_metadata.as_dictionary()
        metadata, expected = found.metadata.as_dictionary(), native.metadata.as_dictionary()
        assert metadata.pop("Multimodal_fusion")
        assert metadata["General"].pop("title") == expected["General"].pop("title") + ", fused"
        assert metadata == expected


def test_titles_name_the_line_whatever_its_window(specimen):
    windows = [[6.8, 7.2], [0.45, 0.6], [2.2, 2.5]]
    native = specimen.signal.get_lines_intensity(LINES, integration_windows=windows)
    fused = specimen.signal.multimodal_fusion(
        specimen.haadf, 1, LAMBDAS, integration_windows=windows
    )
    titles = [m.metadata.General.title for m in fused]
    assert titles == [m.metadata.General.title + ", fused" for m in native]


def test_scan_axes_that_are_not_uniform_are_kept(specimen):
    signal = specimen.signal.deepcopy()
    signal.axes_manager.navigation_axes[0].convert_to_non_uniform_axis()
    [fused] = signal.multimodal_fusion(specimen.haadf, 1, LAMBDAS, xray_lines=["Co_Ka"])
    axis = fused.axes_manager.navigation_axes[0]
    assert not axis.is_uniform
    np.testing.assert_array_equal(axis.axis, signal.axes_manager.navigation_axes[0].axis)


def test_scan_may_be_transposed(specimen, fused):
    turned = specimen.signal.transpose(navigation_axes=[1, 0])
    found = turned.multimodal_fusion(specimen.haadf.data.T, 1, LAMBDAS)
    np.testing.assert_allclose(stacked(found).transpose(0, 2, 1), stacked(fused), atol=2e-2)
    assert [axis.name for axis in found[0].axes_manager.navigation_axes] == ["scan y", "scan x"]


def test_part_of_a_scan(specimen):
    part = specimen.signal.inav[4:30, 8:28]
    fused = part.multimodal_fusion(specimen.haadf.isig[4:30, 8:28], 1, LAMBDAS)
    assert axes_of(fused[0]) == axes_of(part.get_lines_intensity()[0])
    assert fused[0].axes_manager.navigation_axes[0].offset == pytest.approx(12.5 + 4 * 0.7)
    alone = part.deepcopy().multimodal_fusion(specimen.haadf.data[8:28, 4:30], 1, LAMBDAS)
    np.testing.assert_allclose(stacked(fused), stacked(alone), atol=1e-6)


@pytest.mark.parametrize("suffix", ["hspy", "zspy"])
def test_maps_survive_saving(specimen, automatic, suffix, tmp_path):
    if suffix == "zspy":
        zarr = pytest.importorskip("zarr")
        try:
            specimen.haadf.save(tmp_path / "haadf.zspy")
        except AttributeError:
            pytest.skip(f"RosettaSciIO cannot write .zspy with zarr {zarr.__version__}")
    for number, fused in enumerate(automatic[0]):
        path = tmp_path / f"map_{number}.{suffix}"
        fused.save(path)
        loaded = hs.load(path)
        np.testing.assert_array_equal(loaded.data, fused.data)
        assert axes_of(loaded) == axes_of(fused)
        expected = fused.metadata.Multimodal_fusion.as_dictionary()
        assert loaded.metadata.Multimodal_fusion.as_dictionary() == expected


@pytest.mark.filterwarnings(
    "ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning"
)
def test_maps_can_be_quantified(specimen, fused):
    """Cliff-Lorimer on fused maps comes closer to the true composition than on raw ones."""
    signal = specimen.signal
    sides = signal.estimate_background_windows()
    raw = signal.get_lines_intensity(background_windows=sides)
    dense = stacked(specimen.counts)[0] > 1
    errors = []
    for maps in (raw, fused):
        composition = signal.quantification(
            maps, "CL", factors=specimen.kfactors, navigation_mask=None
        )
        found = stacked(composition)[:, dense]
        errors.append(np.abs(found - stacked(specimen.composition)[:, dense]).mean())
        assert [m.metadata.Sample.elements for m in composition] == [["Co"], ["O"], ["S"]]
    np.testing.assert_allclose(found.sum(axis=0), 100, rtol=1e-4)
    assert errors[1] < 0.7 * errors[0]


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_zeta_factors_give_composition_and_mass_thickness(specimen, fused):
    composition, thickness = specimen.signal.quantification(
        fused, "zeta", factors=[500.0, 400.0, 300.0], navigation_mask=None
    )
    dense = stacked(specimen.counts)[0] > 1
    np.testing.assert_allclose(stacked(composition)[:, dense].sum(axis=0), 100, rtol=1e-4)
    assert (thickness.data[dense] > 0).all()


def test_maps_can_be_plotted_and_stacked(fused):
    hs.plot.plot_images(fused, overlay=True)
    fused[0].T.plot()
    plt.close("all")
    stack = hs.stack(fused)
    assert stack.axes_manager.navigation_shape == (48, 40, 3)
    np.testing.assert_array_equal(stack.data, stacked(fused))


# record


def test_every_parameter_is_recorded(automatic):
    node = automatic[0][0].metadata.Multimodal_fusion.as_dictionary()
    signature = inspect.signature(EDSTEMSpectrum.multimodal_fusion).parameters
    recorded = {
        name: [name]
        for name in signature
        if name
        not in ("self", "haadf", "slices", "maps", "lazy_output", "show_progressbar", "full_output")
    }
    recorded["lambdas"] = ["lambda_1", "lambda_2", "lambdas_chosen"]
    recorded["navigation_mask"] = ["masked_pixels"]
    recorded["weights"] = ["weights", "weights_fitted", "offset", "scales"]
    missing = {item for items in recorded.values() for item in items} - set(node)
    assert not missing
    assert {"iterations", "converged", "optimality", "uses_brightness", "version"} <= set(node)
    assert (node["gamma"], node["seed"], node["keep_totals"]) == (1.0, 0, "auto")
    assert node["lambdas_chosen"] and node["weights_fitted"] and node["converged"]
    # with sieves, maps have settled at ten times the tolerance
    assert node["optimality"] <= 10 * node["tolerance"] == 1e-3
    assert 1 <= node["iterations"] <= node["max_iterations"] == 5000
    assert node["xray_lines"] == LINES
    assert re.match(r"\d+\.\d+", node["version"])


def test_given_values_are_recorded(specimen):
    given = {
        "gamma": 1.3,
        "lambdas": ([0.01, 0.02, 0.03], (0.01, 0.04, 0.02)),
        "xray_lines": LINES,
        "map_method": "windows",
        "integration_windows": [[6.8, 7.05], [0.5, 0.55], [2.2, 2.4]],
        "background_windows": [[6.2, 6.4, 7.2, 7.4], [0.3, 0.4, 0.6, 0.65], [1.9, 2.1, 2.6, 2.7]],
        "weights": [0.6, 0.1, 0.2],
        "keep_totals": False,
        "tolerance": 2e-3,
        "max_iterations": 77,
        "seed": 5,
    }
    for fused in specimen.signal.multimodal_fusion(specimen.haadf, **given):
        node = fused.metadata.Multimodal_fusion.as_dictionary()
        lambda_1, lambda_2 = given["lambdas"]
        assert (node["lambda_1"], node["lambda_2"]) == (lambda_1, list(lambda_2))
        assert not node["lambdas_chosen"] and not node["weights_fitted"]
        for name in set(given) - {"lambdas"}:
            assert node[name] == given[name], name


def test_record_repeats_the_result(specimen, automatic):
    """Fusing by the recorded values gives the same maps."""
    node = automatic[0][0].metadata.Multimodal_fusion
    again = specimen.signal.multimodal_fusion(
        specimen.haadf,
        node.gamma,
        (node.lambda_1, node.lambda_2),
        regulariser=list(node.regularisers),
        weights=node.weights,
        share_structure=True,
    )
    # Halves, which tell how maps follow others, are fused to a larger gap, from other starts.
    found, again = stacked(automatic[0]), stacked(again)
    assert (np.square(again - found).mean(axis=(1, 2)) < 0.01 * found.var(axis=(1, 2))).all()


def test_the_last_cost_is_that_of_maps_before_sums_are_restored(specimen):
    _, output = specimen.signal.multimodal_fusion(
        specimen.haadf, 1, (0.01, 0.02), keep_significant=False, full_output=True
    )
    of_haadf = 0.5 * np.square(output["haadf_residual"].data).sum()
    assert of_haadf == pytest.approx(output["cost_terms"].data[0, -1], rel=1e-4)


def test_full_output(specimen, automatic):
    fused, output = automatic
    assert isinstance(fused, list)
    assert set(output) == {
        *("raw_maps", "raw_noise", "cost_terms", "haadf", "modelled_haadf", "haadf_residual"),
        *("gamma", "lambda_1", "lambda_2", "lambdas_chosen", "weights", "weights_fitted"),
        *("offset", "scales", "r_squared", "uses_brightness", "iterations", "converged"),
        *("optimality", "selection", "spectrum_fit", "gamma_chosen", "apart", "haadf_use"),
        *("directional", "regularisers", "bright_bias", "bright_bias_errors", "bright_restored"),
        *("relaxed", "differing", "strips_restored", "shared_weights", "shared_coefficients"),
        *("contrast_restored", "rings_restored"),
        *("verdicts", "messages"),
        *("haadf_blur", "haadf_shift", "totals_kept", "chosen_on"),
    }
    native = fit_maps(specimen.signal)
    for raw, expected in zip(output["raw_maps"], native, strict=True):
        np.testing.assert_allclose(raw.data, expected.data, atol=1e-12)
        assert axes_of(raw) == axes_of(expected)
        assert raw.metadata.General.title.endswith(", raw")
    cost = output["cost_terms"]
    assert isinstance(cost, hs.signals.Signal1D)
    assert cost.axes_manager.navigation_shape == (3,)
    iterations = cost.axes_manager.signal_axes[0].axis
    assert iterations[0] == 0 and iterations[-1] == output["iterations"]
    assert (np.diff(iterations) > 0).all()
    images = [output[name] for name in ("haadf", "modelled_haadf", "haadf_residual")]
    for image in images:
        assert isinstance(image, hs.signals.Signal2D)
        for own, scan in zip(
            image.axes_manager.signal_axes, specimen.haadf.axes_manager.signal_axes, strict=True
        ):
            for name in ("size", "scale", "offset", "units", "name"):
                assert getattr(own, name) == getattr(scan, name)
    np.testing.assert_allclose(images[0].data, images[1].data + images[2].data, atol=1e-6)
    by_scale = stacked(fused) / np.array(output["scales"])[:, None, None]
    model = output["offset"] + np.tensordot(output["weights"], by_scale, axes=1)
    np.testing.assert_allclose(images[1].data, model, atol=1e-5)
    assert 0 < output["r_squared"] <= 1
    columns = {"uses_brightness", "gamma", "haadf_blur", "lambda_1", "ratios", "apart"}
    columns |= {"directional", "regularisers", "bright_bias", "bright_bias_errors"}
    assert all(columns | {"relative_errors"} == set(row) for row in output["selection"])
