"""Contributions of edges to the windows of other edges."""

import numpy as np

from ..physics.microscope import with_usual
from ..physics.scattering import edge_cross_sections
from .edge_windows import channel_energies, halved
from .power_law import power_law_area, power_law_exponent


def foreign_electrons(plan, maps, lower, upper):
    """Return what each edge adds to the net totals of the others, (K, K).

    The tail of an edge lies in the window of the next, and under its pre-edge window, where it
    changes the exponent. This is what is measured of the summed spectrum less what would be without
    the hydrogenic edge, for each edge (columns) and window (rows). Shapes of edges hardly depend on
    beam energy and angles: usual ones serve where these are not known.

    Parameters
    ----------
    plan : EdgeWindowPlan
        With pre-edge windows.
    maps : ElementMaps
        What was read.
    lower, upper : numpy.ndarray
        Electrons in both halves of the pre-edge windows, shape (K, ny, nx).

    Returns
    -------
    numpy.ndarray or None
        None for edges without hydrogenic cross-sections.
    """
    unit = 1e3 if plan.axis.units == "keV" else 1.0
    windows = unit * plan.windows
    own = edge_cross_sections(plan.names, windows, with_usual(plan.microscope))
    if own is None or not min(own) > 0:
        return None
    totals = np.maximum(maps.net.sum(axis=(1, 2), dtype=float), 0.0)
    gross = maps.counts.sum(axis=(1, 2), dtype=float)
    foreign = np.zeros((len(own), len(own)))
    for k, (window, side) in enumerate(zip(windows, plan.sides, strict=True)):
        (left, middle), (_, right) = (
            unit * np.array(channel_energies(plan.axis, half)) for half in halved(plan.axis, *side)
        )
        ranges = [(left, middle), (middle, right), tuple(window)]
        measured = np.array([lower[k].sum(), upper[k].sum(), gross[k]])
        tails = np.array([_tails(plan, each) for each in ranges]) * totals / own

        def net(counts, limits=(left, middle, right), window=window):
            return counts[2] - _background(counts[0], counts[1], limits, window)

        for j in range(len(own)):
            if j != k:
                foreign[k, j] = net(measured) - net(np.maximum(measured - tails[:, j], 0.0))
    return foreign


def _tails(plan, window):
    """Return the cross-sections of all edges in one window, (K,)."""
    return edge_cross_sections(plan.names, [window] * len(plan.names), with_usual(plan.microscope))


def _background(lower, upper, limits, window):
    """Return the electrons that a power law through two areas expects in a window."""
    left, middle, right = limits
    exponent = power_law_exponent(np.float64(lower), np.float64(upper), left, middle, right)
    under = power_law_area(exponent, *window) * (left / window[0]) ** exponent
    return (lower + upper) * under / power_law_area(exponent, left, right)
