"""Channels and scan positions whose counts cannot come from the specimen.

Everything is determined from sums over the scan (`SummedSpectra`), and only if it is certain. An
empty channel with few expected counts, a particle as small as a pixel, or an intense line are no
reason to leave anything out.
"""

from typing import NamedTuple

import numpy as np

from ..written_numbers import plain
from .faulty_channels import Finding, empty_channels, lacking_channels, named, shifted_channels
from .spectra_sums import RANKS, channel_ranges

# A hot pixel holds this many times the counts of any other pixel, and a spike this many times the
# counts of any other pixel in its channel; both are many counts.
_FAR, _MANY = 10.0, 3.0
# A hot pixel stands out, by a factor of two, in this share of all channels that hold counts.
_SHARE = 0.5
#: Channels of the widest spike.
WIDEST_SPIKE = 3
# No X-ray detector records a line that is narrower than this at a tenth of its height, in eV.
_NARROWEST_PEAK = 80.0


class Unphysical(NamedTuple):
    """Counts that cannot come from the specimen.

    Attributes
    ----------
    total : numpy.ndarray
        Sum of all spectra without hot pixels and without spikes, shape (C,).
    channels : list of Finding
        Channels that are empty or lack counts, in all pixels or in some.
    spikes : list of Finding
        Channels with a huge value in a single pixel.
    hot : list of Finding
        Pixels with far more counts than any other in all channels.
    """

    total: np.ndarray
    channels: list
    spikes: list
    hot: list


def unphysical(sums, smooth=False, widest_spike=WIDEST_SPIKE):
    """Find counts that cannot come from the specimen.

    Parameters
    ----------
    sums : SummedSpectra
        Of a whole spectrum image.
    smooth : bool
        Whether spectra have edges on a background and no peaks, as those of EELS. Default False.
    widest_spike : int
        From `widest_spike_of`, default 3 channels.

    Returns
    -------
    Unphysical
    """
    hot = _hot_pixels(sums)
    sums = _without(sums, np.isin(sums.pixels, [each.pixel for each in hot]))
    spikes = _spikes(sums, widest_spike)
    struck = np.zeros(sums.pixels.shape, bool)
    for start, stop, _, pixel, _ in spikes:
        struck[:, start:stop] |= sums.pixels[:, start:stop] == pixel
    sums = _without(sums, struck)
    n_pixels = np.count_nonzero(sums.by_pixel) - len(hot)
    channels = empty_channels(sums.filled)
    for backwards in (False, True):
        channels += shifted_channels(sums, n_pixels, smooth, backwards)
        if smooth:
            taken = [slice(each.start, each.stop) for each in channels]
            channels += lacking_channels(sums.total, taken, backwards)
    return Unphysical(sums.total, sorted(channels), spikes, hot)


def widest_spike_of(channel):
    """Return how many channels a spike may have that is no line of a single bright pixel.

    Parameters
    ----------
    channel : float
        Width of a channel of X-ray spectra in eV.

    Returns
    -------
    int
        Half the channels over which the narrowest line exceeds a tenth of its height, at most 3.
    """
    return int(min(_NARROWEST_PEAK / 2 / channel, WIDEST_SPIKE))


def _without(sums, taken):
    """Return sums without some of the largest values, bool (R, C)."""
    values = np.where(taken, sums.largest, 0.0)
    filled = sums.filled - np.count_nonzero(values, axis=0)
    return sums._replace(
        total=np.where(filled > 0, sums.total - values.sum(axis=0), 0.0),
        filled=filled,
        largest=np.where(taken, -np.inf, sums.largest),
    )


def _hot_pixels(sums):
    """Return the few pixels that hold far more than others, in most channels."""
    counts = sums.by_pixel.ravel()
    if counts.size <= RANKS:
        return []
    most = np.argpartition(counts, -RANKS)[-RANKS:]
    most = most[np.argsort(counts[most], kind="stable")[::-1]]
    usual = max(float(counts[most[-1]]), 0.0)
    high = sums.largest > 2 * np.maximum(sums.largest[-1], 0.0) + _MANY * _unit(sums)
    least = _SHARE * np.count_nonzero(sums.filled)
    hot = []
    for pixel in np.sort(most[:-1]):
        stands_out = np.any((sums.pixels == pixel) & high, axis=0)
        if (
            counts[pixel] > _FAR * (usual + _MANY * _unit(sums))
            and np.count_nonzero(stands_out) > least
        ):
            text = (
                f"{_place(pixel, sums)} contains {plain(counts[pixel], 4)} counts, "
                f"others up to {plain(usual, 4)}"
            )
            hot.append(Finding(0, sums.total.size, text, int(pixel)))
    return hot


def _unit(sums):
    """Return the common divisor of the counts; for fractions, a usual value of one channel."""
    if sums.divisor > 0:
        return float(sums.divisor)
    values = sums.largest[-1]
    there = values[np.isfinite(values) & (values > 0)]
    return float(np.median(there)) / _MANY if there.size else np.inf


def _place(pixel, sums):
    row, column = divmod(int(pixel), sums.by_pixel.shape[1])
    return f"scan position (row {row}, column {column})"


def _spikes(sums, widest):
    """Return the runs of few channels in which one pixel has far more than any other."""
    if widest < 1 or sums.by_pixel.size <= RANKS:
        return []
    level = np.maximum(sums.largest[-1], 0.0)
    high = sums.largest > _FAR * (level + _MANY * _unit(sums))
    spikes = []
    for pixel in np.unique(sums.pixels[high]):
        own = sums.pixels == pixel
        # of what is not among the largest, the most that it can be
        spectrum = np.where(own.any(axis=0), np.where(own, sums.largest, 0.0).max(axis=0), level)
        for start, stop in channel_ranges(np.any(high & own, axis=0)):
            top = start + spectrum[start:stop].argmax()
            peak = spectrum[top]
            above = channel_ranges(spectrum > peak / _FAR)
            first, last = next((a, b) for a, b in above if a <= top < b)
            if last - first <= widest:
                start, stop = int(min(start, first)), int(max(stop, last))
                usual = level[start:stop].max()
                text = (
                    f"{named(start, stop, 'contains', 'contain')} up to {plain(peak, 4)} counts in "
                    f"{_place(pixel, sums)}, and up to {plain(usual, 4)} in others"
                )
                spikes.append(Finding(start, stop, text, int(pixel)))
    return spikes
