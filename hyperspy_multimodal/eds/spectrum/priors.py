"""Prior knowledge of lines, with errors: ratios and energies."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from ...physics.yields import xrays_per_atom
from .detector import Detector, window_transmission

#: Relative errors of table weights within a family, by family: L and M lines of the tables differ
#: between authors by more than K lines.
WEIGHT_ERRORS = {"K": 0.07, "L": 0.14, "M": 0.2, "N": 0.3}
#: Relative error of the ratio of two families, above and below 1 keV, where windows absorb.
RATIO_ERROR, LOW_RATIO_ERROR = 0.5, 1.0
#: Errors of a family's energy in keV, above and below 1 keV: table values, chemical shifts, and
#: electronics whose scale is not straight.
SHIFT_ERRORS = {"K": 0.002, "L": 0.004, "M": 0.006, "N": 0.010}
LOW_SHIFT_ERROR = 0.010
LOW_ENERGY = 1.0  # keV
# Lines below this share of the strongest of their family keep to their table weight.
_WEAK = 0.03
# Counts below which a family does not constrain another.
_LEAST_COUNTS = 30.0
_LEAST_RATIO = 1e-4
_CONTRADICTED = 3.0  # standard errors
_COMMON = 0.5  # of the variance of ratios to the strongest line
_APART, _STRONG = 1.5, 0.15  # FWHM, and weight
_USUAL = 130.0  # eV, resolution
# How much of a usual window detectors have, as an exponent of its transmission, and the error of
# this: most of those at transmission microscopes have none.
_WINDOW, _WINDOW_ERROR = 0.2, 0.5


@dataclass(frozen=True)
class Tie:
    """Two groups of lines whose counts have a known ratio.

    Attributes
    ----------
    group, head : int
        ``counts[group]`` is expected to be ``ratio * counts[head]``.
    ratio, error : float
        The ratio, and its relative error.
    resolved : bool
        Whether the two are of one family, and the first so far from strong lines of it and of other
        elements that counts can tell their ratio.
    is_weight : bool
        Whether the two are of one family, so that tables have their ratio.
    """

    group: int
    head: int
    ratio: float
    error: float
    resolved: bool = False
    is_weight: bool = False


@dataclass(frozen=True)
class Groups:
    """Lines as unknowns of a fit: one per line, but for weak ones, which go with the strongest.

    Attributes
    ----------
    of_line : numpy.ndarray
        Group of each line, int, shape (lines,).
    factors : numpy.ndarray
        Counts of each line for each count of the first line of its group, shape (lines,).
    families : numpy.ndarray
        Family of each line, int, shape (lines,).
    shift_errors : numpy.ndarray
        Error of the energy of each family in keV, shape (families,).
    ties : list of Tie
        What is known of ratios.
    """

    of_line: np.ndarray
    factors: np.ndarray
    families: np.ndarray
    shift_errors: np.ndarray
    ties: list

    @property
    def number(self):
        """Number of groups."""
        return int(self.of_line.max(initial=-1)) + 1

    def matrix(self):
        """Return the matrix that takes counts of groups to counts of lines, (lines, groups)."""
        matrix = np.zeros((len(self.of_line), self.number))
        matrix[np.arange(len(self.of_line)), self.of_line] = self.factors
        return matrix


def grouped(lines, beam_energy):
    """Return the `Groups` of lines.

    Parameters
    ----------
    lines : list of Line
        Lines of elements, and lines of no element, each of which is a family.
    beam_energy : float
        Energy of the electrons in keV.
    """
    transmission = window_transmission(np.array([line.energy for line in lines]))
    transmission = np.maximum(transmission, 1e-60)
    # between no window and a usual one, in the exponent; either is within the error
    shares = np.array([line.weight for line in lines]) * transmission**_WINDOW
    members = {}
    for i, line in enumerate(lines):
        members.setdefault((line.element, line.family), []).append(i)
    of_line, factors = np.zeros(len(lines), int), np.ones(len(lines))
    families, errors, ties, heads = np.zeros(len(lines), int), [], [], {}
    number = 0
    for family, (key, own) in enumerate(members.items()):
        families[own] = family
        strongest = max(own, key=lambda i: lines[i].weight)
        heads[key] = number
        head, number = number, number + 1
        of_line[strongest] = head
        errors.append(shift_error(lines[strongest]))
        for i in own:
            if i == strongest:
                continue
            ratio = shares[i] / max(shares[strongest], 1e-300)
            absorbed = _WINDOW_ERROR * abs(np.log(transmission[i] / transmission[strongest]))
            if lines[i].weight < _WEAK * lines[strongest].weight:
                of_line[i], factors[i] = head, ratio
            else:
                of_line[i] = number
                error = np.hypot(WEIGHT_ERRORS.get(key[1], 0.1), absorbed)
                ties.append(Tie(number, head, ratio, error, _resolved(lines[i], lines), True))
                number += 1
    ties += _family_ties(lines, members, heads, beam_energy)
    return Groups(of_line, factors, families, np.array(errors), ties)


def tie_rows(ties, counts):
    """Return rows (ties, groups): the squares of rows @ counts are what ratios cost that are off.

    The weight of the strongest line of a family is as unsure as those of the others. It is in all
    ratios to it, so that half of the variance of their errors is common to them. A ratio of lines
    that lie apart is no longer held to if the counts contradict it by more than three standard
    errors: its error is then what it is off by.

    Parameters
    ----------
    ties : list of Tie
    counts : numpy.ndarray
        Counts of groups, about which the errors are taken, shape (groups,).
    """
    rows = np.zeros((len(ties), len(counts)))
    known, released = np.zeros(len(ties)), np.zeros(len(ties))
    heads = np.array([tie.head for tie in ties], int)
    for row, tie in enumerate(ties):
        rows[row, tie.group] = 1.0
        rows[row, tie.head] = -tie.ratio
        # never so sure that a family without counts is nailed to 0
        known[row] = tie.error * tie.ratio * max(counts[tie.head], _LEAST_COUNTS)
        expected = tie.ratio * counts[tie.head]
        noise = max(counts[tie.group], expected, 1.0)
        off = (counts[tie.group] - expected) ** 2 - _CONTRADICTED**2 * (known[row] ** 2 + noise)
        released[row] = max(off, 0.0) * tie.resolved
    of_family = np.array([tie.is_weight for tie in ties], bool)
    common = _COMMON * np.equal.outer(heads, heads) * np.logical_and.outer(of_family, of_family)
    np.fill_diagonal(common, 1.0)
    covariance = np.outer(known, known) * common + np.diag(released)
    return linalg.solve_triangular(np.linalg.cholesky(covariance), rows, lower=True)


def _resolved(one, lines):
    """Return whether a line is far from all strong ones."""
    strong = np.array([line.energy for line in lines if line.weight >= _STRONG and line != one])
    width = float(Detector(np.array([0.0, 1.0]), _USUAL).width(one.energy))
    return bool(np.all(np.abs(strong - one.energy) > _APART * width))


def expected_counts(line, beam_energy):
    """Return detected X-rays of a line per atom, up to a common factor."""
    window = (line.energy, line.energy)
    return xrays_per_atom(line.name, beam_energy, window) * float(
        window_transmission(np.array(line.energy))
    )


def _family_ties(lines, members, heads, beam_energy):
    ties = []
    by_element = {}
    for element, family in members:
        if element:
            by_element.setdefault(element, []).append(family)
    for element, families in by_element.items():
        if len(families) < 2:
            continue
        first = {
            family: max((lines[i] for i in members[element, family]), key=lambda line: line.weight)
            for family in families
        }
        expected = {family: expected_counts(first[family], beam_energy) for family in families}
        # the others are held to the one that is expected to have most counts above 1 keV
        main = max(families, key=lambda f: (first[f].energy > LOW_ENERGY, expected[f]))
        for family in families:
            if family == main or not expected[main] > 0:
                continue
            ratio = max(expected[family] / expected[main], _LEAST_RATIO)
            low = min(first[family].energy, first[main].energy) < LOW_ENERGY
            error = LOW_RATIO_ERROR if low else RATIO_ERROR
            ties.append(Tie(heads[element, family], heads[element, main], ratio, error))
    return ties


def shift_error(line):
    """Return the error of the energy of a line's family, in keV."""
    error = SHIFT_ERRORS.get(line.family, 0.003)
    if not line.element:
        return 0.02
    return max(error, LOW_SHIFT_ERROR) if line.energy < LOW_ENERGY else error
