"""A HAADF of particles over a film of one thickness: they must not come out in its maps."""

import re

import numpy as np
import pytest

from hyperspy_multimodal.data import flat

WARNING = "The HAADF leaks into the maps"


@pytest.fixture(scope="module")
def film():
    """Counts of a film of one thickness, and a HAADF with discs on it."""
    specimen = flat((48, 48), counts=10)
    y, x = np.ogrid[:48, :48]
    discs = ((y % 24 - 12) ** 2 + (x % 24 - 12) ** 2) < 50
    haadf = specimen.haadf.deepcopy()
    noise = np.random.default_rng(0).normal(0, 0.02, discs.shape)
    haadf.data = 0.1 + 0.8 * discs + noise
    return specimen.signal, haadf, discs


@pytest.fixture
def fuse(film):
    def fused(**options):
        signal, haadf, _ = film
        options = {"gamma": 1, "map_method": "windows", "keep_totals": True} | options
        maps, output = signal.multimodal_fusion(haadf, full_output=True, **options)
        return np.stack([each.data for each in maps]), maps[0].metadata.Multimodal_fusion, output

    return fused


def test_lambdas_that_make_the_haadf_leak_are_warned_of_with_the_bias(film, fuse, caplog):
    leaking = {"lambdas": (1e-3, 1e-3), "weights": [0.5, 0.5]}
    maps, record, output = fuse(**leaking, keep_significant=False)
    discs = film[2]
    raw = np.stack([each.data for each in output["raw_maps"]])
    expected = 100 * (maps[:, discs].sum(axis=1) / raw[:, discs].sum(axis=1) - 1)
    assert expected.min() > 10
    np.testing.assert_allclose(output["bright_bias"], expected, rtol=1e-3)
    assert record.bright_bias == output["bright_bias"]
    assert record.bright_bias_errors == output["bright_bias_errors"]
    assert output["bright_restored"] == [False, False]
    caplog.clear()
    maps, record, output = fuse(**leaking)
    # the sums are those of the counts, but the warning stays: within the discs maps are not right
    np.testing.assert_allclose(maps[:, discs].sum(axis=1), raw[:, discs].sum(axis=1), rtol=0.04)
    # by brightness of the HAADF, or beside the other map, whichever corrects a map better
    restored = zip(record.bright_restored, record.contrast_restored, strict=True)
    assert output["bright_restored"] == record.bright_restored
    assert all(any(each) for each in restored)
    messages = [each.getMessage() for each in caplog.records if WARNING in each.getMessage()]
    moved = " ".join(each for each in output["messages"] if "moved counts" in each)
    assert all(
        re.search(rf"{each} \(\S+ instead of \S+, now \S+, in", moved) for each in ("Ni_Ka", "O_Ka")
    )
    assert len(messages) == 1
    assert re.search(r"Ni_Ka \S+ ± \S+ % too high, O_Ka \S+ ± \S+ % too high", messages[0])


def test_standard_errors_are_those_of_raw_sums(film, fuse):
    _, _, output = fuse(lambdas=(1e-3, 1e-3))
    raw = output["raw_maps"][0].data[film[2]].sum()
    assert output["bright_bias_errors"][0] == pytest.approx(100 / np.sqrt(raw), rel=0.2)


@pytest.mark.parametrize(
    "options",
    [
        {"lambdas": (10.0, 10.0), "weights": [0.5, 0.5]},  # counts win
        {"lambdas": (1e-3, 1e-3), "weights": [0, 0]},  # without the HAADF
        {"lambdas": "auto", "weights": [0.5, 0.5]},
    ],
)
def test_maps_without_a_leak_are_not_warned_of(fuse, caplog, options):
    _, _, output = fuse(**options)
    assert WARNING not in caplog.text
    assert np.all(np.abs(output["bright_bias"]) < 3 * np.array(output["bright_bias_errors"]))


def test_specimens_that_the_haadf_describes_are_not_warned_of(caplog):
    from hyperspy_multimodal.data import core_shell

    specimen = core_shell((48, 40), counts=5)
    specimen.signal.multimodal_fusion(specimen.haadf, gamma=1, lambdas=(1e-3, 2e-3))
    assert WARNING not in caplog.text
