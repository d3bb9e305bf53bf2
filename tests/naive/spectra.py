"""Sums of spectra, and spectral lines in channels."""

import numpy as np
from scipy import integrate
from scipy.special import ndtr


def summed(spectra, ranks=4):
    """Return sum, pixels that are not 0, largest values and their pixels of spectra (ny, nx, C)."""
    flat = spectra.reshape(-1, spectra.shape[-1]).astype(float)
    largest = np.full((ranks, flat.shape[1]), -np.inf)
    pixels = np.full((ranks, flat.shape[1]), -1)
    for channel, values in enumerate(flat.T):
        order = sorted(range(len(values)), key=lambda pixel: (-values[pixel], pixel))[:ranks]
        largest[: len(order), channel] = values[order]
        pixels[: len(order), channel] = order
    return flat.sum(axis=0), (flat != 0).sum(axis=0), largest, pixels


def tailed_integral(u, ratio, steps=4001):
    """P(N - T / ratio < u), N standard normal, T exponential of mean 1, by Simpson's rule."""
    times = np.linspace(0, 45, steps)
    chances = ndtr(np.asarray(u, dtype=np.float64)[..., None] + times / ratio) * np.exp(-times)
    return integrate.simpson(chances, x=times, axis=-1)


def peak(place, width, sigma, low, channel, n_channels, tail, shelf):
    """Share of a line in each channel, (C,), with its tail out to nine lengths and no further."""
    limits = low + channel * np.arange(n_channels + 1)
    out = (1 - tail - shelf) * np.diff(ndtr((limits - place) / sigma))
    if tail:
        reached = limits[1:] > place - 7 * sigma - 9 * width
        out += tail * reached * np.diff(tailed_integral((limits - place) / sigma, sigma / width))
    if shelf:
        middles = limits[:-1] + channel / 2
        from_zero = limits[:-1] > -1e-9 * channel
        out += shelf * from_zero * channel / place * ndtr((place - middles) / sigma)
    return out


def peaks(places, widths, sigmas, factors, rows, low, channel, tail, shelf, out):
    """What the lines add to out, (n, C)."""
    added = np.zeros(out.shape)
    for line, row in enumerate(rows):
        args = places[line], widths[line], sigmas[line], low, channel, out.shape[1], tail, shelf
        added[row] += factors[line] * peak(*args)
    return added


def peak_slopes(places, sigmas, factors, rows, low, channel, out):
    """Central differences along place and standard deviation, two (n, C)."""

    def at(places, sigmas):
        return peaks(places, sigmas, sigmas, factors, rows, low, channel, 0.0, 0.0, out)

    step = 1e-4 * sigmas.min()
    moved = (at(places + step, sigmas) - at(places - step, sigmas)) / (2 * step)
    wider = (at(places, sigmas + step) - at(places, sigmas - step)) / (2 * step)
    return moved, wider


def highest_peaks(spectra, factor, ranks=4):
    """Return heights of spectra above both sides of each channel, and their places, (R, C)."""
    n_channels = spectra.shape[2]
    rows = spectra.reshape(-1, n_channels).astype(float)
    heights = np.zeros((ranks, n_channels))
    places = np.full((ranks, n_channels), -1)
    for channel in range(2, n_channels - 2):
        left = rows[:, max(channel - 4, 0) : channel - 1].mean(axis=1)
        right = rows[:, channel + 2 : channel + 5].mean(axis=1)
        side = np.maximum(np.maximum(left, right), 0.0)
        value = rows[:, channel]
        height = np.sqrt(np.maximum(value, 0.0)) - np.sqrt(side)
        height = np.where((value > 0) & (value > factor * side), height, 0.0)
        order = [k for k in np.argsort(-height, kind="stable") if height[k] > 0][:ranks]
        heights[: len(order), channel], places[: len(order), channel] = height[order], order
    return heights, places
