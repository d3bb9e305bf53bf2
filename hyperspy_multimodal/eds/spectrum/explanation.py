"""Contents of a summed spectrum: named elements, elements of the instrument, other peaks."""

from dataclasses import dataclass, field

import numpy as np

from .attribution import Attribution
from .free_peaks import MOST
from .instrument import INSTRUMENT_ELEMENTS
from .priors import expected_counts
from .sum_result import SumFit

# A family of lines belongs to another element if it exceeds the prediction of cross-sections by
# this factor and by this many errors.
_FOREIGN, _CERTAIN = 4.0, 5.0


@dataclass(frozen=True)
class HiddenElement:
    """A line of a named element under which another may lie.

    Attributes
    ----------
    line : str
        The line.
    counts : float
        Counts that may be the other's.
    candidates : list of str
        Lines that may lie under it.
    error : float
        Of the counts, as the spectrum tells them. Default 0.
    is_shown : bool
        Whether the spectrum shows it; False if it only leaves it open. Default True.
    """

    line: str
    counts: float
    candidates: list
    error: float = 0.0
    is_shown: bool = True

    @property
    def most(self):
        """Upper limit of the counts of the other element: two errors above those found."""
        return self.counts + 2 * self.error


@dataclass(frozen=True)
class Explanation:
    """Contents of a summed spectrum.

    Attributes
    ----------
    fit : SumFit
        The fit.
    attribution : Attribution
        Whose the counts are that the fit does not describe.
    unnamed : list of Evidence
        Unnamed elements, identified by their own lines.
    peaks : list of UnassignedPeak
        Peaks of no element.
    hidden : list of HiddenElement
        Lines of named elements under which others may lie.
    beam_energy : float
        In keV.
    pile_up : bool
        Whether sum peaks were fitted.
    far_axis : tuple of (float, float) or None
        Offset in keV and gain of an axis that fits far better, but is farther off than is searched.
    disputed : frozenset of (str, str)
        Elements and families that are elsewhere in the scan than other lines of the element.
    displaced : list of Displaced
        Families of named elements whose counts change by an unlisted light element.
    """

    fit: SumFit
    attribution: Attribution = field(repr=False)
    unnamed: list
    peaks: list
    hidden: list
    beam_energy: float
    pile_up: bool = False
    far_axis: tuple | None = None
    disputed: frozenset = frozenset()
    displaced: list = field(default_factory=list)

    @property
    def lost_axis(self):
        """Offset in keV and gain of the axis, where they are too large for a calibration error."""
        lost = any(name in self.fit.at_limits for name in ("offset", "gain"))
        if not lost and self.far_axis is None:
            return None
        return self.far_axis or (self.fit.detector.offset, self.fit.detector.gain)

    @property
    def has_wrong_model(self):
        """Whether so much is unexplained that the elements or the axis must be wrong."""
        return len(self.peaks) >= MOST

    @property
    def instrument_elements(self):
        """Counts of all lines of each element that may be of the instrument, by symbol."""
        names = [each.element for each in self.unnamed if each.element in INSTRUMENT_ELEMENTS]
        return {name: self.counts_of(name) for name in names}

    @property
    def other_elements(self):
        """Counts of all lines of each other element that is not listed, by symbol."""
        names = [each.element for each in self.unnamed if each.element not in INSTRUMENT_ELEMENTS]
        return {name: self.counts_of(name) for name in names}

    def foreign_families(self, element, family):
        """Return families of an element that hold counts of others, judged by one of its families.

        These have more than four times, and five errors more than, what cross-sections say, or are
        disputed.
        """
        fit, beam_energy = self.fit, self.beam_energy
        heads, counts, errors = {}, {}, {}
        for i, line in enumerate(fit.lines):
            if line.element != element:
                continue
            if line.family not in heads or line.weight > heads[line.family].weight:
                heads[line.family], counts[line.family] = line, fit.amplitudes[i]
                errors[line.family] = fit.errors[i]
        if family not in heads:
            return []
        main = expected_counts(heads[family], beam_energy)
        found = []
        for other, head in heads.items():
            if other == family or not main > 0:
                continue
            ratio = expected_counts(head, beam_energy) / main
            most = _FOREIGN * ratio * (counts[family] + _CERTAIN * errors[family])
            is_more = counts[other] - _CERTAIN * errors[other] > most
            if is_more or (element, other) in self.disputed:
                found.append(other)
        return found

    def family_counts(self, name):
        """Return the counts of all lines of the family of a line."""
        element, subshell = name.split("_")
        own = [(line.element, line.family) == (element, subshell[0]) for line in self.fit.lines]
        return float(self.attribution.lines[np.array(own, bool)].sum())

    def counts_of(self, element):
        """Return the counts of all lines of an element."""
        own = [line.element == element for line in self.fit.lines]
        return float(self.attribution.lines[np.array(own, bool)].sum())
