"""Spots that fused maps show, but too weakly or too strongly."""

import numpy as np
from scipy import ndimage, special

from ..kernels import highest_beside
from ..threads import side_by_side
from .lost_structure import FALSE_ALARMS, INDEPENDENT, Lost
from .runs import Runs
from .scan_windows import Discs
from .significance import errors_of, significance, spread_of

# Diameters of spots, and pixels between a spot and its surroundings.
_DIAMETERS, _GAP = (4, 6, 8), 2
# Probability that any spot of a scan is corrected whose height is right.
_CHANCE = 0.05
_HALVINGS = 30
# Spots that are fewer standard errors above their surroundings in the map hardly ever pass.
_LOW = 0.5
_TINY = np.finfo(float).tiny
_AXES = (0, 1), (1, 0), (1, 1), (1, -1)


def flattened_spots(expectation, maps, elements=None):
    """Return spots whose height in fused maps differs from that in the counts.

    Total variation lowers what it does not erase. A spot is a disc in which a map is higher, or
    lower, than in the discs around it in all directions, and the counts are so, too: significantly,
    by the same limit as for structure that was erased. It is the map that says where spots are, not
    the counts. They are few, so that sums may differ by less than anywhere in the scan: all spots
    share one chance.

    Parameters
    ----------
    expectation : Expectation
        Of the measured maps.
    maps : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    elements : sequence of int, optional
        Maps to test, default all.

    Returns
    -------
    list of Lost
        None overlaps another; their ``is_shown`` is true.
    """
    maps = np.asarray(maps, np.float64)
    elements = range(len(maps)) if elements is None else elements
    spots = side_by_side(lambda i: _spots(expectation, maps, i), elements)
    least = _least(np.concatenate([needed for _, needed in spots]))
    return [each for found, _ in spots for each in found if abs(each.significance) > least]


def _least(needed):
    """Return by how many standard errors spots must differ, so that all share one chance.

    A weak spot of the map passes as a spot only if its counts are too high by chance. Its sum then
    differs from that of the map by at least ``needed`` standard errors, although the map is right.
    """
    low, high = 0.0, -special.ndtri(_CHANCE / (2 * max(needed.size, 1)))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_likely = 2 * special.ndtr(-np.maximum(middle, needed)).sum() > _CHANCE
        low, high = (middle, high) if too_likely else (low, middle)
    return high


def _spots(expectation, maps, element):
    """Return the spots of one map, the highest first, and by how much counts must exceed the map.

    The latter are standard errors, shape (n,), for all spots that the map shows, whether or not
    their counts pass.
    """
    search = expectation.search(element, maps[element])
    runs, shape = Runs(search.images[1]), maps.shape[1:]
    kinds = [Discs(shape, each) for each in _DIAMETERS if each + _GAP <= min(shape)]
    tests = 2 * len(maps) * INDEPENDENT * len(kinds)
    shown = []
    for kind in kinds:
        level = kind.sums(runs)
        least = -special.ndtri(FALSE_ALARMS / (tests * level.size))
        shown += _shown(kind, level, search, least)
    found, needed = [], []
    taken, counted = np.zeros((2, *shape), bool)
    for _, errors, kind, place, need in sorted(shown, key=lambda each: -each[0]):
        pixels = kind.pixels(place)
        if not counted[pixels].any():
            counted[pixels] = True
            needed.append(need)
        if errors is None or taken[pixels].any():
            continue
        taken[pixels] = True
        pixels = tuple(each[expectation.there[pixels]] for each in pixels)
        sums = (float(each[element][pixels].sum()) for each in (expectation.net, maps))
        found.append(Lost(element, kind, place, pixels, errors, *sums, is_shown=True))
    return found, np.array(needed)


def _shown(kind, level, search, least):
    """Yield how high spots of one diameter are, by how much counts differ, and where they are.

    Then kind, place, and the standard errors by which counts must exceed the map to pass as a spot.
    The difference of the counts is None if they do not pass.
    """
    unit = search.unit
    for sign in (1, -1):
        beside = _beside(level, kind.diameter + _GAP, sign)
        height, shown = np.zeros(level.shape), sign * (level - beside) > 0
        height[shown] = _rooted_deviance(level[shown], beside[shown])
        highest = ndimage.maximum_filter(height, kind.diameter, mode="constant", cval=0.0)
        places = np.flatnonzero((height == highest) & (height > 0))
        own, map_s, behind, *more = kind.sums_at(places, search.images)
        own, around = np.maximum(own, behind), beside.ravel()[places]
        own_spread = spread_of([own, map_s, behind, *more])
        there = sign * errors_of(own, around, behind, unit, own_spread) > least
        errors = significance(own, np.maximum(map_s, _TINY), own_spread) / unit
        needed = least - sign * significance(map_s, np.maximum(around, _TINY), own_spread) / unit
        for n in np.flatnonzero(there | (needed < least - _LOW)):
            by = float(errors[n]) if there[n] else None
            yield height.flat[places[n]], by, kind, places[n], max(float(needed[n]), 0.0)


def _beside(level, distance, sign):
    """Return the highest sum of the eight windows at a distance, or the lowest.

    Of two on opposite sides, one has to lie in the scan; else nothing is known of a spot there.
    """
    diagonal = round(distance / np.sqrt(2))
    steps = np.array(_AXES) * [[diagonal if rows and cols else distance] for rows, cols in _AXES]
    highest = np.empty(level.shape)
    highest_beside(np.ascontiguousarray(level), steps, sign, highest)
    return highest


def _rooted_deviance(level, beside):
    """Return by about how many standard errors sums differ from those beside them."""
    level, beside = np.maximum(level, 0.0), np.maximum(beside, _TINY)
    with np.errstate(invalid="ignore"):
        deviance = special.xlogy(level, level) - special.xlogy(level, beside) - level + beside
    return np.sqrt(2 * np.maximum(np.nan_to_num(deviance, nan=0.0, posinf=0.0), 0.0))
