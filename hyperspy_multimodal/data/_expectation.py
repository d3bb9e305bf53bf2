"""Expected X-rays of a thin specimen: what a spectrum image would hold without noise."""

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from exspy.material import elements

from ._measured_detector import detected_spectra
from ._pile_up import add_sum_peaks
from ._scan_settings import SOLID_ANGLE
from ._xray import full_width_half_maximum, line_energy, production_cross_section

_STRAY_ELEMENT = "Cu"  # grid and holder
_NM2_PER_CM2 = 1e14
# Settings of `Scan` on which the spectra of elements do not depend.
_OF_SPECIMENS = {"counts": 1.0, "seed": 0, "haadf_noise": 0.0, "stray": 0.0, "pixel_size": 1.0}


class Expectation(NamedTuple):
    """A noiseless spectrum image ``maps.T @ templates`` and what windows would read from it.

    Attributes
    ----------
    maps : ndarray of shape (M, ny, nx)
        X-rays of the K elements, of the unlisted ones, of stray copper if there is any, of the
        continuum and, if there is pile-up, counts in sum peaks, which the others lack.
    templates : ndarray of shape (M, n_channels)
        Share of these X-rays in each channel.
    net : ndarray of shape (K, ny, nx)
        Counts of each line's element in the line's window, without sum peaks.
    xrays : ndarray of shape (K, ny, nx)
        The same on a detector as the metadata and the tables say, less the share that pile-up
        takes.
    background : ndarray of shape (K, ny, nx)
        Counts of all else in that window.
    kfactors : ndarray of shape (K,)
        Cliff-Lorimer factors for weight percent from `xrays`, relative to the first line.
    electrons : float
        Electrons per pixel.
    """

    maps: np.ndarray
    templates: np.ndarray
    net: np.ndarray
    xrays: np.ndarray
    background: np.ndarray
    kfactors: np.ndarray
    electrons: float


def expected_xrays(areal, xray_lines, scan, unlisted=None):
    """Expected X-rays of areal densities of atoms.

    Parameters
    ----------
    areal : ndarray of shape (K, ny, nx)
        Atoms per nm^2 of the line's element.
    xray_lines : list of str
        One line an element, in alphabetical order.
    scan : Scan
        Settings of the scan; ``scan.counts`` fixes the number of electrons.
    unlisted : dict of ndarray of shape (ny, nx), optional
        Atoms per nm^2 of elements without a line in the list: they emit X-rays and continuum.

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
    >>> from hyperspy_multimodal.data._scan_settings import Scan
    >>> expected = expected_xrays(np.full((1, 8, 8), 900.0), ["Ni_Ka"], Scan(counts=10))
    >>> print(expected.net.max().round(6))
    10.0
    """
    for line in xray_lines:
        _check_line(line, scan)
    unlisted = unlisted or {}
    listed = len(xray_lines)
    symbols = [line.split("_")[0] for line in xray_lines] + list(unlisted)
    weights = np.array([elements[s].General_properties.atomic_weight for s in symbols])
    emitters = symbols + [_STRAY_ELEMENT] * (scan.stray > 0)
    nominal, nominal_windows, true, windows = _detected(
        tuple(emitters), tuple(xray_lines), replace(scan, **_OF_SPECIMENS)
    )

    # X-rays per electron and atom per nm^2: detected, and of these in the window
    efficiency = _NM2_PER_CM2 * SOLID_ANGLE / (4 * np.pi)
    yields = efficiency * true.cross_sections
    net_yields = yields[:listed] * windows.diagonal()[:listed]
    nominal_yields = efficiency * nominal.cross_sections[:listed] * nominal_windows.diagonal()
    electrons = scan.counts / (nominal_yields * areal.max(axis=(1, 2))).max()
    xrays = electrons * nominal_yields[:, None, None] * areal

    totals = xrays.sum(axis=(1, 2))
    channel = np.searchsorted(scan.channel_edges, line_energy(xray_lines[totals.argmax()])) - 1
    under_line = nominal.templates[-1, channel] * 0.01 / scan.channel_width
    atoms = np.concatenate([areal, *(unlisted[symbol][None] for symbol in unlisted)])
    mass_thickness = np.tensordot(weights, atoms, axes=1)
    continuum = mass_thickness / mass_thickness.sum()
    continuum *= totals.max() / scan.peak_to_background / under_line

    maps = [electrons * yields[: len(symbols), None, None] * atoms]
    if scan.stray > 0:
        stray = scan.stray * totals.max() / continuum.size
        maps.append(np.full((1, *continuum.shape), stray))
    maps, templates = np.concatenate([*maps, continuum[None]]), true.templates
    recorded, windows = 1 - scan.pile_up, windows.copy()
    if scan.pile_up > 0:
        # energies add up, and channel 0 is at minus the offset
        shift = -scan.energy_offset / scan.channel_width
        maps, templates = add_sum_peaks(maps, templates, scan.pile_up, shift)
        windows = _in_windows(templates, xray_lines, scan)
    np.fill_diagonal(windows, 0)
    kfactors = weights[:listed] / nominal_yields
    return Expectation(
        maps=maps,
        templates=templates,
        net=recorded * (electrons * net_yields[:, None, None] * areal),
        xrays=recorded * xrays,
        background=np.tensordot(windows, maps, axes=1),
        kfactors=kfactors / kfactors[0],
        electrons=float(electrons),
    )


@lru_cache(maxsize=32)
def _detected(emitters, xray_lines, scan):
    """Return spectra, and what windows hold of them, of the nominal and of the true detector."""
    mapped_families = {line.split("_")[0]: line.split("_")[1][0] for line in xray_lines}
    found = []
    for detector, mapped in ((scan.nominal, None), (scan, mapped_families)):
        detected = detected_spectra(emitters, detector, mapped)
        found += [detected, _in_windows(detected.templates, xray_lines, scan)]
    for array in (*found[0], found[1], *found[2], found[3]):
        array.flags.writeable = False
    return found


def _in_windows(templates, xray_lines, scan):
    """What the line's windows hold of each template, (K, M): eXSpy decides on their channels."""
    windows = scan.eds_signal(templates, xray_lines).get_lines_intensity()
    return np.stack([window.data for window in windows])


def _check_line(line, scan):
    energy = line_energy(line)
    reach = energy + full_width_half_maximum(energy, scan.energy_resolution)
    end = scan.channel_edges[-1]
    if reach > end:
        raise ValueError(
            f"channels and channel_width must give an axis that contains the window of {line}, up "
            f"to {reach:.3f} keV, but one up to {end:g} keV was given. Raise one of them."
        )
    element, name = line.split("_")
    if not production_cross_section(element, name[0], scan.beam_energy) > 0:
        raise ValueError(
            f"beam_energy must be enough to excite {line} at {energy} keV, but "
            f"{scan.beam_energy!r} keV was given. Pass at least twice that of the line."
        )
