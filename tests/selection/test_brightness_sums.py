"""Sums over dark and bright pixels of the HAADF become those of the counts, if these are sure."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.counts.masked_maps import masked_maps
from hyperspy_multimodal.selection import (
    BRIGHTNESS,
    brightness_classes,
    given_back,
    kept_structure,
)
from hyperspy_multimodal.selection.brightness_sums import (
    ByBrightness,
    resharpened,
    wrong_brightness_sums,
)

SIDE = 48
ROWS, COLS = np.indices((SIDE, SIDE))
DOME = np.clip(1 - np.hypot(ROWS - 21, COLS - 26) / 18, 0, 1)
HAADF = 0.1 + 0.9 * np.sqrt(DOME)
TRUTH = np.stack([24.0 * np.sqrt(DOME), np.full((SIDE, SIDE), 3.0)])
CLASSES = brightness_classes(HAADF)


def drawn(seed=0, truth=TRUTH):
    counts = np.random.default_rng(seed).poisson(truth).astype(float)
    n = len(counts)
    return ElementMaps(list("ab"[:n]), counts, np.eye(n), np.zeros((n, n)), np.zeros((n, 1, 1)))


def wrong(maps, fused, haadf=HAADF, totals=None, units=(1.0, 1.0)):
    totals = maps.net.sum(axis=(1, 2)) if totals is None else totals
    return wrong_brightness_sums(maps, fused, haadf, totals, units)[0]


@pytest.fixture(scope="module")
def flattened():
    """Counts, and fused maps of which the first has lost counts to dark pixels."""
    maps = drawn()
    fused = ndimage.gaussian_filter(TRUTH, (0, 2.5, 2.5))
    return maps, fused * maps.net.sum(axis=(1, 2))[:, None, None] / fused.sum(axis=(1, 2))[
        :, None, None
    ]


def test_sums_of_an_element_that_was_smoothed_too_much_become_those_of_its_counts(flattened):
    maps, fused = flattened
    found = wrong(maps, fused)
    kept = given_back(fused, maps, found, maps.net.sum(axis=(1, 2)))
    assert {each.element for each in found} == {0} and len(found) == 3
    assert found[0].significance < 0 < found[2].significance
    for each in CLASSES:
        counts = maps.net[0][each].sum()
        assert abs(kept[0][each].sum() - counts) < 4 * np.sqrt(counts)
    assert kept[0].min() >= 0
    np.testing.assert_array_equal(kept[1], fused[1])
    assert kept[0].sum() == pytest.approx(maps.net[0].sum(), rel=1e-6)
    error, before = (np.square(each[0] - TRUTH[0]).sum() for each in (kept, fused))
    assert error < before


def test_nothing_remains_nothing_and_nothing_becomes_negative(flattened):
    maps, fused = flattened
    classes = [each.window for each in wrong(maps, fused)[:3]]
    fused = np.where(COLS < 40, fused, 0.0)
    np.testing.assert_allclose(sum(each.share for each in classes), 1.0)
    kept = resharpened(fused[0], maps.net[0], classes)
    assert np.all(kept[:, 40:] == 0) and kept.min() >= 0
    assert (kept - fused[0])[CLASSES[2]].sum() > 0


@pytest.mark.parametrize(("blur", "is_sharper"), [(2.5, True), (0.3, False)])
def test_edges_are_sharpened_only_where_counts_show_their_blur(blur, is_sharper):
    """The noise of the counts, which the map follows, is no reason."""
    maps = drawn(truth=4 * TRUTH)
    followed = 4 * TRUTH[0] + 0.2 * ndimage.gaussian_filter(maps.net[0] - 4 * TRUTH[0], 1.0)
    fused = ndimage.gaussian_filter(followed, blur)
    fused *= maps.net[0].sum() / fused.sum()
    shares = [each.astype(float) for each in CLASSES]
    shares[1] = shares[1] - shares[2]
    windows = [ByBrightness(str(n), each > 0, each) for n, each in enumerate(shares)]
    kept = resharpened(fused, maps.net[0], windows)
    factors = [kept[each > 0].sum() / fused[each > 0].sum() for each in shares]
    even = sum(factor * fused * share for factor, share in zip(factors, shares, strict=True))
    assert (np.abs(kept - even).max() > 0.5) == is_sharper


@pytest.mark.parametrize("seed", range(5))
def test_maps_that_are_right_stay(seed):
    """The chance is one in a thousand scans."""
    truth = TRUTH * 10.0 ** -(seed % 3)
    assert not any(wrong(drawn(100 * seed + n, truth), truth) for n in range(20))


def test_free_totals_a_large_unit_and_a_flat_haadf_leave_maps_as_they_are(flattened):
    maps, fused = flattened
    assert wrong(maps, fused)
    assert not wrong(maps, fused, totals=np.full(2, np.nan))
    assert not wrong(maps, fused, units=(10.0, 10.0))
    assert not wrong(maps, fused, haadf=np.full((SIDE, SIDE), 0.5))


def test_no_counts_are_no_proof_against_a_fraction_of_one():
    maps = drawn(truth=np.zeros((1, SIDE, SIDE)))
    assert not wrong(maps, np.where(CLASSES[0], 1e-4, 0.0)[None], units=(1.0,))


def test_pixels_that_are_left_out_count_for_nothing(flattened):
    maps, fused = flattened
    mask = COLS > 30
    masked, fused = masked_maps(maps, mask), np.where(mask, 0.0, fused)
    totals = masked.net.sum(axis=(1, 2), where=~mask)
    kept, lost, _ = kept_structure(masked, fused, totals, HAADF)
    assert any(each.window.family == BRIGHTNESS for each in lost)
    for each in brightness_classes(HAADF, mask):
        counts = maps.net[0][each].sum()
        assert abs(kept[0][each].sum() - counts) < 4 * np.sqrt(counts)
    assert kept[0].sum() == pytest.approx(totals[0], rel=1e-6)


def test_noise_of_the_haadf_is_no_brightness(flattened):
    """Two thicknesses: what is brightest is noise, and must not part the bright pixels."""
    maps, fused = flattened
    noise = np.random.default_rng(0).normal(0, 0.02, (SIDE, SIDE))
    two = wrong(maps, fused, haadf=(DOME > 0) + noise)
    assert [each.window.name for each in two] == ["dark pixels", "bright pixels"]


def test_a_few_counts_beside_a_grain_in_vacuum_are_not_enough():
    grain = np.where(np.hypot(ROWS - 21, COLS - 26) < 12, 3.0, 0.0)[None]
    maps = drawn(truth=grain)
    fused = ndimage.gaussian_filter(grain, (0, 0.5, 0.5)) * maps.net.sum() / grain.sum()
    beside = grain[0] == 0
    assert fused[0][beside].sum() > 5 and not wrong(maps, fused, grain[0] / 3, units=(1.0,))


def test_a_scan_of_which_nothing_is_left_has_nothing_to_correct(flattened):
    maps, fused = flattened
    masked = masked_maps(maps, np.ones((SIDE, SIDE), bool))
    assert not wrong(masked, 0 * fused)
