"""Sums of fused maps over ranges of brightness of the HAADF that differ from the counts."""

import numpy as np
from scipy import optimize, special

from .lost_structure import INDEPENDENT, Lost
from .normalised_haadf import smoothed
from .significance import errors_of, spread_of

#: What `Lost.window` has as its family where it is no window of the scan.
BRIGHTNESS = "brightness"
# Probability that a scan has any element that is corrected unnecessarily.
_CHANCE = 0.01
# By how much factors of neighbouring bands may differ, and which fraction of its counts may be
# added to a band: the smallest that leaves no range with an error of so many standard errors.
_CHANGES, _RIGHT, _LOOSER = 0.01 * 2.0 ** np.arange(9), 2.5, 3.0
# Maximum number of times that bands by brightness of pixels and neighbourhoods alternate.
_ROUNDS = 4
# Prior standard deviation of sharpening and its blur in pixels; number of steps, because maps
# cannot be negative.
_SHARPER, _EDGE, _STEPS = 0.5, 1.5, 6
# Standard errors by which a corrected map must be nearer to the counts, without sharper edges and
# with them.
_NEARER, _SURE = 0.5, 8.0
_LEAST = 1e-9  # counts that are none


class Ranges:
    """Ranges of brightness in which a map is wrong, and how it is corrected.

    Parameters
    ----------
    bands : sequence of Bands
        Bands of brightness; each is a way to divide the scan.
    most : tuple of int
        The most significant range: number of its `Bands`, first and last band.
    there : numpy.ndarray
        Pixels that are compared, bool, shape (ny, nx).
    """

    family, is_compact = BRIGHTNESS, True

    def __init__(self, bands, most, there):
        self.bands, self.most, self.there = bands, most, there

    @property
    def name(self):
        """Where the most significant range is."""
        which, first, last = self.most
        bands = self.bands[which]
        low, high = 100 * bands.quantiles[[first, last + 1]]
        blurred = f" of the HAADF blurred by {bands.blur:g} pixels" if bands.blur else ""
        if first == 0:
            return f"the darkest {high:.0f} % of the pixels{blurred}"
        if last == bands.size - 1:
            return f"the brightest {100 - low:.0f} % of the pixels{blurred}"
        return f"the pixels of percentiles {low:.0f} to {high:.0f}{blurred or ' of the HAADF'}"

    def pixels(self, _place=0):
        """Return rows and columns of the pixels of the most significant range."""
        which, first, last = self.most
        return np.nonzero(self.bands[which].inside(first, last) & self.there)


def wrong_ranges(expectation, fused, bands, elements, apart_from=()):
    """Return for each element the range of brightness in which its map is most certainly wrong.

    Total variation moves counts over edges, from bright pixels to dark ones, and evens out what is
    bright; other elements, carbon or a varying pedestal brighten the HAADF, which then moves counts
    of an element. Each pixel is off by little, but sums over many pixels are known well. All ranges
    of adjacent bands are compared, so that few counts are compared in broad ranges, and many in
    narrow ones. The counts' own noise is taken for that of the difference. That of maps, which
    follow the counts, is smaller.

    Parameters
    ----------
    expectation : Expectation
        Expectation of the measured maps.
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    bands : sequence of Bands
        From `bands_of`.
    elements : sequence of int
        Maps to test.
    apart_from : sequence of Lost
        Windows whose pixels are excluded.

    Returns
    -------
    list of Lost
        At most one of each element; its ``window`` is a `Ranges`.
    """
    all_ranges = [_ranges(each) for each in bands]
    least = [-special.ndtri(each[-1] / (2 * len(fused) * len(bands))) for each in all_ranges]
    found = []
    for i in elements:
        there = _apart(expectation.there, apart_from, i)
        images = expectation.images(i, fused[i])
        most = []
        for n, (each, (first, last, _)) in enumerate(zip(bands, all_ranges, strict=True)):
            within = each.within(there)
            sums = [within.range_sums(image, first, last) for image in images]
            errors = errors_of(*sums[:3], expectation.unit(i, fused[i]), spread_of(sums))
            wrong = np.flatnonzero(np.abs(errors) > least[n])
            most += [(float(errors[k]), (n, int(first[k]), int(last[k]))) for k in wrong]
        if not most:
            continue
        errors, where = max(most, key=lambda each: abs(each[0]))
        ranges = Ranges(bands, where, there)
        pixels = ranges.pixels()
        counts = (float(image[pixels].sum()) for image in (expectation.net[i], fused[i]))
        found.append(Lost(i, ranges, 0, pixels, errors, *counts, is_shown=True))
    return found


def _ranges(bands):
    """Return first and last bands of all ranges, and the share of the probability of each.

    Half of it is for all dark and for all bright pixels, the other half for all ranges.
    """
    first, last = np.triu_indices(bands.size)
    part = (first > 0) | (last < bands.size - 1)  # sums over the whole scan are kept
    first, last = first[part], last[part]
    is_dark = (first == 0) & (last == bands.dark - 1)
    is_bright = (first == bands.dark) & (last == bands.size - 1)
    share = np.where(is_dark | is_bright, 0.5, 0.5 / max(len(first), 1))
    return first, last, _CHANCE / INDEPENDENT * share


def _apart(there, windows, element):
    """Return pixels that are in no window of an element."""
    there = there.copy()
    for each in windows:
        there[each.pixels] &= each.element != element
    return there


def with_band_sums(fused, net, variance, ranges):
    """Return a map whose sums over bands of brightness are close to those of its counts.

    The map is multiplied by a factor, and counts are added; both are interpolated between the mean
    brightness of bands, so that no edges appear. If the map is then farther from the counts of
    single pixels, edges are sharpened as well, by adding a multiple of the difference between the
    map and its blurred version. If this does not help either, the map is returned as it is.

    Parameters
    ----------
    fused, net, variance : numpy.ndarray
        A map, its counts and their variance, shape (ny, nx).
    ranges : Ranges
        Ranges of brightness, and pixels that are compared.
    """
    corrections = [_Correction(net, variance, each, ranges.there) for each in ranges.bands]
    even = fused
    for _ in range(_ROUNDS):
        wrong = [each for each in corrections if not each.is_right(even)]
        for each in wrong:
            even = each.even(even)
        if not wrong:
            break
    if nearer(even, fused, net, ranges.there) > _NEARER:
        return even
    sharper = corrections[0].sharper(fused)
    return sharper if nearer(sharper, fused, net, ranges.there) > _SURE else fused


def nearer(one, other, net, there):
    """Return by how much one map is nearer to the counts than another, in standard errors.

    That is of the squared differences, summed over all pixels. Both maps follow the noise of these
    counts, so that the sharper one is nearer by some standard errors even if it is no better.
    """
    moved = (one - other)[there].astype(np.float64)
    products = moved * (net - (one + other) / 2)[there]
    return float(products.sum() / max(np.sqrt(np.square(products).sum()), _LEAST))


class _Correction:
    """Least-squares estimates of the amounts by which maps of an element are corrected."""

    def __init__(self, net, variance, bands, there):
        self.bands, self.there, self._net = bands.within(there), there, net
        counts = self.bands.sums(net)
        wanted = np.maximum(counts, 0.0)
        self.wanted = wanted * (max(counts.sum(), 0.0) / max(wanted.sum(), _LEAST))
        self.variances = np.maximum(self.bands.sums(variance), 1.0)
        # Added counts do not increase with brightness: they are sums of what is added up to a band.
        n = self.bands.size
        self._added = self.bands.products(np.ones(there.shape)) @ np.triu(np.ones((n, n)))

    def is_right(self, fused):
        """Return whether no range of a map is wrong."""
        return self._most_wrong(self.bands.sums(fused)) < _RIGHT

    def even(self, fused):
        """Return a map with factors and added counts."""
        return self._changed(fused, self._amounts(self._slopes(fused)))

    def sharper(self, fused):
        """Return a map with factors, added counts and sharper edges."""
        edges, found = fused - smoothed(fused, _EDGE), fused
        for step in range(_STEPS):
            above = found > 0
            of_edges = self.bands.sums(above * edges)
            slopes = np.hstack([self._slopes(above * fused), of_edges[:, None]])
            amounts = self._amounts(slopes)
            found = self._changed(fused, amounts) + amounts[-1] * edges
            np.maximum(found, 0.0, out=found)
            if step == 0 and nearer(found, fused, self._net, self.there) < _SURE:
                break
        return found

    def _slopes(self, fused):
        """Return how sums over bands change with factors and added counts, (bands, 2 bands)."""
        return np.hstack([self.bands.products(fused), self._added])

    def _changed(self, fused, amounts):
        n = self.bands.size
        added = amounts[n : 2 * n][::-1].cumsum()[::-1]
        return self.bands.interpolated(amounts[:n]) * fused + self.bands.interpolated(added)

    def _amounts(self, slopes):
        """Return the smallest amounts for which sums over ranges are right."""
        n, errors = self.bands.size, np.sqrt(self.variances)
        sharpens = slopes.shape[1] - 2 * n
        # Neighbouring factors, factors, and added counts.
        prior = np.zeros((3 * n - 1 + sharpens, slopes.shape[1]))
        prior[: n - 1, :n] = np.diff(np.eye(n), axis=0)
        prior[n - 1 : 2 * n - 1, :n] = np.eye(n) / _LOOSER
        usual = np.maximum(self.wanted, 1.0) / np.maximum(self.bands.pixels, 1)
        prior[2 * n - 1 : 3 * n - 1, n : 2 * n] = np.triu(np.ones((n, n))) / usual[:, None]
        centre = np.repeat([0.0, 1 / _LOOSER, 0.0], [n - 1, n, n + sharpens])
        right = self.wanted / errors
        for change in _CHANGES:
            own = prior / change
            own[3 * n - 1 :, 2 * n :] = 1 / _SHARPER
            rows = np.vstack([slopes / errors[:, None], own])
            amounts = optimize.nnls(rows, np.concatenate([right, centre / change]))[0]
            if self._most_wrong(slopes @ amounts) < _RIGHT:
                break
        return amounts

    def _most_wrong(self, sums):
        """Return the error of the most significant range of adjacent bands."""
        below, spread = (
            np.concatenate([[0.0], np.cumsum(each)])
            for each in (sums - self.wanted, self.variances)
        )
        first, last = np.triu_indices(len(below), 1)
        return np.abs((below[last] - below[first]) / np.sqrt(spread[last] - spread[first])).max()
