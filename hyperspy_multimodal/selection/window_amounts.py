"""Corrections of maps in windows whose sums differ from those of the counts."""

import numpy as np
from scipy import ndimage

# Maximum number of sweeps over the windows, and the allowed errors of a sum, relative and in
# counts.
_SWEEPS, _CLOSE = 50, 1e-6
# Standard deviation of the Gaussian that averages an excess, in window widths, and the number of
# standard errors of a surplus that may be left.
_ALONG, _MAY_BE_LEFT = 1.0, 1.0
# That of the Gaussian that averages missing counts, in widths of boxes, discs and rings, and its
# least value, in pixels.
_WITHIN, _FINEST = 0.25, 1.0
# Differences of missing counts are followed from this many times the variance of the noise on.
_CERTAIN = 3.0
_TINY = 1e-30


class _Change:
    """Correction of a map in one window.

    Missing counts are spread over the softened window, until the sum is that of the counts: evenly,
    or like the counts that are missing nearby, as far as noise does not explain how these differ. A
    surplus is removed where the map exceeds the counts nearby, by at most this excess, and then
    in proportion to the map.
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
            # Beside the window, a map is lowered where it exceeds the counts, or by the average
            # surplus inside. The window then has no visible edges, and bright structure beside it
            # is not lowered.
            evenly = surplus / max(len(self.pixels[0]), 1) / np.maximum(there[-1], _TINY)
            beside = np.maximum(beside, np.minimum(within, evenly))
            self.lower = self.soft * np.where(inside, 1.0, beside)
            self.change = -self.soft * np.where(inside, within, beside) * there[-1]
        else:
            there = (each[self.region] for each in (net, variance, fused))
            self.change = self.soft * _uneven(*there, self.soft, self._scale(lost.window))
        self.slope = self._at_pixels(self.change).sum()

    @staticmethod
    def _scale(window):
        """Return the standard deviation of the Gaussian that averages what a window lacks."""
        return max((_WITHIN if window.is_compact else _ALONG) * window.width, _FINEST)

    def _at_pixels(self, image):
        whole = np.zeros(self._shape)
        whole[self.region] = image
        return whole[self.pixels]

    def lacking(self, found):
        """Return how many counts a map lacks in the window, or 0 if the number is negligible."""
        lacking = self.wanted - found[self.pixels].sum()
        return 0.0 if abs(lacking) <= _CLOSE * max(self.wanted, 1.0) else lacking

    def improve(self, found):
        """Correct a map in place; return whether anything changed."""
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
        """Lower a map in proportion to itself if a surplus remains; return whether it did."""
        too_much = -self.lacking(found) - self.left
        if not self.takes or self.amount < 1 or too_much <= _CLOSE * max(self.wanted, 1.0):
            return False
        change = self.lower * np.maximum(found[self.region], 0.0)
        inside = self._at_pixels(change).sum()
        found[self.region] -= min(too_much / max(inside, _TINY), 1.0) * change
        return inside > _TINY

    def complete(self, found):
        """Correct a non-negative map inside the window only; return whether anything changed."""
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

    Softened windows overlap, so their amounts are determined by Gauss-Seidel sweeps. Where a map
    would become negative, only the window itself compensates, not its neighbourhood.

    A map usually has a surplus where it spills over an edge, in a part of the window. It is lowered
    where it exceeds the counts nearby, as far as noise does not explain the excess, so that the
    shape of the window does not appear in it. Up to one standard error of the surplus may remain.

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
    """Return the fraction of a map by which it exceeds the counts near given pixels.

    The excess is averaged over these pixels and reduced by the fraction of its square that noise
    explains. As in `_wanted`, net counts below 0 are treated as 0 where the map is 0.
    """
    counts, noise, held = (
        ndimage.gaussian_filter(pixels * each, _ALONG * width, mode="constant")
        for each in (np.where(fused > 0, net, np.maximum(net, 0.0)), variance, fused)
    )
    excess = np.clip(held - counts, 0.0, held)
    # The excess is added for few counts, whose variance follows from the map. The divisor is the
    # number of pixels over which the Gaussian averages.
    noise = (np.maximum(noise, 0.0) + excess) / (4 * np.pi * (_ALONG * width) ** 2)
    certain = np.square(excess) / np.maximum(np.square(excess) + noise, _TINY)
    return certain * excess / np.maximum(held, _TINY)


def _uneven(net, variance, fused, soft, sigma):
    """Return how missing counts differ over a softened window, about 1.

    They are averaged over the neighbourhood. Of their differences, the share is kept that several
    times the variance of the noise does not explain, so that hardly any noise is followed.
    """

    def averaged(image):
        return ndimage.gaussian_filter(image, sigma, mode="constant")

    weight = averaged(soft)
    lacking = averaged(soft * (net - fused)) / np.maximum(weight, _TINY)
    mean = (soft * lacking).sum() / soft.sum()
    # of an average under a Gaussian and the window, about
    noise = averaged(soft**2 * np.maximum(variance, 0.0)) / np.maximum(weight, _TINY) ** 2
    noise = noise / (4 * np.pi * sigma**2)
    spread = (soft * np.square(lacking - mean)).sum() / soft.sum()
    explained = (soft * noise).sum() / soft.sum()
    share = max(1 - _CERTAIN * explained / max(spread, _TINY), 0.0)
    if mean <= 0 or share == 0:
        return np.ones_like(soft)
    return np.maximum(1 + share * (lacking / mean - 1), 0.0)


def _wanted(net, fused, window):
    """Return the desired sum of a map in a window.

    Where the map is 0, nothing can be subtracted. If net counts are negative there, because the
    background is too high, they must not be subtracted from the rest of the window, which may
    contain real structure.
    """
    counts, held = net[window.pixels], fused[window.pixels]
    wanted = max(counts.sum(dtype=np.float64), 0.0)
    surplus = held.sum(dtype=np.float64) - wanted
    if surplus <= 0:
        return wanted
    below = -min(counts[held <= 0].sum(dtype=np.float64), 0.0)
    return wanted + min(below, surplus)
