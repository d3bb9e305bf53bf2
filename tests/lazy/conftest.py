"""Maps of signals in memory, which lazy ones are compared with."""

import pytest


@pytest.fixture(scope="module")
def by_method(request, specimen):
    """Maps of a module's specimen, by method, with the arguments that it gives."""
    fuse, haadf = specimen.signal.multimodal_fusion, specimen.haadf
    methods = "fit", "windows"
    return {each: fuse(haadf, map_method=each, **request.module.GIVEN) for each in methods}


@pytest.fixture(scope="module")
def eager(by_method):
    return by_method["fit"]
