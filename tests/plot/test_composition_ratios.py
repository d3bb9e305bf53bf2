"""Pictures of ratios show the ratios and errors of the composition."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal import composition, fuse_maps
from hyperspy_multimodal.plot import plot_composition
from hyperspy_multimodal.quantification.ratios import ratio_limits


@pytest.fixture(scope="module", params=["atomic", "weight"])
def found(fused, specimen, request):
    left, right = np.zeros((2, 20, 32), bool)
    left[5:15, 6:16], right[5:15, 16:26] = True, True
    regions = {"left": left, "right": right}
    found = composition(*fused, specimen.kfactors, regions, composition_units=request.param)
    return replace(found, detected=np.ones_like(found.detected))


def drawn(axes):
    """Return values and errors, by the label of the element and region."""
    values = {}
    for axis in (axes[1], *axes[3:]):
        names = [label.get_text() for label in axis.get_xticklabels()]
        for r, bar in enumerate(axis.containers):
            line, _, (segments,) = bar.lines
            for x, y, ends in zip(*line.get_data(), segments.get_segments(), strict=True):
                values[names[round(x)], r] = y, np.ptp(ends[:, 1]) / 2
    return values


def cells_of(axes):
    cells = axes[2].tables[0].get_celld()
    rows = range(1 + max(row for row, _ in cells))
    columns = range(1 + max(column for _, column in cells))
    return [[cells[row, column].get_text().get_text() for column in columns] for row in rows]


@pytest.mark.parametrize("ratio_to", ["Co", "Co_Ka", "O", "S"])
def test_points_and_bars_are_the_ratios_of_the_composition(found, specimen, ratio_to):
    axes = plot_composition(found, specimen.haadf, ratio_to=ratio_to)
    to = ratio_to.partition("_")[0]
    others = [name for name in found.elements if name != to]
    values = drawn(axes)
    assert {name for name, _ in values} == {f"{name}/{to}" for name in others}
    for name in others:
        expected = np.transpose(found.ratios(name, to))
        np.testing.assert_allclose([values[f"{name}/{to}", r] for r in (0, 1)], expected)
    assert cells_of(axes)[0] == ["region", "pixels", *(f"{name}/{to}" for name in others)]
    assert axes[1].get_ylabel() == f"atoms per atom of {to}"
    assert "atomic ratio" in axes[1].get_title()


def test_the_limit_of_a_ratio_is_that_of_the_counts(found, specimen):
    """At its limit, an element has as many atoms more as it has counts more."""
    detected = found.detected.copy()
    detected[0, found.elements.index("S")] = False
    axes = plot_composition(replace(found, detected=detected), specimen.haadf, ratio_to="O")
    k = found.elements.index("S")
    more = found.detection_limit_counts[:, k] / found.counts[:, k]
    np.testing.assert_allclose(ratio_limits(found, "S", "O"), more * found.ratios("S", "O")[0])
    marks = [
        list(line.get_ydata())
        for axis in (axes[1], *axes[3:])
        for line in axis.lines
        if line.get_marker() == "v" and len(line.get_ydata())
    ]
    assert marks == [[ratio_limits(found, "S", "O")[0]]]
    assert ("S/O", 0) not in drawn(axes) and ("S/O", 1) in drawn(axes)
    assert cells_of(axes)[1][-1].startswith("< ")


def test_there_is_no_ratio_to_an_element_that_is_not_detected(found, specimen):
    detected = found.detected.copy()
    detected[0, found.elements.index("O")] = False
    axes = plot_composition(replace(found, detected=detected), specimen.haadf, ratio_to="O")
    [(ratio, _), *_] = drawn(axes).values()
    assert len(axes[1].containers) == 1
    assert ratio == found.ratios("Co", "O")[0][1]
    assert cells_of(axes)[1][2:] == ["O not detected"] * 2
    detected[1, found.elements.index("O")] = False
    nowhere = replace(found, detected=detected)
    with pytest.raises(ValueError, match=r"`ratio_to` .* but O is not detected in any region"):
        plot_composition(nowhere, specimen.haadf, ratio_to="O")
    with pytest.raises(ValueError, match=r"`ratio_to` must be one of .* 'Zn' was given"):
        plot_composition(found, specimen.haadf, ratio_to="Zn")


@pytest.mark.parametrize("factor", [0.01, 1.0, 500.0])
def test_the_scale_holds_all_ratios(found, specimen, factor):
    """Also above 100, and where an error is larger than its ratio."""
    counts = found.atomic_percent * np.where(np.array(found.elements) == "O", 1 / factor, 1.0)
    percent = 100 * counts / counts.sum(axis=1, keepdims=True)
    much = replace(found, units="atomic", atomic_percent=percent)
    axes = plot_composition(much, specimen.haadf, ratio_to="O")
    for axis in (axes[1], *axes[3:]):
        low, high = axis.get_ylim()
        for bar in axis.containers:
            for segment in bar.lines[2][0].get_segments():
                is_cut = axis.get_yscale() == "log"
                assert (is_cut or max(segment[0, 1], 0) >= low) and segment[1, 1] <= high
        points = [y for bar in axis.containers for y in bar.lines[0].get_ydata()]
        assert low < min(points) and max(points) < high
        assert min(points) > high / 20 or axis.get_yscale() == "log"


def test_values_of_existing_maps_are_drawn_and_their_errors_qualified(specimen):
    """There is no test of detection, so values take the place of limits."""
    rng = np.random.default_rng(0)
    maps = [each._deepcopy_with_new_data(rng.poisson(each.data)) for each in specimen.counts]
    fused = fuse_maps(
        *(maps, specimen.haadf), gamma=1, lambdas=(0.01, 0.02), gain=1, full_output=True,
        show_progressbar=False,
    )  # fmt: skip
    found = composition(*fused, specimen.kfactors, {"all": np.ones((20, 32), bool)})
    assert np.isnan(found.p_values).all()
    for ratio_to in (None, "O"):
        axes = plot_composition(found, specimen.haadf, ratio_to=ratio_to)
        assert len(drawn(axes)) == 3 - (ratio_to is not None)
        assert "without background errors" in axes[1].get_title()
        assert all("±" in cell for cell in cells_of(axes)[1][2:])
