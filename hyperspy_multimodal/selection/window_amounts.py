"""Amounts by which maps change in windows in which they are wrong."""

import numpy as np
from scipy import ndimage

# Maximum number of sweeps over the windows, and the allowed errors of a sum, relative and in
# counts.
_SWEEPS, _CLOSE = 50, 1e-6
# Standard deviation of the Gaussian over which an excess is averaged, in widths of the window, and the
# standard errors of the sum that may be left of it.
_ALONG, _MAY_BE_LEFT = 1.0, 1.0
_TINY = 1e-30


class _Change:
    """What changes in one window: a shape, times an amount.

    What is missing is spread evenly over the softened window, until the sum is that of the counts.
    A surplus is taken away where the map exceeds the counts nearby, at most once.
    """

    def __init__(self, lost, net, variance, fused):
        self.pixels, self.amount = lost.pixels, 0.0
        self.wanted = _wanted(net, fused, lost)
        self.region, self.soft = lost.window.soft(lost.place)
        self.surplus = fused[self.pixels].sum(dtype=np.float64) - self.wanted
        self.takes = self.surplus > 0
        self.within = self._at_pixels(self.soft, fused.shape)
        if self.takes:
            there = (each[self.region] for each in (net, variance, fused))
            self.shape = -self.soft * _excess(*there, self.soft, lost.window.width)
            errors = max(abs(lost.significance), _MAY_BE_LEFT)
            self.left = self.surplus * _MAY_BE_LEFT / errors
        else:
            self.shape, self.left = self.soft, 0.0
        self.slope = self._at_pixels(self.shape, fused.shape).sum()

    def _at_pixels(self, image, shape):
        whole = np.zeros(shape)
        whole[self.region] = image
        return whole[self.pixels]

    def lacking(self, found):
        """Return what a map lacks, or 0 if that is next to nothing."""
        lacking = self.wanted - found[self.pixels].sum()
        return 0.0 if abs(lacking) <= _CLOSE * max(self.wanted, 1.0) else lacking

    def improve(self, found):
        """Change a map by the shape; return whether that changed anything."""
        lacking = self.lacking(found)
        if not lacking or abs(self.slope) <= _TINY:
            return False
        amount = self.amount + lacking / self.slope
        if self.takes:
            amount = min(max(amount, 0.0), 1.0)
        step, self.amount = amount - self.amount, amount
        found[self.region] += step * self.shape
        return abs(step * self.slope) > _CLOSE * max(self.wanted, 1.0)

    def complete(self, found):
        """Change a map, which is not negative, inside the window only; return as `improve`."""
        lacking = self.lacking(found)
        if self.takes and lacking < 0:
            lacking = min(lacking + self.left, 0.0)
        if not lacking:
            return False
        held = found[self.pixels]
        free = self.within * (held if self.takes and lacking < 0 else (held > 0) | (lacking > 0))
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


def _excess(net, variance, fused, weights, width):
    """Return what a map exceeds the counts by, near each pixel of a window.

    The share of the map that exceeds them is averaged along the window, and reduced by the share of
    its square that noise explains.
    """
    counts, noise, held = (
        ndimage.gaussian_filter(weights * each, _ALONG * width, mode="constant")
        for each in (net, variance, fused)
    )
    excess = np.clip(held - counts, 0.0, held)
    pixels = 4 * np.pi * (_ALONG * width) ** 2  # over which these are averages
    # of few counts, the variance is what the map expects
    noise = (np.maximum(noise, 0.0) + excess) / pixels
    certain = np.square(excess) / np.maximum(np.square(excess) + noise, _TINY)
    return fused * certain * excess / np.maximum(held, _TINY)


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
