"""`composition`: identities, errors, and what does not matter."""

import csv
from dataclasses import replace

import hyperspy.api as hs
import numpy as np
import pytest
from exspy.material import elements

from hyperspy_multimodal import composition, fit_maps
from hyperspy_multimodal.data import core_shell


def quarters(shape):
    rows, columns = np.indices(shape)
    return 1 + 2 * (rows >= shape[0] // 2) + (columns >= shape[1] // 2)


def true_percent(specimen, masks):
    counts = np.array([[each.data[mask].sum() for each in specimen.xrays] for mask in masks])
    symbols = [line.split("_")[0] for line in specimen.signal.metadata.Sample.xray_lines]
    weights = [elements[symbol].General_properties.atomic_weight for symbol in symbols]
    atoms = counts * specimen.kfactors / weights
    return 100 * atoms / atoms.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("regions", [quarters((32, 32)), None], ids=["given", "found"])
def test_order_of_maps_and_factors_does_not_matter(fused, regions):
    one = composition(fused.maps, fused.output, fused.kfactors, regions)
    backwards = dict(reversed(fused.kfactors.items()))
    other = composition(fused.maps[::-1], fused.output, backwards, regions)
    assert other.lines == one.lines[::-1]
    for name in ("counts", "atomic_percent", "weight_percent", "detection_limits", "p_values"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name)[:, ::-1], rtol=1e-6)
    for source in one.errors:
        np.testing.assert_allclose(other.errors[source], one.errors[source][:, ::-1], atol=1e-8)


def test_percentages_sum_to_100_and_their_errors_cancel(fused):
    found = composition(fused.maps, fused.output, fused.kfactors, quarters((32, 32)))
    np.testing.assert_allclose(found.atomic_percent.sum(axis=1), 100)
    np.testing.assert_allclose(found.weight_percent.sum(axis=1), 100)
    np.testing.assert_allclose(found.covariances.sum(axis=2), 0, atol=1e-9)
    squares = [np.square(found.errors[source]) for source in ("counts", "fit", "kfactors")]
    np.testing.assert_allclose(np.sum(squares, axis=0), np.square(found.errors["total"]))
    maps = np.array([each.data for each in found.maps])
    there = np.isfinite(maps).all(axis=0)
    assert 0.2 < there.mean() < 0.9 and np.isnan(maps[:, ~there]).all()
    np.testing.assert_allclose(maps[:, there].sum(axis=0), 100)


def test_the_region_of_all_is_the_sum_of_regions(fused):
    parts = composition(fused.maps, fused.output, fused.kfactors, quarters((32, 32)))
    whole = composition(fused.maps, fused.output, fused.kfactors, np.ones((32, 32), bool))
    np.testing.assert_allclose(parts.counts.sum(axis=0), whole.counts[0])
    variance = np.square(parts.counts_errors).sum(axis=0)
    np.testing.assert_allclose(variance, np.square(whole.counts_errors[0]), rtol=1e-3)
    totals = fused.output["spectrum_fit"]["totals"]
    np.testing.assert_allclose(whole.counts[0], [totals[line] for line in whole.lines], rtol=1e-5)


def test_roi_mask_label_and_signal_are_the_same(fused):
    mask = np.zeros((32, 32), bool)
    mask[4:20, 6:26] = True
    roi = hs.roi.RectangularROI(6, 4, 26, 20)
    signal = hs.signals.Signal2D(mask)
    forms = [roi, mask, mask.astype(int), signal, {"a": mask}, [roi], {"a": roi}]
    every = [composition(fused.maps, fused.output, fused.kfactors, each) for each in forms]
    for each in every:
        np.testing.assert_array_equal(each.masks, mask[None])
        np.testing.assert_array_equal(each.counts, every[0].counts)
    assert every[4].regions == ["a"] and every[2].regions == ["1"]
    circle = composition(
        fused.maps, fused.output, fused.kfactors, [hs.roi.CircleROI(16, 16, 5), roi]
    )
    assert circle.regions == ["1", "2"] and 60 < circle.pixels[0] < 100


def test_numbers_are_those_of_exspy(fused):
    raw = fit_maps(fused.specimen.signal)
    whole = np.ones((32, 32), bool)
    found = composition(fused.maps, fused.output, fused.kfactors, whole)
    sums = [m._deepcopy_with_new_data(np.full((32, 32), m.data.sum())) for m in raw]
    for units, percent in (("atomic", found.atomic_percent), ("weight", found.weight_percent)):
        native = fused.specimen.signal.quantification(
            sums,
            method="CL",
            factors=list(fused.kfactors.values()),
            composition_units=units,
            navigation_mask=None,
        )
        np.testing.assert_allclose(percent[0], [m.data[0, 0] for m in native], rtol=1e-4)


def test_maps_are_those_of_exspy_where_there_are_counts(fused):
    found = composition(fused.maps, fused.output, fused.kfactors, np.ones((32, 32), bool))
    native = fused.specimen.signal.quantification(
        fused.maps, method="CL", factors=list(fused.kfactors.values()), navigation_mask=None
    )
    # eXSpy takes less than 0.1 counts for none
    several = np.min([each.data for each in fused.maps], axis=0) > 0.1
    for own, other in zip(found.maps, native, strict=True):
        there = several & np.isfinite(own.data)
        assert there.sum() > 50 and type(own) is type(other)
        np.testing.assert_allclose(own.data[there], other.data[there], rtol=1e-3)
        assert own.metadata.General.title == other.metadata.General.title


def test_the_truth_lies_within_the_errors():
    """Over four scans, in quarters of them."""
    pulls = []
    for seed in range(4):
        specimen = core_shell((32, 32), counts=10, seed=seed)
        maps, output = fit_maps(specimen.signal, full_output=True)
        found = composition(maps, output, specimen.kfactors, quarters((32, 32)))
        true = true_percent(specimen, found.masks)
        pulls.append((found.atomic_percent - true) / found.errors["total"])
    pulls = np.abs(pulls)
    assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.25
    assert 0.6 < np.mean(pulls < 1) < 0.9 and np.mean(pulls < 2) > 0.9


def test_errors_by_counts_fall_with_the_root_of_the_dose():
    regions = quarters((24, 24))
    few, many = (
        composition(*fit_maps(s.signal, full_output=True), s.kfactors, regions)
        for s in (core_shell((24, 24), counts=counts) for counts in (20, 320))
    )
    ratio = few.errors["counts"] / many.errors["counts"]
    assert np.all(np.abs(np.median(ratio) - 4) < 0.4)


def test_factors_by_name_by_element_and_in_order_are_the_same(fused):
    whole = np.ones((32, 32), bool)
    by_element = {name.split("_")[0]: (value, 0.0) for name, value in fused.kfactors.items()}
    more = {"Fe_Ka": 7.0, "zr la": 3.0, **fused.kfactors}
    one = composition(fused.maps, fused.output, fused.kfactors, whole)
    for other in (by_element, more, list(fused.kfactors.values())):
        each = composition(fused.maps, fused.output, other, whole)
        np.testing.assert_array_equal(each.atomic_percent, one.atomic_percent)
    assert not one.errors["kfactors"].any()


def test_errors_of_factors_are_those_of_factors_that_are_drawn(fused, rng):
    whole = np.ones((32, 32), bool)
    given = {name: (k, 0.03 * k) for name, k in fused.kfactors.items()}
    found = composition(fused.maps, fused.output, given, whole, composition_units="weight")
    factors = np.array(list(fused.kfactors.values())) * (1 + 0.03 * rng.standard_normal((2000, 3)))
    amounts = found.counts * factors
    drawn = 100 * amounts / amounts.sum(axis=1, keepdims=True)
    stated = found.errors["kfactors"][0]
    np.testing.assert_allclose(stated, np.std(drawn, axis=0), rtol=0.1)


def test_an_element_without_a_map_is_not_counted(fused):
    whole = np.ones((32, 32), bool)
    two = composition(fused.maps[:2], fused.output, fused.kfactors, whole)
    three = composition(fused.maps, fused.output, fused.kfactors, whole)
    np.testing.assert_array_equal(two.counts, three.counts[:, :2])
    expected = three.atomic_percent[:, :2] / three.atomic_percent[:, :2].sum()
    np.testing.assert_allclose(two.atomic_percent, 100 * expected)


def test_inputs_are_not_modified(fused):
    before = [each.data.copy() for each in [*fused.maps, *fused.output["raw_maps"]]]
    keys = set(fused.output), set(fused.output["spectrum_fit"])
    composition(fused.maps, fused.output, fused.kfactors)
    after = [each.data for each in [*fused.maps, *fused.output["raw_maps"]]]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    assert keys == (set(fused.output), set(fused.output["spectrum_fit"]))


def test_pixels_that_were_left_out_have_no_part(fused):
    specimen = fused.specimen
    mask = np.zeros((32, 32), bool)
    mask[:, 10:14] = True
    maps, output = specimen.signal.multimodal_fusion(
        *(specimen.haadf, 1, (0.01, 0.02)), navigation_mask=mask, full_output=True
    )
    whole = composition(maps, output, fused.kfactors, np.ones((32, 32), bool))
    assert whole.pixels == [32 * 28]
    kept = np.array([m.data[~mask].sum() for m in output["raw_maps"]])
    np.testing.assert_allclose(whole.counts[0], kept, rtol=1e-5)
    found = composition(maps, output, fused.kfactors)
    assert not (found.masks & mask).any() and np.isfinite(found.atomic_percent).all()
    assert np.isnan(found.maps[0].data[mask]).all()


def test_a_region_of_vacuum_has_no_composition(fused):
    counts = np.sum([each.data for each in fused.specimen.xrays], axis=0)
    vacuum = counts < 1e-3
    found = composition(fused.maps, fused.output, fused.kfactors, vacuum)
    assert np.isnan(found.atomic_percent).all() and not found.detected.any()
    assert np.isfinite(found.counts).all() and np.isfinite(found.detection_limit_counts).all()


def test_table_and_file_hold_every_region_and_element(fused, tmp_path):
    found = composition(fused.maps, fused.output, fused.kfactors, quarters((32, 32)))
    assert repr(found) == found.table()
    lines = [line for line in found.table().splitlines() if "not uniform" not in line]
    names = [each.strip() for each in lines[0].split("  ") if each]
    assert len(set(names)) == len(names)
    assert len(lines) == 1 + 4 * 3 + 1 and lines[0].split()[:4] == [
        "region",
        "pixels",
        "line",
        "counts",
    ]
    found.to_csv(tmp_path / "composition.csv")
    with open(tmp_path / "composition.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    percent = np.array([float(row["atomic_percent"]) for row in rows]).reshape(4, 3)
    np.testing.assert_allclose(percent, found.atomic_percent, rtol=1e-6)
    assert {row["detected"] for row in rows} <= {"True", "False"}


def test_a_table_says_whether_factors_have_errors(fused, tmp_path):
    whole = np.ones((32, 32), bool)
    name, value = next(iter(fused.kfactors.items()))
    for kfactors, there in (
        (fused.kfactors, False),
        ({**fused.kfactors, name: (value, 0.1)}, True),
    ):
        found = composition(fused.maps, fused.output, kfactors, whole)
        lines = found.table().splitlines()
        assert all(" none " in line for line in lines[1:4]) is not there
        assert ("no standard errors of the factors" in lines[-1]) is not there
        found.to_csv(tmp_path / "composition.csv")
        with open(tmp_path / "composition.csv", newline="", encoding="utf-8") as file:
            cells = [row["error_kfactors"] for row in csv.DictReader(file)]
        assert all(cells) is there and any(cells) is there


def test_errors_are_of_the_units_that_are_asked_for(fused):
    whole = np.ones((32, 32), bool)
    atomic, weight = (
        composition(fused.maps, fused.output, fused.kfactors, whole, composition_units=units)
        for units in ("atomic", "weight")
    )
    np.testing.assert_allclose(atomic.weight_percent, weight.weight_percent)
    assert not np.allclose(atomic.errors["total"], weight.errors["total"])
    np.testing.assert_allclose(weight.covariances.sum(axis=1), 0, atol=1e-9)


def altered(output, totals, mask):
    """Return an output whose raw maps have other totals in a region."""
    raw = []
    for each in output["raw_maps"]:
        line = each.metadata.Sample.xray_lines[0]
        data = each.data.copy()
        if line in totals:
            data[mask] += (totals[line] - data[mask].sum()) / mask.sum()
        raw.append(each._deepcopy_with_new_data(data))
    return {**output, "raw_maps": raw}


def test_negative_counts_beyond_their_errors_leave_no_composition(fused, tmp_path):
    regions = quarters((32, 32))
    wrong = altered(fused.output, {"S_Ka": -400.0}, regions == 2)
    found = composition(fused.maps, wrong, fused.kfactors, regions)
    assert np.isnan(found.atomic_percent[1]).all() and not found.detected[1].any()
    assert np.isfinite(found.atomic_percent[[0, 2, 3]]).all()
    none = ["no composition" in each for each in found.remarks.values()]
    assert none == [False, True, False, False]
    assert "2: no composition: counts are negative (S_Ka -400" in found.table()
    assert np.isnan(found.p_values[1]).all() and np.isfinite(found.p_values[0]).all()
    said = [line.split()[-1] for line in found.table().splitlines() if line.startswith("2 ")]
    assert said == ["?"] * 3
    found.to_csv(tmp_path / "composition.csv")
    assert "background is wrong" in (tmp_path / "composition.csv").read_text()


def test_a_few_negative_counts_are_none(fused):
    whole = np.ones((32, 32), bool)
    output = altered(fused.output, {"S_Ka": -5.0}, whole)
    found = composition(fused.maps, output, fused.kfactors, whole)
    k = found.lines.index("S_Ka")
    np.testing.assert_allclose(found.counts[0, k], -5, rtol=1e-3)
    assert found.atomic_percent[0, k] == 0 and found.errors["total"][0, k] > 0
    np.testing.assert_allclose(found.atomic_percent.sum(), 100)
    assert not found.detected[0, k] and "no composition" not in found.remarks["region"]


def test_errors_beside_counts_are_those_of_noise_and_fit(fused, tmp_path):
    found = composition(fused.maps, fused.output, fused.kfactors, quarters((32, 32)))
    total = found.sums.errors["total"]
    assert np.all(total > found.counts_errors)
    row = found.table().splitlines()[1].split()
    assert float(row[5]) == pytest.approx(total[0, 0], rel=0.1)
    found.to_csv(tmp_path / "composition.csv")
    with open(tmp_path / "composition.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for name, errors in (("counts_error", found.counts_errors), ("counts_total_error", total)):
        written = [float(row[name]) for row in rows]
        np.testing.assert_allclose(written, errors.ravel(), rtol=1e-6)


def test_counts_above_their_noise_that_the_fit_may_explain_are_told(fused):
    found = composition(fused.maps, fused.output, fused.kfactors, quarters((32, 32)))
    # Currie's limit: the rest is the same in all regions
    single = (found.detection_limit_counts - 2 * 1.645 * found.detection_errors) / 1.645**2
    np.testing.assert_allclose(single, single[:1] * np.ones((4, 1)))
    assert np.all(single > 0)
    assert "is not detected" not in found.table()
    detected = np.ones(found.detected.shape, bool)
    detected[2, 1] = False
    errors = np.full(detected.shape, 1234.0)
    hidden = replace(found, detected=detected, detection_errors=errors)
    line = found.lines[1]
    assert f"3: {line} is not detected, because noise and fit together" in hidden.table()
    assert "an error of 1234 counts if it is absent" in hidden.table()
    unknown = replace(hidden, p_values=np.full(detected.shape, np.nan))
    assert "is not detected" not in unknown.table()
