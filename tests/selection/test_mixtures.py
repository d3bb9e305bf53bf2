"""What sieves and smooth maps have to gain."""

from dataclasses import dataclass

import numpy as np
import pytest

from hyperspy_multimodal.selection.mixtures import _gains


@dataclass(frozen=True)
class Names:
    """All of a setting that matters here."""

    regularisers: tuple


BEST = Names(("huber",))


@dataclass
class Known:
    """By how many standard errors the new setting is better than the best."""

    over_best: float

    def standard_errors_lost(self, setting, reference):
        return np.array([self.over_best if setting is BEST else -self.over_best])


@pytest.mark.parametrize(
    ("name", "over_best", "taken"),
    [("smooth", 0.1, True), ("smooth", -0.1, False), ("sieve", 2.1, True), ("sieve", 1.9, False)],
)
def test_sieves_have_to_gain_more_than_smooth_maps(name, over_best, taken):
    """They make beads of noise; smooth maps need only be better."""
    assert _gains(Known(over_best), Names((name,)), BEST).tolist() == [taken]
