"""The picture of a summed core-loss spectrum shows what was fitted or integrated."""

import copy

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.plot import plot_sum_spectrum
from hyperspy_multimodal.plot.spectrum_legends import LEFT_OUT, MISFIT

from .sum_spectra import doubts, labels, legend_of, ranges

GIVEN = {
    "gamma": 1,
    "lambdas": (0.01, 0.02),
    "tolerance": 1e-2,
    "full_output": True,
    "show_progressbar": False,
}


def fused(specimen, **options):
    return specimen.signal.multimodal_fusion(specimen.haadf, **GIVEN, **options)[1]


@pytest.fixture(scope="module")
def bright():
    return core_loss((32, 32), counts=300, white_lines=1.0)


@pytest.fixture(scope="module")
def fit(bright):
    return fused(bright)["spectrum_fit"]


@pytest.fixture(scope="module")
def windows(bright):
    return fused(bright, map_method="windows")


def curves(axis):
    """Return the curves of axes that have all channels."""
    return [line for line in axis.lines if len(line.get_xdata()) > 2]


def with_left_out(output, start, stop):
    result = copy.copy(output)
    for name in ("model", "background"):
        result[name] = output[name].deepcopy()
        result[name].data[start:stop] = 0.0
    result["left_out_channels"] = [(start, stop)]
    return result


def test_the_edges_and_the_background_add_up_to_the_model(fit):
    net = sum(each.data for each in fit["net"].values())
    fitted = fit["model"].data > 0
    total = (fit["background"].data + net)[fitted]
    np.testing.assert_allclose(total, fit["model"].data[fitted], rtol=1e-9)
    assert set(fit["white_lines"]) == {"Mn_L3", "Co_L3"}
    for name, lines in fit["white_lines"].items():
        assert np.all(lines.data <= fit["net"][name].data + 1e-9)


def test_panels_and_curves_of_a_fit(fit):
    axes = plot_sum_spectrum(fit)
    assert axes.shape == (3,)
    observed, model, background = curves(axes[0])
    np.testing.assert_array_equal(observed.get_ydata(), fit["sum_spectrum"].data)
    np.testing.assert_array_equal(model.get_ydata(), fit["model"].data)
    np.testing.assert_array_equal(background.get_ydata(), fit["background"].data)
    shown = {each.get_label() for each in curves(axes[0])}
    assert shown == {"observed", "model", "background"}
    drawn = [np.nan_to_num(line.get_ydata()) for line in curves(axes[1])]
    for name, net in fit["net"].items():
        assert any(np.allclose(each, net.data) for each in drawn), name
    assert axes[2].get_xlabel() == "Energy loss (eV)"
    assert "standard errors" in axes[2].get_ylabel()
    assert {"O K", "Mn L3", "Co L3", "integration window"} <= set(legend_of(axes))
    assert "exponent of the background 3.0" in axes[0].get_legend().get_title().get_text()


def test_the_residual_of_a_right_model_is_noise(fit):
    residual = curves(plot_sum_spectrum(fit)[2])[0].get_ydata()
    assert 0.7 < np.std(residual) < 1.3


@pytest.mark.parametrize("shift", [0.0, 12.0])
def test_edges_have_their_names_at_the_fitted_onsets(fit, shift):
    axes = plot_sum_spectrum({**fit, "edge_shift": shift})
    assert {"O K", "Mn L3", "Mn L2", "Co L3", "Co L2"} <= labels(axes).keys()
    lines = [line.get_xdata()[0] for line in axes[0].lines if len(line.get_xdata()) == 2]
    assert any(np.isclose(each, 640 + shift) for each in lines)
    dotted = [
        line.get_xdata()[0]
        for line in axes[1].lines
        if len(line.get_xdata()) == 2 and line.get_linestyle() != "-"
    ]
    np.testing.assert_allclose(sorted(dotted), [532, 640, 779])


@pytest.mark.parametrize("width", [9, 4.5])
def test_names_overlap_neither_each_other_nor_the_curve(fit, width):
    axes = plot_sum_spectrum(fit, fig=plt.figure(figsize=(width, 8)))
    canvas = axes[0].figure.canvas
    canvas.draw()
    boxes = [Text.get_window_extent(each, canvas.get_renderer()) for each in axes[0].texts]
    assert len(boxes) >= 5
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert axes[0].get_window_extent().containsy(box.y1)
    points = axes[0].transData.transform(np.column_stack(curves(axes[0])[0].get_data()))
    assert points[:, 1].max() < min(box.y0 for box in boxes)


def test_a_shift_at_its_limit_is_named(fit):
    title = plot_sum_spectrum({**fit, "at_limit": True})[0].get_legend().get_title().get_text()
    assert "limit" in title
    assert "limit" not in plot_sum_spectrum(fit)[0].get_legend().get_title().get_text()


def test_doubtful_features_are_marked(fit):
    found = {**with_left_out(fit, 20, 30), "not_found": ["Mn_L3"], "misfit": (650.0, 690.0, 23.0)}
    axes = plot_sum_spectrum(found)
    assert ranges(axes[0], MISFIT) == [(650.0, 690.0)]
    assert any(np.allclose(each, (439, 459)) for each in ranges_of_left_out(axes[0]))
    assert "(Mn L3)" in labels(axes)
    assert len(doubts(axes)) == 3 and "23 %" in doubts(axes)[0]
    assert np.isnan(curves(axes[2])[0].get_ydata()[20:30]).all()
    assert not doubts(plot_sum_spectrum(fit))


def ranges_of_left_out(axis):
    return [
        (patch.get_x(), patch.get_x() + patch.get_width())
        for patch in axis.patches
        if patch.get_hatch() == LEFT_OUT["hatch"]
    ]


def test_axes_in_kev_have_the_same_picture(bright, fit):
    signal = bright.signal.deepcopy()
    axis = signal.axes_manager.signal_axes[0]
    axis.scale, axis.offset, axis.units = axis.scale / 1e3, axis.offset / 1e3, "keV"
    output = signal.multimodal_fusion(bright.haadf, **GIVEN)[1]["spectrum_fit"]
    axes, same = plot_sum_spectrum(output), plot_sum_spectrum(fit)
    assert labels(axes) == labels(same)
    assert axes[-1].get_xlabel() == "Energy loss (keV)"
    np.testing.assert_allclose(1e3 * np.array(axes[0].get_xlim()), same[0].get_xlim())


def test_energies_limit_the_picture(fit):
    axes = plot_sum_spectrum(fit, (600, 700))
    assert axes[0].get_xlim() == (600, 700)
    assert set(labels(axes)) == {"Mn L3", "Mn L2"}
    with pytest.raises(ValueError, match="energies must contain at least two"):
        plot_sum_spectrum(fit, (10, 20))


def test_masked_positions_are_not_in_the_picture(bright):
    mask = np.zeros((32, 32), bool)
    mask[:16] = True
    found = fused(bright, navigation_mask=mask)["spectrum_fit"]
    expected = bright.signal.data[16:].sum(axis=(0, 1))
    np.testing.assert_array_equal(found["sum_spectrum"].data, expected)
    assert plot_sum_spectrum(found).shape == (3,)


def test_net_counts_in_windows_are_those_of_the_maps(windows):
    output = windows["spectrum_fit"]
    energy = output["sum_spectrum"].axes_manager.signal_axes[0].axis
    for raw, name in zip(windows["raw_maps"], output["edges"], strict=True):
        low, high = output["integration_windows"][name]
        counted = (energy > low) & (energy < high)
        background = output["backgrounds"][name].data
        net = (output["sum_spectrum"].data - background)[counted].sum()
        np.testing.assert_allclose(net, raw.data.sum(), rtol=1e-3)
        low, high = output["background_windows"][name]
        before = (energy > low) & (energy < high)
        counts = output["sum_spectrum"].data[before].sum()
        np.testing.assert_allclose(background[before].sum(), counts, rtol=1e-3)


def test_panels_of_windows(windows):
    output = windows["spectrum_fit"]
    axes = plot_sum_spectrum(output)
    assert axes.shape == (2,)
    assert {"integration window", "background window", "background"} <= set(legend_of(axes))
    assert len(curves(axes[0])) == 4  # observed and three backgrounds
    bars = {(p.get_x(), p.get_x() + p.get_width()) for p in axes[1].patches if hasattr(p, "get_x")}
    every = [*output["integration_windows"].values(), *output["background_windows"].values()]
    assert all(any(np.allclose(each, bar) for bar in bars) for each in every)


@pytest.mark.parametrize(
    "options", [{"background_type": "Exponential"}, {"background_windows": None}]
)
def test_other_backgrounds(bright, options):
    found = fused(bright, map_method="windows", **options)
    output = found["spectrum_fit"]
    assert plot_sum_spectrum(output).shape == (2,)
    low, high = output["integration_windows"]["O_K"]
    energy = output["sum_spectrum"].axes_manager.signal_axes[0].axis
    counted = (energy > low) & (energy < high)
    net = output["sum_spectrum"].data[counted].sum()
    if output["backgrounds"]:
        net -= output["backgrounds"]["O_K"].data[counted].sum()
    raw = next(each for each in found["raw_maps"] if each.metadata.Sample.edges == ["O_K"])
    np.testing.assert_allclose(net, raw.data.sum(), rtol=1e-6)
