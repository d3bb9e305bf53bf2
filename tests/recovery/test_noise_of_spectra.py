"""Spectra whose noise is not that of counts are reported."""

import numpy as np
import pytest

from hyperspy_multimodal.data import core_shell

SHAPE = (40, 40)


@pytest.fixture(scope="module")
def specimen():
    return core_shell(SHAPE, counts=20)


def verdicts(specimen, data, haadf, map_method):
    signal = specimen.signal.deepcopy()
    signal.data = data
    signal.get_dimensions_from_data()
    _, output = signal.multimodal_fusion(
        haadf, lambdas=(1.0, 0.5), map_method=map_method, full_output=True, show_progressbar=False
    )
    return output["verdicts"], output["messages"]


@pytest.mark.parametrize("map_method", ["fit", "windows"])
def test_repeated_or_multiplied_spectra_are_not_sound(specimen, map_method):
    data, haadf = specimen.signal.data, specimen.haadf.data
    rng = np.random.default_rng(0)
    # photons that make different numbers of counts
    gained = rng.poisson(rng.gamma(np.maximum(data, 1) * 1.0, 3.0) * (data > 0))
    large = data.repeat(2, axis=0).repeat(2, axis=1)
    for changed, image, text in (
        (data, haadf, None),
        (large, haadf.repeat(2, axis=0).repeat(2, axis=1), "is repeated 2 x 2 times"),
        (gained, haadf, "not Poisson noise"),
    ):
        found, messages = verdicts(specimen, changed, image, map_method)
        about = [
            message for message in messages if "repeated" in message or "noise of the" in message
        ]
        if text is None:
            assert not about
        else:
            assert any(text in message for message in about)
            assert all(each["verdict"] != "sound" for each in found)
            assert all(
                "scaled counts" in each["because"] or each["verdict"] == "not to be trusted"
                for each in found
            )
