"""The test for structure that fused maps have lost: false alarms, power, symmetry."""

import numpy as np
import pytest
from scipy import stats
from slow_repeats import alternating

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.counts.masked_maps import masked_maps
from hyperspy_multimodal.fusion.solver import solve_fusion
from hyperspy_multimodal.selection import given_back, kept_structure
from hyperspy_multimodal.selection.lost_structure import Expectation, Lost, lost_structure
from hyperspy_multimodal.selection.scan_windows import windows_over
from hyperspy_multimodal.selection.significance import significance

SIDE = 48
FREE = np.array([np.nan])


def maps_of(counts):
    counts = np.asarray(counts, float)
    n = len(counts)
    return ElementMaps(list("abc"[:n]), counts, np.eye(n), np.zeros((n, n)), np.zeros((n, 1, 1)))


def drawn(truth, seed):
    return maps_of(np.random.default_rng(seed).poisson(truth))


def lost_of(maps, fused):
    return lost_structure(Expectation(maps), fused)


@pytest.fixture(scope="module")
def boundary():
    """A boundary of two pixels over a level, the level, and counts of both."""
    level = np.full((1, SIDE, SIDE), 0.5)
    truth = level.copy()
    truth[:, :, 20:22] += 1.5
    return truth, level, drawn(truth, 0)


# significance


@pytest.mark.parametrize("mean", [0.02, 0.7, 8.0, 300.0])
def test_significance_is_that_of_a_poisson_tail(mean):
    counts = np.arange(30.0)
    found = significance(counts, np.full(counts.shape, mean))
    tails = np.where(
        counts > mean, stats.poisson.sf(counts - 1, mean), stats.poisson.cdf(counts, mean)
    )
    expected = np.clip(stats.norm.isf(tails), 0, 37.5)
    np.testing.assert_allclose(np.abs(found), expected, rtol=1e-6, atol=1e-9)
    assert np.all((found >= 0) | (counts <= mean))


def test_significance_grows_where_tails_are_too_small_for_a_number():
    counts = np.linspace(2000.0, 6000.0, 20)
    assert np.all(np.diff(significance(counts, np.full(20, 100.0))) > 1)
    assert np.all(np.diff(significance(np.full(20, 100.0), counts)) < -1)


def test_what_is_found_does_not_hang_on_last_digits():
    """Also where a map smooths far too much, and many windows are equal."""
    rows, cols = np.indices((SIDE, SIDE))
    maps = maps_of(np.where((rows // 8 + cols // 8) % 2, 40.0, 2.0)[None])
    level = np.full((1, SIDE, SIDE), 21.0)
    straight = lost_of(maps, level)
    for seed in range(3):
        noise = 1 + 1e-11 * np.random.default_rng(seed).standard_normal(level.shape)
        other = lost_of(maps, level * noise)
        assert [(each.window, each.place) for each in other] == [
            (each.window, each.place) for each in straight
        ]


# false alarms


@alternating(level=[0.01, 0.3, 20.0])
def test_the_truth_has_hardly_ever_lost_anything(level):
    """Fifty scans at a chance of two per cent, less at few counts, which are whole numbers."""
    truth = np.full((1, 32, 32), level)
    alarms = sum(bool(lost_of(drawn(truth, seed), truth)) for seed in range(50))
    assert alarms <= 2


def test_what_fits_part_of_the_noise_raises_fewer_alarms():
    """Sums over windows of what a proximal map leaves vary less than those of the noise."""
    truth = np.full((1, 32, 32), 4.0)
    left, noise = [], []
    for seed in range(40):
        maps = drawn(truth, seed)
        fused = solve_fusion(
            maps.counts, np.zeros((32, 32)), gamma=1, lambdas=(1, 0.5), weights=0.0
        ).maps
        assert not lost_of(maps, fused)
        left.append((maps.net - fused)[0, ::8, :8].sum())
        noise.append((maps.net - truth)[0, ::8, :8].sum())
    assert np.std(left) < np.std(noise)


@pytest.mark.parametrize("unit", [3.0, 10.0])
def test_a_wrong_gain_is_no_structure(unit):
    truth = np.full((1, 32, 32), 20.0)
    maps = maps_of(unit * drawn(truth, 1).counts)
    assert not lost_of(maps, unit * truth)


# power


def test_a_weak_boundary_is_found_where_it_is(boundary):
    _, level, maps = boundary
    first = lost_of(maps, level)[0]
    assert first.element == 0
    assert first.significance > 8
    assert set(first.pixels[1]) == {20, 21}
    assert first.counts > first.fused
    assert first.counts == maps.net[0][first.pixels].sum()


def test_a_boundary_on_a_diagonal_is_found():
    level = np.full((1, SIDE, SIDE), 0.5)
    there = np.eye(SIDE, k=3) + np.eye(SIDE, k=4)
    lost = lost_of(drawn(level + 1.5 * there, 0), level)
    assert all(there[each.pixels].mean() > 0.6 for each in lost)
    assert "diagonal" in lost[0].window.name


def test_what_the_counts_lack_is_found_too(boundary):
    _, level, _ = boundary
    made_up = level.copy()
    made_up[:, 8:16, 8:16] += 2
    lost = lost_of(drawn(level, 2), made_up)
    assert lost[0].significance < -5
    assert all(8 <= row < 16 and 8 <= col < 16 for row, col in zip(*lost[0].pixels, strict=True))


def test_found_windows_of_one_search_explain_the_rest(boundary):
    """What is found again, once it is given back, is nothing."""
    _, level, maps = boundary
    lost = lost_of(maps, level)
    kept = given_back(level, maps, lost, FREE)
    assert not lost_structure(Expectation(maps), kept, lost)


@pytest.mark.parametrize(
    "turned", [lambda a: a[..., ::-1], lambda a: a[:, ::-1], lambda a: np.swapaxes(a, 1, 2)]
)
def test_turned_scans_have_lost_the_same(boundary, turned):
    _, level, maps = boundary
    straight, other = lost_of(maps, level), lost_of(maps_of(turned(maps.counts)), turned(level))
    pixels = np.zeros(level.shape)
    for each in straight:
        pixels[0][each.pixels] = each.significance
    for each in other:
        np.testing.assert_allclose(turned(pixels)[0][each.pixels], each.significance)
    assert len(straight) == len(other)


def test_masked_pixels_have_no_say(boundary):
    _, level, maps = boundary
    mask = np.zeros((SIDE, SIDE), bool)
    mask[10:30, 15:30] = True
    spoiled = maps.counts.copy()
    spoiled[:, mask] = 0
    lost = lost_of(masked_maps(maps_of(spoiled), mask), level)
    assert lost
    assert not any(mask[each.pixels].any() for each in lost)
    assert all(each.significance > 0 for each in lost)


def test_a_few_counts_are_no_structure_where_a_map_is_empty():
    counts = np.zeros((1, SIDE, SIDE))
    counts[0, 10:14:2, 10:14] = 1  # 8 counts
    assert not lost_of(maps_of(counts), np.full(counts.shape, 1e-6))
    counts[0, 10:14, 10:14] = 1  # 16
    assert lost_of(maps_of(counts), np.full(counts.shape, 1e-6))


# what is given back


def test_sums_and_totals_are_those_of_the_counts(boundary):
    _, level, maps = boundary
    totals = maps.net.sum(axis=(1, 2))
    kept, lost, left = kept_structure(maps, level, totals)
    assert not left
    assert kept[0][lost[0].pixels].sum() == pytest.approx(lost[0].counts)
    assert kept.sum() == pytest.approx(totals[0])


def test_maps_come_closer_to_the_truth(boundary):
    truth, level, maps = boundary
    kept, _, _ = kept_structure(maps, level, FREE)
    assert np.square(kept - truth).sum() < 0.2 * np.square(level - truth).sum()


def test_the_rest_is_empty_where_windows_hold_more_than_the_total(boundary):
    _, level, maps = boundary
    kept, lost, _ = kept_structure(maps, level, np.array([20.0]))
    inside = np.zeros(level.shape, bool)
    for each in lost:
        inside[0][each.pixels] = True
    assert kept[inside].sum() > 20
    assert not kept[~inside].any()


def test_nothing_is_changed_where_nothing_was_lost(boundary):
    truth, _, maps = boundary
    kept, lost, left = kept_structure(maps, truth, FREE)
    assert kept is truth
    assert (lost, left) == ([], [])


def test_elements_are_independent(boundary):
    truth, level, maps = boundary
    both = maps_of(np.concatenate([maps.counts, drawn(truth, 5).counts]))
    fused = np.concatenate([level, truth])
    kept, lost, _ = kept_structure(both, fused, np.array([np.nan, np.nan]))
    assert {each.element for each in lost} == {0}
    np.testing.assert_array_equal(kept[1], fused[1])


def window_at(name, row, col):
    """Return the window of a name whose first pixel would be at a row and column."""
    [window] = [each for each in windows_over((SIDE, SIDE)) if each.name == name]
    place = int(np.ravel_multi_index((row, col), window.places))
    return Lost(0, window, place, window.pixels(place), 6.0, 0.0, 0.0)


@pytest.mark.parametrize("depth", [-0.35, 1.0])
def test_what_is_given_back_has_no_edges(depth):
    level = np.full((1, SIDE, SIDE), 0.5)
    truth = level.copy()
    truth[:, 16:32, 16:32] += depth
    kept, lost, left = kept_structure(drawn(truth, 3), level, FREE)
    assert not left
    assert any(each.window.is_compact and each.window.width >= 8 for each in lost)
    steps = [np.abs(np.diff(kept[0], axis=axis)).max() for axis in (0, 1)]
    assert max(steps) < 0.3 * np.ptp(kept)


def test_what_has_not_the_shape_of_a_window_comes_closer_to_the_truth_than_evenly():
    rows, cols = np.indices((SIDE, SIDE))
    level = np.full((1, SIDE, SIDE), 0.5)
    sphere = np.sqrt(np.maximum(1 - np.hypot(rows - 22.3, cols - 25.6) ** 2 / 36, 0))
    for seed in range(3):
        maps = drawn(level + 1.2 * sphere, seed)
        kept, lost, _ = kept_structure(maps, level, FREE)
        evenly = level.copy()
        for each in lost:
            evenly[0][each.pixels] = maps.net[0][each.pixels].mean()
        soft, hard = (np.square(each - level - 1.2 * sphere).sum() for each in (kept, evenly))
        assert soft < hard


def test_sums_hold_in_windows_that_touch():
    """Also where one is empty, but for one of its six standard errors."""
    level = np.full((1, SIDE, SIDE), 0.5)
    counts = np.random.default_rng(4).poisson(2 * level)
    counts[:, 8:16, 16:24] = 0
    maps = maps_of(counts)
    lost = [
        window_at("box of 8 x 8", 8, 8),
        window_at("box of 8 x 8", 8, 16),
        window_at("box of 2 x 2", 16, 16),
        window_at("line of 2 x 32", 18, 0),
    ]
    kept = given_back(level, maps, lost, maps.net.sum(axis=(1, 2)))
    for each in lost:
        wanted, before = (image[0][each.pixels].sum() for image in (maps.net, level))
        left = max(before - wanted, 0.0) / 6
        assert wanted - 1e-3 < kept[0][each.pixels].sum() < wanted + left + 1e-3
    assert kept.min() >= 0
    assert kept.sum() == pytest.approx(counts.sum())


def test_an_empty_window_does_not_erase_what_lies_beside_it():
    fused = np.full((1, SIDE, SIDE), 0.02)
    fused[0, 16:30, 20:26] = 1.0
    counts = fused.copy()
    counts[0, 12:20] = 0
    window = window_at("line of 4 x 48", 16, 0)
    kept = given_back(fused, maps_of(counts), [window], FREE)
    assert kept[0, 16:20].sum() <= fused[0, 16:20].sum() / 6 + 1e-6
    assert kept[0, 20, 20:26].min() > 0.9


def test_windows_that_were_given_back_need_nothing_more(boundary):
    _, level, maps = boundary
    lost = lost_of(maps, level)
    totals = maps.net.sum(axis=(1, 2))
    once = given_back(level, maps, lost, totals)
    np.testing.assert_allclose(given_back(once, maps, lost, totals), once, rtol=1e-5)


def over_background(net, ratio, level, seed):
    """Return maps of net counts over a measured background, which is taken `ratio` times."""
    rng = np.random.default_rng(seed)
    beside = rng.poisson(level, net.shape).astype(float)
    gross = rng.poisson(net + level).astype(float)
    n = len(net)
    inside, outside = np.eye(n, 2 * n), np.eye(n, 2 * n, k=n)
    return ElementMaps(
        list("abc"[:n]), np.concatenate([gross, beside]), inside, outside, np.full((n, 1, 1), ratio)
    )


def test_net_counts_below_nothing_are_no_structure():
    """A background that is too high: maps, which cannot be negative, are right."""
    net = np.zeros((1, SIDE, SIDE))
    maps = over_background(net, 1.2, 20.0, 0)
    assert maps.net.mean() < -3
    assert not lost_of(maps, net)


def test_a_background_that_is_wrong_proves_nothing():
    """Where counts lie below nothing by many standard errors, others may lie above by as many."""
    net = np.full((1, SIDE, SIDE), 10.0)
    there = np.zeros((SIDE, SIDE), bool)
    there[10:18, 10:18] = True
    truth = net + 8 * there
    sound = over_background(truth, 1.0, 20.0, 0)
    assert lost_of(sound, net)[0].significance > 6
    low = truth.copy()
    low[:, 30:, 30:] = 0
    fused = net.copy()
    fused[:, 30:, 30:] = 0
    wrong = over_background(low, 1.0, 20.0, 0)
    wrong.segments[1, 30:, 30:] += 10
    assert wrong.net[0, 30:, 30:].mean() < -8
    assert not lost_of(wrong, fused)
