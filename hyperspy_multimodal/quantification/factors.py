"""Factors from counts of lines or edges to atoms and weight, and their errors."""

from dataclasses import dataclass

import numpy as np

from .kfactors import checked_kfactors

# How well hydrogenic cross-sections of a shell are known, as a share: an estimate.
_SHELL_ERRORS = {"K": 0.10, "L": 0.20}


@dataclass(frozen=True)
class Factors:
    """What a count of each of K lines or edges stands for, up to a common factor.

    Attributes
    ----------
    elements : list of str
        Symbols.
    per_atom, per_weight : numpy.ndarray
        Atoms and weight for each count, shape (K,).
    relative_errors : numpy.ndarray
        Standard errors of both, as shares of them, independent of each other, shape (K,).
    """

    elements: list
    per_atom: np.ndarray
    per_weight: np.ndarray
    relative_errors: np.ndarray


def factors_of(kfactors, kind, names, maps):
    """Return the `Factors` of lines or edges, from k-factors or cross-sections.

    Parameters
    ----------
    kfactors : None, dict or list
        As in `composition`.
    kind : "line" or "edge"
        What names are.
    names : list of str
    maps : list of BaseSignal
        Fused maps, whose record may hold cross-sections.
    """
    elements = [name.split("_")[0] for name in names]
    weights = atomic_weights(elements)
    if kind == "line":
        if kfactors is None:
            raise ValueError(
                "kfactors must be given for X-ray lines, such as {'Ti_Ka': 1.0, 'O_Ka': (1.9, "
                "0.05)}, but None was given."
            )
        factors, errors = checked_kfactors(kfactors, names)
        return Factors(elements, factors / weights, factors, errors / factors)
    if kfactors is None:
        sections, errors = _recorded(names, maps[0].metadata)
    else:
        sections, errors = checked_kfactors(kfactors, names, kind)
    return Factors(elements, 1 / sections, weights / sections, errors / sections)


def _recorded(names, metadata):
    """Return the cross-sections that a fusion has recorded, and their errors, in barns."""
    record = metadata.get_item("Multimodal_fusion", None)
    found = None if record is None else record.get_item("cross_sections", None)
    if found is None:
        raise ValueError(
            "kfactors must be given as cross-sections by edge, such as "
            "{'Ti_L3': 1.0, 'O_K': (0.3, 0.03)}, because none were computed. Computing them "
            "needs K or L edges, and beam energy, convergence and collection angle in the "
            "metadata (set_microscope_parameters) before fusion."
        )
    by_name = dict(zip(record.edges, found, strict=True))
    sections = np.array([by_name[name] for name in names], float)
    shells = [name.split("_")[1][0] for name in names]
    return sections, sections * [_SHELL_ERRORS[shell] for shell in shells]


def atomic_weights(elements):
    """Return the atomic weights of elements, as an array."""
    from exspy.material import elements as database

    return np.array([database[each].General_properties.atomic_weight for each in elements])
