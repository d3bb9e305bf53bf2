"""X-ray lines of elements, from eXSpy's database."""

from functools import cache
from typing import NamedTuple

# Times its edge that an electron needs to make a line which can be seen.
_LEAST_EXCESS = 1.1


class Line(NamedTuple):
    """An X-ray line.

    Attributes
    ----------
    name : str
        Element and line, such as "Ti_Ka".
    element : str
        Chemical symbol.
    family : str
        Shell of the vacancy: "K", "L", "M" or "N".
    energy : float
        Energy in keV.
    weight : float
        Intensity relative to the strongest line of the family, in the tables.
    """

    name: str
    element: str
    family: str
    energy: float
    weight: float


def element_lines(element, low, high):
    """Return the lines of an element between two energies.

    Parameters
    ----------
    element : str
        Chemical symbol.
    low, high : float
        Energies in keV.

    Returns
    -------
    list of Line
        Families and lines in the order of the database; empty if the element has none there.

    Examples
    --------
    >>> from hyperspy_multimodal.physics.lines import element_lines
    >>> sorted(line.name for line in element_lines("Ti", 1, 20))
    ['Ti_Ka', 'Ti_Kb']
    """
    return [line for line in _all_lines(element) if low <= line.energy <= high]


@cache
def all_elements():
    """Return the symbols of all elements that have lines in the database."""
    from exspy.material import elements

    return tuple(element for element in elements.keys() if _all_lines(element))


@cache
def _all_lines(element):
    """Return all lines of an element, in the order of the database."""
    from exspy.material import elements

    tables = elements[element].Atomic_properties.get_item("Xray_lines", None)
    return tuple(
        Line(
            f"{element}_{name}",
            element,
            name[0],
            float(line["energy (keV)"]),
            float(line["weight"]),
        )
        for name, line in (tables.as_dictionary().items() if tables is not None else ())
        if line["weight"] > 0
    )


@cache
def edge_energy(element, family):
    """Return about what energy an electron needs to ionise a shell, by its strongest lines.

    An L3 electron is bound by as much as a photon of La, and of the strongest M line, carry away.

    Parameters
    ----------
    element : str
        Chemical symbol.
    family : {"K", "L", "M", "N"}
        The shell.

    Returns
    -------
    float
        In keV; 0 if the element has no such line.

    Examples
    --------
    >>> from hyperspy_multimodal.physics.lines import edge_energy
    >>> round(edge_energy("Ir", "L"), 1), round(edge_energy("Cu", "K"), 0)
    (11.2, 9.0)
    """
    heads = {line.family: line.energy for line in _all_lines(element) if line.weight >= 1.0}
    if family not in heads:
        return 0.0
    return sum(energy for shell, energy in heads.items() if shell >= family)


def is_excited(line, beam_energy):
    """Return whether electrons of an energy in keV make a line that can be seen."""
    return beam_energy > _LEAST_EXCESS * edge_energy(line.element, line.family)


#: Radioactive elements and noble gases, which are seldom what a peak is.
RARE_ELEMENTS = frozenset(
    "Tc Pm Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr He Ne Kr Xe".split()
) - {"Th", "U"}
