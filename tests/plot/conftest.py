"""Small scans, their fusions and fits, and maps whose values are known everywhere."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hyperspy.signals import Signal2D

from hyperspy_multimodal.data import bimetal, core_shell
from hyperspy_multimodal.plot import plot_sum_spectrum

from .sum_spectra import output_of

QUIET = {"show_progressbar": False, "full_output": True, "gamma": 1}


@pytest.fixture(scope="session")
def specimen():
    return core_shell((20, 32), counts=5, pixel_size=0.5)


@pytest.fixture(scope="session")
def fused(specimen):
    """Maps and full_output of given lambdas."""
    return specimen.signal.multimodal_fusion(specimen.haadf, lambdas=(0.01, 0.02), **QUIET)


@pytest.fixture(scope="session")
def chosen(specimen):
    """The full_output of lambdas that were chosen."""
    return specimen.signal.multimodal_fusion(specimen.haadf, tolerance=1e-2, **QUIET)[1]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def ramp():
    """Return a function for maps whose value is the distance along a direction, in their units."""

    def signal_of(shape=(20, 30), scale=(0.5, 0.5), units="nm", offset=(0, 0), direction=(1, 0)):
        places = [
            origin + step * each
            for origin, step, each in zip(offset, scale, np.indices(shape)[::-1], strict=True)
        ]
        signal = Signal2D(direction[0] * places[0] + direction[1] * places[1])
        axes = signal.axes_manager.signal_axes
        for axis, step, origin in zip(axes, scale, offset, strict=True):
            axis.scale, axis.offset = step, origin
            if units is not None:
                axis.units = units
        return signal

    return signal_of


@pytest.fixture(scope="session")
def clean():
    return output_of(core_shell((32, 32), counts=20).signal)


@pytest.fixture(scope="session")
def drawn_clean(clean):
    """Axes of its picture."""
    return plot_sum_spectrum(clean)


@pytest.fixture(scope="session")
def stray():
    """Copper of the grid, which is not named."""
    return output_of(core_shell((32, 32), counts=20, stray=0.2).signal)


@pytest.fixture(scope="session")
def two_metals():
    return output_of(bimetal((32, 32), counts=20).signal)


@pytest.fixture(scope="session")
def unnamed():
    """Palladium, which is no element of instruments, is not named."""
    signal = bimetal((32, 32), counts=20).signal
    signal.set_elements(["Au", "O", "Ti"])
    signal.set_lines(["Au_Ma", "O_Ka", "Ti_Ka"])
    return output_of(signal)
