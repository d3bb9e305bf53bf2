"""A small specimen, and a fusion of it with options."""

import pytest

from hyperspy_multimodal.data import core_shell

from .fusing import LAMBDAS


@pytest.fixture(scope="package")
def specimen():
    return core_shell((32, 32), counts=10)


@pytest.fixture(scope="package")
def fuse(specimen):
    """Maps, record and full output of a fusion of the specimen."""

    def fused(haadf=None, **options):
        options = {"gamma": 1, "lambdas": LAMBDAS, "full_output": True} | options
        haadf = specimen.haadf if haadf is None else haadf
        maps, output = specimen.signal.multimodal_fusion(haadf, **options)
        return maps, maps[0].metadata.Multimodal_fusion, output

    return fused


@pytest.fixture(scope="package")
def usual(fuse):
    return fuse()
