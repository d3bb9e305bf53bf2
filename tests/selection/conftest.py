"""A scan, its maps and HAADF models, and settings that are compared on it."""

from dataclasses import replace

import pytest

from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.selection import Setting

from .scans import SHAPE, guided_models, measured_maps


@pytest.fixture(scope="module")
def specimen():
    return core_shell(SHAPE, counts=5)


@pytest.fixture(scope="module")
def maps(specimen):
    return measured_maps(specimen)


@pytest.fixture(scope="module")
def models(specimen, maps):
    return guided_models(specimen, maps)


@pytest.fixture(scope="module")
def guided(models):
    names = "directional", "isotropic", "directional"
    return Setting(models.first, 1e-3, names, (2.0, 4.0, 1.0), (False,) * 3)


@pytest.fixture(scope="module")
def alone(guided):
    return replace(guided, model=None, lambda_1=1.0)
