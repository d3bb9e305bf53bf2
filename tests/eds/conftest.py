"""An EDS specimen, fused once for the tests that look at the result."""

import numpy as np
import pytest

from hyperspy_multimodal.data import core_shell


@pytest.fixture(scope="package")
def specimen():
    """Not square, calibrated, with offsets, names and metadata of its own."""
    specimen = core_shell((40, 48), counts=5)
    specimen.signal.original_metadata.add_dictionary({"Maker": {"model": "X"}})
    for axes in (
        specimen.signal.axes_manager.navigation_axes,
        specimen.haadf.axes_manager.signal_axes,
    ):
        for axis, name, offset in zip(axes, ("scan x", "scan y"), (12.5, -3.0), strict=True):
            axis.name, axis.offset, axis.scale, axis.units = name, offset, 0.7, "nm"
    return specimen


@pytest.fixture(scope="package")
def truth(specimen):
    return np.stack([m.data for m in specimen.counts])


@pytest.fixture(scope="package")
def fused(specimen):
    return specimen.signal.multimodal_fusion(specimen.haadf, 1, (0.01, 0.02))


@pytest.fixture(scope="package")
def automatic(specimen):
    return specimen.signal.multimodal_fusion(specimen.haadf, 1, full_output=True)
