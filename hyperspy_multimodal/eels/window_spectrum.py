"""The summed spectrum of EELS edges, with the backgrounds that were subtracted in windows."""

from typing import NamedTuple

import numpy as np

from .background_shape import POWER_LAW, fitted_shape
from .edge_windows import channel_energies
from .power_law import EXPONENTS, power_law_area


class WindowSpectrum(NamedTuple):
    """A summed spectrum, and the backgrounds of edges.

    Attributes
    ----------
    observed : numpy.ndarray
        Sum of all spectra, shape (C,).
    backgrounds : numpy.ndarray
        Counts by channel from the start of the background window to the end of the integration
        window, NaN elsewhere, shape (K, C); K is 0 if no background was subtracted.
    dark : float
        Counts of electrons whose noise would be that of the camera's floor, in each channel.
    """

    observed: np.ndarray
    backgrounds: np.ndarray
    dark: float


def window_spectrum(plan, maps, total, camera):
    """Return the `WindowSpectrum` of measured maps.

    A power law has another exponent in each pixel. The one that is returned has the counts of all
    pixels before the edge, and in the window the sum of the backgrounds that were subtracted there.

    Parameters
    ----------
    plan : EdgeWindowPlan
    maps : ElementMaps
        In electrons.
    total : numpy.ndarray
        Sum of all spectra, shape (C,).
    camera : Camera
    """
    dark = camera.gain * maps.counts[0].size * float(camera.floors(1))
    if plan.sides is None:
        return WindowSpectrum(total, np.empty((0, total.size)), dark)
    before = maps.gain * maps.beside_counts.sum(axis=(1, 2), dtype=float)
    under = maps.gain * (maps.counts - maps.net).sum(axis=(1, 2), dtype=float)
    curves = np.full((len(plan.names), total.size), np.nan)
    for curve, name, side, window, *counts in zip(
        curves, plan.names, plan.sides, plan.inside, before, under, strict=True
    ):
        own = slice(min(side[0], window[0]), max(side[1], window[1]))
        if plan.background_type == POWER_LAW:
            curve[own] = _power_law(plan.axis, side, window, own, *counts)
        else:
            shape = fitted_shape(name, total, plan.axis, side, window, plan.background_type)
            curve[own] = shape[own] * counts[0] / shape[slice(*side)].sum()
    return WindowSpectrum(total, curves, dark)


def _power_law(axis, side, window, own, before, under):
    """Return the counts by channel of a power law with given counts in two windows."""
    (left, right), (first, last) = (channel_energies(axis, each) for each in (side, window))
    exponents = np.linspace(*EXPONENTS, 2001)
    ratios = power_law_area(exponents, first, last) * (left / first) ** exponents
    ratios /= power_law_area(exponents, left, right)
    order = np.argsort(ratios)
    exponent = np.interp(under / max(before, 1e-300), ratios[order], exponents[order])
    limits = np.array(channel_energies(axis, range(own.start, own.stop + 1)))
    areas = power_law_area(exponent, limits[:-1], limits[1:]) * (left / limits[:-1]) ** exponent
    return before * areas / power_law_area(exponent, left, right)
