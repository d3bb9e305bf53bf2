"""`composition` says what must be, what was given, and what to do."""

import re

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_multimodal import composition, fuse_maps, region_sums
from hyperspy_multimodal.quantification import detection_map

WHOLE = np.ones((32, 32), bool)


@pytest.mark.parametrize(
    ("kfactors", "message"),
    [
        ({"Co_Ka": 1, "O_Ka": 2}, r"has none for \['S_Ka'\]"),
        ({"Co_Ka": 1, "O_Ka": 2, "Xx_Ka": 3}, "'Xx' is not a chemical element"),
        ({"Co_Ka": 1, "O_Ka": 2, "S_Ka": -3}, r"kfactors\['S_Ka'\] must be a finite number > 0"),
        ({"Co_Ka": 1, "O_Ka": 2, "S_Ka": (3, -1)}, "must be a finite number >= 0"),
        ({"Co_Ka": 1, "O_Ka": 2, "S_Ka": (3, 1, 2)}, "a factor and its standard error"),
        (
            {"Co_Ka": 1, "O_Kaa": 2, "S_Ka": 3},
            "which is not an X-ray line of O. Did you mean 'O_Ka'",
        ),
        ({"Co_Ka": 1, "O": 2, "S_Ka": 3, "Fe_Kaa": 3}, "not an X-ray line of Fe"),
        ({"Co": 1, "Co_La": 1, "O": 2, "S": 3}, "the map is that of Co_Ka. Pass the factor"),
        ([1.0, 2.0], "one factor per map"),
        ("Co", "must be a dictionary"),
        ({"Co_Ka": 1, "O_Ka": 2, "S_Ka": "3"}, "but '3' was given"),
    ],
)
def test_factors(fused, kfactors, message):
    with pytest.raises((TypeError, ValueError), match=message):
        composition(fused.maps, fused.output, kfactors, WHOLE)


def test_names_of_factors_are_checked_before_units(fused):
    maps = [each.deepcopy() for each in fused.maps]
    for each in maps:
        each.metadata.Multimodal_fusion.are_fractions = True
    with pytest.raises(ValueError, match="amounts"):
        composition(maps, fused.output, fused.kfactors, WHOLE)
    with pytest.raises(ValueError, match="Mn_L2"):
        composition(maps, fused.output, {**fused.kfactors, "Mn_L2": 1}, WHOLE)


def test_the_message_says_how_to_leave_out_maps_without_factors(fused):
    few = {"Co_Ka": 1, "S": 3}
    with pytest.raises(ValueError, match=r"none for \['O_Ka'\]") as error:
        composition(fused.maps, fused.output, few, WHOLE)
    own = eval(re.search(r"\[m for .*?\]\]", str(error.value))[0], {"maps": fused.maps})
    assert composition(own, fused.output, few, WHOLE).lines == ["Co_Ka", "S_Ka"]
    with pytest.raises(ValueError, match="none for") as error:
        composition(fused.maps, fused.output, {"Co_Ka": 1}, WHOLE)
    assert "m for m" not in str(error.value)


def test_an_element_that_is_close_to_one_without_a_factor_is_asked_for(fused):
    for wrong, meant in (("Cu", "'Co'"), ("Cu_Ka", "'Co_Ka'")):
        with pytest.raises(ValueError, match=f"Did you mean {meant}, not '{wrong}'"):
            composition(fused.maps, fused.output, {wrong: 1, "O": 2, "S": 3}, WHOLE)
    with pytest.raises(ValueError, match="none for") as error:
        composition(fused.maps, fused.output, {"Fe": 1, "O": 2, "S": 3}, WHOLE)
    assert "Did you mean" not in str(error.value)


def test_factors_without_a_map_are_ignored_and_named(fused, caplog):
    more = {"Co_Ka": 1, "O_Ka": 2, "S_Ka": 3, "Co_La": 5, "Cu_Ka": 4}
    names = ["Co_Ka", "O_Ka", "S_Ka"]
    with caplog.at_level("INFO"):
        found = composition(fused.maps, fused.output, more, WHOLE)
    assert "kfactors of Co_La, Cu_Ka were not used" in caplog.text
    same = composition(fused.maps, fused.output, {name: more[name] for name in names}, WHOLE)
    np.testing.assert_array_equal(found.atomic_percent, same.atomic_percent)


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        (np.ones((8, 8), bool), "must have the shape of the maps"),
        (np.ones((8, 8), int), "must have the shape of the maps"),
        (np.zeros((32, 32), bool), "must contain a pixel"),
        (np.zeros((32, 32), int), "a label > 0"),
        (np.ones((32, 32)), "mask of True"),
        (hs.roi.Line2DROI(0, 0, 5, 5), "Region 'region' must be a ROI with an area"),
        (hs.roi.CircleROI(1000, 1000, 3), "must contain a pixel"),
        ({}, "regions must be None"),
        ("all", "regions must be None"),
    ],
)
def test_regions(fused, regions, message):
    with pytest.raises((TypeError, ValueError), match=message):
        composition(fused.maps, fused.output, fused.kfactors, regions)


def test_maps_and_output(fused):
    k, output = fused.kfactors, fused.output
    with pytest.raises(TypeError, match="maps must be a list of maps"):
        composition(fused.maps[0], output, k, WHOLE)
    with pytest.raises(TypeError, match="an empty list was given"):
        composition([], output, k, WHOLE)
    with pytest.raises(TypeError, match=r"returns \(maps, output\)"):
        composition((fused.maps, output), output, k, WHOLE)
    with pytest.raises(TypeError, match="full_output=True, but list was given"):
        composition(fused.maps, output["raw_maps"], k, WHOLE)
    with pytest.raises(ValueError, match="of one slice"):
        composition(fused.maps, {"slices": [output]}, k, WHOLE)
    with pytest.raises(ValueError, match="of one X-ray line or edge and two axes"):
        composition([m.inav[0] for m in fused.maps], output, k, WHOLE)
    unnamed = [m.deepcopy() for m in fused.maps]
    for each in unnamed:
        del each.metadata.Sample.xray_lines
    with pytest.raises(ValueError, match="maps must be named after their X-ray line or edge"):
        composition(unnamed, output, k, WHOLE)
    with pytest.raises(ValueError, match="of the same scan"):
        composition([m.inav[:8, :8] for m in fused.maps], output, k)
    with pytest.raises(ValueError, match="must be of one line or edge per element"):
        composition([fused.maps[0]] * 2, output, k, WHOLE)
    with pytest.raises(ValueError, match="must be in memory"):
        composition([m.as_lazy() for m in fused.maps], output, k, WHOLE)
    with pytest.raises(ValueError, match="regions must be given if the maps are not fused"):
        composition(output["raw_maps"], output["spectrum_fit"], k)


def test_maps_without_known_noise(fused):
    counts, haadf = fused.specimen.counts, fused.specimen.haadf
    maps, output = fuse_maps(counts, haadf, 1, (0.01, 0.02), full_output=True)
    assert np.isnan(composition(maps, output, fused.kfactors, WHOLE).errors["total"]).all()
    for without in ({}, {**output, "raw_noise": None}, {"raw_maps": output["raw_maps"]}):
        with pytest.raises(ValueError, match="not saved with maps, and not computed for lazy maps"):
            composition(maps, without, fused.kfactors, WHOLE)


@pytest.mark.parametrize(
    "arguments",
    [
        {"composition_units": "mole"},
        {"false_discovery_rate": 0},
        {"false_discovery_rate": 1.0},
        {"seed": -1},
    ],
)
def test_other_arguments(fused, arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        composition(fused.maps, fused.output, fused.kfactors, WHOLE, **arguments)


def test_output_of_another_scan_with_the_same_shape(fused):
    calibrated = [each.deepcopy() for each in fused.output["raw_maps"]]
    for each in calibrated:
        each.axes_manager[0].scale = 0.5
    with pytest.raises(ValueError, match="the axes"):
        composition(fused.maps, {**fused.output, "raw_maps": calibrated}, fused.kfactors, WHOLE)
    other = {**fused.output, "offset": fused.output["offset"] + 0.001}
    with pytest.raises(ValueError, match="of the fusion that gave the maps"):
        composition(fused.maps, other, fused.kfactors, WHOLE)


def test_what_stands_in_the_place_of_the_output(fused):
    with pytest.raises(TypeError, match=r"factors of \['Co_Ka'.* in its place"):
        composition(fused.maps, fused.kfactors, WHOLE)
    with pytest.raises(TypeError, match="full_output=True, but BaseSignal was given"):
        composition(fused.maps, fused.maps[1], fused.kfactors)


@pytest.mark.parametrize(
    "regions",
    [WHOLE, {"core": WHOLE}, hs.roi.CircleROI(9, 9, 3), [WHOLE], np.ones((32, 32), int)],
)
def test_regions_in_the_place_of_the_output(fused, regions):
    """Each function says how it is called."""
    k, again = fused.kfactors, "regions .* were given in its place.* then "
    with pytest.raises(TypeError, match=again + r"region_sums\(maps, output, regions\)"):
        region_sums(fused.maps, regions)
    with pytest.raises(TypeError, match=again + r"composition\(maps, output, kfactors, regions\)"):
        composition(fused.maps, regions, k)
    with pytest.raises(TypeError, match=again + r"detection_map\(maps, output, kfactors\)"):
        detection_map(fused.maps, regions, k)


def test_one_map_alone(fused):
    with pytest.raises(ValueError, match="two elements or more"):
        composition(fused.maps[:1], fused.output, fused.kfactors, WHOLE)


def test_rois_that_lie_outside_name_the_range(fused, caplog):
    with pytest.raises(ValueError, match="x from 0 to 31 nm"):
        composition(fused.maps, fused.output, fused.kfactors, hs.roi.CircleROI(900, 9, 3))
    composition(fused.maps, fused.output, fused.kfactors, hs.roi.RectangularROI(0, 0, 32, 32))
    assert "outside the maps" not in caplog.text
    composition(fused.maps, fused.output, fused.kfactors, hs.roi.CircleROI(30, 9, 6))
    assert "outside the maps" in caplog.text


def test_thickness_without_density_or_far_too_large(fused, caplog):
    settings = {"take_off_angle": 20, "regions": WHOLE, "kfactors": fused.kfactors}
    composition(fused.maps, fused.output, thickness=50, density=6, **settings)
    assert not caplog.text
    composition(fused.maps, fused.output, thickness=50, **settings)
    assert caplog.text.count("No density was given") == 1
    composition(fused.maps, fused.output, thickness=3000, density=6, **settings)
    assert "Absorption multiplies" in caplog.text
