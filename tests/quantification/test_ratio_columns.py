"""Ratios of areal densities in tables, and their errors by source."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from hyperspy_multimodal import composition
from hyperspy_multimodal.data import core_loss

SHAPE = 24, 24


@pytest.fixture(scope="module")
def found():
    specimen = core_loss(SHAPE, counts=200)
    maps, output = specimen.signal.multimodal_fusion(
        *(specimen.haadf, 1, (0.01, 0.02)), map_method="fit", full_output=True
    )
    left = np.indices(SHAPE)[1] < 12
    return composition(maps, output, None, {"left": left, "right": ~left})


def test_the_table_has_ratios_to_the_most_abundant_element(found):
    head, *rows = found.table().splitlines()
    assert head.endswith("per O")
    ratios, errors = found.ratios("Mn", "O")
    row = next(each for each in rows if each.startswith("left") and "Mn_L3" in each)
    assert row.endswith(f"{ratios[0]:.2f} +- {errors[0]:.2f}")
    assert next(each for each in rows if "O_K" in each).endswith("  1")


def test_edges_name_their_elements(found):
    expected = found.ratios("Mn", "O")
    for names in (("Mn_L3", "O_K"), ("Mn", "O_K"), ("Mn_L3", "O")):
        np.testing.assert_array_equal(found.ratios(*names), expected)
    with pytest.raises(ValueError, match=r"`element` must be one of .*'Mn'.*'Mn_L3'.*'Mn_L2'"):
        found.ratios("Mn_L2", "O")


def test_files_have_the_ratios(found, tmp_path):
    found.to_csv(tmp_path / "composition.csv")
    with open(tmp_path / "composition.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ratios, errors = found.ratios("Co", "O")
    row = next(each for each in rows if each["region"] == "right" and each["line"] == "Co_L3")
    assert row["ratio_to"] == "O"
    assert float(row["ratio"]) == pytest.approx(ratios[1])
    assert float(row["ratio_error"]) == pytest.approx(errors[1])
    reference = next(each for each in rows if each["line"] == "O_K")
    assert (reference["ratio_to"], reference["ratio"], reference["ratio_error"]) == ("", "", "")


def test_sources_add_up_to_the_total_error(found):
    ratios, total = found.ratios("Mn", "Co")
    parts = [found.ratios("Mn", "Co", errors=each)[1] for each in ("counts", "fit", "kfactors")]
    np.testing.assert_allclose(np.sqrt(np.square(parts).sum(axis=0)), total)
    # an error of 20 % of each cross-section, in all regions alike
    np.testing.assert_allclose(parts[2] / ratios, np.hypot(0.2, 0.2), rtol=1e-6)
    with pytest.raises(ValueError, match="`errors` must be one of"):
        found.ratios("Mn", "Co", errors="noise")


@pytest.mark.parametrize("ratio_to", ["Mn", "Mn_L3", "Co", "O"])
def test_ratios_refer_to_the_element_that_is_chosen(found, tmp_path, ratio_to):
    element = ratio_to[:2].rstrip("_")
    head, *lines = found.table(ratio_to=ratio_to).splitlines()
    assert head.endswith(f"per {element}")
    found.to_csv(tmp_path / "composition.csv", ratio_to=ratio_to)
    with open(tmp_path / "composition.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, line in zip(rows, lines, strict=False):
        name = row["line"].partition("_")[0]
        if name == element:
            assert row["ratio_to"] == row["ratio"] == "" and line.endswith(" 1")
            continue
        ratios, errors = (
            each[int(row["region"] == "right")] for each in found.ratios(name, element)
        )
        assert row["ratio_to"] == element
        assert float(row["ratio"]) == pytest.approx(ratios)
        assert float(row["ratio_error"]) == pytest.approx(errors)
        assert line.endswith(f" {ratios:.2f} +- {errors:.2f}")


def test_ratios_refer_to_an_element_of_the_composition(found, tmp_path):
    for write in (found.table, lambda **given: found.to_csv(tmp_path / "none.csv", **given)):
        with pytest.raises(ValueError, match=r"`ratio_to` must be one of .*'Mn'.* 'Zn' was given"):
            write(ratio_to="Zn")
    assert not (tmp_path / "none.csv").exists()


def test_small_ratios_have_errors_that_are_seen(found):
    scale = np.where(np.array(found.elements) == "Mn", 1e-3, 1.0)
    covariances = found.covariances * np.outer(scale, scale)
    few = replace(found, atomic_percent=found.atomic_percent * scale, covariances=covariances)
    ratios, errors = few.ratios("Mn", "O")
    lines = [each for each in few.table("O").splitlines() if each.split()[2] == "Mn_L3"]
    for line, ratio, error in zip(lines, ratios, errors, strict=True):
        value, _, written = line.split()[-3:]
        assert float(written) == pytest.approx(error, rel=0.5) and float(written) > 0
        assert float(value) == pytest.approx(ratio, abs=error)
