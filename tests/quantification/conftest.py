"""One small fused specimen for all tests of compositions."""

from types import SimpleNamespace

import pytest

from hyperspy_multimodal.data import core_shell


@pytest.fixture(scope="package")
def fused():
    specimen = core_shell((32, 32), counts=20)
    maps, output = specimen.signal.multimodal_fusion(
        specimen.haadf, gamma=1, lambdas=(0.01, 0.02), full_output=True
    )
    lines = list(specimen.signal.metadata.Sample.xray_lines)
    kfactors = dict(zip(lines, specimen.kfactors, strict=True))
    return SimpleNamespace(specimen=specimen, maps=maps, output=output, kfactors=kfactors)
