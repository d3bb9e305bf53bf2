"""What a line lacks is given back where its counts are."""

import numpy as np
import pytest

from hyperspy_multimodal.counts.element_maps import ElementMaps
from hyperspy_multimodal.selection import kept_structure
from hyperspy_multimodal.selection.chains import Chain
from hyperspy_multimodal.selection.line_parts import _Pieces, part_of_line
from hyperspy_multimodal.selection.scan_windows import windows_over

SHAPE = (80, 80)
THERE = np.ones(SHAPE, bool)


def a_chain():
    """Return half a circle of two pixels, with as many pieces as are searched for."""
    rows, cols = np.indices(SHAPE)
    distance = np.hypot(rows - 40, cols - 40)
    there = (distance > 19) & (distance < 21) & (rows > 40)
    return Chain(SHAPE, 16, *(tuple(each.tolist()) for each in np.nonzero(there)))


def long_ones():
    """Return one long line of each family, by name."""
    found = {each.family: each for each in windows_over(SHAPE) if max(each.size) <= 64}
    found["lines"] = next(each for each in windows_over(SHAPE) if each.size == (64, 2))
    del found["compact"]
    return {**found, "chains": a_chain()}


FAMILIES = ["lines", "diagonals", "slanted lines", "rings", "chains"]


def split(family, ends_at):
    """Return a line, its pixels, and those of its first part."""
    window = long_ones()[family]
    place = 0 if family == "chains" else window.places[1] // 2
    rows, cols = window.pixels(place)
    along = cols if family == "chains" else rows
    chosen = along < along.min() + ends_at * (np.ptp(along) + 1)
    return window, place, (rows, cols), (rows[chosen], cols[chosen])


def part(window, place, counts, level):
    return part_of_line(window, place, (counts, level, 0.0 * level), 1.0, THERE)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_line_is_cut_where_its_counts_end(family):
    window, place, pixels, bright = split(family, 0.4)
    level = np.full(SHAPE, 0.05)
    counts = level.copy()
    counts[bright] += 1.5
    found = part(window, place, counts, level)
    assert found.family == family and found.width == window.width
    there, wanted = np.zeros((2, *SHAPE), bool)
    there[found.pixels(0)], wanted[bright] = True, True
    assert (there & wanted).sum() > 0.8 * wanted.sum()
    assert (there & ~wanted).sum() < 0.3 * (len(pixels[0]) - wanted.sum())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_line_of_the_same_excess_is_hardly_ever_cut(family):
    window, place, pixels, _ = split(family, 1.0)
    level = np.full(SHAPE, 0.2)
    truth = level.copy()
    truth[pixels] += 6.0 * np.sqrt(level[pixels].sum()) / len(pixels[0])
    cut = 0
    for seed in range(200):
        counts = np.random.default_rng(seed).poisson(truth).astype(float)
        cut += part(window, place, counts, level) is not None
    assert cut <= 8


def test_masked_pixels_have_no_say():
    window, place, pixels, bright = split("lines", 0.4)
    level = np.full(SHAPE, 0.05)
    counts = level.copy()
    counts[pixels] += 1.5
    there = THERE.copy()
    there[:, :] = False
    there[bright] = True
    counts[~there] = 0.0
    images = counts, np.where(there, level, 0.0), 0.0 * level
    assert part_of_line(window, place, images, 1.0, there) is None


def test_short_lines_stay_whole():
    window = next(each for each in windows_over(SHAPE) if each.size == (8, 2))
    counts = np.zeros(SHAPE)
    counts[:4] = 5.0
    assert part(window, 0, counts, np.full(SHAPE, 0.1)) is None


@pytest.mark.parametrize("seed", range(4))
def test_no_counts_are_given_back_to_vacuum(seed):
    """A bright spot that a map has lost ends where vacuum begins."""
    rows, cols = np.indices(SHAPE)
    film = np.where(rows > 30, 0.3, 0.002)
    spot = (rows > 30) & (rows < 52) & (np.abs(cols - 40) < 2)
    counts = np.random.default_rng(seed).poisson(film + 0.9 * spot)[None].astype(float)
    maps = ElementMaps(["a"], counts, np.eye(1), np.zeros((1, 1)), np.zeros((1, 1, 1)))
    kept, lost, _ = kept_structure(maps, film[None], np.array([np.nan]))
    assert lost
    vacuum = rows < 28
    assert kept[0][vacuum].sum() < film[vacuum].sum() + maps.net[0][vacuum].sum() + 1.0
    assert kept[0][spot].sum() > 0.65 * maps.net[0][spot].sum()


def most_likely_run(pixels, measured, expected, variance, closed):
    """Try all runs of pieces one after the other, with the terms of the likelihood written out."""
    n, likely = len(pixels), {}
    for length in range(1, n + 1):
        for start in range(n if closed else n - length + 1) if length < n else [0]:
            run = (start + np.arange(length)) % n
            level = expected.copy()
            excess = max((measured - expected)[run].sum(), 0.0)
            level[run] += pixels[run] * excess / max(pixels[run].sum(), 1.0)
            likely[start, length] = (measured * np.log(level) - level).sum() / variance
    start, length = max(likely, key=likely.get)
    is_better = likely[start, length] - likely[0, n] >= 4.5
    return (start + np.arange(length)) % n if is_better else None


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("number", [2, 3, 12, 25])
def test_no_other_run_of_pieces_is_more_likely(number, closed):
    rng, found = np.random.default_rng(number), 0
    for _ in range(40):
        pixels = rng.integers(0, 17, number).astype(float)
        expected = rng.choice([0.1, 1.0, 4.0]) * pixels * rng.uniform(0.1, 2, number) + 0.5
        truth = expected + rng.uniform(0, 8) * (np.arange(number) < number / 2)
        measured = rng.poisson(np.roll(truth, rng.integers(number))) + 0.5
        given = pixels, measured, expected, rng.uniform(1, 2)
        wanted = most_likely_run(*given, closed)
        run = _Pieces(*given).best_run(closed)
        if wanted is None:
            assert run is None
        else:
            found += 1
            np.testing.assert_array_equal(run, wanted)
    assert found > 5
