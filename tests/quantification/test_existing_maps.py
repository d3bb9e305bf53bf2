"""Compositions and sums of maps that were not read from spectra."""

import csv
import re

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal import composition, fuse_maps
from hyperspy_multimodal.command.table import raw_errors
from hyperspy_multimodal.quantification import detection_map, region_sums

SHAPE, SCAN = (24, 24), (48, 48)
KFACTORS = {"Co_Ka": (1.2, 0.05), "O_Ka": (1.9, 0.1)}
CO = np.where(np.indices(SHAPE)[1] < 12, 6.0, 2.0)
TRUTH = {"Co_Ka": CO, "O_Ka": 5.0 - CO / 2}
HAADF = CO + 0.1 * TRUTH["O_Ka"]


def counts(seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.poisson(image).astype(float) for name, image in TRUTH.items()}


def fused(maps, haadf=HAADF, **arguments):
    settings = {"gamma": 1, "lambdas": (0.01, 0.02), "full_output": True}
    return fuse_maps(maps, haadf, **settings, show_progressbar=False, **arguments)


def squares():
    rows, columns = np.indices(SHAPE) // 4
    return 1 + 6 * rows + columns


def test_sums_are_those_of_the_maps_and_errors_those_of_counts():
    maps = counts()
    found = region_sums(*fused(maps), squares())
    masks = [squares() == number for number in range(1, 37)]
    assert found.lines == list(TRUTH)
    raw = np.array([[maps[line][mask].sum() for line in found.lines] for mask in masks])
    np.testing.assert_allclose(found.counts, raw)
    np.testing.assert_allclose(found.errors["total"], np.sqrt(raw))


def test_two_thirds_of_true_compositions_are_within_one_error():
    weights = np.array([58.933, 15.999])
    pulls = []
    for seed in range(3):
        found = composition(*fused(counts(seed)), {"Co_Ka": 1.2, "O_Ka": 1.9}, squares())
        masks = found.masks.reshape(len(found.masks), -1)
        true = masks @ np.array([image.ravel() for image in TRUTH.values()]).T
        true = true * [1.2, 1.9] / weights
        percent = 100 * true / true.sum(axis=1, keepdims=True)
        pulls.append((found.atomic_percent - percent)[:, 0] / found.errors["total"][:, 0])
    pulls = np.abs(np.concatenate(pulls))
    assert 0.58 < (pulls < 1).mean() < 0.78 and (pulls < 2).mean() > 0.9


def test_a_gain_scales_counts_and_errors():
    one = region_sums(*fused(counts()), squares())
    scaled = {name: 7.5 * image for name, image in counts().items()}
    other = region_sums(*fused(scaled, gain=7.5), squares())
    np.testing.assert_allclose(other.counts, 7.5 * one.counts)
    np.testing.assert_allclose(other.errors["total"], 7.5 * one.errors["total"])
    errors = [
        composition(*each, KFACTORS, squares()).errors["total"]
        for each in (fused(counts()), fused(scaled, gain=7.5))
    ]
    np.testing.assert_allclose(*errors)


def test_a_background_that_was_subtracted_adds_its_noise():
    rng = np.random.default_rng(1)
    net = {name: rng.poisson(image + 3.0) - 3.0 for name, image in TRUTH.items()}
    found = region_sums(*fused(net, gain=1, background=3.0), squares())
    np.testing.assert_allclose(
        np.square(found.errors["counts"]), np.maximum(found.counts, 0) + 3.0 * 16, rtol=0.06
    )


def test_a_pedestal_is_not_summed_but_its_noise_is():
    rng = np.random.default_rng(1)
    gross = {name: rng.poisson(image + 3.0).astype(float) for name, image in TRUTH.items()}
    maps, output = fused(gross, pedestal=3.0)
    found = region_sums(maps, output, {"all": np.ones(SHAPE, bool)})
    sums = np.array([image.sum() for image in gross.values()])
    np.testing.assert_allclose(found.counts[0], sums - 3.0 * 24**2)
    np.testing.assert_allclose(found.errors["counts"][0], np.sqrt(sums), rtol=1e-3)


def test_pixels_that_are_left_out_have_no_part():
    mask = np.zeros(SHAPE, bool)
    mask[:, :4] = True
    found = region_sums(*fused(counts(), navigation_mask=mask), {"all": np.ones(SHAPE, bool)})
    assert found.pixels[0] == 24 * 20
    np.testing.assert_allclose(found.counts[0], [image[:, 4:].sum() for image in counts().values()])


def test_what_is_not_known_is_said(tmp_path):
    found = composition(*fused(counts()), KFACTORS, {"all": np.ones(SHAPE, bool)})
    table = found.table()
    assert " none " in table and "background and of overlapping lines are not known" in table
    assert all(line.split()[-2:] == ["?", "?"] for line in table.splitlines()[1:3])
    assert not found.detected.any() and np.isnan(found.detection_limits).all()
    found.to_csv(tmp_path / "composition.csv")
    with open(tmp_path / "composition.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["detected"] for row in rows} == {row["error_fit"] for row in rows} == {""}
    assert "none" in region_sums(*fused(counts()), np.ones(SHAPE, bool)).table()


def test_regions_are_found_in_existing_maps():
    found = composition(*fused(counts()), KFACTORS)
    assert len(found.regions) == 2
    assert composition(*fused(counts()), KFACTORS, "auto").table() == found.table()
    assert abs(found.atomic_percent[0, 0] - found.atomic_percent[1, 0]) > 10


def scaled_counts(factors, in_steps=False):
    """Return counts of a larger scan in other units, and its HAADF."""
    rng = np.random.default_rng(4)
    enlarge = np.ones((2, 2))
    scatter = 0.0 if in_steps else 1e-3
    maps = {
        name: factor * rng.poisson(np.kron(image, enlarge)) * rng.normal(1.0, scatter, SCAN)
        for factor, (name, image) in zip(factors, TRUTH.items(), strict=True)
    }
    return maps, np.kron(HAADF, enlarge)


def test_an_estimated_gain_is_used_and_said():
    maps, haadf = scaled_counts((1e-11, 1e-11))
    regions = np.kron(squares(), np.ones((2, 2), int))
    estimated = fused(maps, haadf)
    found = composition(*estimated, KFACTORS, regions)
    gain = estimated[0][0].metadata.Multimodal_fusion.gain
    np.testing.assert_allclose(gain, 1e-11, rtol=0.3)
    given = composition(*fused(maps, haadf, gain=1e-11), KFACTORS, regions)
    np.testing.assert_allclose(found.atomic_percent, given.atomic_percent)
    np.testing.assert_allclose(found.errors["total"], given.errors["total"], rtol=0.2)
    assert found.table().count("one count is worth, in map units, Co_Ka") == 1
    assert "worth" not in given.table()
    sums = region_sums(*estimated, regions)
    assert (
        "one count is worth, in map units, Co_Ka" in sums.table()
        and sums.counts_unit == "map units"
    )


def test_columns_are_named_after_what_they_hold(tmp_path):
    scaled = {name: 7.5 * image for name, image in counts().items()}
    for maps, gain, name in ((counts(), None, "counts"), (scaled, 7.5, "map units")):
        both = [
            function(*fused(maps, gain=gain), *arguments)
            for function, arguments in (
                (composition, (KFACTORS, squares())),
                (region_sums, (squares(),)),
            )
        ]
        for found in both:
            assert name in found.table().splitlines()[0]
            found.to_csv(tmp_path / "table.csv")
            head = (tmp_path / "table.csv").read_text().splitlines()[0].split(",")
            assert name.replace(" ", "_") in head
            assert ("counts" in head) == (name == "counts")


def test_maps_in_different_units_have_no_composition():
    maps, haadf = scaled_counts((0.37, 30.0))
    with pytest.raises(ValueError, match="same unit, but their noise suggests different ones"):
        composition(*fused(maps, haadf), KFACTORS)
    with pytest.raises(ValueError, match="only if you know from the software"):
        composition(*fused(maps, haadf), KFACTORS)
    whole = np.ones(haadf.shape, bool)
    assert region_sums(*fused(maps, haadf), whole).table()  # each map in its own unit


def test_no_regions_are_found_in_maps_in_different_units():
    """What is told to do is not what was just done."""
    maps, haadf = scaled_counts((0.37, 30.0))
    with pytest.raises(ValueError, match=r"No regions .* different units.* regions of your own"):
        region_sums(*fused(maps, haadf))


def test_maps_that_were_normalised_one_by_one_have_the_composition_of_their_counts():
    """The steps between their values show the gains."""
    regions = np.kron(squares(), np.ones((2, 2), int))
    one = composition(*fused(*scaled_counts((1.0, 1.0), in_steps=True)), KFACTORS, regions)
    other = composition(*fused(*scaled_counts((0.37, 1 / 30), in_steps=True)), KFACTORS, regions)
    for name in ("counts", "counts_errors", "atomic_percent"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6)
    np.testing.assert_allclose(one.errors["total"], other.errors["total"], rtol=1e-6)


@pytest.mark.parametrize("regions", [squares(), None])
def test_maps_whose_own_gains_were_given_have_the_composition_of_their_counts(regions, tmp_path):
    maps, gains = counts(), {"Co_Ka": 2.0, "O_Ka": 0.1}
    scaled = {name: gains[name] * each for name, each in maps.items()}
    one = composition(*fused(maps), KFACTORS, regions)
    other = composition(*fused(scaled, gain=list(gains.values())), KFACTORS, regions)
    np.testing.assert_array_equal(one.masks, other.masks)
    for name in ("counts", "counts_errors", "atomic_percent", "weight_percent", "rims"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-3)
    for a, b in zip(one.maps, other.maps, strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=0.02, atol=0.2)
    np.testing.assert_allclose(one.errors["total"], other.errors["total"], rtol=1e-3)
    assert other.counts_unit == "counts"
    remark = "maps were divided by their gains, Co_Ka 2, O_Ka 0.1"
    assert remark in other.table() and remark not in one.table()


def test_gains_that_were_estimated_or_are_the_same_convert_nothing():
    maps, haadf = scaled_counts((0.37, 0.37))
    for gain in (None, 0.37, [0.37, 0.37]):
        found = composition(*fused(maps, haadf, gain=gain), KFACTORS)
        assert found.counts_unit == "map units" and "divided" not in found.table()


def test_errors_contain_by_how_much_noise_that_was_cut_off_may_have_raised_sums():
    rng = np.random.default_rng(0)
    rows = np.indices((96, 96))[0]
    means = {"Co_Ka": np.where(rows > 48, 2.0, 0.0), "O_Ka": np.where(rows > 64, 1.0, 0.0)}
    noisy = {
        name: rng.poisson(each) + rng.normal(0, 0.5, each.shape) for name, each in means.items()
    }
    regions = {"dark": rows < 40, "bright": rows > 70, "all": rows >= 0}
    haadf, true = (
        means["Co_Ka"] + 0.1,
        [[each[mask].sum() for each in means.values()] for mask in regions.values()],
    )
    for clipped in (False, True):
        maps = {name: np.maximum(each, 0) if clipped else each for name, each in noisy.items()}
        found = region_sums(*fused(maps, haadf), regions)
        off = np.abs(found.counts - true)
        assert np.all(off < 3 * found.errors["total"])
        assert ("noise below 0 may have been cut off" in found.table()) == clipped
        assert np.all((found.errors["fit"] > 0) == clipped)
    dark = found.errors["fit"][0]
    np.testing.assert_allclose(
        found.errors["fit"][2] / dark, rows.size / regions["dark"].sum(), 0.01
    )
    assert np.all(off[0] > 3 * found.errors["counts"][0])  # without it, errors would be wrong


def test_an_unknown_noise_leaves_sums_and_compositions_without_errors():
    rng, rows = np.random.default_rng(0), np.indices((96, 96))[0]
    band = 1 + 8 * np.exp(-np.square((rows - 48) / 3))
    unknown = {name: ndimage.gaussian_filter(rng.poisson(band) / 7, (0.3, 4)) for name in TRUTH}
    regions = {"band": abs(rows - 48) < 6, "beside": abs(rows - 48) >= 6}
    maps, output = fused(unknown, band)
    sums = region_sums(maps, output, regions)
    raw = [[image[mask].sum() for image in unknown.values()] for mask in regions.values()]
    np.testing.assert_allclose(sums.counts, raw)
    assert np.isnan(sums.errors["total"]).all()
    found = composition(maps, output, KFACTORS, regions)
    known = composition(*fused(unknown, band, gain=1 / 7), KFACTORS, regions)
    np.testing.assert_allclose(found.atomic_percent, known.atomic_percent)
    assert np.isnan(found.errors["total"]).all() and not found.detected.any()
    assert np.isfinite(known.errors["total"]).all()
    for table in (sums.table(), found.table()):
        assert "noise: unknown for Co_Ka, O_Ka" in table and "as `gain` if you know" in table
    for function, arguments in ((region_sums, ()), (composition, (KFACTORS,))):
        with pytest.raises(ValueError, match="No regions can be found, because the noise of"):
            function(maps, output, *arguments)


def test_where_background_must_be_known_maps_are_refused():
    with pytest.raises(ValueError, match="Their background is not known"):
        detection_map(*fused(counts()), KFACTORS)


def of_elements(maps):
    return {name.split("_")[0]: image for name, image in maps.items()}


@pytest.mark.parametrize("regions", [squares(), None])
def test_sums_need_no_lines(regions):
    found = region_sums(*fused(of_elements(counts())), regions)
    named = region_sums(*fused(counts()), regions)
    assert found.lines == ["Co", "O"] and found.regions == named.regions
    np.testing.assert_array_equal(found.masks, named.masks)
    # HAADF weights that are taken from lines change the noise that is added to find regions
    np.testing.assert_allclose(found.counts, named.counts, rtol=1e-3)
    np.testing.assert_allclose(found.errors["total"], named.errors["total"], rtol=1e-3)


@pytest.mark.parametrize("regions", [squares(), None])
@pytest.mark.parametrize("unit", [1.0, 7.5])
def test_a_composition_needs_lines_which_may_be_named_after_the_fusion(regions, unit):
    images = {name: unit * image for name, image in counts().items()}
    gain = dict(zip(("Co", "O"), (unit, unit), strict=True))
    maps, output = fused(of_elements(images), gain=gain)
    maps[1].metadata.Sample.xray_lines = ["O_Ka"]
    with pytest.raises(ValueError, match=r"those of Co are not.*without fusing.*maps\[0\].meta"):
        composition(maps, output, KFACTORS, regions)
    maps[0].metadata.Sample.xray_lines = ["Co_Ka"]
    found = composition(maps[::-1], output, KFACTORS, regions)
    named = composition(*fused(images, gain=unit), KFACTORS, regions)
    assert found.regions == named.regions
    np.testing.assert_allclose(found.atomic_percent[:, ::-1], named.atomic_percent, rtol=1e-3)
    np.testing.assert_allclose(found.errors["total"][:, ::-1], named.errors["total"], rtol=1e-3)


def test_lines_that_are_named_after_the_fusion_must_exist_and_be_of_the_element():
    maps, output = fused(of_elements(counts()))
    maps[1].metadata.Sample.xray_lines = ["O_Ka"]
    for wrong, words in (("Co_Kx", "Co has no X-ray line 'Co_Kx'"), ("Fe_Ka", "no raw maps of")):
        maps[0].metadata.Sample.xray_lines = [wrong]
        with pytest.raises(ValueError, match=words):
            composition(maps, output, {wrong: 1.0, "O_Ka": 1.0}, squares())


def test_the_note_on_the_fit_names_all_that_the_errors_hold():
    rng, rows = np.random.default_rng(0), np.indices((96, 96))[0]
    mean = np.where(rows > 48, 2.0, 0.0)
    noisy = rng.poisson(mean) + 0.3 + rng.normal(0, 0.5, mean.shape)
    regions = {"all": rows >= 0}
    for clipped in (False, True):
        image = np.maximum(noisy, 0) if clipped else noisy
        for pedestal in (None, "vacuum"):
            maps, output = fused({"Co_Ka": image}, mean, pedestal=pedestal, gain=1.0)
            found = region_sums(maps, output, regions)
            table, [[error]] = found.table(), found.errors["fit"]
            told = re.search(r"error of the pedestal that was subtracted, Co_Ka ([\d.]+) %", table)
            too_high = re.search(r"by at most Co_Ka ([\d.]+) per pixel", table)
            assert (told is None, too_high is None) == (pedestal is None, not clipped)
            parts = [float(told[1]) / 100 * found.counts[0, 0]] if told else [0.0]
            parts += [float(too_high[1]) * rows.size] if too_high else []
            assert np.linalg.norm(parts) == pytest.approx(error, rel=0.05)
            [in_table] = raw_errors(maps, output)
            assert in_table == pytest.approx(found.errors["total"][0, 0], rel=0.1)


def test_the_error_of_a_pedestal_is_the_same_in_all_pixels():
    rng, (rows, cols) = np.random.default_rng(0), np.indices((96, 96))
    particle = np.hypot(rows - 48, cols - 40) < 16
    uneven = 1 + 0.25 * (cols - 48) / 48
    counts = {name: rng.poisson(uneven + 12.0 * particle).astype(float) for name in TRUTH}
    haadf = 1000.0 * particle + rng.normal(0, 5, particle.shape) + 50
    maps, output = fused(counts, haadf, pedestal="vacuum")
    regions = {"particle": particle, "beside": cols > 72, "all": np.ones_like(particle)}
    found = region_sums(maps, output, regions)
    per_pixel = found.errors["fit"] / found.pixels[:, None]
    np.testing.assert_allclose(per_pixel, per_pixel[:1] * np.ones((3, 1)), rtol=1e-6)
    # nothing is there, although the background is higher than elsewhere in vacuum
    assert np.all(np.abs(found.counts[1]) < 2.5 * found.errors["total"][1])
    truth = 12.0 * particle.sum()
    assert np.all(np.abs(found.counts[0] - truth) < 3 * found.errors["total"][0])
