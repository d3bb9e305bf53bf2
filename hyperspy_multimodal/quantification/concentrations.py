"""Elements that are concentrated in a small part of a region, from raw counts of windows."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import binary_erosion, uniform_filter

from .detection import detection
from .expected import expected_background
from .propagation import percentages, region_counts

# Pixels along a side of windows. They are this far inside the region: beam tails of neighbours
# reach over its edge.
_SIZES, _MARGIN = (5, 7, 9, 13), 2
# A window has so many times the percentage of its region, and so many more at%.
_TIMES, _MORE = 3.0, 1.0
# Of all windows that do not overlap, and of a window with the errors of the fit.
_CHANCE, _CLEAR = 1e-4, 3.0


class _Window(NamedTuple):
    """A window that has more of an element than its region; the least likely sorts first.

    Attributes
    ----------
    chance : float
        How many such windows are expected in the region by chance.
    k, size, row, column : int
        Element, and pixels along a side and in the middle.
    expected : float
        Counts that the element would have there if the region were uniform.
    """

    chance: float
    k: int
    size: int
    row: int
    column: int
    expected: float


def concentration_remarks(measured, masks, factors, elements):
    """Return what is to be said of regions that have a scarce element in one place, "" of others.

    Parameters
    ----------
    measured : Measured
    masks : numpy.ndarray
        Pixels of the regions, bool, shape (R, ny, nx).
    factors : numpy.ndarray
        What a count stands for in atoms, shape (K,).
    elements : list of str

    Returns
    -------
    list of str
    """
    return [_remark(measured, mask & measured.used, factors, elements) for mask in masks]


def _remark(measured, mask, factors, elements):
    if not np.isfinite(measured.variance[:, mask]).all():
        return ""
    # the edge of the scan is none of the region
    inside = binary_erosion(mask, np.ones((2 * _MARGIN + 1,) * 2, bool), border_value=1)
    found = [
        window
        for size in _SIZES
        for window in _windows(measured, mask, inside, factors, size)
        if window.chance < _CHANCE
    ]
    for _, k, size, row, column, expected in sorted(found):
        here = np.zeros((1, *mask.shape), bool)
        half = size // 2
        here[0, row - half : row + half + 1, column - half : column + half + 1] = True
        sums = region_counts(measured, here)
        error = np.sqrt(sums.background + sums.absent + measured.per_count * expected)[0, k]
        if sums.counts[0, k] - expected > _CLEAR * error:
            part = percentages(np.maximum(sums.counts[0], 0.0), factors)[k]
            return (
                f"not uniform: {elements[k]} has {part:.2g} at% in {size} x {size} pixels around "
                f"row {row}, column {column}"
            )
    return ""


def _windows(measured, mask, inside, factors, size):
    """Yield the `_Window` of each element that is the most unlikely one."""

    def summed(image):
        return size**2 * uniform_filter(image * mask, size, mode="constant")[fits]

    fits = uniform_filter(inside.astype(float), size, mode="constant") > 1 - 0.5 / size**2
    if not fits.any():
        return
    rows, columns = np.nonzero(fits)
    counts = np.array([summed(each) for each in measured.net])
    # running sums may leave a little less than 0
    variances = np.array([np.maximum(summed(each), 0.0) for each in measured.variance])
    own = np.array([summed(each) for each in measured.background])
    together = summed(measured.together) / max(float(measured.together.sum()), 1e-300)
    pooled = measured.background.sum(axis=(1, 2))[:, None] * np.clip(together, 0.0, 1.0)
    per_count = measured.per_count[:, None]
    background = expected_background(own, pooled, per_count)
    totals = measured.net[:, mask].sum(axis=1)
    amounts = counts * factors[:, None]
    percent = percentages(np.maximum(counts, 0.0).T, factors).T
    percent_of_all = percentages(np.maximum(totals, 0.0), factors)
    tests = mask.sum() / size**2 * len(factors)
    for k in range(len(factors)):
        others = np.arange(len(factors)) != k
        all_others = float((totals * factors)[others].sum())
        if totals[k] <= 0 or all_others <= 0:
            continue
        share = np.maximum(amounts[others].sum(axis=0), 0.0) / all_others
        its_variance = (np.square(factors)[:, None] * variances)[others].sum(axis=0)
        expected = totals[k] * share
        doubt = np.square(totals[k] / all_others) * its_variance
        there = background[k] + measured.per_count[k] * expected
        _, p_values = detection(counts[k] - expected, there, doubt, measured.per_count[k])
        much = percent[k] > np.maximum(_TIMES * percent_of_all[k], percent_of_all[k] + _MORE)
        p_values = np.where(much, p_values, 1.0)
        at = int(p_values.argmin())
        place = size, int(rows[at]), int(columns[at])
        yield _Window(float(tests * p_values[at]), k, *place, float(expected[at]))
