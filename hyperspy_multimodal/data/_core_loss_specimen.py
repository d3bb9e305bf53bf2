"""Core-loss spectra of elements on energy channels, and what a simulated EELS specimen holds."""

from typing import NamedTuple

import exspy.signals
import hyperspy.api as hs
import numpy as np
from exspy.material import elements

from ..physics.edges import onset_energy
from ..physics.hydrogenic import hydrogenic_edges

#: Beam energy in keV, convergence and collection semi-angle in mrad.
MICROSCOPE = {"beam_energy": 200.0, "convergence_angle": 10.0, "collection_angle": 30.0}
# Points by which a channel is integrated, so that an onset may lie anywhere in it.
_POINTS = 16
# White lines, by edge: share of the area. Peak above the onset and full width, both in eV.
_WHITE_LINES = {"L3": 2 / 3, "L2": 1 / 3}
_PEAK, _FULL_WIDTH = 2.0, 4.0
_NM2_PER_BARN = 1e-10


class CoreLossSpecimen(NamedTuple):
    """Data of a simulated EELS specimen, with the ground truth.

    Maps are lists with one signal per edge, in the order of the onsets, as `multimodal_fusion`
    returns them. They are in electrons, regardless of the gain.

    Attributes
    ----------
    signal : exspy.signals.EELSSpectrum
        Spectrum image with Poisson-distributed electrons, in the smallest unsigned integer type; if
        the gain is not 1, electrons times gain, float32.
    haadf : hyperspy.api.signals.Signal2D
        HAADF image on the same grid, float32.
    counts : list of hyperspy.api.signals.BaseSignal
        Expected net electrons of the element in the integration window that `multimodal_fusion`
        uses for the edge. It starts at the onset and is 10 % of the onset energy wide, or narrower
        if the next edge begins within it.
    background : list of hyperspy.api.signals.BaseSignal
        Expected electrons of everything else in these windows: the power law and the other
        elements. The sum of ``counts`` and ``background`` is the expected number of electrons in
        the windows.
    areal_densities : dict of ndarray of shape (ny, nx)
        Atoms per nm^2 of each element.
    """

    signal: exspy.signals.EELSSpectrum
    haadf: hs.signals.Signal2D
    counts: list[hs.signals.BaseSignal]
    background: list[hs.signals.BaseSignal]
    areal_densities: dict[str, np.ndarray]


def expected_electrons(
    areal_densities, edges, limits, windows, *, counts, exponent, background_ratio, white_lines
):
    """Return what makes the expected spectra: electrons of each template in each pixel.

    Parameters
    ----------
    areal_densities : dict of ndarray of shape (ny, nx)
        Atoms per nm^2 of each element.
    edges : sequence of str
        Edges, one per element, such as "Mn_L3".
    limits : ndarray of shape (n_channels + 1,)
        Boundaries of the channels in eV.
    windows : list of slice
        Channels of the edges' windows.
    counts, exponent, background_ratio, white_lines
        As in `core_loss`.

    Returns
    -------
    maps : ndarray of shape (n_edges + 1, ny, nx)
        Net electrons of each edge in its window, and of the power law in the window of the
        strongest edge.
    templates : ndarray of shape (n_edges + 1, n_channels)
        Their spectra, for one electron there.
    dose : float
        Electrons of the beam per pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._core_loss_specimen import expected_electrons
    >>> maps, templates, _ = expected_electrons(
    ...     {"O": np.eye(2)}, ["O_K"], np.arange(500.0, 600.0, 2.0), [slice(16, 40)],
    ...     counts=8.0, exponent=3.0, background_ratio=5.0, white_lines=0.0,
    ... )
    >>> print(maps[:, 0])
    [[ 8.  0.]
     [40.  0.]]
    >>> print(templates[:, 16:40].sum(axis=1).round(6))
    [1. 1.]
    """
    templates = [edge_cross_section(edge, limits) for edge in edges]
    for template, edge, window in zip(templates, edges, windows, strict=True):
        lines = white_lines_shape(edge, limits)
        if white_lines and lines.any():
            template += white_lines * template[window].sum() / lines[window].sum() * lines
    barns = [template[window].sum() for template, window in zip(templates, windows, strict=True)]
    net = np.stack(
        [areal_densities[e.split("_")[0]] * each for e, each in zip(edges, barns, strict=True)]
    )
    strongest, *densest = np.unravel_index(net.argmax(), net.shape)
    mass = sum(
        elements[symbol].General_properties.atomic_weight * atoms
        for symbol, atoms in areal_densities.items()
    )
    beneath = background_ratio * counts / mass[tuple(densest)] * mass
    law = power_law(exponent, limits)
    return (
        np.concatenate([counts / net.max() * net, beneath[None]]),
        np.array(
            [
                *(t / each for t, each in zip(templates, barns, strict=True)),
                law / law[windows[strongest]].sum(),
            ]
        ),
        float(counts / (net.max() * _NM2_PER_BARN)),
    )


def edge_cross_section(edge, limits):
    """Cross-section for losses into each channel, of the whole shell that an edge names.

    The hydrogenic model of eXSpy has one spectrum for the L shell, which begins at L3 and steps up
    at L1. It gives that same spectrum under each of the names L1, L2 and L3: they do not add.

    Parameters
    ----------
    edge : str
        Edge such as "O_K" or "Mn_L3".
    limits : ndarray of shape (n_channels + 1,)
        Boundaries of the channels in eV.

    Returns
    -------
    ndarray of shape (n_channels,)
        Cross-section in barn per atom, in the microscope `MICROSCOPE`.

    References
    ----------
    R. F. Egerton, Electron Energy-Loss Spectroscopy in the Electron Microscope, 3rd ed., Springer
    (2011), appendix B.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._core_loss_specimen import edge_cross_section
    >>> print(edge_cross_section("O_K", np.array([500.0, 530.0, 630.0])).round(-1))
    [   0. 2050.]
    """
    widths = np.diff(limits)
    inside = (np.arange(_POINTS) + 0.5) / _POINTS
    energies = limits[:-1, None] + widths[:, None] * inside
    barns = hydrogenic_edges([edge], MICROSCOPE)[0](energies.ravel())
    return barns.reshape(energies.shape).mean(axis=1) * widths


def white_lines_shape(edge, limits):
    """White lines of an L edge, up to a factor.

    Two Lorentzians of 4 eV full width, 2 eV above the onsets of L3 and L2 and cut off there, with
    areas 2 : 1 before the cut, as the electrons in these subshells. No lines at other edges.

    Parameters
    ----------
    edge : str
        Edge such as "Mn_L3".
    limits : ndarray of shape (n_channels + 1,)
        Boundaries of the channels in eV.

    Returns
    -------
    ndarray of shape (n_channels,)
        Share of the uncut lines in each channel.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._core_loss_specimen import white_lines_shape
    >>> print(white_lines_shape("Mn_L3", np.array([620.0, 640.0, 651.0, 671.0])).round(2))
    [0.   0.45 0.27]
    """
    element, subshell = edge.split("_")
    lines = np.zeros(len(limits) - 1)
    if subshell == "L3":
        for name, share in _WHITE_LINES.items():
            onset = onset_energy(f"{element}_{name}")
            above = np.maximum(limits, onset) - onset - _PEAK
            lines += share * np.diff(np.arctan(2 * above / _FULL_WIDTH)) / np.pi
    return lines


def power_law(exponent, limits):
    """Integrals of E^-r over channels, relative to the first, in another form than the fit's.

    Parameters
    ----------
    exponent : float
        Exponent r.
    limits : ndarray of shape (n_channels + 1,)
        Boundaries of the channels, above zero.

    Returns
    -------
    ndarray of shape (n_channels,)

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._core_loss_specimen import power_law
    >>> print(power_law(2.0, np.array([1.0, 2.0, 4.0])))
    [1.  0.5]
    """
    logarithms = np.log(limits / limits[0])
    areas = np.diff(logarithms if exponent == 1 else np.expm1((1 - exponent) * logarithms))
    return areas / areas[0]
