"""Maps whose sums over several ranges are corrected one after the other."""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from .band_sums import with_band_sums


@dataclass(frozen=True)
class CorrectedSums:
    """A map whose ranges were corrected one after the other.

    Attributes
    ----------
    fused : numpy.ndarray
        The map before, shape (ny, nx).
    ranges : list of Ranges
        The ranges.
    maps : list
        The map after each of them, or None where the correction was not accepted.
    late : tuple
        From `once_more`: the map, and ranges whose correction was accepted in the end.
    """

    fused: np.ndarray
    ranges: list
    maps: list
    late: tuple = ()

    @property
    def map(self):
        """The map after all corrections."""
        if self.late:
            return self.late[0]
        return next((each for each in self.maps[::-1] if each is not None), self.fused)

    @property
    def accepted(self):
        """Ranges whose correction was accepted."""
        known = zip(self.ranges, self.maps, strict=True)
        return [each for each, corrected in known if corrected is not None] + [*self.late[1:]]

    def up_to(self, n):
        """Return the same with the first ``n`` ranges only."""
        return CorrectedSums(self.fused, self.ranges[:n], self.maps[:n])

    def once_more(self, net, variance):
        """Return the same with gross errors corrected if this does not make pixels worse.

        Corrections that make them better come first: often, one of these is all that is needed.
        """
        found, late = self.map, []
        for each in self.ranges[::-1]:
            if each not in self.accepted:
                known = *self.accepted, *late, each
                new = with_band_sums(found, net, variance, *known, even=True)
                if not np.array_equal(new, found):
                    found, late = new, [*late, each]
        return replace(self, late=(found, *late)) if late else self


def corrected_sums(fused, net, variance, ranges, before=None):
    """Correct the sums of a map over ranges, one after the other, each with those before.

    Parameters
    ----------
    fused, net, variance : numpy.ndarray
        A map, its counts and their variance, shape (ny, nx).
    ranges : list of Ranges
        The ranges.
    before : CorrectedSums, optional
        The same map with other ranges. Those that both begin with are not corrected again.

    Returns
    -------
    CorrectedSums
    """
    known = before.ranges if before else []
    same = itertools.takewhile(lambda pair: pair[0] is pair[1], zip(known, ranges, strict=False))
    n = len(list(same))
    done = before.up_to(n) if n else CorrectedSums(fused, [], [])
    for each in ranges[n:]:
        new = with_band_sums(done.map, net, variance, *done.accepted, each)
        is_accepted = not np.array_equal(new, done.map)
        done = CorrectedSums(
            fused, [*done.ranges, each], [*done.maps, new if is_accepted else None]
        )
    return done
