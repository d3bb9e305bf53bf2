"""Atoms per volume of compounds and alloys, and atoms per area of a stack of them."""

from exspy.material import elements
from scipy.constants import Avogadro

_CM3_TO_NM3 = 1e-21


def compound_densities(formula, density):
    """Atoms per nm^3 of each element of a compound.

    Parameters
    ----------
    formula : dict of float
        Atoms of each element in the formula, e.g. ``{"Co": 3, "O": 4}``.
    density : float
        Density in g/cm^3.

    Returns
    -------
    dict of float
        Atoms per nm^3 of each element.

    Examples
    --------
    >>> from hyperspy_multimodal.data._materials import compound_densities
    >>> {s: round(n, 1) for s, n in compound_densities({"Ni": 1, "O": 1}, 6.67).items()}
    {'Ni': 53.8, 'O': 53.8}
    """
    molar_mass = sum(n * elements[s].General_properties.atomic_weight for s, n in formula.items())
    units = density / molar_mass * Avogadro * _CM3_TO_NM3
    return {symbol: n * units for symbol, n in formula.items()}


def alloy_densities(fractions):
    """Atoms per nm^3 of each element of an alloy.

    Atomic volumes, from the elements' densities in eXSpy's database, add up (Zen's law).

    Parameters
    ----------
    fractions : dict of float
        Atomic fraction of each element; they sum to one.

    Returns
    -------
    dict of float
        Atoms per nm^3 of each element.

    References
    ----------
    E-an Zen, Am. Mineral. 41, 523 (1956).

    Examples
    --------
    >>> from hyperspy_multimodal.data._materials import alloy_densities
    >>> {s: round(n, 1) for s, n in alloy_densities({"Au": 0.5, "Pd": 0.5}).items()}
    {'Au': 31.6, 'Pd': 31.6}
    """
    volume = sum(
        fraction / next(iter(compound_densities({symbol: 1}, _density(symbol)).values()))
        for symbol, fraction in fractions.items()
    )
    return {symbol: fraction / volume for symbol, fraction in fractions.items()}


def stack_areal_densities(*layers):
    """Atoms per nm^2 along the beam of layers on top of each other.

    Parameters
    ----------
    *layers : tuple of (dict of float, ndarray of shape (ny, nx))
        Atoms per nm^3 of each element in a material, and its thickness in nm.

    Returns
    -------
    dict of ndarray of shape (ny, nx)
        Atoms per nm^2 of each element.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_multimodal.data._materials import stack_areal_densities
    >>> stack_areal_densities(({"O": 50.0}, np.full((1, 2), 3.0)), ({"O": 10.0}, np.eye(1, 2)))
    {'O': array([[160., 150.]])}
    """
    areal = {}
    for densities, thickness in layers:
        for symbol, density in densities.items():
            areal[symbol] = areal.get(symbol, 0) + density * thickness
    return areal


def _density(symbol):
    return elements[symbol].Physical_properties.get_item("density (g/cm^3)")
