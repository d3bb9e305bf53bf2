"""A small scan, and how its maps come out when nothing is odd."""

import numpy as np
import pytest

from hyperspy_multimodal.data import core_shell

GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "max_iterations": 80, "show_progressbar": False}


def fused(signal, haadf, **options):
    """Return fused maps as an array, first axis the elements."""
    maps = signal.multimodal_fusion(haadf, **{**GIVEN, **options})
    return np.array([each.data for each in maps])


@pytest.fixture(scope="session")
def small():
    """The specimen; tests copy what they change."""
    return core_shell((16, 12), counts=30, seed=1)


@pytest.fixture(scope="session")
def expected(small):
    """Its fused maps."""
    return fused(small.signal, small.haadf)


@pytest.fixture
def signal(small):
    """A copy of the spectrum image."""
    return small.signal.deepcopy()


@pytest.fixture
def haadf(small):
    """A copy of the HAADF image."""
    return small.haadf.deepcopy()
