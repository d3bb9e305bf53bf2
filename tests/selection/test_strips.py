"""Sums over strips of rows and of columns become those of the counts if they are wrong."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.counts.masked_maps import masked_maps
from hyperspy_multimodal.selection import POSITION, SUMS, kept_structure, restored_windows
from hyperspy_multimodal.selection.band_sums import with_band_sums
from hyperspy_multimodal.selection.lost_structure import Expectation
from hyperspy_multimodal.selection.strips import Strips, strips_of
from hyperspy_multimodal.selection.wrong_ranges import wrong_ranges

SHAPE = 64, 80
ROWS, COLS = np.indices(SHAPE)
RELATIVE = COLS / SHAPE[1] - 0.5
#: Grains on a film, which do not change across the scan.
TRUTH = 2.0 + 6.0 * ((ROWS // 8 + COLS // 10) % 3 == 0)
HALVES = COLS < SHAPE[1] // 2, COLS >= SHAPE[1] // 2


def drawn(truth, seed=0):
    counts = np.random.default_rng(seed).poisson(np.stack([truth, 0 * truth])).astype(float)
    return ElementMaps(["a"], counts, np.eye(2)[:1], np.eye(2)[1:], np.ones((1, 1, 1)))


def with_total(fused, maps):
    return (fused * maps.net.sum() / fused.sum())[None]


def kept(maps, fused, totals=None):
    totals = maps.net.sum(axis=(1, 2)) if totals is None else totals
    return kept_structure(maps, fused, totals, TRUTH)


def ranges_of(maps, fused, apart_from=()):
    return wrong_ranges(
        Expectation(maps), fused, strips_of(SHAPE, maps.mask), [0], apart_from, tests=4
    )


def by_position(lost):
    return [each for each in lost if each.window.family == POSITION]


def half_errors(found, maps):
    return [
        (found[0] - maps.net[0])[half].sum() / np.sqrt(maps.net[0][half].sum()) for half in HALVES
    ]


def test_strips_are_equally_broad_and_named_by_rows_and_columns():
    rows, columns = strips_of(SHAPE)
    assert rows.pixels.tolist() == [8 * 80] * 8 and columns.pixels.tolist() == [10 * 64] * 8
    assert rows.name(0, 3) == "rows 0 to 31" and columns.name(4, 7) == "columns 40 to 79"
    assert np.array_equal(rows.inside(0, 3), ROWS < 32)
    assert np.array_equal(columns.inside(4, 7), COLS >= 40)
    assert [Strips((50, 20), axis).size for axis in (0, 1)] == [6, 2]
    assert strips_of((15, 15)) == []
    few = Strips((50, 20), 0)
    assert few.pixels.sum() == 1000 and np.ptp(few.pixels) <= 20


def test_interpolated_values_are_those_of_the_centres_and_have_no_steps():
    strips = strips_of(SHAPE)[1]
    image = strips.interpolated(np.arange(8.0))
    assert image.min() == 0 and image.max() == 7
    assert np.diff(image, axis=1).max() == pytest.approx(0.1) and not np.diff(image, axis=0).any()
    other = np.random.default_rng(0).random(SHAPE)
    np.testing.assert_allclose(strips.products(other) @ np.arange(8.0), strips.sums(other * image))


@pytest.mark.parametrize("slope", [-0.12, 0.12])
def test_a_slope_across_the_scan_is_removed_and_its_place_named(slope):
    maps = drawn(TRUTH)
    fused = with_total(TRUTH * (1 + 2 * slope * RELATIVE), maps)
    found, lost, left = kept(maps, fused)
    [wrong] = by_position(lost)
    assert not left and restored_windows(lost, left) == lost
    assert wrong.window.name.startswith("columns ")
    assert np.abs(half_errors(fused, maps)).min() > 5
    assert np.abs(half_errors(found, maps)).max() < 1.1
    before, after = (np.square(each[0] - TRUTH).sum() for each in (fused, found))
    assert after < 0.2 * before
    assert found.sum() == pytest.approx(maps.net.sum())
    steps = np.abs(np.diff(found[0] / TRUTH, axis=1))
    assert steps.max() < 0.02


def test_what_is_empty_remains_empty():
    """A factor, and no counts, are added."""
    truth = np.where(ROWS < 40, TRUTH, 0.0)
    maps = drawn(truth)
    found, lost, _ = kept(maps, with_total(truth * (1 + 0.4 * RELATIVE), maps))
    assert by_position(lost) and not found[0][ROWS >= 40].any()


def test_maps_that_are_right_are_left_alone_whatever_the_noise_of_their_total():
    changed = 0
    for seed in range(40):
        changed += bool(ranges_of(drawn(TRUTH, seed), TRUTH[None]))
    assert changed <= 1


def test_what_one_half_has_too_much_the_other_has_too_little():
    """A difference is as significant as that of both halves."""
    level = np.full(SHAPE, 4.0)
    maps = drawn(level)
    half = [maps.net[0][each].mean() for each in HALVES]
    off = 3.0 / np.sqrt(level[HALVES[0]].sum())
    right = np.where(HALVES[0], *half)
    assert not ranges_of(maps, with_total(right, maps))
    [wrong] = ranges_of(maps, with_total(right * np.where(HALVES[0], 1 + off, 1 - off), maps))
    assert abs(wrong.significance) == pytest.approx(3.0 * np.sqrt(2), rel=0.06)


def test_particles_that_are_lost_do_not_raise_their_strips():
    particles = np.zeros(SHAPE, bool)
    for row, col in [(8, 8), (24, 12), (40, 20), (56, 30), (30, 30), (12, 24)]:
        particles |= np.hypot(ROWS - row, COLS - col) < 4
    truth = np.where(particles, 5.0, 2.0)
    maps = drawn(truth)
    fused = with_total(np.full(SHAPE, 2.0), maps)
    assert ranges_of(maps, fused)
    found, lost, _ = kept_structure(maps, fused, maps.net.sum(axis=(1, 2)), truth * 0 + RELATIVE)
    assert not by_position(lost)
    assert sum(each.window.family not in SUMS for each in lost) >= 5
    left, right = (found[0][half & ~particles].mean() for half in HALVES)
    assert left == pytest.approx(right, rel=0.1)


def test_what_no_smooth_factor_improves_stays_and_is_named():
    """A factor for a strip lowers what is right in it together with what is too high."""
    gaps = HALVES[0] & ((ROWS + COLS) % 2 == 0)
    maps = drawn(np.where(gaps, 0.0, 8.0))
    fused = with_total(np.where(gaps, 2.0, 8.0), maps)
    [wrong] = ranges_of(maps, fused)
    one = with_band_sums(fused[0], maps.net[0], maps.net_variance[0], wrong.window)
    np.testing.assert_array_equal(one, fused[0])
    level = np.ones(SHAPE)
    _, lost, left = kept_structure(maps, fused, maps.net.sum(axis=(1, 2)), level)
    assert [each.window.name for each in by_position(left)] == [wrong.window.name]
    assert not by_position(restored_windows(lost, left))


def test_masks_and_free_totals_are_left_out():
    mask = COLS >= 60
    maps = masked_maps(drawn(TRUTH), mask)
    totals = maps.net.sum(axis=(1, 2), where=~mask)
    fused = np.where(mask, 0.0, TRUTH * (1 + 0.4 * RELATIVE))[None]
    fused *= totals / fused.sum()
    found, lost, _ = kept(maps, fused, totals)
    [wrong] = by_position(lost)
    assert strips_of(SHAPE, mask)[0].pixels.sum() == (~mask).sum()
    assert not mask[wrong.pixels].any() and not found[0][mask].any()
    before, after = (np.square(each[0] - TRUTH)[~mask].sum() for each in (fused, found))
    assert after < 0.3 * before
    assert not by_position(kept(maps, fused, np.array([np.nan]))[1])


def test_counts_that_are_missing_are_no_reason_to_raise_what_noise_left_in_single_pixels():
    """A map has hardly anything of a film, but in some of the pixels that hold most by chance."""
    film = ROWS >= 40
    some = np.random.default_rng(1).random(SHAPE) < 0.5
    maps = drawn(np.where(film, 1.0, 1.0 * (ROWS < 32)))
    alone = 0.05 * (film & some & (maps.net[0] > 0))
    fused = with_total(np.where(film, alone, 1.0 * (ROWS < 32)), maps)
    wrong = ranges_of(maps, fused)[0]
    assert wrong.significance > 20
    found = with_band_sums(fused[0], maps.net[0], maps.net_variance[0], wrong.window)
    assert np.all(found <= 1.501 * fused[0])
