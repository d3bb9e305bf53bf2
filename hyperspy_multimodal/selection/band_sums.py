"""Sums of fused maps over ranges of brightness, and over strips, that differ from the counts."""

import itertools

import numpy as np
from scipy import optimize

# Prior standard deviations of the differences between factors of neighbouring bands, and of added
# counts relative to the counts of a band. Those of factors are this many times larger.
_CHANGES, _LOOSER = 0.01 * 2.0 ** np.arange(9), 3.0
# Standard errors of a band that may remain, and those that must not: of any range, and of sums over
# dark, bright and brightest pixels, or over halves of the scan.
_MAY_REMAIN, _WRONG, _BROAD_WRONG = (1.5, 1.0, 0.5, 0.0), 2.5, 1.0
#: Largest factor of a correction. A larger one would raise what noise has left in a map.
HIGHEST = 1.5
# Maximum number of times that different partitions alternate.
_ROUNDS = 4
# Standard errors by which a corrected map must be nearer to the counts, and by which one that is
# corrected in part must be; and of a range from which on it may be nearer in units of the noise
# instead: that of bright pixels hides dark ones.
_NEARER, _NEARER_IN_PART, _GROSS = 1.0, 3.0, 6.0
_LEAST = 1e-9  # counts that are none


def with_band_sums(fused, net, variance, *ranges, even=False):
    """Return a map whose sums over ranges agree with those of its counts.

    The map is multiplied by a factor, and counts are added by brightness. Both are interpolated
    between the mean brightness of bands, or the centres of strips, so that no edges appear. If this
    does not bring the map closer to the counts of single pixels, it is only raised, or only
    lowered, whichever does, or else returned as it is. Where a range is grossly wrong, the map may
    instead come closer in units of the noise of pixels of the same brightness.

    Parameters
    ----------
    fused, net, variance : numpy.ndarray
        A map, its counts and their variance, shape (ny, nx).
    *ranges : Ranges
        Ranges of brightness, of position or both, and pixels that are compared.
    even : bool
        Whether a map that is only just nearer to the counts will do if a range is grossly wrong,
        and is half as wrong after the correction.
    """
    bands = [each.within(some.there) for some in ranges for each in some.bands]
    corrections = [_Correction(net, variance, each, fused) for each in bands]

    def worst(one):
        return max(each.worst(one) for each in corrections)

    found, gross = fused, worst(fused) > _GROSS
    with_added = fused
    for _ in range(_ROUNDS):
        wrong = [each for each in corrections if not each.is_right(found)]
        for each in wrong:
            found, added = each.of(found)
            with_added = with_added + added
            # Factors of several partitions multiply.
            found = np.minimum(found, HIGHEST * with_added)
        if not wrong:
            break
    mask = bands[0].mask
    if mask is not None:
        found = np.where(mask, fused, found)
    weights = _weights(variance, bands[0])
    units = (weights > 0, weights) if gross else (weights > 0,)

    def gain_of(one):
        return max(nearer(one, fused, net, each) for each in units)

    gain = gain_of(found)
    if gain > _NEARER:
        return found
    part = max(_parts(found, fused, bands[0]), key=gain_of)
    if gain_of(part) > _NEARER_IN_PART and worst(part) < worst(fused):
        return part
    if even and gross and gain > 0 and worst(found) < worst(fused) / 2:
        return found
    return fused


def _parts(found, fused, bands):
    """Return a map that a correction only raises, in parts where it is to raise, and one lowered.

    What cannot be corrected in one range must not leave a map wrong in another.
    """
    is_raised = np.append(bands.sums(found) > bands.sums(fused), False)[bands.numbers]
    raised = np.where(is_raised, np.maximum(found, fused), fused)
    return raised, np.where(is_raised, fused, np.minimum(found, fused))


def _weights(variance, bands):
    """Return the inverse of the mean variance of pixels as bright as each, 0 where in no band."""
    of_bands = np.maximum(bands.pixels, 1) / np.maximum(bands.sums(variance), 1.0)
    return np.append(of_bands, 0.0)[bands.numbers]


def nearer(one, other, net, weights):
    """Return by how much one map is nearer to the counts than another, in standard errors.

    That is of the weighted squared differences, summed over all pixels.
    """
    products = (one - other).astype(np.float64)
    products *= net - (one + other) / 2
    products *= weights
    squares = np.vdot(products, products)
    return float(products.sum() / max(np.sqrt(squares), _LEAST))


def _bounded(rows, wanted, highest):
    """Return non-negative amounts, none above its highest, for which rows are about as wanted.

    Amounts that are too high are lowered, and then those of the others are found again.
    """
    amounts, free = np.array(highest), np.ones(len(highest), bool)
    while free.any():
        rest = wanted - rows[:, ~free] @ amounts[~free]
        found = optimize.nnls(rows[:, free], rest, maxiter=30 * len(highest))[0]
        amounts[free] = np.minimum(found, highest[free])
        if np.all(found <= highest[free]):
            break
        free[free] = found <= highest[free]
    return amounts


class _Correction:
    """Corrections of maps of an element in bands of brightness, or in strips.

    Parameters
    ----------
    net, variance : numpy.ndarray
        Net counts of the element and their variance, shape (ny, nx).
    bands : Partition
        Bands of brightness, or strips.
    """

    def __init__(self, net, variance, bands, fused):
        self.bands, self._last = bands, (None, None)
        counts = bands.sums(net)
        wanted = np.maximum(counts, 0.0)
        self.wanted = wanted * (max(counts.sum(), 0.0) / max(wanted.sum(), _LEAST))
        # The variance of what the map predicts if this is more: few counts have a small one.
        spread = np.maximum(bands.sums(variance), self._held(fused))
        self.errors = np.sqrt(np.maximum(spread, 1.0))
        self._added = bands.hats @ bands.added if bands.added.size else bands.added
        # In their standard errors.
        self._broad = bands.broad / np.sqrt(bands.broad @ self.errors**2)[:, None]
        self._prior, self._centre = self._prior_rows()

    def _held(self, fused):
        """Return the sums of a map over the bands, which are kept until those of another."""
        if self._last[0] is not fused:
            self._last = fused, self.bands.sums(fused)
        return self._last[1]

    def is_right(self, fused):
        """Return whether no range of a map is wrong."""
        return self._are_right(self._held(fused))

    def worst(self, fused):
        """Return by how many standard errors the most wrong range of a map is wrong."""
        return self._of_ranges(self._held(fused) - self.wanted).max()

    def of(self, fused):
        """Return a corrected map, and what was added to it."""
        held = self._held(fused)
        weighted = self.bands.weighted(held)
        slopes = np.hstack([weighted.products(fused), self._added])
        amounts = self._amounts(slopes, held)
        factors, added = np.split(amounts, [self.bands.size])
        found = weighted.interpolated(factors) * fused
        if not added.size:
            return found, 0.0
        added = self.bands.interpolated(self.bands.added @ added)
        return found + added, added

    def _amounts(self, slopes, held):
        """Return the smallest amounts for which no range is wrong.

        Bands are corrected by what they differ by beyond some standard errors, so that they do not
        follow the noise of the counts if another band needs a large correction.
        """
        rows = np.vstack([slopes / self.errors[:, None], self._broad @ slopes])
        off = (self.wanted - held) / self.errors

        def found(remains, change):
            wanted = held / self.errors + np.sign(off) * np.maximum(np.abs(off) - remains, 0.0)
            return _bounded(
                np.vstack([rows, self._prior / change]),
                np.concatenate([wanted, self._broad @ self.wanted, self._centre / change]),
                np.repeat([HIGHEST, np.inf], [self.bands.size, self.bands.added.shape[1]]),
            )

        largest = found(_MAY_REMAIN[-1], _CHANGES[-1])
        if not self._are_right(slopes @ largest):
            return largest  # smaller ones would not be right either
        every = (found(*each) for each in itertools.product(_MAY_REMAIN, _CHANGES))
        return next((each for each in every if self._are_right(slopes @ each)), largest)

    def _prior_rows(self):
        """Return rows and right side for a prior standard deviation of 1.

        They are those of differences of neighbouring factors, factors, and added counts.
        """
        n, factors = self.bands.size, np.eye(self.bands.size)
        usual = np.maximum(self.wanted, 1.0) / np.maximum(self.bands.pixels, 1)
        of_factors = np.vstack([np.diff(factors, axis=0), factors / _LOOSER])
        rows = np.zeros((3 * n - 1, n + self.bands.added.shape[1]))
        rows[: 2 * n - 1, :n] = of_factors
        rows[2 * n - 1 :, n:] = self.bands.added / usual[:, None]
        return rows, np.repeat([0.0, 1 / _LOOSER, 0.0], [n - 1, n, n])

    def _are_right(self, sums):
        """Return whether sums over bands are right in all ranges of adjacent bands."""
        off = sums - self.wanted
        return (
            self._of_ranges(off).max() < _WRONG and np.abs(self._broad @ off).max() < _BROAD_WRONG
        )

    def _of_ranges(self, off):
        """Return by how many standard errors all ranges of adjacent bands are off."""
        below, spread = (np.concatenate([[0.0], np.cumsum(x)]) for x in (off, self.errors**2))
        first, last = np.triu_indices(len(below), 1)
        return np.abs(below[last] - below[first]) / np.sqrt(spread[last] - spread[first])
