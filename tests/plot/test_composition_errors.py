"""Pictures of compositions show which part of the errors regions do not share."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_multimodal import composition
from hyperspy_multimodal.plot import plot_composition

LEFT, RIGHT = np.zeros((2, 20, 32), bool)
LEFT[5:15, 6:16], RIGHT[5:15, 16:26] = True, True


def composed(fused, specimen, relative, regions):
    factors = [(each, relative * each) if relative else each for each in specimen.kfactors]
    return composition(*fused, factors, regions)


def thick_parts(axes):
    """Return the half lengths of thick bars, in the order of regions and elements."""
    bars = [
        np.ptp(path.vertices[:, 1]) / 2
        for axis in (axes[1], *axes[3:])
        for collection in axis.collections
        if collection.get_linewidth()[0] > 3
        for path in collection.get_paths()
    ]
    plt.close("all")
    return bars


@pytest.mark.parametrize("relative", [0.05, 0.3])
def test_errors_of_factors_change_only_the_thin_part(fused, specimen, relative):
    found = composed(fused, specimen, relative, {"left": LEFT, "right": RIGHT})
    axes = plot_composition(found, specimen.haadf)
    assert "which all regions share" in axes[1].get_title()
    own = np.hypot(found.errors["counts"], found.errors["fit"])[found.detected]
    np.testing.assert_allclose(np.sort(thick_parts(axes)), np.sort(own))


def test_thick_parts_of_ratios_are_errors_of_counts_and_fit(fused, specimen):
    found = composed(fused, specimen, 0.3, {"left": LEFT, "right": RIGHT})
    bars = thick_parts(plot_composition(found, specimen.haadf, ratio_to="O"))
    own = [
        np.hypot(*(found.ratios(each, "O", errors=source)[1] for source in ("counts", "fit")))
        for each in ("Co", "S")
    ]
    there = found.detected[:, [found.elements.index(each) for each in ("Co", "S")]]
    np.testing.assert_allclose(np.sort(bars), np.sort(np.transpose(own)[there]))


@pytest.mark.parametrize(
    ("relative", "regions"), [(0.0, {"left": LEFT, "right": RIGHT}), (0.3, {"left": LEFT})]
)
def test_nothing_is_thick_if_regions_share_nothing(fused, specimen, relative, regions):
    found = composed(fused, specimen, relative, regions)
    axes = plot_composition(found, specimen.haadf)
    assert "share" not in axes[1].get_title() and not thick_parts(axes)
