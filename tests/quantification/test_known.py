"""Elements that are not found do not take the composition from the others."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_multimodal import composition
from hyperspy_multimodal.data import core_loss
from hyperspy_multimodal.quantification.known import _InWords, what_is_known

SHAPE = 24, 24
EDGES = ["O_K", "Mn_L3", "Co_L3"]


@pytest.fixture(scope="module")
def fused():
    specimen = core_loss(SHAPE, counts=50)
    return specimen.signal.multimodal_fusion(
        *(specimen.haadf, 1, (0.01, 0.02)), map_method="fit", full_output=True
    )


def halves():
    return {"left": np.indices(SHAPE)[1] < 12, "right": np.indices(SHAPE)[1] >= 12}


def doubtful(output, shares, error):
    """Return the output with totals, in shares, and errors as large as ``error`` of all of it."""
    noise = dict(output["raw_noise"])
    common = noise["common_covariance"].copy()
    raw = [each.deepcopy() for each in output["raw_maps"]]
    for edge, share in shares.items():
        k = EDGES.index(edge)
        raw[k].data = share * raw[k].data
        common[k, :] = common[:, k] = 0
        common[k, k] = (error * noise["totals"][edge]) ** 2
    return {**output, "raw_maps": raw, "raw_noise": {**noise, "common_covariance": common}}


def test_an_absent_element_leaves_the_others_their_composition(fused, tmp_path):
    maps, output = fused
    spoilt = composition(maps, doubtful(output, {"Mn_L3": 0.1}, 3.0), regions=halves())
    without = composition([maps[0], maps[2]], output, regions=halves())
    np.testing.assert_allclose(spoilt.atomic_percent[:, [0, 2]], without.atomic_percent)
    np.testing.assert_allclose(
        spoilt.errors["total"][:, [0, 2]], without.errors["total"], rtol=1e-6
    )
    assert np.isnan(spoilt.atomic_percent[:, 1]).all() and not spoilt.detected[:, 1].any()
    ratios, errors = spoilt.ratios("Co", "O")
    assert np.isfinite(ratios).all() and np.isfinite(errors).all()
    assert np.isnan(spoilt.ratios("Mn", "O")[0]).all()
    assert spoilt.remarks["left"].startswith("without Mn_L3 ")
    assert np.isnan(spoilt.maps[1].data).all()
    both = np.isfinite(spoilt.maps[0].data) & np.isfinite(without.maps[0].data)
    assert both.sum() > 100
    np.testing.assert_allclose(spoilt.maps[0].data[both], without.maps[0].data[both])
    spoilt.to_csv(tmp_path / "composition.csv")
    assert "without Mn_L3" in (tmp_path / "composition.csv").read_text()


def test_only_what_is_in_the_way_is_left_out(fused):
    maps, output = fused
    found = composition(maps, doubtful(output, {"Mn_L3": 0.1}, 0.05), regions=halves())
    assert np.isfinite(found.atomic_percent).all()
    assert not any(found.remarks.values())


def test_a_single_element_has_no_composition_and_the_remark_says_why(fused):
    maps, output = fused
    spoilt = doubtful(output, {"Mn_L3": 0.1}, 10.0)
    found = composition(maps[1:], spoilt, regions=halves())
    assert np.isnan(found.atomic_percent).all()
    said = found.remarks["left"]
    assert "; without Mn_L3 " in said
    assert said.endswith(", only one element would remain, so no ratio can be determined here")
    assert "leave out" not in said and "not there" not in said


def test_small_numbers_have_the_digits_of_their_errors():
    found = _InWords(["Co", "O"], np.array([0.0412, 321.6]), np.array([0.0153, 33.8]), None)
    assert found.without(np.array([True, True])).startswith(
        "without Co 0.041 +- 0.015, O 322 +- 34"
    )


@pytest.mark.parametrize(("counts", "is_left_out"), [(90.0, True), (125.0, False)])
def test_an_element_above_two_of_its_errors_is_not_left_out(counts, is_left_out):
    found = SimpleNamespace(
        counts=np.array([[10.0, counts, 10.0]]),
        noise=0.01 * np.eye(3)[None],
        common=np.diag([0.01, 50.0**2, 0.01])[None],
    )
    factors = SimpleNamespace(per_atom=np.ones(3), relative_errors=np.zeros(3))
    measured = SimpleNamespace(names=EDGES, per_count=np.ones(3))
    known = what_is_known(found, factors, measured)
    assert list(known.left_out[0]) == [False, is_left_out, False]
    assert known.has_composition[0] == is_left_out
    assert known.remarks[0].startswith("without Mn_L3" if is_left_out else "no composition")


def test_a_sum_that_is_not_known_names_the_largest_error(fused):
    maps, output = fused
    spoilt = doubtful(doubtful(output, {"Co_L3": 1.0}, 0.5), {"Mn_L3": 0.1}, 10.0)
    found = composition(maps[1:], spoilt, regions={"all": np.ones(SHAPE, bool)})
    assert np.isnan(found.atomic_percent).all()
    head, _, tail = found.remarks["all"].partition("; the largest error is that of ")
    assert head.startswith("no composition: the amount of all elements") and tail
    words = tail.replace(",", "").split()
    assert words[0] == "Mn_L3"
    error = 10 * output["raw_noise"]["totals"]["Mn_L3"]
    assert float(words[3]) == pytest.approx(error, rel=0.1)


def test_negative_counts_are_told_with_all_of_their_errors(fused):
    maps, output = fused
    spoilt = doubtful(output, {"Mn_L3": -0.5}, 0.1)
    found = composition(maps, spoilt, regions={"all": np.ones(SHAPE, bool)})
    total = spoilt["raw_maps"][1].data.sum()
    words = found.remarks["all"].partition("(")[2].split()
    assert float(words[1]) == pytest.approx(total, abs=1)
    noise = output["raw_noise"]
    error = np.hypot(
        0.1 * noise["totals"]["Mn_L3"], np.sqrt(noise["variances"]["Mn_L3"].sum(dtype=float))
    )
    assert float(words[3].rstrip(",")) == pytest.approx(error, rel=0.2)


def known_of(counts, noise, common, relative=0.0, per_atom=1.0):
    """Return what is known of a region with independent errors of its counts."""
    n = len(counts)
    found = SimpleNamespace(
        counts=np.array([counts], float),
        noise=np.diag(np.square(noise))[None],
        common=np.diag(np.square(common))[None],
    )
    factors = SimpleNamespace(
        per_atom=np.full(n, per_atom), relative_errors=np.full(n, float(relative))
    )
    measured = SimpleNamespace(names=EDGES[:n], per_count=np.ones(n))
    return what_is_known(found, factors, measured)


@pytest.mark.parametrize("per_atom", [1.0, 0.01])
@pytest.mark.parametrize("relative", [0.0, 0.5])
def test_the_remark_states_the_errors_that_decide(relative, per_atom):
    """They are those of the factors as well, with which sums of counts may look certain."""
    known = known_of([1000, 800], (5, 5), (400, 380), relative, per_atom)
    error = np.sqrt(400**2 + 380**2 + 50 + relative**2 * (1000**2 + 800**2))
    assert known.has_composition[0] == (1800 > 3 * error)
    if 1800 < 3 * error:
        stated = known.remarks[0].partition("together is ")[2].split()[0]
        assert float(stated) == pytest.approx(1800 / error, abs=0.011)
        assert "(noise, fit and factors)" in known.remarks[0]
        assert known.remarks[0].endswith("O_K 1000 +- 400 counts (noise and fit)")


def test_counts_below_noise_are_told_as_such():
    remark = known_of([20, 10], (20, 20), (0, 0)).remarks[0]
    assert "1.06 of its standard errors" in remark


def test_negative_counts_beyond_noise_alone_state_both_errors():
    remark = known_of([1200, -1000], (10, 10), (900, 1500)).remarks[0]
    assert "Mn_L3 -1000 +- 10 by noise alone; Mn_L3 -1000 +- 1500 with the fit" in remark
