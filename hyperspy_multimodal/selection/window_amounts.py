"""Amounts by which maps change in windows in which they are wrong."""

import numpy as np
from scipy import ndimage

# Maximum number of sweeps over the windows, and the allowed errors of a sum, relative and in
# counts.
_SWEEPS, _CLOSE = 50, 1e-6
# Standard deviation of the Gaussian over which an excess is averaged, in widths of the window, and
# standard errors of its sum that may be left.
_ALONG, _MAY_BE_LEFT = 1.0, 1.0
_TINY = 1e-30


class _Change:
    """What changes in one window.

    What is missing is spread evenly over the softened window, until the sum is that of the counts.
    A surplus is taken away where the map exceeds the counts nearby, at most once, and then in
    proportion to the map.
    """

    def __init__(self, lost, net, variance, fused):
        self.pixels, self.amount = lost.pixels, 0.0
        self.wanted = _wanted(net, fused, lost)
        surplus = fused[self.pixels].sum(dtype=np.float64) - self.wanted
        self.takes = surplus > 0
        errors = np.inf if lost.is_shown else max(abs(lost.significance), _MAY_BE_LEFT)
        self.left = max(surplus, 0.0) * _MAY_BE_LEFT / errors
        self.region, self.soft = lost.window.soft(lost.place)
        self._shape = fused.shape
        self.within = self._at_pixels(self.soft)
        if self.takes:
            inside = np.zeros(fused.shape, bool)
            inside[self.pixels] = True
            inside, *there = (each[self.region] for each in (inside, net, variance, fused))
            width = lost.window.width
            within, beside = (_excess(*there, each, width) for each in (inside, ~inside))
            # Beside the window, a map is lowered where it exceeds the counts there, or by as much
            # as within on average, so that the window has no edges and nothing bright pays for it.
            evenly = surplus / max(len(self.pixels[0]), 1) / np.maximum(there[-1], _TINY)
            beside = np.maximum(beside, np.minimum(within, evenly))
            self.lower = self.soft * np.where(inside, 1.0, beside)
            self.change = -self.soft * np.where(inside, within, beside) * there[-1]
        else:
            self.change = self.soft
        self.slope = self._at_pixels(self.change).sum()

    def _at_pixels(self, image):
        whole = np.zeros(self._shape)
        whole[self.region] = image
        return whole[self.pixels]

    def lacking(self, found):
        """Return what a map lacks, or 0 if that is next to nothing."""
        lacking = self.wanted - found[self.pixels].sum()
        return 0.0 if abs(lacking) <= _CLOSE * max(self.wanted, 1.0) else lacking

    def improve(self, found):
        """Change a map; return whether that changed anything."""
        lacking = self.lacking(found)
        if not lacking:
            return False
        before = self.amount
        if abs(self.slope) > _TINY:
            self.amount += lacking / self.slope
        if self.takes:
            self.amount = min(max(self.amount, 0.0), 1.0)
        step = self.amount - before
        found[self.region] += step * self.change
        return self._lower(found) or abs(step * self.slope) > _CLOSE * max(self.wanted, 1.0)

    def _lower(self, found):
        """Lower a map in proportion if it has still too much; return whether it had."""
        too_much = -self.lacking(found) - self.left
        if not self.takes or self.amount < 1 or too_much <= _CLOSE * max(self.wanted, 1.0):
            return False
        change = self.lower * np.maximum(found[self.region], 0.0)
        inside = self._at_pixels(change).sum()
        found[self.region] -= min(too_much / max(inside, _TINY), 1.0) * change
        return inside > _TINY

    def complete(self, found):
        """Change a map, which is not negative, inside the window only; return as `improve`."""
        lacking = self.lacking(found)
        if self.takes and lacking < 0:
            lacking = min(lacking + self.left, 0.0)
        if not lacking:
            return False
        held = found[self.pixels]
        free = self.within * ((held > 0) | (lacking > 0))
        found[self.pixels] = np.maximum(held + lacking / max(free.sum(), _TINY) * free, 0.0)
        return True


def with_sums_of(net, variance, fused, windows):
    """Return a map whose sums in windows are those of net counts, or 0 where these are negative.

    Softened windows overlap, so Gauss-Seidel sweeps determine the amount for each. Where a map
    would become negative, only the window itself compensates: the difference must not be taken from
    its neighbourhood.

    A map has too much mostly where it spills over an edge, in a part of the window. It is lowered
    where it exceeds the counts nearby, by as much as these are certain to tell, so that it shows no
    hole of the shape of the window. Up to two standard errors of the surplus may remain.

    Parameters
    ----------
    net, variance, fused : numpy.ndarray
        Net counts of an element, their variance, and its map, shape (ny, nx).
    windows : list of Lost
        Windows of this element.
    """
    changes = [_Change(each, net, variance, fused) for each in windows]
    found = fused.astype(np.float64)
    for change in (_Change.improve, _Change.complete):
        for _ in range(_SWEEPS):
            if not any([change(each, found) for each in changes]):
                break
        np.maximum(found, 0.0, out=found)
    return found


def _excess(net, variance, fused, pixels, width):
    """Return the share of a map by which it exceeds the counts, near some pixels.

    It is averaged over these, and reduced by what noise explains of its square. As in `_wanted`,
    counts below 0 are none where the map is 0.
    """
    counts, noise, held = (
        ndimage.gaussian_filter(pixels * each, _ALONG * width, mode="constant")
        for each in (np.where(fused > 0, net, np.maximum(net, 0.0)), variance, fused)
    )
    excess = np.clip(held - counts, 0.0, held)
    # of few counts, the variance is what the map expects; over how many pixels these are averages
    noise = (np.maximum(noise, 0.0) + excess) / (4 * np.pi * (_ALONG * width) ** 2)
    certain = np.square(excess) / np.maximum(np.square(excess) + noise, _TINY)
    return certain * excess / np.maximum(held, _TINY)


def _wanted(net, fused, window):
    """Return the desired sum of a map in a window.

    Where the map is 0, nothing can be subtracted. Net counts below 0 there, from a background that
    is too high, must not be subtracted from the rest of the window instead, which may be real.
    """
    counts, held = net[window.pixels], fused[window.pixels]
    wanted = max(counts.sum(dtype=np.float64), 0.0)
    surplus = held.sum(dtype=np.float64) - wanted
    if surplus <= 0:
        return wanted
    below = -min(counts[held <= 0].sum(dtype=np.float64), 0.0)
    return wanted + min(below, surplus)
