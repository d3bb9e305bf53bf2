"""The picture of a fitted sum spectrum names lines legibly."""

import copy

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from slow_repeats import alternating

from hyperspy_multimodal.data import MEASURED_DETECTOR, core_shell, oxide_interface
from hyperspy_multimodal.plot import plot_sum_spectrum
from hyperspy_multimodal.plot.spectrum_legends import KINDS

from .sum_spectra import changed, doubts, labels, legend_of, output_of


@pytest.fixture(scope="module")
def crowded():
    return output_of(oxide_interface((40, 40), counts=20, **MEASURED_DETECTOR).signal)


def boxes(axes):
    """Return the places of labels in pixels, without what leads to peaks."""
    canvas = axes[0].figure.canvas
    canvas.draw()
    return [Text.get_window_extent(text, canvas.get_renderer()) for text in axes[0].texts]


def test_curves_axes_and_title(drawn_clean):
    axes = drawn_clean
    assert axes.shape == (2,)
    assert [line.get_label() for line in axes[0].lines[:3]] == ["observed", "model", "continuum"]
    assert axes[0].get_ylabel() == "counts per channel"
    assert "observed − model" in axes[1].get_ylabel()
    assert axes[1].get_xlabel() == "Energy (keV)"
    assert axes[0].figure.get_suptitle() == "Sum of all spectra and its fit"
    goodness = axes[0].get_legend().get_title().get_text()
    assert goodness.startswith("Good: peaks deviate from the model by")
    assert "shifted by" in " ".join(goodness.split())


def test_every_family_of_mapped_elements_has_its_label(drawn_clean, two_metals):
    assert {"Co Kα", "Co Lα", "O Kα", "S Kα"} <= labels(drawn_clean).keys()
    found = labels(plot_sum_spectrum(two_metals))
    assert {"Au Mα", "Au Lα", "Pd Lα", "O Kα", "Ti Kα"} <= found.keys()
    assert any(name.startswith("Ti L") for name in found)
    assert set(found.values()) == {to_hex(KINDS["named"])}


def test_each_line_has_a_tick_where_it_was_fitted(clean, drawn_clean):
    lines = drawn_clean[0].lines
    ticks = [line.get_xdata()[0] for line in lines if len(line.get_xdata()) == 2]
    fitted = [clean["line_positions"][name] for name, (_, n) in clean["lines"].items() if n > 0]
    np.testing.assert_allclose(sorted(ticks), sorted(fitted))


@alternating(width=[9, 4.5], energies=[None, (0.3, 3.0), (0.2, 20.0)])
def test_labels_overlap_neither_each_other_nor_the_curves(crowded, width, energies):
    hidden = {f"X_K{i}": {"counts": 1.0, "candidates": []} for i in range(9)}  # take room
    output = {**crowded, "hidden_elements": hidden}
    axes = plot_sum_spectrum(output, energies, fig=plt.figure(figsize=(width, 8)))
    found = boxes(axes)
    assert len(found) >= 7
    for i, box in enumerate(found):
        assert not any(box.overlaps(other) for other in found[:i])
        assert axes[0].get_window_extent().containsx(box.x0)
        assert axes[0].get_window_extent().containsx(box.x1)
        assert axes[0].get_window_extent().containsy(box.y1)
    for line in axes[0].lines[:2]:
        points = axes[0].transData.transform(np.column_stack(line.get_data()))
        assert not any(box.contains(*point) for box in found for point in points)


def test_only_the_strongest_line_of_a_family_has_a_label_without_a_peak_of_its_own(crowded):
    found = labels(plot_sum_spectrum(crowded))
    assert {"Mn Lα", "La Lα"} <= found.keys()  # under O Kα and Ti Kα
    assert not {"Sr Lβ1", "Ti Kβ"} & found.keys()


def test_where_there_is_no_room_the_mapped_lines_keep_their_labels(crowded):
    output = {**crowded, "lines": {**crowded["lines"], "La_La": (4.651, 300.0)}}
    axes = plot_sum_spectrum(output, fig=plt.figure(figsize=(2.4, 5)))
    assert {"La Lα", "Mn Kα", "O Kα", "Sr Lα", "Ti Kα"} <= labels(axes).keys()
    assert len(labels(axes)) < len(labels(plot_sum_spectrum(output)))


def test_the_axis_ends_where_counts_end():
    signal = core_shell((32, 32), counts=20, channels=2048, peak_to_background=np.inf).signal
    output = output_of(signal)
    axes = plot_sum_spectrum(output)
    low, high = axes[0].get_xlim()
    energy = output["sum_spectrum"].axes_manager.signal_axes[0].axis
    counts = output["sum_spectrum"].data
    assert counts[(energy >= low) & (energy <= high)].sum() > 0.999 * counts[energy > 0.2].sum()
    assert 7.7 < high < 8.7
    output["sum_spectrum"].data[(energy > 15) & (energy < 16)] = 3
    assert 16 < plot_sum_spectrum(output)[0].get_xlim()[1] < 17.5
    assert plot_sum_spectrum(output, (1, 15))[0].get_xlim() == pytest.approx((1, 15), abs=0.02)


def test_a_large_residual_does_not_hide_the_small_ones(clean):
    axes = plot_sum_spectrum(changed(clean, 6.8, 7.0, 8.0))
    low, high = axes[1].get_ylim()
    assert high > 20
    pixels = axes[1].transData.transform([(5, low), (5, -2), (5, 2), (5, high)])[:, 1]
    assert pixels[2] - pixels[1] > 0.1 * (pixels[3] - pixels[0])


def test_only_what_was_attributed_to_lines_is_shaded(clean):
    output = changed(clean, 0, 1, 1)
    output["fitted"] = clean["fitted"].deepcopy()
    energy = output["fitted"].axes_manager.signal_axes[0].axis
    output["fitted"].data[(energy > 6.6) & (energy < 6.75)] += 40
    axes = plot_sum_spectrum(output)
    assert "attributed to lines" in legend_of(axes)
    for axis in axes:
        (shade,) = (each for each in axis.collections if "lines" in each.get_label())
        x = np.concatenate([path.vertices[:, 0] for path in shade.get_paths()])
        assert np.any((x > 6.62) & (x < 6.73))
    output["continuum"] = clean["continuum"] + (output["fitted"] - clean["fitted"])
    for axis in plot_sum_spectrum(output):
        for shade in axis.collections:
            x = np.concatenate([path.vertices[:, 0] for path in shade.get_paths()])
            assert not np.any((x > 6.62) & (x < 6.73))


def test_the_line_is_the_model_whatever_was_attributed(clean):
    """Noise that the continuum took up is no peak."""
    output = changed(clean, 0, 1, 1)
    for name in ("fitted", "continuum"):
        output[name] = clean[name].deepcopy()
        energy = output[name].axes_manager.signal_axes[0].axis
        output[name].data[(energy > 4.3) & (energy < 4.4)] += 40
    for one, other in zip(
        plot_sum_spectrum(output)[0].lines[:3], plot_sum_spectrum(clean)[0].lines[:3], strict=True
    ):
        np.testing.assert_array_equal(one.get_ydata(), other.get_ydata())


def test_an_axis_in_electronvolts(stray):
    signal = core_shell((32, 32), counts=20, stray=0.2).signal
    axis = signal.axes_manager.signal_axes[0]
    axis.offset, axis.scale, axis.units = 1e3 * axis.offset, 1e3 * axis.scale, "eV"
    found = plot_sum_spectrum(changed(output_of(signal), 4000, 4500, 1.6))
    expected = plot_sum_spectrum(changed(stray, 4.0, 4.5, 1.6))
    assert found[1].get_xlabel() == "Energy (eV)"
    assert labels(found) == labels(expected)
    np.testing.assert_allclose(found[0].get_xlim(), 1e3 * np.array(expected[0].get_xlim()))
    np.testing.assert_allclose(
        [text.xy[0] for text in found[0].texts],
        [1e3 * text.xy[0] for text in expected[0].texts],
        rtol=1e-3,
    )
    assert "eV" in doubts(found)[0] and "keV" not in doubts(found)[0]


def test_lazy_spectra_and_fused_ones_give_the_same_picture(drawn_clean):
    specimen = core_shell((32, 32), counts=20)
    expected = labels(drawn_clean)
    assert labels(plot_sum_spectrum(output_of(specimen.signal.as_lazy()))) == expected
    _, output = specimen.signal.multimodal_fusion(
        specimen.haadf, gamma=1, lambdas=(0.01, 0.02), map_method="fit", full_output=True
    )
    assert labels(plot_sum_spectrum(output["spectrum_fit"])) == expected


def test_a_part_of_a_figure_can_be_drawn_into(clean):
    part = plt.figure(figsize=(12, 6), layout="constrained").subfigures(1, 2)[1]
    axes = plot_sum_spectrum(clean, fig=part)
    assert axes[0].figure is part
    found = boxes(axes)
    assert not any(a.overlaps(b) for i, a in enumerate(found) for b in found[:i])


def test_the_output_is_not_modified(unnamed):
    before = copy.deepcopy(unnamed)
    plot_sum_spectrum(unnamed)
    for name in ("sum_spectrum", "model", "fitted", "continuum"):
        np.testing.assert_array_equal(unnamed[name].data, before[name].data)
    for name in ("lines", "line_positions", "elements", "unassigned_peaks", "hidden_elements"):
        assert unnamed[name] == before[name]


def test_the_whole_output_of_a_fusion_is_drawn_as_its_fit(clean):
    whole, own = (
        plot_sum_spectrum({"raw_maps": [], "spectrum_fit": clean}),
        plot_sum_spectrum(clean),
    )
    for one, other in zip(whole, own, strict=True):
        for drawn, expected in zip(one.lines, other.lines, strict=True):
            np.testing.assert_array_equal(drawn.get_ydata(), expected.get_ydata())


def test_what_cannot_be_drawn(clean):
    for energies in [(-5, -4), (3, 1), (4.001, 4.014)]:
        with pytest.raises(ValueError, match="at least two of the channels"):
            plot_sum_spectrum(clean, energies)
    for wrong in ({}, None, "fit"):
        with pytest.raises(ValueError, match="full_output of fit_maps"):
            plot_sum_spectrum(wrong)
    with pytest.raises(ValueError, match="the output of EDS windows, of existing maps"):
        plot_sum_spectrum({"raw_maps": []})
    signal = core_shell((16, 16)).signal
    signal.data[:] = 0
    with pytest.raises(ValueError, match="spectra with counts"):
        plot_sum_spectrum(output_of(signal))
