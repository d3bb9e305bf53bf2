"""Pixels without a composition, in maps of the composition."""

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal import composition
from hyperspy_multimodal.data import core_loss, core_shell
from hyperspy_multimodal.quantification.found_regions import is_there
from hyperspy_multimodal.quantification.measured import measured_of

SHAPE = 32, 32
GIVEN = {"gamma": 1, "lambdas": (0.01, 0.02), "full_output": True, "show_progressbar": False}
FACTORS = {"Co_Ka": 1.0, "O_Ka": 0.75, "S_Ka": 0.57}
LEFT = np.indices(SHAPE)[1] < 16
HALVES = {"left": LEFT, "right": ~LEFT}


@pytest.fixture(scope="module")
def fused():
    specimen = core_shell(SHAPE, counts=50)
    return specimen.signal.multimodal_fusion(specimen.haadf, **GIVEN)


def known(found):
    return np.isfinite([each.data for each in found.maps]).all(axis=0)


def with_noise(output, **changed):
    return {**output, "raw_noise": {**output["raw_noise"], **changed}}


def shifted(output, element, per_pixel, where):
    """Return an output whose raw map of an element is lower in some pixels."""
    raw = [each.deepcopy() for each in output["raw_maps"]]
    raw[element].data = raw[element].data - np.where(where, per_pixel, 0.0)
    return {**output, "raw_maps": raw}


def test_good_maps_keep_their_composition(fused):
    maps, output = fused
    found = known(composition(maps, output, FACTORS, HALVES))
    certain = np.sum([each.data for each in maps], axis=0) > 20
    assert certain.sum() > 200 and found[certain].mean() > 0.99


def test_pixels_with_a_wrong_background_have_none(fused):
    maps, output = fused
    before = known(composition(maps, output, FACTORS, HALVES))
    wrong = shifted(output, 1, 4 * output["raw_maps"][1].data.max(), LEFT)
    after = known(composition(maps, wrong, FACTORS, HALVES))
    inner = np.indices(SHAPE)[1] < 13  # 5 x 5 pixels lie within the half
    assert before[inner].sum() > 100 and not after[inner].any()
    certain = np.sum([each.data for each in maps], axis=0) > 20
    far = (np.indices(SHAPE)[1] > 18) & certain
    assert far.sum() > 100
    np.testing.assert_array_equal(after[far], before[far])


def test_pixels_of_a_region_without_a_composition_have_none(fused):
    """Also where the pixels alone would have one, unless they are in another region as well."""
    maps, output = fused
    wrong = shifted(output, 1, 8 * output["raw_maps"][1].data.max(), np.indices(SHAPE)[1] < 6)
    found = composition(maps, wrong, FACTORS, {"left": LEFT})
    assert np.isnan(found.atomic_percent).all()
    cobalt = np.isfinite(found.maps[0].data)  # oxygen is left out of all
    assert not cobalt[LEFT].any() and cobalt[~LEFT].any()
    both = composition(maps, wrong, FACTORS, {"left": LEFT, "part": np.indices(SHAPE)[1] > 8})
    assert np.isfinite(both.atomic_percent[1]).all()
    assert known(both)[:, 9:16].any()


def test_counts_below_the_error_of_the_fit_have_no_composition(fused):
    maps, output = fused
    totals = np.array([*output["raw_noise"]["totals"].values()])
    unsure = with_noise(output, common_covariance=np.outer(totals, totals) * 0.6**2)
    assert not known(composition(maps, unsure, FACTORS, HALVES)).any()


@pytest.mark.parametrize("counts", [5, 30])
def test_noise_leaves_no_holes(counts):
    """Fused maps have less noise than the raw counts of 5 x 5 pixels."""
    specimen = core_loss((64, 64), counts=counts)
    maps, output = specimen.signal.multimodal_fusion(specimen.haadf, map_method="fit", **GIVEN)
    found = known(composition(maps, output, regions={"all": np.ones((64, 64), bool)}))
    there = is_there(measured_of(maps, output))
    assert there.sum() > 1000 and found[there].mean() > 0.98


def test_a_measured_region_without_a_composition_shows_none(shared_data, logged):
    signal = hs.load(shared_data / "CuZn_EELS.hspy")
    signal.add_elements(("Cu", "Zn"))
    maps, output = signal.multimodal_fusion(hs.load(shared_data / "CuZn_HAADF.hspy"), **GIVEN)
    found = composition(maps, output)
    assert any("no composition" in remark for remark in found.remarks.values())
    copper = found.maps[0].data
    for remark, mask in zip(found.remarks.values(), found.masks, strict=True):
        if "no composition" in remark:
            assert mask.sum() > 100 and np.isnan(copper[mask]).all()
    assert np.isfinite(copper).sum() > 400 and np.mean(copper[np.isfinite(copper)] > 90) < 0.01


def test_few_counts_beside_a_specimen_have_no_composition():
    """The specimen is most of the 5 x 5 pixels around them."""
    specimen = core_loss((32, 32), counts=3000)
    maps, output = specimen.signal.multimodal_fusion(specimen.haadf, map_method="fit", **GIVEN)
    totals = np.array([*output["raw_noise"]["totals"].values()])
    output = with_noise(output, common_covariance=np.diag(np.square(0.1 * totals)))
    regions = {"all": np.ones((32, 32), bool)}
    before = known(composition(maps, output, regions=regions))
    row = 16
    assert before[row].sum() > 20
    fewer = [each.deepcopy() for each in maps]
    for each in fewer:
        each.data[row] *= 0.1
    measured = measured_of(fewer, output)
    assert is_there(measured)[row][before[row]].mean() > 0.5
    after = known(composition(fewer, output, regions=regions))
    assert not after[row].any()
    others = np.arange(32) != row
    np.testing.assert_array_equal(after[others], before[others])
