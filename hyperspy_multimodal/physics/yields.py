"""X-ray yields per atom of lines, relative to each other."""

import numpy as np

from ..names import atomic_numbers
from .lines import element_lines

#: Bethe's constants b and c in Powell's review of K shells, used for all.
BETHE_B, BETHE_C = 0.9, 0.65
#: Electrons of a full shell.
SHELL_ELECTRONS = {"K": 2, "L": 8, "M": 18, "N": 32}
_REST_ENERGY = 511.0  # keV, of the electron
# Below it the cross-section is not known; the line is weak, but there it is.
_LEAST_OVERVOLTAGE = 1.2
_LEAST_YIELD = 1e-5


def xrays_per_atom(line, beam_energy, window):
    """Return the number of X-rays per atom in a window, up to a factor common to all lines.

    The result is the product of Bethe's relativistic ionisation cross-section with Powell's
    constants [1]_, the mean fluorescence yield after Hubbell [2]_, and the fraction of the line
    family in the window. Absorption in the specimen and in the detector window is not included, so
    lines below 1 keV are overestimated. The accuracy is about 20 % for K lines and a factor of two
    for others.

    Parameters
    ----------
    line : str
        X-ray line, such as "Ti_Ka".
    beam_energy : float
        Energy of the electrons in keV.
    window : sequence of float
        Left and right limit of the window in keV.

    Returns
    -------
    float
        X-rays per atom in relative units, > 0.

    References
    ----------
    .. [1] C. J. Powell, Rev. Mod. Phys. 48, 33 (1976), doi:10.1103/RevModPhys.48.33; in the form
           of Williams and Carter, Transmission Electron Microscopy, 2nd ed., Springer (2009),
           section 4.1.
    .. [2] J. H. Hubbell et al., J. Phys. Chem. Ref. Data 23, 339 (1994), doi:10.1063/1.555955.

    Examples
    --------
    >>> from hyperspy_multimodal.physics.yields import xrays_per_atom
    >>> cobalt = xrays_per_atom("Co_Ka", 200.0, (6.8, 7.1))
    >>> oxygen = xrays_per_atom("O_Ka", 200.0, (0.45, 0.6))
    >>> 0.3 < oxygen / cobalt < 1
    True
    """
    element, name = line.split("_")
    family = [each for each in element_lines(element, 0.0, np.inf) if each.family == name[0]]
    left, right = window
    inside = sum(each.weight for each in family if left <= each.energy <= right)
    own = sum(each.weight for each in family if each.name == line)
    share = max(inside, own) / sum(each.weight for each in family)

    momentum = (1 + beam_energy / _REST_ENERGY) ** -2  # 1 - beta^2
    energy = 0.5 * _REST_ENERGY * (1 - momentum)  # m0 v^2 / 2
    edge = max(each.energy for each in family)
    overvoltage = max(BETHE_C * energy / edge, _LEAST_OVERVOLTAGE)
    bethe = np.log(overvoltage) - np.log(momentum) - (1 - momentum)
    ionisation = SHELL_ELECTRONS[family[0].family] * BETHE_B / (energy * edge) * bethe
    fluorescence = fluorescence_yield(atomic_numbers([element])[0], family[0].family)
    return float(ionisation * max(fluorescence, _LEAST_YIELD)) * share


def fluorescence_yield(atomic_number, family):
    """Return the mean number of X-rays per vacancy in a shell.

    Parameters
    ----------
    atomic_number : int
        Z of the element.
    family : {"K", "L", "M", "N"}
        The shell; N counts as M.

    Returns
    -------
    float
        In [0, 1].

    References
    ----------
    J. H. Hubbell et al., J. Phys. Chem. Ref. Data 23, 339 (1994), doi:10.1063/1.555955: fits.

    Examples
    --------
    >>> from hyperspy_multimodal.physics.yields import fluorescence_yield
    >>> round(fluorescence_yield(27, "K"), 2)
    0.39
    """
    z = float(atomic_number)
    if family in "MN":
        return 1.29e-9 * max(z - 13, 0) ** 4
    if family == "L" and z < 37:
        return 1.939e-8 * z**3.8874
    series = {
        "K": (0.0370, 0.03112, 5.44e-5, -1.25e-6),
        "L": (0.17765, 0.00298937, 8.91297e-5, -2.67184e-7),
    }[family]
    odds = sum(factor * z**power for power, factor in enumerate(series)) ** 4
    return odds / (1 + odds)
