"""Expected X-rays of a thin specimen: what a spectrum image would hold without noise."""

from typing import NamedTuple

import numpy as np
from exspy.material import elements

from ._scan import SOLID_ANGLE
from ._spectrum import bremsstrahlung_template, element_template
from ._xray import full_width_half_maximum, line_energy, production_cross_section


class Expectation(NamedTuple):
    """A noiseless spectrum image ``maps.T @ templates`` and what windows would read from it.

    Attributes
    ----------
    maps : ndarray of shape (K + 1, ny, nx)
        X-rays of the K elements and, last, of the continuum.
    templates : ndarray of shape (K + 1, n_channels)
        Share of these X-rays in each channel.
    net : ndarray of shape (K, ny, nx)
        Counts of each line's element in the line's window.
    background : ndarray of shape (K, ny, nx)
        Counts of all else in that window.
    kfactors : ndarray of shape (K,)
        Cliff-Lorimer factors for weight per cent, relative to the first line.
    electrons : float
        Electrons per pixel.
    """

    maps: np.ndarray
    templates: np.ndarray
    net: np.ndarray
    background: np.ndarray
    kfactors: np.ndarray
    electrons: float


def expected_xrays(areal, xray_lines, scan):
    """Expected X-rays of areal densities of atoms.

    Parameters
    ----------
    areal : ndarray of shape (K, ny, nx)
        Atoms per nm^2 of the line's element.
    xray_lines : list of str
        One line an element, in alphabetical order.
    scan : Scan
        Settings of the scan; ``scan.counts`` fixes the number of electrons.

    Returns
    -------
    Expectation
        Maps, templates and what the windows hold of them.

    Raises
    ------
    ValueError
        If the window of a line does not fit into the channels, or the beam cannot excite it.

    References
    ----------
    C. E. Fiori et al., Microbeam Analysis 1982, 57: continuum counted in 10 eV under the line.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._expectation import expected_xrays
    >>> from hyperspy_multimodal.data._scan import Scan
    >>> expected = expected_xrays(np.full((1, 8, 8), 900.0), ["Ni_Ka"], Scan(counts=10))
    >>> print(expected.net.max().round(6))
    10.0
    """
    for line in xray_lines:
        _check_line(line, scan)
    symbols = [line.split("_")[0] for line in xray_lines]
    weights = np.array([elements[s].General_properties.atomic_weight for s in symbols])
    edges = scan.channel_edges
    spectra = [
        element_template(symbol, edges, scan.energy_resolution, scan.beam_energy)
        for symbol in symbols
    ]
    continuum = bremsstrahlung_template(edges, scan.beam_energy)
    templates = np.stack([template for template, _ in spectra] + [continuum])
    # eXSpy decides which channels belong to a window, hence what a window holds of each template
    windows = scan.eds_signal(templates, xray_lines).get_lines_intensity()
    windows = np.stack([window.data for window in windows])

    # X-rays per electron and atom per nm^2: detected, and of these in the window
    yields = np.array([cross_section for _, cross_section in spectra])
    yields *= 1e14 * SOLID_ANGLE / (4 * np.pi)
    net_yields = yields * windows[:, :-1].diagonal()
    electrons = scan.counts / (net_yields * areal.max(axis=(1, 2))).max()
    net = electrons * net_yields[:, None, None] * areal

    totals = net.sum(axis=(1, 2))
    channel = np.searchsorted(edges, line_energy(xray_lines[totals.argmax()])) - 1
    under_line = continuum[channel] * 0.01 / scan.channel_width
    mass_thickness = np.tensordot(weights, areal, axes=1)
    continuum_map = mass_thickness / mass_thickness.sum()
    continuum_map *= totals.max() / scan.peak_to_background / under_line
    maps = np.concatenate([electrons * yields[:, None, None] * areal, continuum_map[None]])
    others = windows.copy()
    np.fill_diagonal(others, 0)
    kfactors = weights / net_yields
    return Expectation(
        maps=maps,
        templates=templates,
        net=net,
        background=np.tensordot(others, maps, axes=1),
        kfactors=kfactors / kfactors[0],
        electrons=float(electrons),
    )


def _check_line(line, scan):
    energy = line_energy(line)
    reach = energy + full_width_half_maximum(energy, scan.energy_resolution)
    end = scan.channel_edges[-1]
    if reach > end:
        raise ValueError(
            f"channels and channel_width: given a spectrum up to {end:g} keV, expected one that "
            f"holds the window of {line}, up to {reach:.3f} keV; raise channels or channel_width."
        )
    element, name = line.split("_")
    if not production_cross_section(element, name[0], scan.beam_energy) > 0:
        raise ValueError(
            f"beam_energy: given {scan.beam_energy!r} keV, expected enough to excite {line} at "
            f"{energy} keV; pass at least twice that."
        )
