"""Spikes in smooth spectra: a few channels of one spectrum that nothing beside them explains."""

from typing import NamedTuple

import numpy as np

from ..kernels import find_peaks
from ..threads import side_by_side, threads_for
from .spectra_sums import RANKS

_ROWS_PER_CHUNK = 16
# A spike exceeds both sides of its spectrum by this factor and this many standard deviations, also
# where the sum of all spectra has a white line there.
_FACTOR, _SIGMAS = 1.3, 8.0
# Channels to each side with which a spectrum is compared, beside those of the widest spike.
_AROUND, _BESIDE = 12, 2
# A line of a single pixel goes on as an edge: together, the next channels exceed those of other
# pixels by this share of the height of the line.
_GOES_ON, _NEXT = 0.5, 7
# Channels beside the highest one belong to a spike that they share by this many deviations.
_SHARED = 4.0
# Fewer pixels do not tell what spectra look like.
_PIXELS = 16
_TINY = 1e-300


class Peaks(NamedTuple):
    """The spectra that are highest above the channels beside each channel.

    Attributes
    ----------
    pixels, channels : numpy.ndarray
        Where they are: row times columns plus column, and the channel, int, shape (N,).
    heights : numpy.ndarray
        Differences of square roots, shape (N,).
    spectra : numpy.ndarray
        Counts in the channels around, shape (N, 25), NaN beyond the axis.
    """

    pixels: np.ndarray
    channels: np.ndarray
    heights: np.ndarray
    spectra: np.ndarray


class Spike(NamedTuple):
    """A value that was not measured of the specimen.

    Attributes
    ----------
    pixel, channel : int
        Where it is: row times columns plus column, and the channel.
    value, expected : float
        What is there, and what the rest of the spectrum and the sum of all lead one to expect.
    """

    pixel: int
    channel: int
    value: float
    expected: float


def peaks_of(block):
    """Return the `Peaks` of a block (ny, nx, C) of numbers that Numba knows, all channels."""
    ny, nx, n_channels = block.shape
    chunks = -(-ny // _ROWS_PER_CHUNK)
    heights = np.empty((chunks, RANKS, n_channels))
    pixels = np.empty(heights.shape, np.int64)

    def find_in_chunk(k):
        find_peaks(k, block, _ROWS_PER_CHUNK, _FACTOR, heights, pixels)

    with threads_for(block.size):
        side_by_side(find_in_chunk, range(chunks))
    heights, pixels = (each.reshape(-1, n_channels) for each in (heights, pixels))
    channels = np.broadcast_to(np.arange(n_channels), pixels.shape)[pixels >= 0]
    heights, pixels = heights[pixels >= 0], pixels[pixels >= 0]
    best = _highest(pixels, channels, heights)
    pixels, channels, heights = pixels[best], channels[best], heights[best]
    near = channels[:, None] + np.arange(-_AROUND, _AROUND + 1)
    there = (near >= 0) & (near < n_channels)
    rows, cols = np.divmod(pixels, nx)
    spectra = block[rows[:, None], cols[:, None], np.where(there, near, 0)].astype(np.float64)
    return Peaks(pixels, channels, heights, np.where(there, spectra, np.nan))


def combined_peaks(parts, places, n_columns):
    """Return the `Peaks` of all spectra from those of blocks, each with all channels."""
    pixels = []
    for (rows, cols, _), part in zip(places, parts, strict=True):
        row, col = np.divmod(part.pixels, cols.stop - cols.start)
        pixels.append((rows.start + row) * n_columns + cols.start + col)
    pixels = np.concatenate(pixels)
    channels, heights, spectra = (
        np.concatenate([getattr(part, name) for part in parts]) for name in Peaks._fields[1:]
    )
    best = _highest(pixels, channels, heights)
    return Peaks(pixels[best], channels[best], heights[best], spectra[best])


def _highest(pixels, channels, heights):
    """Return which are among the highest of their channels, in order."""
    order = np.lexsort((pixels, -heights, channels))
    first = np.searchsorted(channels[order], channels[order])
    return order[np.arange(len(order)) - first < RANKS]


def spikes_among(peaks, total, n_pixels, gain, floor=0.0):
    """Return the spikes among peaks of single spectra, the largest first.

    A spike has no more than three channels, and is clearly higher than both sides of its spectrum.
    The sum of the other spectra has no such line, and the spectrum does not go on as an edge: a
    white line of a particle in one pixel is no spike.

    Parameters
    ----------
    peaks : Peaks
        Of all spectra.
    total : numpy.ndarray
        Sum of all spectra, shape (C,).
    n_pixels : int
        How many spectra there are.
    gain, floor : float
        Counts per electron, and standard deviation of a channel without electrons, in counts.

    Returns
    -------
    list of Spike
        One for each channel of a spike.
    """
    if n_pixels < _PIXELS or not len(peaks.pixels):
        return []
    found = {}
    high = 2 * peaks.heights > _SIGMAS * np.sqrt(gain)
    order = np.argsort(-peaks.heights, kind="stable")
    for k in order[high[order]]:
        channel, pixel = int(peaks.channels[k]), int(peaks.pixels[k])
        near = channel + np.arange(-_AROUND, _AROUND + 1)
        there = np.isfinite(peaks.spectra[k])
        others = total[np.where(there, near, 0)] - peaks.spectra[k]
        for place, expected in _spike(peaks.spectra[k], others, gain, floor).items():
            at = pixel, int(near[place])
            value = float(peaks.spectra[k][place])
            found.setdefault(at, Spike(*at, value, max(expected, 0.0)))
    return sorted(found.values(), key=lambda each: (each.expected - each.value, each[:2]))


def _spike(spectrum, others, gain, floor):
    """Return what is expected in the channels of a spike in the middle, none if it is no spike."""
    places = np.arange(len(spectrum)) - _AROUND
    known = np.isfinite(spectrum) & (others > 0)
    left, right = ((known & (s * places >= 2) & (s * places <= 4)) for s in (-1, 1))
    before, after = known & (places <= -_BESIDE), known & (places >= _BESIDE)
    if not (known[_AROUND] and left.any() and right.any()):
        return {}
    sides = [(spectrum[each].mean(), others[each].mean()) for each in (left, right)]
    in_others = others[_AROUND] / max(each for _, each in sides)
    side = max(max(each for each, _ in sides), 0.0) * max(in_others, 1.0)
    # counts and what is expected of them, in one unit
    scale = np.mean([own / other for own, other in sides])
    expected = np.maximum(scale, 0.0) * others
    deviation = np.sqrt(gain * np.maximum(expected, gain) + floor**2)
    ends = before if before.sum() >= after.sum() else after
    level = max(spectrum[ends].sum(), 0.0) / others[ends].sum()
    misfit = spectrum - level * others
    ratio = misfit[before | after] / deviation[before | after]
    rough = max(1.4826 * np.median(np.abs(ratio - np.median(ratio))), 1.0)
    value = spectrum[_AROUND]
    extra = 3 / 8 * gain + (floor**2) / gain
    height = 2 * (np.sqrt(value + extra) - np.sqrt(side + extra)) / np.sqrt(gain)
    if value <= _FACTOR * side or height <= _SIGMAS * rough:
        return {}
    near = np.abs(places) <= _NEXT
    beyond = -misfit[before & near].sum() if ends is after else misfit[after & near].sum()
    if beyond > _GOES_ON * (value - expected[_AROUND]):
        return {}
    own = [0]
    for step in (-1, 1):
        place = _AROUND + step
        if known[place]:
            excess = spectrum[place] - expected[place]
            if excess > _SHARED * rough * deviation[place]:
                own.append(step)
    return {_AROUND + step: float(expected[_AROUND + step]) for step in own}


def without_spikes(spikes, segments, limits, sums):
    """Return segments and sums of spectra in which spikes have the values that are expected.

    Parameters
    ----------
    spikes : list of Spike
        From `spikes_among`.
    segments : numpy.ndarray or None
        Counts between limits, shape (S, ny, nx).
    limits : list of int or None
        Channels between which counts are summed.
    sums : SummedSpectra
        Sums of all spectra.

    Returns
    -------
    segments : numpy.ndarray or None
    sums : SummedSpectra
    """
    if not spikes:
        return segments, sums
    total, largest, by_pixel = sums.total.copy(), sums.largest.copy(), sums.by_pixel.copy()
    if segments is not None:
        segments = segments.copy()
    for each in spikes:
        more = each.value - each.expected
        total[each.channel] -= more
        by_pixel.flat[each.pixel] -= more
        own = sums.pixels[:, each.channel] == each.pixel
        largest[own, each.channel] = each.expected
        if segments is not None:
            place = int(np.searchsorted(limits, each.channel, side="right")) - 1
            if 0 <= place < len(segments):
                segments[place].flat[each.pixel] = segments[place].flat[each.pixel] - more
    order = np.argsort(-largest, axis=0, kind="stable")
    return segments, sums._replace(
        total=total,
        by_pixel=by_pixel,
        largest=np.take_along_axis(largest, order, axis=0),
        pixels=np.take_along_axis(sums.pixels, order, axis=0),
    )
