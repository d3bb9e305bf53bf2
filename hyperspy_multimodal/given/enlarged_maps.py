"""Maps that were enlarged by interpolation: the map before, exactly."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .equal_steps import step_of
from .interpolation import KINDS, Grid

# Maps are compared with enlargements to between so many times as many lines. Fewer lines than the
# first value of them cannot be enlarged.
_LEAST_TIMES, _MOST_TIMES, _FEWEST = 1.2, 8, 16
# Enlarged maps differ from what their nodes explain by rounding: this share of the largest value,
# or, as variance in squared steps, up to that of two roundings of maps in equal steps.
_ROUNDING, _OF_STEPS = 1e-6, 0.2
# Errors of nodes are at most this many rounding errors, or this share of the largest value.
_OF_NODES, _EXACT = 40.0, 1e-12
# Grids that are moved by half of the lines after which they repeat themselves, or that have a node
# more or less, explain the map less well by this factor, in variance. Otherwise, it is smooth or
# empty, or has too few counts.
_TELLING = 16.0
# Number of pixels that differ from the usual value, at least.
_LEAST_PIXELS = 30
# Lines of which the rank is determined, and sums of lines that are compared with grids. The misfit
# of sums may exceed that of lines by this factor by chance.
_RANKED, _SUMS, _BY_CHANCE = 96, 8, 2.0
# Nodes that lines between neighbouring nodes depend on, beyond their number.
_EXTRA = 4


class Enlarged(NamedTuple):
    """A map before it was enlarged.

    Attributes
    ----------
    source : numpy.ndarray
        Without lines at the edges that the enlarged map does not show well.
    shape : tuple of int
        Shape of the whole source.
    times : float
        Number of pixels per pixel of the source.
    spread : float
        Number of pixels, along an axis, over which interpolation distributes one of the source.
    """

    source: np.ndarray
    shape: tuple[int, int]
    times: float
    spread: float


def before_enlarging(image):
    """Return a map before it was enlarged by interpolation, or None.

    Enlarged maps are, to within rounding, sums of few nodes with known weights. The smallest number
    of nodes that explains all lines is that of the original map. Linear and cubic interpolation is
    tried, between pixels with common outermost centres or common edges. Rows and columns are
    independent of each other.

    Parameters
    ----------
    image : numpy.ndarray
        Map, shape (ny, nx), float64.

    Returns
    -------
    Enlarged or None
    """
    largest = float(np.abs(image).max())
    if not largest > 0 or not np.isfinite(largest):
        return None
    found = [_grid_of(np.moveaxis(image, axis, 0), largest) for axis in (0, 1)]
    if found == [None, None] or (None in found and any(each and each.is_rounded for each in found)):
        return None  # of rounded maps, both axes show it, or neither
    source, shape, times, spread, error = image, list(image.shape), 1.0, 1.0, 0.0
    for axis, each in enumerate(found):
        if each is not None:
            grid = each.grid
            source = np.moveaxis(grid.before(np.moveaxis(source, axis, 0)), 0, axis)
            shape[axis] = grid.old
            times *= grid.new / grid.old
            spread *= grid.spread
            error = max(error, each.error)
    if min(source.shape) < _FEWEST // 2:
        return None
    # zeros are exactly 0 again, and equal values are equal
    return Enlarged(np.rint(source / error) * error, tuple(shape), times, float(np.sqrt(spread)))


def of_enlarged(noise, found):
    """Return the noise of an enlarged map from that of the map before.

    A pixel of the source is distributed over several pixels. Their sum has its noise, so that the
    variance of independent pixels with the same effect is larger by their number, and so is the
    gain. Noise that was clipped before does not look clipped afterwards.

    Parameters
    ----------
    noise : Noise
        Of the source.
    found : Enlarged
    """
    blur = found.spread / np.sqrt(4 * np.pi)
    return replace(
        noise,
        gain=noise.gain * found.times,
        floor=noise.floor * found.times,
        blur=float(np.hypot(blur, noise.blur * np.sqrt(found.times))),
        gain_error=noise.gain_error * found.times,
        floor_error=noise.floor_error * found.times,
        clipped=False,
        shape=np.inf,
        enlarged_from=noise.enlarged_from or found.shape,
    )


class _Found(NamedTuple):
    """A grid on which lines were enlarged, the largest error of its nodes, and its origin."""

    grid: Grid
    error: float
    is_rounded: bool


def _grid_of(lines, largest):
    """Return the grid on which lines along the first axis were enlarged, or None."""
    if len(lines) < _FEWEST or min(lines.shape) < 2:
        return None
    chosen = _most_detailed(lines)
    telling = lines != np.median(lines)
    share = float(telling.mean())  # others have no rounding error
    if telling.sum() < _LEAST_PIXELS:
        return None
    grid = _fitting_grid(lines, chosen, (_ROUNDING * largest) ** 2, share)
    if grid is not None:
        error = _OF_NODES * float(np.sqrt(grid.misfit(lines) / share))
        return _Found(grid, max(error, _EXACT * largest), False)
    step = step_of(chosen)
    grid = _fitting_grid(lines, chosen, _OF_STEPS * step**2, share) if step else None
    return None if grid is None else _Found(grid, step, True)


def _fitting_grid(lines, chosen, allowed, share):
    """Return the grid with the fewest nodes that explains lines, or None.

    Parameters
    ----------
    lines : numpy.ndarray
        Shape (new, L).
    chosen : numpy.ndarray
        Neighbouring lines that show first whether there may be any, shape (C, L).
    allowed, share : float
        Variance of rounding errors, and share of the pixels that may have any.
    """
    least = _least_nodes(chosen, len(lines), allowed)
    if least is None:
        return None
    allowed *= share
    mixed = np.random.default_rng(0).standard_normal((lines.shape[1], _SUMS))
    sums = lines @ (mixed / np.sqrt(np.square(mixed).sum(axis=0)))
    if Grid(KINDS[0], least // 2, len(lines)).misfit(sums) < _TELLING * allowed:
        return None  # far fewer nodes nearly explain the lines, so that moved ones do as well
    for old in range(least, int(len(lines) / _LEAST_TIMES) + 1):
        grids = [Grid(kind, old, len(lines)) for kind in KINDS]
        for grid in grids:
            if (
                grid.misfit(sums) < _BY_CHANCE * allowed
                and _misfit_beside(grid, sums) > _TELLING * allowed
                and grid.misfit(lines) < allowed
            ):
                return grid
    return None


def _misfit_beside(grid, lines):
    """Return the misfit of a grid that is moved or has a node more or less, the lowest of these."""
    times = grid.new / grid.old
    others = [grid.misfit(lines, max(round(times / (times - 1) / 2), 1))]
    others += [Grid(grid.kind, grid.old + more, grid.new).misfit(lines) for more in (-1, 1)]
    return min(others)


def _most_detailed(lines):
    """Return neighbouring lines in which values differ most from line to line."""
    number = min(_RANKED, len(lines))
    detail = np.square(np.diff(lines, 2, axis=0)).sum(axis=1)
    sums = np.cumsum(np.concatenate([[0.0], detail]))
    first = int(np.argmax(sums[number - 2 :] - sums[: sums.size - number + 2]))
    return lines[first : first + number]


def _least_nodes(chosen, new, allowed):
    """Return the least number of nodes that explain some of the lines, or None for none.

    Enlarged lines depend on each other, so that some of the sums of lines are 0.

    Parameters
    ----------
    chosen : numpy.ndarray
        Neighbouring lines, shape (C, L).
    new : int
        Number of all lines.
    allowed : float
        Variance of rounding errors.
    """
    used = chosen[chosen.any(axis=1)]
    if len(used) < 2:
        return None
    found = np.linalg.eigvalsh(used @ used.T)
    # also rounding of the products
    noise = used.shape[1] * allowed + len(found) * np.finfo(float).eps * found[-1]
    rank = np.sum(found > noise * (1 + np.sqrt(len(used) / used.shape[1])) ** 2)
    if rank > len(used) / _LEAST_TIMES + _EXTRA:
        return None
    least = (rank - _EXTRA) * new / len(chosen)
    return max(int(least), int(np.ceil(new / _MOST_TIMES)), _FEWEST // 2)
