"""The least that a plan has to be: its reading is what the passes found."""

import numpy as np

from hyperspy_multimodal.counts.segments import checked_segments


class CountsBetween:
    """Gives the counts between limits, from one pass."""

    ranges = {}  # noqa: RUF012
    used = None
    negative, smooth, widest_spike, two_passes = True, False, 3, False
    can_fit = True

    def __init__(self, limits):
        self.limits = limits

    def after_first_pass(self, segments, total, divisor):
        return checked_segments(segments)


class Projected(CountsBetween):
    """Gives projections of spectra, and of halves of their counts, from two passes."""

    two_passes = can_split = True

    def __init__(self, operator, columns):
        super().__init__(None)
        self.operator, self.columns = np.asarray(operator), columns

    def after_first_pass(self, segments, total, divisor):
        return self

    def measured(self, whole, of_halves, seed, splits):
        return whole, of_halves
