"""How many X-rays a fast electron makes in a thin specimen, and how a detector records them."""

import numpy as np
from exspy.material import elements

from ..names import atomic_numbers
from ..physics.peak_widths import FIORI_NEWBURY_SLOPE, MN_KA
from ..physics.yields import BETHE_B, BETHE_C, SHELL_ELECTRONS, fluorescence_yield

# Published constants and tables are those of `physics`. What a fit assumes of a specimen and of a
# detector is not: here cross-sections know no relativity and windows are thicker, so that the fit
# of a specimen never finds its own assumptions again.

_BETHE_FACTOR = 6.51e-20  # pi e^4, in cm^2 keV^2

# Energy (keV) at which the detector's window lets 1/e through: 64 % at O Ka, 99 % above 2 keV,
# about what 0.3 um of polymer do.
_WINDOW_ENERGY = 0.4


def line_families(element):
    """X-ray lines of an element by family, from eXSpy's database.

    Parameters
    ----------
    element : str
        Symbol of the element.

    Returns
    -------
    dict of dict
        For each family ("K", "L", "M"), line name to (energy in keV, share of the family); the
        shares of a family sum to one.

    Raises
    ------
    ValueError
        If the database knows no X-ray line of the element.

    Examples
    --------
    >>> from hyperspy_multimodal.data._xray import line_families
    >>> sorted(line_families("Co"))
    ['K', 'L']
    """
    entry = elements[element] if element in elements else None
    lines = entry.Atomic_properties.get_item("Xray_lines") if entry is not None else None
    if lines is None:
        raise ValueError(
            "element must be one with X-ray lines in eXSpy's database, such as 'Co', but "
            f"{element!r} was given."
        )
    families = {}
    for name, line in lines.as_dictionary().items():
        families.setdefault(name[0], {})[name] = (line["energy (keV)"], line["weight"])
    for family in families.values():
        total = sum(weight for _, weight in family.values())
        family.update({name: (energy, w / total) for name, (energy, w) in family.items()})
    return families


def line_energy(xray_line):
    """Energy of an X-ray line, from eXSpy's database.

    Parameters
    ----------
    xray_line : str
        Element and line, e.g. ``"Co_Ka"``.

    Returns
    -------
    float
        Energy in keV.

    Examples
    --------
    >>> from hyperspy_multimodal.data._xray import line_energy
    >>> line_energy("Co_Ka")
    6.9303
    """
    element, line = xray_line.split("_")
    return line_families(element)[line[0]][line][0]


def production_cross_section(element, family, beam_energy):
    """Cross-section for making an X-ray of a family, summed over its lines.

    Bethe's ionisation cross-section, 6.51e-20 n b / (E0 Ec) ln(c E0 / Ec) cm^2 with energies in
    keV, times the mean fluorescence yield. The ionisation energy Ec is taken as that of the
    family's most energetic line, a few per cent low. Relativity is left out.

    Parameters
    ----------
    element : str
        Symbol of the element.
    family : {"K", "L", "M"}
        Family of lines.
    beam_energy : float
        Energy E0 of the electrons in keV.

    Returns
    -------
    float
        Cross-section in cm^2 per atom; zero if the beam cannot excite the shell.

    References
    ----------
    C. J. Powell, Rev. Mod. Phys. 48, 33 (1976), doi:10.1103/RevModPhys.48.33: b = 0.9, c = 0.65.

    Examples
    --------
    >>> from hyperspy_multimodal.data._xray import production_cross_section
    >>> production_cross_section("Co", "K", 5.0)
    0.0
    """
    edge = max(energy for energy, _ in line_families(element)[family].values())
    overvoltage = BETHE_C * beam_energy / edge
    if overvoltage <= 1:
        return 0.0
    ionisation = (
        _BETHE_FACTOR
        * SHELL_ELECTRONS[family]
        * BETHE_B
        / (beam_energy * edge)
        * np.log(overvoltage)
    )
    return float(ionisation * fluorescence_yield(atomic_numbers([element])[0], family))


def window_transmission(energy):
    """Share of X-rays that the detector's window lets through, exp(-(0.4 keV / E)^3).

    Photoelectric absorption falls as E^-3 between edges; the edges of a real window (carbon's at
    0.28 keV) are left out, and all that passes is taken to be detected.

    Parameters
    ----------
    energy : float or ndarray
        Energy in keV; nothing passes at zero and below.

    Returns
    -------
    ndarray
        Transmission, in [0, 1].

    Examples
    --------
    >>> from hyperspy_multimodal.data._xray import window_transmission
    >>> print(window_transmission([0.5249, 6.93]).round(2))
    [0.64 1.  ]
    """
    return np.exp(-((_WINDOW_ENERGY / np.maximum(energy, 1e-3)) ** 3))


def full_width_half_maximum(energy, energy_resolution, slope=FIORI_NEWBURY_SLOPE):
    """Width of a line in the detector, by default as eXSpy has it for its integration windows.

    Parameters
    ----------
    energy : float
        Energy of the line in keV.
    energy_resolution : float
        Full width at half maximum of Mn Ka in eV.
    slope : float, default 2500.0
        Slope of the squared width with energy, in eV^2 per keV.

    Returns
    -------
    float
        Full width at half maximum in keV.

    Raises
    ------
    ValueError
        If a detector of that resolution has no width left at this energy.

    References
    ----------
    C. E. Fiori and D. E. Newbury, Scanning Electron Microscopy I, 401 (1978).

    Examples
    --------
    >>> from hyperspy_multimodal.data._xray import full_width_half_maximum
    >>> round(full_width_half_maximum(5.8987, 130.0), 3)
    0.13
    """
    squared = slope / 1e3 * (energy - MN_KA) * 1e3 + energy_resolution**2
    if not squared > 0:
        raise ValueError(
            f"energy_resolution must be more than {(slope * (MN_KA - energy)) ** 0.5:.1f} eV "
            f"at Mn Ka, or a line at {energy} keV has no width, but {energy_resolution!r} eV was "
            "given. Pass that of a detector, such as 130."
        )
    return float(np.sqrt(squared) / 1e3)
