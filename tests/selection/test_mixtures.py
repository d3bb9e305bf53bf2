"""What sieves and smooth maps have to gain."""

from dataclasses import dataclass

import numpy as np
import pytest

from hyperspy_multimodal.selection.mixtures import _gains


@dataclass(frozen=True)
class Names:
    """All of a setting that matters here."""

    regularisers: tuple


BEST, PLAIN = Names(("huber",)), Names(("isotropic",))


@dataclass
class Known:
    """By how many standard errors the new setting is better than the best, and than plain ones."""

    over: dict

    def standard_errors_lost(self, setting, reference):
        return np.array([self.over[setting]])


@pytest.mark.parametrize(
    ("name", "over_best", "over_plain", "taken"),
    [
        ("smooth", 0.1, 1.1, True),
        ("smooth", -0.1, 5.0, False),
        ("smooth", 0.5, 0.5, False),
        ("sieve", 2.1, 2.1, True),
        ("sieve", 1.9, 5.0, False),
    ],
)
def test_smooth_maps_are_compared_with_plain_total_variation(name, over_best, over_plain, taken):
    """As its Huber form is; they have to be better than that, but not by standard errors."""
    known = Known({BEST: over_best, PLAIN: over_plain})
    assert _gains(known, Names((name,)), BEST, PLAIN).tolist() == [taken]
