"""Channels in which a spectrum is far above the channels beside them."""

import numpy as np

from .compile import inlined, leaf
from .spectra import place_value


@inlined
def mean_beside(spectrum, channel, step):
    """Return the mean of the second to fourth channels to one side, as far as there are any."""
    total, number = 0.0, 0
    for distance in range(2, 5):
        other = channel + step * distance
        if 0 <= other < spectrum.size:
            total += np.float64(spectrum[other])
            number += 1
    return total / number


@leaf
def find_peaks(k, spectra, rows_per_chunk, factor, heights, pixels):
    """Find values that exceed both sides of the same spectrum by more than a factor.

    A side is the mean of the second to fourth channels from there. For each channel, ``heights``,
    float64 (chunks, R, C), receives the R largest differences between the square roots of a value
    and of its higher side, in descending order, of the spectra (ny, nx, C) in the rows of chunk
    ``k``; and ``pixels``, int64 (chunks, R, C), their places, row times nx plus column. If there
    are fewer, the rest are 0 at -1. The two channels at each end have no sides.
    """
    ny, nx, n_channels = spectra.shape
    for channel in range(n_channels):
        for rank in range(heights.shape[1]):
            heights[k, rank, channel] = 0.0
            pixels[k, rank, channel] = -1
    for row in range(k * rows_per_chunk, min((k + 1) * rows_per_chunk, ny)):
        for col in range(nx):
            spectrum = spectra[row, col]
            for channel in range(2, n_channels - 2):
                value = np.float64(spectrum[channel])
                if not value > 0.0:
                    continue
                side = mean_beside(spectrum, channel, -1)
                side = max(side, mean_beside(spectrum, channel, 1), 0.0)
                if value > factor * side:
                    height = np.sqrt(value) - np.sqrt(side)
                    if height > heights[k, -1, channel]:
                        place_value(height, row * nx + col, channel, heights[k], pixels[k])
