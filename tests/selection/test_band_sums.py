"""Sums over ranges of brightness become those of the counts if they are significantly wrong."""

from unittest.mock import patch

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.counts.masked_maps import masked_maps
from hyperspy_multimodal.selection import BRIGHTNESS, band_sums, kept_structure, restored_windows
from hyperspy_multimodal.selection.band_sums import _bounded, _parts, with_band_sums
from hyperspy_multimodal.selection.brightness_bands import Bands, bands_of
from hyperspy_multimodal.selection.lost_structure import Expectation
from hyperspy_multimodal.selection.wrong_ranges import Ranges, wrong_ranges

SIDE = 64
ROWS, COLS = np.indices((SIDE, SIDE))
DOME = np.sqrt(np.clip(1 - np.hypot(ROWS - 30, COLS - 36) / 24, 0, 1))
#: A grain on a film that becomes brighter from top to bottom.
HAADF = np.where(DOME > 0, 0.2 + 0.8 * DOME, 0.002 * ROWS)
BANDS = Bands(HAADF)
TRUTH = 8 * DOME + 0.5


def drawn(truth, seed=0, background=0.0, beside=None):
    """Return counts over a background, which is measured beside them."""
    beside = background if beside is None else beside
    means = np.stack([truth + background, beside + 0 * truth])
    counts = np.random.default_rng(seed).poisson(means).astype(float)
    return ElementMaps(["a"], counts, np.eye(2)[:1], np.eye(2)[1:], np.ones((1, 1, 1)))


def with_total(fused, maps):
    return (fused * maps.net.sum() / fused.sum())[None]


def kept(maps, fused, haadf=HAADF):
    return kept_structure(maps, fused, maps.net.sum(axis=(1, 2)), haadf)


def ranges_of(maps, fused, haadf=HAADF):
    return wrong_ranges(Expectation(maps), fused, bands_of(haadf, maps.mask), [0])


def errors(found, maps):
    """Return the standard errors of sums over all bands."""
    off = BANDS.sums(found - maps.net[0])
    return off / np.sqrt(np.maximum(BANDS.sums(maps.net_variance[0]), 1.0))


def wrong_in(first, last, factor):
    return np.where(BANDS.inside(first, last), factor, 1.0) * TRUTH


@pytest.mark.parametrize("factor", [0.85, 1.15])
def test_a_map_that_is_wrong_in_a_middle_range_is_corrected_and_the_range_named(factor):
    maps = drawn(4 * TRUTH)
    middle = BANDS.size - 5, BANDS.size - 4
    fused = with_total(wrong_in(*middle, factor), maps)
    found, lost, left = kept(maps, fused)
    assert not left and [each.window.family for each in lost] == [BRIGHTNESS]
    assert np.sign(lost[0].significance) == np.sign(1 - factor)
    assert lost[0].window.most == (0, *middle)
    percentiles = (f"{100 * BANDS.quantiles[n]:.0f}" for n in (middle[0], middle[1] + 1))
    name = "the pixels of percentiles {} to {} of the HAADF".format(*percentiles)
    assert lost[0].window.name == name
    assert np.abs(errors(found[0], maps)).max() < 2.6
    before, after = (np.square(each[0] - 4 * TRUTH).sum() for each in (fused, found))
    assert after < 0.5 * before
    assert found.sum() == pytest.approx(maps.net.sum())


def test_the_correction_changes_smoothly_with_brightness():
    maps = drawn(4 * TRUTH)
    fused = with_total(wrong_in(BANDS.size - 5, BANDS.size - 4, 0.85), maps)[0]
    ranges = Ranges([BANDS], (0, 0, 0), np.ones(HAADF.shape, bool))
    factor = with_band_sums(fused, maps.net[0], maps.net_variance[0], ranges) / fused
    order = np.argsort(HAADF, axis=None)
    steps = np.abs(np.diff(factor.ravel()[order]))
    least = np.diff(BANDS.nodes).min()
    assert np.all(steps <= 0.3 * np.diff(HAADF.ravel()[order]) / least + 1e-9)
    assert np.ptp(factor) > 0.1


@pytest.mark.parametrize("counts", [0.05, 1.0, 20.0])
def test_maps_that_are_right_are_left_alone(counts):
    """The chance is one in a hundred scans."""
    truth, changed = counts * TRUTH, 0
    for seed in range(20):
        maps = drawn(truth, seed, background=0.3)
        changed += bool(ranges_of(maps, truth[None]))
    assert changed <= 1
    fused = truth[None].copy()
    maps = drawn(truth, 0, background=0.3)
    assert kept_structure(maps, fused, maps.net.sum(axis=(1, 2)), HAADF)[0] is fused


def test_an_emptied_film_is_filled_without_steps():
    """Factors cannot: they leave what is 0 at 0."""
    maps = drawn(TRUTH)
    fused = with_total(np.where(DOME > 0, TRUTH, 0.0), maps)
    found, lost, left = kept(maps, fused)
    assert [each.window.family for each in lost] == [BRIGHTNESS] and not left
    film = ndimage.binary_erosion(DOME == 0, iterations=3)
    assert np.abs(errors(found[0], maps)).max() < 2.6
    assert found[0][film].min() > 0.35 and found[0][film].max() < 0.65
    assert np.abs(np.diff(found[0], axis=0))[:5].max() < 0.02
    assert np.square(found[0] - TRUTH)[film].sum() < 0.1 * np.square(fused[0] - TRUTH)[film].sum()


def test_a_film_that_follows_the_haadf_becomes_even():
    maps = drawn(TRUTH)
    fused = with_total(np.where(DOME > 0, TRUTH, TRUTH * 2 * ROWS / SIDE), maps)
    found, _, left = kept(maps, fused)
    film = DOME == 0
    assert not left and found.min() >= 0
    assert np.square(found[0] - TRUTH)[film].sum() < 0.2 * np.square(fused[0] - TRUTH)[film].sum()


def test_counts_that_total_variation_moved_over_edges_return():
    maps = drawn(4 * TRUTH)
    fused = with_total(ndimage.gaussian_filter(TRUTH, 2.5), maps)
    found, _, left = kept(maps, fused)
    assert not left and np.abs(errors(found[0], maps)).max() < 3.0
    before, after = (np.square(each[0] - 4 * TRUTH).sum() for each in (fused, found))
    assert after < 0.5 * before


def test_sums_over_all_dark_and_all_bright_pixels_agree_within_one_standard_error():
    """Many small differences of the same sign would add up."""
    maps = drawn(4 * TRUTH)
    fused = with_total(np.where(BANDS.inside(0, BANDS.dark - 1), 1.05, 1.0) * TRUTH, maps)
    found, lost, _ = kept(maps, fused)
    assert lost
    dark = BANDS.inside(0, BANDS.dark - 1)
    for half in (dark, ~dark):
        counts = maps.net[0][half].sum()
        assert abs(found[0][half].sum() - counts) < 1.1 * np.sqrt(counts)


def test_noise_is_not_followed_where_another_band_needs_a_large_correction():
    """A grain in vacuum, into which the map has spilled counts."""
    grain = 4.0 * (np.hypot(ROWS - 30, COLS - 36) < 12)
    for seed in range(4):
        maps = drawn(grain, seed)
        fused = with_total(ndimage.gaussian_filter(grain, 0.7) + 0.02 * (grain == 0), maps)
        found, lost, _ = kept(maps, fused, grain)
        assert any(each.window.family == BRIGHTNESS for each in lost)
        before, after = (np.square(each[0] - grain).sum() for each in (fused, found))
        assert after < before
        assert found[0][grain == 0].sum() < 0.3 * fused[0][grain == 0].sum()


def test_counts_of_a_dark_cluster_are_not_spread_over_what_is_as_dark():
    cluster = np.hypot(ROWS - 8, COLS - 8) < 4
    truth = np.where(DOME > 0, TRUTH, np.where(cluster, 3.0, 0.0))
    maps = drawn(truth)
    fused = with_total(np.where(DOME > 0, TRUTH, 0.0), maps)
    assert ranges_of(maps, fused)[0].significance > 5
    found, lost, _ = kept(maps, fused)
    assert not any(each.window.family == BRIGHTNESS for each in lost)
    assert found[0][cluster].sum() == pytest.approx(maps.net[0][cluster].sum(), rel=0.1)
    assert found[0][(ROWS > 16) & (DOME == 0)].sum() == 0


def test_what_no_correction_improves_stays_and_is_named():
    """Counts are negative in half of the film, which a map cannot be."""
    film, on_left = DOME == 0, COLS < 32
    truth = np.where(film, 1.0 * on_left, TRUTH)
    maps = drawn(truth, background=2.0, beside=np.where(film & ~on_left, 3.0, 2.0))
    fused = truth[None]
    wrong = ranges_of(maps, fused)
    assert wrong and wrong[0].significance < 0
    kept_map = with_band_sums(fused[0], maps.net[0], maps.net_variance[0], wrong[0].window)
    np.testing.assert_array_equal(kept_map, fused[0])
    _, lost, left = kept(maps, fused)
    assert [each.window.name for each in left if each.window.family == BRIGHTNESS]
    assert not [e for e in restored_windows(lost, left) if e.window.family == BRIGHTNESS]


def test_free_totals_noise_and_a_flat_haadf_leave_maps_as_they_are():
    maps = drawn(TRUTH)
    fused = with_total(ndimage.gaussian_filter(TRUTH, 4), maps)
    assert ranges_of(maps, fused)
    assert not ranges_of(maps, fused, np.ones((SIDE, SIDE)))
    free = kept_structure(maps, fused, np.array([np.nan]), HAADF)[1]
    assert not any(each.window.family == BRIGHTNESS for each in free)
    none = masked_maps(maps, np.ones((SIDE, SIDE), bool))
    assert not ranges_of(none, 0 * fused)


def test_no_counts_are_no_proof_against_a_fraction_of_one():
    assert not ranges_of(drawn(0 * TRUTH), np.where(DOME > 0, 1e-4, 0.0)[None])


def test_pixels_that_are_left_out_count_for_nothing():
    maps = drawn(4 * TRUTH)
    mask = COLS > 40
    maps = masked_maps(maps, mask)
    fused = np.where(mask, 0.0, ndimage.gaussian_filter(4 * TRUTH, 3))[None]
    totals = maps.net.sum(axis=(1, 2), where=~mask)
    fused *= totals / fused.sum()
    found, lost, left = kept_structure(maps, fused, totals, HAADF)
    assert not left and not any(mask[each.pixels].any() for each in lost)
    bands = Bands(HAADF, mask)
    off = bands.sums(found[0] - maps.net[0])
    assert np.all(np.abs(off) < 3.0 * np.sqrt(np.maximum(bands.sums(maps.net[0]), 1.0)))
    assert found[0].sum() == pytest.approx(totals[0], rel=1e-6)


def test_a_haadf_whose_contrast_is_all_beside_a_mask_is_compared_by_neighbourhoods_only():
    mask = COLS < 20
    edge = np.exp(-((COLS - 20.0) ** 2) / 8)
    maps = masked_maps(drawn(4 + 20 * edge), mask)
    fused = np.where(mask, 0.0, maps.net[0, ~mask].mean())
    (wrong,) = ranges_of(maps, fused[None], 1.0 * ~mask)
    found = with_band_sums(fused, maps.net[0], maps.net_variance[0], wrong.window)
    assert wrong.window.bands[0].blur > 0
    of_found, of_fused = (np.square(each - maps.net[0])[~mask].sum() for each in (found, fused))
    assert of_found < of_fused
    assert bands_of(1.0 + 0 * edge) == []


def test_noise_of_bright_pixels_does_not_hide_what_is_grossly_wrong_in_dark_ones():
    """A film of few counts, of which the map shows twice as many, beside a grain of many."""
    grain = np.where(DOME > 0, 60.0 + 40 * DOME, 0.0)
    for seed in range(3):
        maps = drawn(grain + 0.05, seed)
        fused = with_total(grain + 0.1, maps)
        assert abs(ranges_of(maps, fused)[0].significance) > 6
        found, _, left = kept(maps, fused)
        assert not left and np.abs(errors(found[0], maps)).max() < 3.0


def test_what_cannot_be_lowered_does_not_keep_a_film_empty():
    """If a correction fails as a whole, its parts that raise and lower a map are tried."""
    film = BANDS.inside(0, BANDS.dark - 1)
    fused, found = np.where(film, 0.0, TRUTH), np.where(film, 0.5 - 0.6 * (ROWS < 2), 0.8 * TRUTH)
    raised, lowered = _parts(found, fused, BANDS)
    np.testing.assert_array_equal(raised, np.where(film, np.maximum(found, 0.0), TRUTH))
    np.testing.assert_array_equal(lowered, np.where(film, 0.0, 0.8 * TRUTH))
    # the counts are those of the map where it would be lowered
    net, seen = np.where(film, 0.5, TRUTH), []

    class Wrong:
        def __init__(self, *_):
            seen.append(self)

        def worst(self, now):
            return 10.0 if now is fused else 9.0

        def is_right(self, now):
            return now is not fused

        def of(self, _):
            return np.where(film, 0.5, 0.2 * TRUTH), np.where(film, 0.5, 0.0)

    ranges = Ranges([BANDS], (0, 0, 0), np.ones(HAADF.shape, bool))
    with patch.object(band_sums, "_Correction", Wrong):
        one = with_band_sums(fused, net, net, ranges)
    assert seen
    np.testing.assert_array_equal(one, net)


def test_factors_stay_below_their_limit_and_the_others_follow():
    rows, wanted = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([5.0, 1.0])
    np.testing.assert_allclose(_bounded(rows, wanted, np.array([np.inf, np.inf])), [4.0, 1.0])
    found = _bounded(rows, wanted, np.array([1.5, np.inf]))
    np.testing.assert_allclose(found, [1.5, 2.25])
