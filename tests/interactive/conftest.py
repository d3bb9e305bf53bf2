"""A scan, and its tuner."""

import pytest

from hyperspy_multimodal.data import core_shell

from .tuning import GIVEN


@pytest.fixture(scope="module")
def specimen():
    return core_shell((40, 48), counts=10)


@pytest.fixture
def tuner(specimen):
    return specimen.signal.multimodal_fusion_interactive(specimen.haadf, **GIVEN)
