"""Absorption edges in the continuum: of the specimen, of the detector and of its window."""

import numpy as np
from scipy.special import ndtr

from ..physics.edges import edge_onsets
from ..physics.lines import all_elements
from ..physics.peak_widths import FWHM_PER_SIGMA
from ._peak_shape import recorded_energy
from ._xray import full_width_half_maximum, line_families

# The fit's edges are others on purpose (`eds.spectrum.absorption`): fewer, and of a window with Al.
_DETECTOR_ELEMENTS = ("C", "O", "Si")  # window, and dead layer of the crystal
_SHELLS = {"K": "K", "L": "L3", "M": "M5"}
# The line from the outermost shell to L3; those of more energy end at L2 and L1.
_LAST_LINE = {"L": "Lb2"}
_LOWEST_EDGE = 0.1  # keV; there is no continuum behind the window at less


def absorption_edges_of(symbols):
    """Energies of the absorption edges of elements, and of silicon, carbon and oxygen.

    Edges K, L3 and M5 from 0.1 keV on, each if eXSpy's database has X-ray lines of its family.
    Energies are the database's onsets. It lacks most K edges above 2.2 keV and most L3 edges above
    2.7 keV: the energy is then that of the most energetic line which ends at the shell (at L3, that
    is Lb2), 0.1 to 2 % low.

    Parameters
    ----------
    symbols : iterable of str
        The elements.

    Returns
    -------
    list of float
        Energies in keV, ascending.

    Examples
    --------
    >>> from hyperspy_multimodal.data._absorption_edges import absorption_edges_of
    >>> absorption_edges_of(["Co"])
    [0.284, 0.532, 0.779, 1.839, 7.6494]
    """
    energies = set()
    for symbol in {*symbols, *_DETECTOR_ELEMENTS}:
        if symbol not in all_elements():
            continue
        onsets = edge_onsets(symbol)
        for family, lines in line_families(symbol).items():
            onset = onsets.get(f"{symbol}_{_SHELLS[family]}")
            if onset is not None:
                energies.add(onset / 1e3)
            elif _LAST_LINE.get(family) in lines:
                energies.add(lines[_LAST_LINE[family]][0])
            else:
                energies.add(max(energy for energy, _ in lines.values()))
    return sorted(energy for energy in energies if energy >= _LOWEST_EDGE)


def edge_transmission(channel_edges, absorption_edges, drop, energy_resolution, shape):
    """Share of the continuum that absorption edges leave.

    Each edge at Ec takes ``drop`` of what is there just above it, and (Ec / E)^3 of that further
    up. It is smeared as a line at its energy.

    Parameters
    ----------
    channel_edges : ndarray of shape (n_channels + 1,)
        Boundaries of the channels in keV.
    absorption_edges : list of float
        Energies of the edges in keV.
    drop : float
        Share that each takes, in [0, 1).
    energy_resolution : float
        Full width at half maximum of Mn Ka in eV.
    shape : PeakShape
        Says how widths go with energy, and where low energies are recorded.

    Returns
    -------
    ndarray of shape (n_channels,)
        Shares, in (0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._absorption_edges import edge_transmission
    >>> from hyperspy_multimodal.data._peak_shape import PeakShape
    >>> left = edge_transmission(np.linspace(0, 10, 1001), [4.0], 0.2, 130.0, PeakShape())
    >>> print(left[[300, 420, 799]].round(3))
    [1.    0.828 0.975]
    """
    energy = (channel_edges[1:] + channel_edges[:-1]) / 2
    left = np.ones(len(energy))
    for edge in absorption_edges:
        position = recorded_energy(edge, shape.energy_bend)
        width = full_width_half_maximum(edge, energy_resolution, shape.resolution_slope)
        above = ndtr((energy - position) * FWHM_PER_SIGMA / width)
        left *= 1 - drop * above * (position / np.maximum(energy, position)) ** 3
    return left
