"""Counts of regions and their errors."""

import csv

import numpy as np
import pytest

from hyperspy_multimodal import composition, fit_maps, region_sums
from hyperspy_multimodal.data import core_shell
from hyperspy_multimodal.quantification.factors import atomic_weights

SHAPE = 32, 32


def squares():
    rows, columns = np.indices(SHAPE) // 8
    return 1 + 4 * rows + columns


def test_sums_and_errors_are_those_of_the_composition(fused):
    found = region_sums(fused.maps, fused.output, squares())
    other = composition(fused.maps, fused.output, fused.kfactors, squares())
    assert found.lines == other.lines and found.regions == other.regions
    np.testing.assert_array_equal(found.pixels, 64)
    np.testing.assert_allclose(found.counts, other.counts)
    np.testing.assert_allclose(found.errors["counts"], other.counts_errors)
    squared = np.square(found.errors["counts"]) + np.square(found.errors["fit"])
    np.testing.assert_allclose(np.square(found.errors["total"]), squared)
    np.testing.assert_allclose(np.diagonal(found.covariances, axis1=1, axis2=2), squared)
    assert other.sums.table() == found.table()
    np.testing.assert_allclose(other.sums.covariances, found.covariances)


def test_sums_of_found_regions_are_those_of_their_composition(fused):
    """With the noise that keeps regions independent of the counts."""
    found = composition(fused.maps, fused.output, fused.kfactors)
    assert found.sums.regions == found.regions and len(found.regions) > 1
    np.testing.assert_array_equal(found.sums.counts, found.counts)
    np.testing.assert_allclose(found.sums.errors["counts"], found.counts_errors)
    given = composition(fused.maps, fused.output, fused.kfactors, squares())
    for with_noise, without in ((found, given), (found.sums, given.sums)):
        assert "noise was added" in with_noise.table()
        assert "noise was added" not in without.table()


def test_sums_are_of_raw_maps_not_of_fused_ones(fused):
    left = np.arange(SHAPE[1]) < 8
    mask = left & np.ones(SHAPE, bool)
    found = region_sums(fused.maps, fused.output, {"left": mask})
    raw = [each.data[mask].sum() for each in fused.output["raw_maps"]]
    np.testing.assert_allclose(found.counts[0], raw, rtol=1e-5)
    assert not np.allclose(raw, [each.data[mask].sum() for each in fused.maps], rtol=1e-3)


def test_two_thirds_of_the_true_counts_are_within_one_error():
    pulls = []
    for seed in range(4):
        specimen = core_shell(SHAPE, counts=20, seed=seed)
        found = region_sums(*fit_maps(specimen.signal, full_output=True), squares())
        regions = [squares() == number for number in range(1, 17)]
        truth = [[each.data[mask].sum() for each in specimen.xrays] for mask in regions]
        known = found.errors["total"] > 0  # nothing was counted in vacuum
        pulls.append((found.counts - truth)[known] / found.errors["total"][known])
    pulls = np.abs(np.concatenate(pulls))
    assert 0.6 < (pulls < 1).mean() < 0.76
    assert 0.92 < (pulls < 2).mean() < 0.98


def test_table_and_file_have_a_row_for_each_region_and_line(fused, tmp_path):
    found = region_sums(fused.maps, fused.output, {"a": squares() == 1, "b": squares() > 8})
    lines = found.table().splitlines()
    assert len(lines) == 1 + 2 * len(fused.maps)
    assert lines[-1].split()[:3] == ["b", "512", found.lines[-1]]
    assert f"{found.counts[-1, -1]:.1f}" in lines[-1]
    assert repr(found) == found.table()
    found.to_csv(tmp_path / "counts.csv")
    with open(tmp_path / "counts.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["region"] for row in rows] == [line.split()[0] for line in lines[1:]]
    errors = [float(row["error"]) for row in rows]
    np.testing.assert_allclose(errors, found.errors["total"].ravel(), rtol=1e-6)


def test_regions_are_found_as_for_a_composition(fused):
    found = region_sums(fused.maps, fused.output)
    # what decides are shares of the counts, as of atoms if each count is one
    weights = atomic_weights([line.split("_")[0] for line in found.lines])
    other = composition(fused.maps, fused.output, list(weights))
    assert found.regions == other.regions and len(found.regions) > 1
    np.testing.assert_array_equal(found.masks, other.masks)
    np.testing.assert_allclose(found.counts, other.counts)
    of_all = region_sums(fused.maps, fused.output, list(found.masks))
    np.testing.assert_array_equal(of_all.masks, found.masks)
    assert (found.errors["counts"] > 1.2 * of_all.errors["counts"]).mean() > 0.8


def test_unfused_maps_have_no_regions_to_find(fused):
    fitted = fit_maps(fused.specimen.signal, full_output=True)
    with pytest.raises(ValueError, match="regions must be given"):
        region_sums(*fitted)
    with pytest.raises(ValueError, match="seed"):
        region_sums(fused.maps, fused.output, seed=-1)


def test_one_map_has_sums_but_no_composition(fused):
    alone = region_sums(fused.maps[:1], fused.output, squares())
    every = region_sums(fused.maps, fused.output, squares())
    np.testing.assert_allclose(alone.counts[:, 0], every.counts[:, 0])
    with pytest.raises(ValueError, match="two elements"):
        composition(fused.maps[:1], fused.output, [1.0], squares())


def test_errors_of_the_fit_are_at_most_the_counts_beneath_the_line():
    specimen = core_shell(SHAPE, counts=200)
    without = {"shells": specimen.xrays[2].data < 0.05}
    maps, output = fit_maps(specimen.signal, full_output=True)
    k = [each.metadata.Sample.xray_lines[0] for each in maps].index("S_Ka")
    output["common_covariance"] = np.diag(np.full(3, 1e10))
    found = region_sums(maps, output, without)
    beneath = output["variances"]["S_Ka"][without["shells"]].sum()
    beneath = beneath / output["variances_per_count"]["S_Ka"] + abs(found.counts[0, k])
    assert found.errors["fit"][0, k] <= beneath
    # unlisted elements have their counts in the line itself
    output["hidden_errors"]["S_Ka"] = 1e5
    hidden = region_sums(maps, output, without)
    assert hidden.errors["fit"][0, k] > 10 * beneath
    output["hidden_errors"] = None  # not told from the rest
    assert region_sums(maps, output, without).errors["fit"][0, k] > 10 * beneath
