"""The composition of regions, and its dependence on counts and factors."""

from dataclasses import dataclass

import numpy as np

from .propagation import by_counts, by_factors, percentages


@dataclass(frozen=True)
class Percent:
    """The composition of R regions in K elements, in one unit.

    Attributes
    ----------
    values : numpy.ndarray
        In per cent, shape (R, K).
    factors : numpy.ndarray
        Absorption included, shape (R, K).
    by_counts, by_factors : numpy.ndarray
        Derivatives of the values by counts, and by the logarithms of factors, shape (R, K, K).
    """

    values: np.ndarray
    factors: np.ndarray
    by_counts: np.ndarray
    by_factors: np.ndarray


@dataclass(frozen=True)
class BothPercent:
    """The composition in atomic and in weight per cent."""

    atomic: Percent
    weight: Percent


def percent_of(counts, factors, absorption, names):
    """Return the composition from the counts (R, K) of regions.

    Parameters
    ----------
    counts : numpy.ndarray
        NaN in regions without a composition.
    factors : Factors
    absorption : Absorption or None
        Of these regions.
    names : list of str
        Of the regions, for messages.
    """
    by_weight = np.broadcast_to(factors.per_weight, counts.shape)
    if absorption is not None:
        by_weight = absorption.corrected(counts, factors.per_weight, names)
    values = percentages(counts, by_weight)
    slopes = by_counts(counts, by_weight), by_factors(values)
    if absorption is not None:
        responses = absorption.responses(values / 100)
        slopes = tuple(responses @ each for each in slopes)
    weight = Percent(values, by_weight, *slopes)
    atoms = factors.per_atom / factors.per_weight
    into_atoms = by_counts(values, atoms)
    atomic = Percent(
        percentages(values, atoms), by_weight * atoms, *(into_atoms @ each for each in slopes)
    )
    return BothPercent(atomic, weight)
