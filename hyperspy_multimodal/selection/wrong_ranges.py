"""Ranges of brightness, of position, beside other maps and in rings, where maps are wrong."""

import numpy as np
from scipy import special

from .brightness_bands import BRIGHTNESS
from .lost_structure import Lost
from .other_maps import OTHERS
from .rings import DISTANCE
from .significance import errors_of, spread_of
from .strips import POSITION

#: What `Lost.window` has as its family where it is no window of the scan.
SUMS = (BRIGHTNESS, POSITION, OTHERS, DISTANCE)
# Probability that a scan has any element that is corrected unnecessarily.
_CHANCE = 0.01
_LEAST = 1e-9  # counts that are none
# Share of their variance that sums have at least if the total is kept: of the rest of the scan,
# which may hold too few counts for a Gaussian, sums are compared themselves.
_HALF = 0.5


class Ranges:
    """Ranges of brightness or of position in which a map is wrong, and how it is corrected.

    Parameters
    ----------
    bands : sequence of Partition
        Ways to divide the scan, all of one family.
    most : tuple of int
        The most significant range: number of its `Partition`, first and last part.
    there : numpy.ndarray
        Pixels that are compared, bool, shape (ny, nx).
    """

    is_compact = True

    def __init__(self, bands, most, there):
        self.bands, self.most, self.there = bands, most, there

    def apart_from(self, windows):
        """Return the same ranges without the pixels of windows."""
        there = self.there.copy()
        for pixels in windows:
            there[pixels] = False
        return Ranges(self.bands, self.most, there)

    @property
    def family(self):
        """Family of the partitions."""
        return self.bands[0].family

    @property
    def name(self):
        """Where the most significant range is."""
        which, first, last = self.most
        return self.bands[which].name(first, last)

    def pixels(self, _place=0):
        """Return rows and columns of the pixels of the most significant range."""
        which, first, last = self.most
        return np.nonzero(self.bands[which].inside(first, last) & self.there)


def wrong_ranges(expectation, fused, bands, elements, apart_from=(), tests=None):
    """Return for each element the range in which its map is most certainly wrong.

    Total variation moves counts over edges, from bright pixels to dark ones, and evens out what is
    bright; other elements, carbon or a varying pedestal brighten the HAADF, which then moves counts
    of an element. A slope of the HAADF moves counts across the scan. Each pixel is off by little,
    but sums over many pixels are known well. All ranges of adjacent bands, or strips, are compared,
    so that few counts are compared in broad ranges, and many in narrow ones. The counts' own noise
    is taken for that of the difference, without that of the total, which maps keep. That of maps,
    which follow the counts, is smaller.

    Parameters
    ----------
    expectation : Expectation
        Expectation of the measured maps.
    fused : numpy.ndarray
        Fused maps, shape (K, ny, nx).
    bands : sequence of Partition
        From `bands_of`, `strips_of`, `of_other_maps` or `rings_of`.
    elements : sequence of int
        Maps to test.
    apart_from : sequence of Lost
        Windows whose pixels are excluded.
    tests : int, optional
        Number of partitions that share the probability of a false alarm. Default those given.

    Returns
    -------
    list of Lost
        At most one of each element; its ``window`` is a `Ranges`.
    """
    all_ranges = [_ranges(each) for each in bands]
    shared = 2 * len(fused) * (tests or len(bands))
    least = [
        np.maximum(-special.ndtri(each[-1] / shared), parts.least)
        for each, parts in zip(all_ranges, bands, strict=True)
    ]
    found = []
    for i in elements:
        there, most = _apart(expectation.there, apart_from, i), []
        images = expectation.images(i, _with_total(expectation.net[i], fused[i], there))
        for n, (parts, (first, last, _)) in enumerate(zip(bands, all_ranges, strict=True)):
            within = parts.within(there)
            of_parts = [within.sums(image) for image in images]
            sums = [within.range_sums(each, first, last) for each in of_parts]
            errors = errors_of(*sums[:3], expectation.unit(i, fused[i]), spread_of(sums))
            errors = errors * _given_total(sums, of_parts)
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

    Half of it is for the main ranges, all dark and all bright pixels, or halves of the scan. The
    other half is for all ranges.
    """
    first, last = np.triu_indices(bands.size)
    part = (first > 0) | (last < bands.size - 1)  # sums over the whole scan are kept
    first, last = first[part], last[part]
    is_main = np.zeros(len(first), bool)
    for start, end in bands.main:
        is_main |= (first == start) & (last == end)
    share = np.where(is_main, 0.5, 0.5 / max(len(first), 1))
    return first, last, _CHANCE / bands.adds_up * share


def _with_total(net, fused, there):
    """Return a map whose total over some pixels is that of the counts, as maps keep it."""
    counts, held = (float(image.sum(where=there)) for image in (net, fused))
    return fused * (max(counts, 0.0) / held) if held > 0 else fused


def _given_total(sums, of_parts):
    """Return by how much sums of ranges differ less by chance because the total is kept.

    A map that keeps the total spreads its noise over the scan like the counts that it holds. With a
    share p of these inside, counts inside minus those of the map have the variance (1 - p)^2 V of
    the inside plus p^2 V of the outside.
    """
    variance = 3 if len(sums) > 3 else 1
    whole = [each.sum() for each in of_parts]
    held, all_held = sums[1] - sums[2], whole[1] - whole[2]
    share = np.clip(held / max(all_held, _LEAST), 0.0, 1.0)
    inside, outside = sums[variance], np.maximum(whole[variance] - sums[variance], 0.0)
    left = np.square(1 - share) * inside + np.square(share) * outside
    change = np.divide(left, inside, out=np.ones_like(left), where=inside > 0)
    return 1 / np.sqrt(np.maximum(change, _HALF))


def _apart(there, windows, element):
    """Return pixels that are in no window of an element."""
    there = there.copy()
    for each in windows:
        there[each.pixels] &= each.element != element
    return there
